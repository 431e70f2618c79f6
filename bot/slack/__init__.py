"""Everything that talks to Slack; nothing here knows Chakra."""
