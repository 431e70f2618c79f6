"""Background jobs as people follow them: read through the cache, measured, drawn, reported."""
