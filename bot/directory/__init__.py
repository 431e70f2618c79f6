"""The Chakra team as people look for it: one list, indexed once, and one card a person."""
