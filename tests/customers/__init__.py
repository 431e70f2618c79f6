"""Tests of bot.customers."""
