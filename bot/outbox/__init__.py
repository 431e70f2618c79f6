"""The one way of everything that the bot says by itself, from its author to Slack."""
