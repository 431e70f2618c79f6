"""Build a sheet from the rows of a file: the header checked, blank rows dropped, cells counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bot.sheets.header import (
    EMPTY_MESSAGE,
    HEAD_ROWS,
    RawRow,
    describe_title,
    find_header,
    is_blank,
    parse_header,
)
from bot.sheets.sheet import (
    MAX_CELLS,
    MAX_ISSUES,
    MAX_ROWS,
    CellIssue,
    InvalidSheet,
    RowIssue,
    Sheet,
    Source,
)

MAX_INTERNED_VALUES = 2000
"""Distinct values of a column that are stored once; a column of names has more, one of cities
fewer."""


def build_sheet(rows: Iterable[RawRow], source: Source, *, first_column_index: int = 0) -> Sheet:
    """Return the sheet. Raise ``InvalidSheet``."""
    builder = SheetBuilder(first_column_index=first_column_index)
    for row in rows:
        builder.add(row)
    return builder.finish(source)


class SheetBuilder:
    """Takes rows in the file's order; call ``finish`` once.

    ``first_column_index`` is the place of the first column in the file, where it has a letter.
    Each method raises ``InvalidSheet``.
    """

    def __init__(self, *, first_column_index: int = 0) -> None:
        self._first_column_index = first_column_index
        self._head: list[RawRow] = []
        self._columns: tuple[str, ...] = ()
        self._header_row = 1
        self._titles: tuple[tuple[int, str], ...] = ()
        self._rows: list[tuple[str, ...]] = []
        self._numbers: list[int] = []
        self._issues: list[RowIssue] = []
        self._hidden: set[int] = set()
        self._plain_numbers: dict[int, dict[int, str]] = {}
        self._interner = _StringInterner(0)

    def add(self, row: RawRow) -> None:
        if is_blank(row.cells) and (not row.issues or not (self._head or self._columns)):
            return
        if self._columns:
            self._add_body_row(row)
            return
        self._head.append(row)
        if len(self._head) == HEAD_ROWS:
            self._read_head()

    def finish(self, source: Source) -> Sheet:
        if not self._columns:
            self._read_head()
        if not self._rows:
            raise InvalidSheet(
                "This file has a header and no rows under it. Choose one that has rows too."
            )
        return Sheet(
            self._columns,
            tuple(self._rows),
            tuple(self._numbers),
            tuple(self._issues),
            source,
            self._header_row,
            self._titles,
            frozenset(self._hidden),
            self._plain_numbers,
        )

    def _read_head(self) -> None:
        if not self._head:
            raise InvalidSheet(EMPTY_MESSAGE)
        place = find_header([row for row in self._head if not is_blank(row.cells)])
        header = [row for row in self._head if not is_blank(row.cells)][place]
        self._columns = parse_header(header, self._first_column_index)
        self._header_row = header.number
        self._interner = _StringInterner(len(self._columns))
        above = [row for row in self._head if row.number < header.number]
        self._titles = tuple((row.number, describe_title(row)) for row in above)
        for row in self._head:
            if row.number > header.number:
                self._add_body_row(row)
        self._head = []

    def _add_body_row(self, row: RawRow) -> None:
        _check_size(len(self._rows) + 1, len(self._columns))
        self._rows.append(self._interner.intern_row(row.cells))
        self._numbers.append(row.number)
        self._issues += _find_row_issues(row, len(self._columns))
        if len(self._issues) > MAX_ISSUES:
            raise InvalidSheet(
                f"More than {MAX_ISSUES:,} cells have errors, are merged or don’t fit their "
                "columns. Fix the table, and choose it again."
            )
        if row.is_hidden:
            self._hidden.add(row.number)
        for place, number in row.plain_numbers:
            if place < len(self._columns):
                self._plain_numbers.setdefault(place, {})[row.number] = number


def _check_size(rows: int, columns: int) -> None:
    if rows > MAX_ROWS:
        raise InvalidSheet(
            f"This table has more than {MAX_ROWS:,} rows. Split it into several files."
        )
    if rows * columns > MAX_CELLS:
        raise InvalidSheet(
            f"This table has more than {MAX_CELLS:,} cells. Delete columns you don't need, "
            "or split it into several files."
        )


def _find_row_issues(row: RawRow, width: int) -> Iterator[RowIssue]:
    for place, issue in row.issues:
        if 0 <= place < width:
            yield RowIssue(row.number, issue, place)
    if len(row.cells) > width and not is_blank(row.cells[width:]):
        yield RowIssue(row.number, CellIssue.TOO_MANY_CELLS)


class _StringInterner:
    """Stores equal cells once if a column has few distinct values: it halves a sheet's memory."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._seen: list[dict[str, str]] = [{} for _ in range(width)]

    def intern_row(self, cells: Sequence[str]) -> tuple[str, ...]:
        """Return as many cells as there are columns: missing ones are empty."""
        padded = [*cells, *[""] * (self._width - len(cells))] if len(cells) < self._width else cells
        return tuple(
            [
                seen.setdefault(cell, cell)
                if len(seen) < MAX_INTERNED_VALUES
                else seen.get(cell, cell)
                for seen, cell in zip(self._seen, padded, strict=False)
            ]
        )
