"""Choose cells that show a person how a file was understood."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo

from bot.sheets.columns import ColumnMatch, ColumnMatches
from bot.sheets.dates import describe_moment
from bot.sheets.sheet import Sheet
from bot.sheets.values import is_moment
from bot.text.csv_file import unescape_formula

MAX_CELLS = 8
MAX_ROWS_SEARCHED = 20_000
"""Rows that are searched for a column's times."""


@dataclass(frozen=True, slots=True)
class TimeSample:
    """A time as in the file, and as understood."""

    header: str
    cell: str
    understood: str


@dataclass(frozen=True, slots=True)
class Samples:
    """``letters`` are cells whose text depends on a guessed encoding."""

    letters: tuple[str, ...] = ()
    times: tuple[TimeSample, ...] = ()


def collect_samples(sheet: Sheet, matches: ColumnMatches, timezone: tzinfo) -> Samples:
    """Return the samples of a sheet; it takes up to a second."""
    return Samples(
        tuple(list_cells_beyond_ascii(sheet)) if sheet.source.is_guess else (),
        tuple(
            TimeSample(match.header, cell, understood)
            for match in matches.matched
            if is_moment(match)
            for cell, understood in describe_times(sheet, match, timezone)
        ),
    )


def list_cells_beyond_ascii(sheet: Sheet, limit: int = MAX_CELLS) -> list[str]:
    """Return the cells that together show the most letters that depend on the encoding."""
    seen: set[str] = set()
    found: list[str] = []
    for cell in _iter_cells(sheet):
        if cell.isascii():
            continue
        letters = {sign for sign in cell if not sign.isascii()}
        if not letters <= seen:
            seen |= letters
            found.append(cell.strip())
            if len(found) == limit:
                break
    return found


def describe_times(sheet: Sheet, column: ColumnMatch, timezone: tzinfo) -> list[tuple[str, str]]:
    """Return the first times of a column as typed and as understood, one for each UTC offset."""
    found: dict[str, tuple[str, str]] = {}
    for row in sheet.rows[:MAX_ROWS_SEARCHED]:
        cell = unescape_formula(row[column.index].strip())
        if not cell:
            continue
        understood = describe_moment(cell, timezone)
        if understood:
            found.setdefault(understood.rpartition(" ")[2], (cell, understood))
        if len(found) > 1:
            break
    return list(found.values())


def _iter_cells(sheet: Sheet) -> Iterator[str]:
    yield from sheet.columns
    for row in sheet.rows:
        yield from row
