"""Records that were or may have been sent, as a CSV for the person who checks them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.text.csv_file import build_csv

Record = Mapping[str, Any]


def build_rows_csv(items: Sequence[Record]) -> bytes:
    """Return a CSV with a column for each attribute, as the bulk endpoints take them."""
    flat = [_flatten(item) for item in items]
    columns = list(dict.fromkeys(key for row in flat for key in row))
    return build_csv([columns, *([row.get(key, "") for key in columns] for row in flat)])


def _flatten(item: Record) -> dict[str, str]:
    """Return the values of a record by attribute, without the levels ``update`` and ``data``."""
    row: dict[str, str] = {}
    for key, value in item.items():
        if key in ("update", "data") and isinstance(value, Mapping):
            row |= _flatten(value)
        else:
            row[key] = "" if value is None else str(value)
    return row
