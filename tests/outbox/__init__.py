"""Tests of bot.outbox, against the embedded Slack."""
