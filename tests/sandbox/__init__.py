"""Tests of the stand-ins for Slack and ChakraHQ."""
