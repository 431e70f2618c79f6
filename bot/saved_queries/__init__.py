"""Named queries of records, which may be posted to a channel on a schedule."""
