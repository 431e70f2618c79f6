"""Writes to Chakra that happen once: claimed, carried out, and their outcome recorded."""
