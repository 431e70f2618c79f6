"""The endpoints for Slack: signature verification, HTTP, Socket Mode."""
