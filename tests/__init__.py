"""The tests mirror the two packages; shared modules are in the same folders."""
