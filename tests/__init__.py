"""The tests mirror the two packages; what they share stands beside them."""
