"""The machine: everything between Slack and ChakraHQ that knows no sub-command."""
