"""Every row looked at before anything is sent: what may go, and what is wrong with the rest."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from bot.errors import UsageError
from bot.sheets.columns import ID, Match, Matching, Purpose, Role
from bot.sheets.guarding import unguarded
from bot.sheets.items import Items, Values
from bot.sheets.problems import Problem
from bot.sheets.sheet import WHOLE_ROW, Flaw, Sheet
from bot.sheets.values import Reader, Value, reader

FLAWS = {
    Flaw.TOO_MANY: (
        "has more cells than there are columns. A comma in a text may lack its quotation marks"
    ),
    Flaw.LONG_NUMBER: (
        "is a number of more than 15 digits, and Excel has rounded it. Set the column’s format to "
        "text and enter it again"
    ),
    Flaw.FORMULA: "holds an error of a formula, such as #N/A",
    Flaw.MERGED: "is merged with another cell, and empty. Unmerge the cells and fill each",
}
"""They continue the column's name, or "The row"."""


@dataclass(frozen=True, slots=True)
class Checked:
    """``items`` are the good rows alone, ``rows`` their numbers in the file; ``total`` counts all
    rows. Whether the others are left out is the person's to say."""

    items: Items = field(repr=False)
    rows: tuple[int, ...] = field(repr=False)
    problems: tuple[Problem, ...] = field(repr=False)
    total: int

    @property
    def good(self) -> int:
        return len(self.rows)

    @property
    def bad(self) -> int:
        return self.total - self.good


async def check_sheet(
    sheet: Sheet, matching: Matching, *, region: str | None = None, zone: tzinfo = UTC
) -> Checked:
    """Off the event loop: 100,000 rows with a phone number each take some seconds."""
    return await asyncio.to_thread(check, sheet, matching, region=region, zone=zone)


def check(
    sheet: Sheet, matching: Matching, *, region: str | None = None, zone: tzinfo = UTC
) -> Checked:
    """``region`` is the country of phone numbers without a country code (``IN``), ``zone`` that of
    times without an offset.

    Raises ``UsageError`` for a matching that has ``obstacles``.
    """
    if matching.obstacles:
        raise UsageError(matching.obstacles[0])
    rows = _Rows(sheet, matching, region, zone)
    values: list[Values] = []
    numbers: list[int] = []
    problems: list[Problem] = []
    for number, cells in zip(sheet.numbers, sheet.rows, strict=True):
        read, wrong = rows.read(number, cells)
        if wrong:
            problems += wrong
        else:
            values.append(read)
            numbers.append(number)
    items = Items(matching.purpose, matching.matched, values)
    return Checked(items, tuple(numbers), tuple(problems), len(sheet.rows))


@dataclass(frozen=True, slots=True)
class _Column:
    """``needed`` where no cell may be empty; ``recurring`` are cells that name one record in
    several rows."""

    match: Match
    reader: Reader
    needed: bool
    recurring: frozenset[str]

    def read(self, cells: Sequence[str], faults: Mapping[int, Flaw]) -> Value | None:
        """Raises ``ValueError`` with words that continue the column's name."""
        place = self.match.place
        if place in faults:
            raise ValueError(FLAWS[faults[place]])
        cell = _typed(cells[place])
        if not cell:
            if self.needed:
                raise ValueError("is empty, and every record needs it")
            return None
        if cell in self.recurring:
            raise ValueError("is in more than one row. Keep one row for each record")
        return self.reader(cell)


class _Rows:
    """What is known before the first row is read, and then a row at a time."""

    def __init__(self, sheet: Sheet, matching: Matching, region: str | None, zone: tzinfo) -> None:
        self._purpose = matching.purpose
        self._columns = [
            _Column(
                one,
                reader(one, region=region, zone=zone),
                one.target.required and matching.purpose is Purpose.CREATE,
                _recurring(sheet, one),
            )
            for one in matching.matched
        ]
        self._faults: dict[int, dict[int, Flaw]] = {}
        for fault in sheet.faults:
            self._faults.setdefault(fault.row, {})[fault.place] = fault.flaw

    def read(self, number: int, cells: Sequence[str]) -> tuple[Values, list[Problem]]:
        faults = self._faults.get(number, {})
        if WHOLE_ROW in faults:  # its cells stand under wrong names
            return (), [Problem(number, "", FLAWS[faults[WHOLE_ROW]])]
        problems: list[Problem] = []
        values: list[Value | None] = []
        for column in self._columns:
            try:
                values.append(column.read(cells, faults))
            except ValueError as error:
                problems.append(Problem(number, column.match.header, str(error)))
        if not problems:
            values = self._one_identifier(values)
            problems += [Problem(number, "", told) for told in self._lacking(values)]
        return tuple(values), problems

    def _one_identifier(self, values: list[Value | None]) -> list[Value | None]:
        """Of an update: Chakra's own id alone, where it is there."""
        keys = [column.match.key for column in self._columns]
        if self._purpose is Purpose.CREATE or ID not in keys or values[keys.index(ID)] is None:
            return values
        return [
            None if column.match.role is Role.IDENTIFIER and column.match.key != ID else value
            for column, value in zip(self._columns, values, strict=True)
        ]

    def _lacking(self, values: Sequence[Value | None]) -> Iterator[str]:
        held = {
            column.match.role
            for column, value in zip(self._columns, values, strict=True)
            if value is not None
        }
        if self._purpose is Purpose.UPDATE and Role.IDENTIFIER not in held:
            yield "does not say which record it is about"
        if not held - {Role.IDENTIFIER}:
            yield "has nothing in it but the record it is about" if held else "is empty"


def _typed(cell: str) -> str:
    return unguarded(cell.strip())


def _recurring(sheet: Sheet, column: Match) -> frozenset[str]:
    if column.role is not Role.IDENTIFIER:
        return frozenset()
    folded = str.lower if column.key == ID else str
    typed = [_typed(row[column.place]) for row in sheet.rows]
    counted = Counter(folded(cell) for cell in typed if cell)
    return frozenset(cell for cell in typed if counted[folded(cell)] > 1)
