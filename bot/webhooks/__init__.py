"""Chakra's and Meta's events: verified, stored, parsed, dispatched (see bot/chakra/API.md)."""
