"""Values for a query, in parts that every database takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

MAX_PARAMETERS = 500
"""Values in one query: SQLite took 999 in all before 3.32."""


def split_parameters(items: Iterable[T]) -> Iterator[list[T]]:
    """Yield the items in lists of at most `MAX_PARAMETERS`."""
    listed = list(items)
    for start in range(0, len(listed), MAX_PARAMETERS):
        yield listed[start : start + MAX_PARAMETERS]
