"""Tests of bot.conversations."""
