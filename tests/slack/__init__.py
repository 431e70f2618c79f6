"""Tests of everything that speaks Slack."""
