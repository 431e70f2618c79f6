"""Slack's ways in: signature verification, the HTTP endpoint, Socket Mode."""
