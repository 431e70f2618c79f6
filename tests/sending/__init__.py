"""Tests of bot.sending."""
