"""Background jobs: read through the cache, shown as cards, watched to their end."""
