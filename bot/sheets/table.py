"""Rows as a file has them -> a sheet: the header checked, blank rows dropped, cells counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from bot.chakra.text import plain
from bot.sheets.sheet import (
    MOST_CELLS,
    MOST_COLUMNS,
    MOST_ROWS,
    Fault,
    Flaw,
    Sheet,
    SheetRefused,
    letter,
)

EMPTY = "This file is empty. Choose one that has a table in it."
AS_DATA = re.compile(r"[^\s@]+@[^\s@]+\.\w+|\+?\d[\d\s().-]{5,}\d")
"""An e-mail address or a phone number: no name of a column looks so."""
MOST_SHARED = 2000
"""Different values of one column that are held once; a column of names has more, one of cities
fewer."""
MARK = "\ufeff"
"""A byte-order mark, which stays in the first name where two programs wrote one each."""
LONGEST_NAME = 40
"""Characters of a column's name in a sentence."""


class Raw(NamedTuple):
    """A row as the file has it; ``flaws`` by the place of the cell."""

    number: int
    cells: Sequence[str]
    flaws: Sequence[tuple[int, Flaw]] = ()


def table(rows: Iterable[Raw], read_as: str, *, first: int = 0) -> Sheet:
    """``first`` is the place of the first column in the file, for what it is called there.

    Raises ``SheetRefused``.
    """
    waiting = iter(rows)
    header = next((row for row in waiting if not _blank(row.cells)), None)
    if header is None:
        raise SheetRefused(EMPTY)
    columns = _columns(header, first)
    kept: list[tuple[str, ...]] = []
    numbers: list[int] = []
    faults: list[Fault] = []
    share = _Shared(len(columns))
    for row in waiting:
        if _blank(row.cells) and not row.flaws:
            continue
        _bounded(len(kept) + 1, len(columns))
        kept.append(share.row(row.cells))
        numbers.append(row.number)
        faults += _faults(row, len(columns))
    if not kept:
        raise SheetRefused(
            "This file has a header and no rows under it. Choose one that has rows too."
        )
    return Sheet(columns, tuple(kept), tuple(numbers), tuple(faults), read_as)


def _blank(cells: Sequence[str]) -> bool:
    return not any(map(str.strip, cells))


def _columns(header: Raw, first: int) -> tuple[str, ...]:
    names = [" ".join(cell.replace(MARK, "").split()) for cell in header.cells]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise SheetRefused(EMPTY)
    if len(names) > MOST_COLUMNS:
        raise SheetRefused(
            f"This table has {len(names):,} columns; up to {MOST_COLUMNS} are taken. "
            "Delete those that are not needed."
        )
    where = f"row {header.number}"
    if any(AS_DATA.fullmatch(name) for name in names):
        raise SheetRefused(
            f"The first row, {where}, looks like data. Put a row with the names of the columns "
            "above it."
        )
    unnamed = [letter(first + place) for place, name in enumerate(names) if not name]
    if unnamed:
        raise SheetRefused(
            f"{_listed('Column', unnamed)} no name in {where}, where the names of the columns "
            "are. Name it or delete it."
        )
    _no_namesakes(names, first)
    return tuple(names)


def _listed(word: str, letters: Sequence[str]) -> str:
    if len(letters) == 1:
        return f"{word} {letters[0]} has"
    more = " and others" if len(letters) > 3 else ""
    return f"{word}s {', '.join(letters[:3])}{more} have"


def _no_namesakes(names: Sequence[str], first: int) -> None:
    """Case does not tell two columns apart: it does not when they are matched either."""
    counted = Counter(map(str.casefold, names))
    for place, name in enumerate(names):
        if counted[name.casefold()] > 1:
            again = next(
                other
                for other, twin in enumerate(names)
                if other != place and twin.casefold() == name.casefold()
            )
            raise SheetRefused(
                f"Columns {letter(first + place)} and {letter(first + again)} are both called "
                f"“{plain(name, LONGEST_NAME)}”. Give each a name of its own."
            )


def _bounded(rows: int, columns: int) -> None:
    if rows > MOST_ROWS:
        raise SheetRefused(
            f"This table has more than {MOST_ROWS:,} rows. Cut it into several files."
        )
    if rows * columns > MOST_CELLS:
        raise SheetRefused(
            f"This table has more than {MOST_CELLS:,} cells. Delete columns that are not needed, "
            "or cut it into several files."
        )


def _faults(row: Raw, width: int) -> Iterator[Fault]:
    for place, flaw in row.flaws:
        if 0 <= place < width:
            yield Fault(row.number, flaw, place)
    if len(row.cells) > width and not _blank(row.cells[width:]):
        yield Fault(row.number, Flaw.TOO_MANY)


class _Shared:
    """Cells that say the same are one string, where a column has few values: it halves a sheet."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._seen: list[dict[str, str]] = [{} for _ in range(width)]

    def row(self, cells: Sequence[str]) -> tuple[str, ...]:
        """As long as there are columns: what is missing is empty, what is too much left out."""
        padded = [*cells, *[""] * (self._width - len(cells))] if len(cells) < self._width else cells
        return tuple(
            [
                seen.setdefault(cell, cell) if len(seen) < MOST_SHARED else seen.get(cell, cell)
                for seen, cell in zip(self._seen, padded, strict=False)
            ]
        )
