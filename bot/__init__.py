"""The machinery between Slack and ChakraHQ; it knows no sub-command."""
