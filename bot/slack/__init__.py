"""Everything that speaks Slack, and nothing that knows Chakra."""
