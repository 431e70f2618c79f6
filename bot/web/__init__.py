"""The web server, its routes, and the reading of raw request bodies."""
