"""Estimate how much memory a value takes."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Mapping

_MAX_SAMPLE_ITEMS = 50
_MAX_DEPTH = 20

# Tuples, built once: a union of types would be built for each value, and there are thousands.
_ATOMS = (str, bytes, int, float, type(None))
_COLLECTIONS = (list, tuple, set, frozenset)
_MAPPINGS = (dict, Mapping)


def estimate_size(value: object) -> int:
    """Return about how many bytes a value takes in total. Long sequences are sampled for speed."""
    return _measure_size(value, set(), _MAX_DEPTH)


def _measure_size(value: object, seen: set[int], depth: int) -> int:
    identity = id(value)
    if identity in seen:
        return 0
    seen.add(identity)
    size = sys.getsizeof(value)
    if depth == 0 or isinstance(value, _ATOMS):
        return size
    if isinstance(value, _COLLECTIONS):
        return size + _estimate_size(value, len(value), seen, depth)
    if isinstance(value, _MAPPINGS):
        keys = _estimate_size(value.keys(), len(value), seen, depth)
        return size + keys + _estimate_size(value.values(), len(value), seen, depth)
    for name in ("__dict__", *getattr(type(value), "__slots__", ())):
        size += _measure_size(getattr(value, name, None), seen, depth - 1)
    return size


def _estimate_size(items: Iterable[object], count: int, seen: set[int], depth: int) -> int:
    step = max(1, count // _MAX_SAMPLE_ITEMS)
    total = sampled = 0
    for item in itertools.islice(items, 0, None, step):
        total += _measure_size(item, seen, depth - 1)
        sampled += 1
    return total * count // max(1, sampled)
