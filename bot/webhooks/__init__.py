"""Chakra's and Meta's events: verified, stored, parsed, handed on."""
