"""Records that were or may have been sent, as a CSV for the person who checks them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

from bot.sheets.guarding import escape_formula

Record = Mapping[str, Any]


def build_rows_csv(items: Sequence[Record]) -> bytes:
    """Return a CSV with a column for each attribute, as the bulk endpoints take them.

    It is UTF-8 with a byte-order mark, without which Excel guesses the encoding.
    """
    flat = [_flatten(item) for item in items]
    columns = list(dict.fromkeys(key for row in flat for key in row))
    page = StringIO(newline="")
    writer = csv.writer(page)
    writer.writerow([escape_formula(column) for column in columns])
    writer.writerows([escape_formula(row.get(key, "")) for key in columns] for row in flat)
    return page.getvalue().encode("utf-8-sig")


def _flatten(item: Record) -> dict[str, str]:
    """Return the values of a record by attribute, without the levels ``update`` and ``data``."""
    row: dict[str, str] = {}
    for key, value in item.items():
        if key in ("update", "data") and isinstance(value, Mapping):
            row |= _flatten(value)
        else:
            row[key] = "" if value is None else str(value)
    return row
