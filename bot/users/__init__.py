"""The Chakra team: search, card, names."""
