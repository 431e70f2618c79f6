"""Slack's Web API: calls, files, retries."""
