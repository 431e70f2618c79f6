"""Every row looked at before anything is sent: what may go, and what is wrong with the rest."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from bot.errors import UsageError
from bot.sheets.columns import RECORD_ID, ColumnMatch, ColumnMatches, ColumnRole, Purpose
from bot.sheets.guarding import unescape_formula
from bot.sheets.items import Items, RowValues
from bot.sheets.problems import RowProblem
from bot.sheets.sheet import WHOLE_ROW, CellIssue, Sheet
from bot.sheets.values import Parser, Value, build_parser

ISSUE_TEXT = {
    CellIssue.TOO_MANY_CELLS: (
        "has more cells than there are columns. A comma in a text may lack its quotation marks"
    ),
    CellIssue.LONG_NUMBER: (
        "is a number of more than 15 digits, and Excel has rounded it. Set the column’s format to "
        "text and enter it again"
    ),
    CellIssue.FORMULA_ERROR: "holds an error of a formula, such as #N/A",
    CellIssue.MERGED_CELL: "is merged with another cell, and empty. Unmerge the cells and fill "
    "each",
}
"""They continue the column's name, or "The row"."""


@dataclass(frozen=True, slots=True)
class CheckedSheet:
    """``items`` are the good rows alone, ``rows`` their numbers in the file; ``total`` counts all
    rows. Whether the others are left out is the person's to say."""

    items: Items = field(repr=False)
    row_numbers: tuple[int, ...] = field(repr=False)
    problems: tuple[RowProblem, ...] = field(repr=False)
    total: int

    @property
    def valid_count(self) -> int:
        return len(self.row_numbers)

    @property
    def invalid_count(self) -> int:
        return self.total - self.valid_count


async def check_sheet(
    sheet: Sheet, matches: ColumnMatches, *, region: str | None = None, timezone: tzinfo = UTC
) -> CheckedSheet:
    """Off the event loop: 100,000 rows with a phone number each take some seconds."""
    return await asyncio.to_thread(check, sheet, matches, region=region, timezone=timezone)


def check(
    sheet: Sheet, matches: ColumnMatches, *, region: str | None = None, timezone: tzinfo = UTC
) -> CheckedSheet:
    """``region`` is the country of phone numbers without a country code (``IN``), ``zone`` that of
    times without an offset.

    Raises ``UsageError`` for a matching that has ``obstacles``.
    """
    if matches.errors:
        raise UsageError(matches.errors[0])
    rows = _RowChecker(sheet, matches, region, timezone)
    values: list[RowValues] = []
    numbers: list[int] = []
    problems: list[RowProblem] = []
    for number, cells in zip(sheet.row_numbers, sheet.rows, strict=True):
        read, wrong = rows.parse_row(number, cells)
        if wrong:
            problems += wrong
        else:
            values.append(read)
            numbers.append(number)
    items = Items(matches.purpose, matches.matched, values)
    return CheckedSheet(items, tuple(numbers), tuple(problems), len(sheet.rows))


@dataclass(frozen=True, slots=True)
class _ColumnParser:
    """``needed`` where no cell may be empty; ``recurring`` are cells that name one record in
    several rows."""

    match: ColumnMatch
    parse_value: Parser
    required: bool
    duplicate_values: frozenset[str]

    def parse_cell(self, cells: Sequence[str], issues: Mapping[int, CellIssue]) -> Value | None:
        """Raises ``ValueError`` with words that continue the column's name."""
        place = self.match.index
        if place in issues:
            raise ValueError(ISSUE_TEXT[issues[place]])
        cell = _clean_cell(cells[place])
        if not cell:
            if self.required:
                raise ValueError("is empty, and every record needs it")
            return None
        if cell in self.duplicate_values:
            raise ValueError("is in more than one row. Keep one row for each record")
        return self.parse_value(cell)


class _RowChecker:
    """What is known before the first row is read, and then a row at a time."""

    def __init__(
        self, sheet: Sheet, matches: ColumnMatches, region: str | None, timezone: tzinfo
    ) -> None:
        self._purpose = matches.purpose
        self._columns = [
            _ColumnParser(
                one,
                build_parser(one, region=region, timezone=timezone),
                one.target.required and matches.purpose is Purpose.CREATE,
                _duplicate_values(sheet, one),
            )
            for one in matches.matched
        ]
        self._issues: dict[int, dict[int, CellIssue]] = {}
        for fault in sheet.issues:
            self._issues.setdefault(fault.row, {})[fault.column_index] = fault.issue

    def parse_row(self, number: int, cells: Sequence[str]) -> tuple[RowValues, list[RowProblem]]:
        faults = self._issues.get(number, {})
        if WHOLE_ROW in faults:  # its cells stand under wrong names
            return (), [RowProblem(number, "", ISSUE_TEXT[faults[WHOLE_ROW]])]
        problems: list[RowProblem] = []
        values: list[Value | None] = []
        for column in self._columns:
            try:
                values.append(column.parse_cell(cells, faults))
            except ValueError as error:
                problems.append(RowProblem(number, column.match.header, str(error)))
        if not problems:
            values = self._prefer_record_id(values)
            problems += [
                RowProblem(number, "", told) for told in self._missing_value_errors(values)
            ]
        return tuple(values), problems

    def _prefer_record_id(self, values: list[Value | None]) -> list[Value | None]:
        """Of an update: Chakra's own id alone, where it is there."""
        keys = [column.match.key for column in self._columns]
        if (
            self._purpose is Purpose.CREATE
            or RECORD_ID not in keys
            or values[keys.index(RECORD_ID)] is None
        ):
            return values
        return [
            None
            if column.match.role is ColumnRole.IDENTIFIER and column.match.key != RECORD_ID
            else value
            for column, value in zip(self._columns, values, strict=True)
        ]

    def _missing_value_errors(self, values: Sequence[Value | None]) -> Iterator[str]:
        held = {
            column.match.role
            for column, value in zip(self._columns, values, strict=True)
            if value is not None
        }
        if self._purpose is Purpose.UPDATE and ColumnRole.IDENTIFIER not in held:
            yield "does not say which record it is about"
        if not held - {ColumnRole.IDENTIFIER}:
            yield "has nothing in it but the record it is about" if held else "is empty"


def _clean_cell(cell: str) -> str:
    return unescape_formula(cell.strip())


def _duplicate_values(sheet: Sheet, column: ColumnMatch) -> frozenset[str]:
    if column.role is not ColumnRole.IDENTIFIER:
        return frozenset()
    folded = str.lower if column.key == RECORD_ID else str
    typed = [_clean_cell(row[column.index]) for row in sheet.rows]
    counted = Counter(folded(cell) for cell in typed if cell)
    return frozenset(cell for cell in typed if counted[folded(cell)] > 1)
