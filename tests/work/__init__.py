"""Durable work: promises, watches, uploads."""
