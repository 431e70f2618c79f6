"""Rows as a file has them -> a sheet: the header checked, blank rows dropped, cells counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from bot.chakra.text import sanitize_line
from bot.sheets.sheet import (
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    CellIssue,
    InvalidSheet,
    RowIssue,
    Sheet,
    column_letter,
)

EMPTY_MESSAGE = "This file is empty. Choose one that has a table in it."
DATA_LIKE_NAME = re.compile(r"[^\s@]+@[^\s@]+\.\w+|\+?\d[\d\s().-]{5,}\d")
"""An e-mail address or a phone number: no name of a column looks so."""
MAX_INTERNED_VALUES = 2000
"""Different values of one column that are held once; a column of names has more, one of cities
fewer."""
BYTE_ORDER_MARK = "\ufeff"
"""A byte-order mark, which stays in the first name where two programs wrote one each."""
MAX_NAME_LENGTH = 40
"""Characters of a column's name in a sentence."""


class RawRow(NamedTuple):
    """A row as the file has it; ``flaws`` by the place of the cell."""

    number: int
    cells: Sequence[str]
    issues: Sequence[tuple[int, CellIssue]] = ()


def build_sheet(
    rows: Iterable[RawRow], format_description: str, *, first_column_index: int = 0
) -> Sheet:
    """``first`` is the place of the first column in the file, for what it is called there.

    Raises ``InvalidSheet``.
    """
    waiting = iter(rows)
    header = next((row for row in waiting if not _is_blank(row.cells)), None)
    if header is None:
        raise InvalidSheet(EMPTY_MESSAGE)
    columns = _parse_header(header, first_column_index)
    kept: list[tuple[str, ...]] = []
    numbers: list[int] = []
    faults: list[RowIssue] = []
    share = _StringInterner(len(columns))
    for row in waiting:
        if _is_blank(row.cells) and not row.issues:
            continue
        _check_size(len(kept) + 1, len(columns))
        kept.append(share.intern_row(row.cells))
        numbers.append(row.number)
        faults += _row_issues(row, len(columns))
    if not kept:
        raise InvalidSheet(
            "This file has a header and no rows under it. Choose one that has rows too."
        )
    return Sheet(columns, tuple(kept), tuple(numbers), tuple(faults), format_description)


def _is_blank(cells: Sequence[str]) -> bool:
    return not any(map(str.strip, cells))


def _parse_header(header: RawRow, first_column_index: int) -> tuple[str, ...]:
    names = [" ".join(cell.replace(BYTE_ORDER_MARK, "").split()) for cell in header.cells]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise InvalidSheet(EMPTY_MESSAGE)
    if len(names) > MAX_COLUMNS:
        raise InvalidSheet(
            f"This table has {len(names):,} columns; up to {MAX_COLUMNS} are taken. "
            "Delete those that are not needed."
        )
    where = f"row {header.number}"
    if any(DATA_LIKE_NAME.fullmatch(name) for name in names):
        raise InvalidSheet(
            f"The first row, {where}, looks like data. Put a row with the names of the columns "
            "above it."
        )
    unnamed = [
        column_letter(first_column_index + place) for place, name in enumerate(names) if not name
    ]
    if unnamed:
        raise InvalidSheet(
            f"{_name_columns('Column', unnamed)} no name in {where}, where the names of "
            "the columns are. Name it or delete it."
        )
    _reject_duplicate_names(names, first_column_index)
    return tuple(names)


def _name_columns(word: str, letters: Sequence[str]) -> str:
    if len(letters) == 1:
        return f"{word} {letters[0]} has"
    more = " and others" if len(letters) > 3 else ""
    return f"{word}s {', '.join(letters[:3])}{more} have"


def _reject_duplicate_names(names: Sequence[str], first_column_index: int) -> None:
    """Case does not tell two columns apart: it does not when they are matched either."""
    counted = Counter(map(str.casefold, names))
    for place, name in enumerate(names):
        if counted[name.casefold()] > 1:
            again = next(
                other
                for other, twin in enumerate(names)
                if other != place and twin.casefold() == name.casefold()
            )
            raise InvalidSheet(
                f"Columns {column_letter(first_column_index + place)} and "
                f"{column_letter(first_column_index + again)} are both called "
                f"“{sanitize_line(name, MAX_NAME_LENGTH)}”. Give each a name of its own."
            )


def _check_size(rows: int, columns: int) -> None:
    if rows > MAX_ROWS:
        raise InvalidSheet(
            f"This table has more than {MAX_ROWS:,} rows. Cut it into several files."
        )
    if rows * columns > MAX_CELLS:
        raise InvalidSheet(
            f"This table has more than {MAX_CELLS:,} cells. Delete columns that are not needed, "
            "or cut it into several files."
        )


def _row_issues(row: RawRow, width: int) -> Iterator[RowIssue]:
    for place, flaw in row.issues:
        if 0 <= place < width:
            yield RowIssue(row.number, flaw, place)
    if len(row.cells) > width and not _is_blank(row.cells[width:]):
        yield RowIssue(row.number, CellIssue.TOO_MANY_CELLS)


class _StringInterner:
    """Cells that say the same are one string, where a column has few values: it halves a sheet."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._seen: list[dict[str, str]] = [{} for _ in range(width)]

    def intern_row(self, cells: Sequence[str]) -> tuple[str, ...]:
        """As long as there are columns: what is missing is empty, what is too much left out."""
        padded = [*cells, *[""] * (self._width - len(cells))] if len(cells) < self._width else cells
        return tuple(
            [
                seen.setdefault(cell, cell)
                if len(seen) < MAX_INTERNED_VALUES
                else seen.get(cell, cell)
                for seen, cell in zip(self._seen, padded, strict=False)
            ]
        )
