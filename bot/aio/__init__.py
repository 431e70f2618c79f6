"""Async helpers: the injected clock, a wake event, a task set, periodic loops."""
