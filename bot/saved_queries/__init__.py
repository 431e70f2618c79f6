"""Queries of records with a name, which may be posted to a channel on a schedule."""
