"""Values for a query, in batches that every database accepts."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from typing import Any, TypeVar

from sqlalchemy import ARRAY, ColumnElement, any_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")

MAX_PARAMETERS = 500
"""Values in one query: SQLite took 999 in all before 3.32."""


def split_parameters(items: Iterable[T]) -> Iterator[list[T]]:
    """Yield the items in lists of at most `MAX_PARAMETERS`."""
    listed = list(items)
    for start in range(0, len(listed), MAX_PARAMETERS):
        yield listed[start : start + MAX_PARAMETERS]


def is_one_of(
    connection: AsyncConnection, column: ColumnElement[Any], values: Collection[Any]
) -> ColumnElement[bool]:
    """Return the condition that a column has one of these values, strings or whole numbers.

    They are one array, in JSON on SQLite. With a parameter for each, the statement would be
    compiled, and parsed by the driver, for each number of values, which takes longer than executing
    it.
    """
    if connection.dialect.name == "postgresql":
        return column == any_(bindparam(None, list(values), type_=ARRAY(column.type)))
    items = func.json_each(json.dumps(list(values))).table_valued("value")
    return column.in_(select(items.c.value))
