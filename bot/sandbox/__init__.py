"""Stand-ins for Slack and ChakraHQ on loopback: the demo and the tests share them."""
