"""Text as people write it: names normalized for comparison, phone numbers."""
