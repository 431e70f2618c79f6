"""Benchmarks: separate from the tests; they report ratios, not guarantees."""
