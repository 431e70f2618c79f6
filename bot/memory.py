"""Estimate how much memory a value takes."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Mapping

_MAX_SAMPLE_ITEMS = 50
_MAX_DEPTH = 20


def estimate_size(value: object) -> int:
    """Return about how many bytes a value takes in total. Long sequences are sampled for speed."""
    return _size(value, set(), _MAX_DEPTH)


def _size(value: object, seen: set[int], depth: int) -> int:
    if id(value) in seen:
        return 0
    seen.add(id(value))
    size = sys.getsizeof(value)
    if depth == 0 or isinstance(value, str | bytes | int | float | None):
        return size
    if isinstance(value, Mapping):
        keys = _sampled_size(value.keys(), len(value), seen, depth)
        return size + keys + _sampled_size(value.values(), len(value), seen, depth)
    if isinstance(value, list | tuple | set | frozenset):
        return size + _sampled_size(value, len(value), seen, depth)
    slots = [getattr(value, name, None) for name in getattr(type(value), "__slots__", ())]
    attributes = getattr(value, "__dict__", None)
    return size + sum(_size(part, seen, depth - 1) for part in (attributes, slots) if part)


def _sampled_size(items: Iterable[object], count: int, seen: set[int], depth: int) -> int:
    sample = list(itertools.islice(items, 0, None, max(1, count // _MAX_SAMPLE_ITEMS)))
    total = sum(_size(item, seen, depth - 1) for item in sample)
    return total * count // max(1, len(sample))
