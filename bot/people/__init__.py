"""Who somebody is in Slack, and what they may do here."""
