"""The entries of a job that did not succeed, as a CSV file that Excel opens as it is meant.

UTF-8 with a byte-order mark, without which Excel guesses; lines end as RFC 4180 has it. No cell can
become a formula: see ``safe``.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence

from bot.chakra.job import JobEntry

ENTRY, STATE, REASON = "Entry", "State", "Reason"
REST = "More"
"""The column of the keys that have none of their own, as JSON."""

_ENCODER = json.JSONEncoder(ensure_ascii=False)

MOST_COLUMNS = 200
"""Of unknown keys. Excel takes 16,384, and nobody reads so many."""
LONGEST_CELL = 32_000
"""Excel takes 32,767 characters. support.microsoft.com, "Excel specifications and limits"."""

BYTE_ORDER_MARK = "\ufeff".encode()
ROWS_A_PIECE = 500

FORMULAS = tuple("=+-@\t\r\n＝＋－＠")
"""What a cell begins with that a spreadsheet may take for a formula.
owasp.org/www-community/attacks/CSV_Injection"""


async def report(entries: Sequence[JobEntry]) -> bytes:
    """The whole file, made off the loop: there may be a hundred thousand rows."""
    return await asyncio.to_thread(lambda: b"".join(pieces(entries)))


def pieces(entries: Sequence[JobEntry]) -> Iterator[bytes]:
    """The file in pieces of some hundred rows. The entries are gone through twice: once for the
    columns, which are the keys that they have, the earliest first."""
    columns = _columns(entries)
    own, rest = columns[:MOST_COLUMNS], frozenset(columns[MOST_COLUMNS:])
    header = [ENTRY, STATE, REASON, *own, *([REST] if rest else [])]
    yield BYTE_ORDER_MARK + _written([header])
    for start in range(0, len(entries), ROWS_A_PIECE):
        part = entries[start : start + ROWS_A_PIECE]
        yield _written(_row(entry, own, rest) for entry in part)


def safe(text: str) -> str:
    """As a cell that is text and nothing else: an apostrophe stands before what would begin a
    formula."""
    text = text.replace("\0", "")
    if len(text) > LONGEST_CELL:
        text = text[: LONGEST_CELL - 1] + "…"
    return f"'{text}" if text.startswith(FORMULAS) else text


def _columns(entries: Iterable[JobEntry]) -> list[str]:
    return list(dict.fromkeys(key for entry in entries for key in entry.other))


def _row(entry: JobEntry, own: Sequence[str], rest: frozenset[str]) -> Iterator[str]:
    yield from (entry.id, entry.completion_status, entry.reason)
    yield from (_cell(entry.other[key]) if key in entry.other else "" for key in own)
    if rest:
        more = {key: value for key, value in entry.other.items() if key in rest}
        yield _cell(more) if more else ""


def _cell(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    try:
        return _ENCODER.encode(value)
    except RecursionError:
        return "…"  # nested deeper than anybody would read


def _written(rows: Iterable[Iterable[str]]) -> bytes:
    page = io.StringIO(newline="")
    csv.writer(page).writerows([safe(cell) for cell in row] for row in rows)
    return page.getvalue().encode("utf-8", "replace")
