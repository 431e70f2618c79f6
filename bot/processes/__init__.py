"""The team's leads and other records: found by key, name or number."""
