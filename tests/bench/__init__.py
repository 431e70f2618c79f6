"""Benchmarks: they stand apart from the tests and report ratios, not promises."""
