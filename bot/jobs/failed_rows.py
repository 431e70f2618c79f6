"""The entries of a job that did not succeed, as a CSV file."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Sequence

from bot.chakra.job import JobEntry
from bot.text.csv_file import BYTE_ORDER_MARK, clip_cell, encode_rows

ENTRY_COLUMN, STATE_COLUMN, REASON_COLUMN = "Entry", "State", "Reason"
OTHER_KEYS_COLUMN = "More"
"""The column for keys without a column of their own, as JSON."""

_JSON_ENCODER = json.JSONEncoder(ensure_ascii=False)

MAX_KEY_COLUMNS = 200
"""Columns for unknown keys. Excel accepts 16,384, more than anyone reads."""
ROWS_PER_CHUNK = 500


async def build_failed_rows_csv(entries: Sequence[JobEntry]) -> bytes:
    """Return the whole file, built off the event loop: there may be 100,000 rows."""
    return await asyncio.to_thread(lambda: b"".join(iter_csv_chunks(entries)))


def iter_csv_chunks(entries: Sequence[JobEntry]) -> Iterator[bytes]:
    """Yield the file in parts of ``ROWS_PER_CHUNK`` rows.

    The columns are the keys of all entries, in the order of their first appearance.
    """
    columns = _list_key_columns(entries)
    own, rest = columns[:MAX_KEY_COLUMNS], frozenset(columns[MAX_KEY_COLUMNS:])
    header = [
        ENTRY_COLUMN,
        STATE_COLUMN,
        REASON_COLUMN,
        *own,
        *([OTHER_KEYS_COLUMN] if rest else []),
    ]
    yield BYTE_ORDER_MARK + encode_rows([map(clip_cell, header)])
    for start in range(0, len(entries), ROWS_PER_CHUNK):
        part = entries[start : start + ROWS_PER_CHUNK]
        yield encode_rows(map(clip_cell, _iter_row_cells(entry, own, rest)) for entry in part)


def _list_key_columns(entries: Iterable[JobEntry]) -> list[str]:
    return list(dict.fromkeys(key for entry in entries for key in entry.other))


def _iter_row_cells(
    entry: JobEntry, key_columns: Sequence[str], other_keys: frozenset[str]
) -> Iterator[str]:
    yield from (entry.id, entry.completion_status, entry.reason)
    yield from (_format_cell(entry.other[key]) if key in entry.other else "" for key in key_columns)
    if other_keys:
        more = {key: value for key, value in entry.other.items() if key in other_keys}
        yield _format_cell(more) if more else ""


def _format_cell(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    try:
        return _JSON_ENCODER.encode(value)
    except RecursionError:
        return "…"  # nested too deeply to be read
