"""Durable work: what the bot has promised it does, whatever happens to the process."""
