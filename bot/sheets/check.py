"""Check every row before anything is sent: valid values, and problems."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from bot.errors import UsageError
from bot.sheets.columns import RECORD_ID, ColumnMatch, ColumnMatches, ColumnRole, Purpose
from bot.sheets.items import Items, RowValues
from bot.sheets.problems import RowProblem
from bot.sheets.repeats import find_former_phones, find_repeated_phones
from bot.sheets.sheet import WHOLE_ROW, CellIssue, Sheet
from bot.sheets.values import Parser, Value, build_parser, is_number
from bot.text.csv_file import unescape_formula
from bot.text.invisible import remove_invisible
from bot.text.phones import INTERNATIONAL, PhoneParser

ISSUE_TEXT = {
    CellIssue.TOO_MANY_CELLS: (
        "has more cells than there are columns. A comma in a text may lack its quotation marks"
    ),
    CellIssue.LONG_NUMBER: (
        "is a number of more than 15 digits, and Excel has rounded it. Set the column’s format to "
        "text and enter it again"
    ),
    CellIssue.FORMULA_ERROR: "has a formula error, such as #N/A",
    CellIssue.UNCALCULATED_FORMULA: (
        "has a formula whose result isn’t in the file. Open the file in Excel, save it there, and "
        "choose it again"
    ),
    CellIssue.UNREADABLE_FORMAT: (
        "has a number format that can’t be read here. Set the column’s format to text and enter "
        "the values as they should be sent"
    ),
    CellIssue.MERGED_CELL: "is merged with another cell, and empty. Unmerge the cells and fill "
    "each",
}
"""Texts that continue the column's name, or "The row"."""
ERROR_TEXTS = frozenset(
    ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!")
)
"""What a CSV file or a text cell has in place of a formula error."""
MAX_PROBLEMS = 100_000
"""Problems stored one by one; beyond that, only the first of each row."""


@dataclass(frozen=True, slots=True)
class CheckedSheet:
    """``items`` are the valid rows only, ``row_numbers`` their numbers in the file.

    ``total`` counts all rows. The person decides whether the invalid ones are left out.
    ``repeated_phones`` has the valid rows of each phone number that occurs more than once, and
    ``former_phones`` those with a number from a former plan.
    """

    items: Items = field(repr=False)
    row_numbers: tuple[int, ...] = field(repr=False)
    problems: tuple[RowProblem, ...] = field(repr=False)
    total: int
    repeated_phones: tuple[tuple[int, ...], ...] = ()
    former_phones: tuple[int, ...] = ()

    @property
    def valid_count(self) -> int:
        return len(self.row_numbers)

    @property
    def invalid_count(self) -> int:
        return self.total - self.valid_count


async def check_sheet(
    sheet: Sheet,
    matches: ColumnMatches,
    *,
    phones: PhoneParser = INTERNATIONAL,
    timezone: tzinfo = UTC,
) -> CheckedSheet:
    """Check off the event loop: 100,000 rows with a phone number each take a few seconds."""
    return await asyncio.to_thread(check, sheet, matches, phones=phones, timezone=timezone)


def check(
    sheet: Sheet,
    matches: ColumnMatches,
    *,
    phones: PhoneParser = INTERNATIONAL,
    timezone: tzinfo = UTC,
) -> CheckedSheet:
    """Return the values of the valid rows, and the problems of the others.

    ``timezone`` is that of times without an offset. Raise ``UsageError`` if the matches have
    errors.
    """
    if matches.errors:
        raise UsageError(matches.errors[0])
    rows = _RowChecker(sheet, matches, phones, timezone)
    values: list[RowValues] = []
    numbers: list[int] = []
    problems: list[RowProblem] = []
    for number, cells in zip(sheet.row_numbers, sheet.rows, strict=True):
        parsed, found = rows.parse_row(number, cells)
        if found:
            problems += found if len(problems) < MAX_PROBLEMS else found[:1]
        else:
            values.append(parsed)
            numbers.append(number)
    items = Items(matches.purpose, matches.matched, values)
    repeated = find_repeated_phones(matches.matched, values, numbers, phones)
    former = find_former_phones(matches.matched, values, numbers)
    return CheckedSheet(items, tuple(numbers), tuple(problems), len(sheet.rows), repeated, former)


