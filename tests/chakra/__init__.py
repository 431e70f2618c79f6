"""The API client against a transport in memory."""