@dataclass(frozen=True, slots=True)
class _ColumnParser:
    """``required``: no cell may be empty. ``duplicate_values`` name one record in several rows.

    ``plain_numbers`` replace formatted numbers, by row.
    """

    match: ColumnMatch
    parse_value: Parser
    required: bool
    duplicate_values: frozenset[str]
    is_number: bool
    plain_numbers: Mapping[int, str]

    def parse_cell(
        self,
        cells: Sequence[str],
        issues: Mapping[int, CellIssue],
        row: int,
    ) -> Value | None:
        """Raise ``ValueError`` with words that continue the column's name."""
        place = self.match.index
        if place in issues and not (
            self.is_number and issues[place] is CellIssue.UNREADABLE_FORMAT
        ):
            raise ValueError(ISSUE_TEXT[issues[place]])
        cell = _clean_cell(cells[place])
        if self.plain_numbers:
            cell = self.plain_numbers.get(row, cell)
        if cell in ERROR_TEXTS:
            raise ValueError(ISSUE_TEXT[CellIssue.FORMULA_ERROR])
        if not cell:
            if self.required:
                raise ValueError("is empty, and every record needs it")
            return None
        if cell in self.duplicate_values:
            raise ValueError("is in more than one row. Keep one row for each record")
        return self.parse_value(cell)


class _RowChecker:
    """Checks one row at a time, with knowledge of the whole table."""

    def __init__(
        self, sheet: Sheet, matches: ColumnMatches, phones: PhoneParser, timezone: tzinfo
    ) -> None:
        self._purpose = matches.purpose
        self._columns = [
            _ColumnParser(
                match,
                build_parser(match, phones=phones, timezone=timezone),
                match.target.required and matches.purpose is Purpose.CREATE,
                _find_duplicate_values(sheet, match),
                is_number(match),
                sheet.plain_numbers.get(match.index, {}) if is_number(match) else {},
            )
            for match in matches.matched
        ]
        self._issues: dict[int, dict[int, CellIssue]] = {}
        for issue in sheet.issues:
            self._issues.setdefault(issue.row, {})[issue.column_index] = issue.issue

    def parse_row(self, number: int, cells: Sequence[str]) -> tuple[RowValues, list[RowProblem]]:
        issues = self._issues.get(number, {})
        if WHOLE_ROW in issues:  # its cells are under the wrong names
            return (), [RowProblem(number, "", ISSUE_TEXT[issues[WHOLE_ROW]])]
        problems: list[RowProblem] = []
        values: list[Value | None] = []
        for column in self._columns:
            try:
                values.append(column.parse_cell(cells, issues, number))
            except ValueError as error:
                problems.append(RowProblem(number, column.match.header, str(error)))
        if not problems:
            values = self._prefer_record_id(values)
            problems += [
                RowProblem(number, "", text) for text in self._iter_missing_value_texts(values)
            ]
        return tuple(values), problems

    def _prefer_record_id(self, values: list[Value | None]) -> list[Value | None]:
        """Return the values of an update with only Chakra's ID as the key, if the row has it."""
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

    def _iter_missing_value_texts(self, values: Sequence[Value | None]) -> Iterator[str]:
        filled = {
            column.match.role
            for column, value in zip(self._columns, values, strict=True)
            if value is not None
        }
        if self._purpose is Purpose.UPDATE and ColumnRole.IDENTIFIER not in filled:
            yield "does not say which record it is about"
        if not filled - {ColumnRole.IDENTIFIER}:
            yield "has nothing in it but the record it is about" if filled else "is empty"


def _clean_cell(cell: str) -> str:
    return unescape_formula(cell.strip())


def _find_duplicate_values(sheet: Sheet, column: ColumnMatch) -> frozenset[str]:
    if column.role is not ColumnRole.IDENTIFIER:
        return frozenset()
    fold = str.lower if column.key == RECORD_ID else str
    cells = [_clean_cell(row[column.index]) for row in sheet.rows]
    keys = {cell: fold(remove_invisible(cell)) for cell in cells if cell}
    counted = Counter(keys[cell] for cell in cells if cell)
    return frozenset(cell for cell, key in keys.items() if counted[key] > 1)
