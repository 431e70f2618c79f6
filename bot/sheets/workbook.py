"""Read one sheet of an Excel workbook, in a separate process that may die from it.

It is run by its path, with the sheet's position as an argument, or none for the first one with a
table. The workbook comes in on stdin, and lines of JSON go out on stdout::

    {"sheet": "Leads", "place": 0, "first": 0, "sheets": [[0, "Leads"], [1, "Notes"]], "total": 3}
                                             once; ``first`` is the place of the first column,
                                             ``sheets`` are the visible ones
    [2, ["L-01", "Asha"], [[1, "formula"]], false, {"0": "1"}]
                                             the row's number, its cells, issues by place of cell,
                                             whether it is hidden, plain numbers of formatted cells
    {"rows": 120}                            the end
    {"refused": "password"}                  or why there is none: a key of ``ERROR_MESSAGES``

A few bytes of a workbook can ask the reader for more memory than there is (a cell at XFD1048576),
and the reader then ends the process that it runs in.
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any
from xml.parsers.expat import ExpatError

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from bot.sheets.number_format import NumberFormat, UnsupportedFormat, format_number
from bot.sheets.workbook_xml import MarkedRows, RowMarks, replace_unknown_errors

MAX_MEMORY_BYTES = 1024 * 1024 * 1024
"""Bytes of address space; a million cells take a fifth of it."""
MAX_CELL_LENGTH = 32_767
"""Characters; Excel's own limit."""
MAX_OUTPUT_BYTES = 96 * 1024 * 1024
"""Bytes of all lines together. A table within the size limits needs about a third of it."""
MAX_SHEETS_LISTED = 100
"""As many as a Slack menu has options."""
ROUNDED_FROM = 10**15
"""Excel stores 15 digits of a number: this one and larger ones were rounded when entered."""
DAMAGED, PASSWORD, EMPTY, EMPTY_SHEET = "damaged", "password", "empty", "empty sheet"
TOO_LARGE, LONG_CELL, TOO_MUCH_TEXT = "large", "long cell", "text"
LONG_NUMBER, ERROR, MERGED = "long number", "formula", "merged"
UNCALCULATED, UNREADABLE_FORMAT = "uncalculated", "number format"
"""Values of ``bot.sheets.sheet.CellIssue``, which this process doesn't import."""

CellValue = int | float | str | bool | time | date | datetime | timedelta
IndexedIssues = list[tuple[int, str]]


class TooLarge(Exception):
    """A cell or the whole table has too much text. The argument is the reason."""


def read_workbook(data: bytes, place: int | None = None) -> Iterator[Any]:
    """Return the lines described above. ``data`` should be a workbook."""
    try:
        yield from _read_sheet(data, place)
    except PasswordError:
        yield {"refused": PASSWORD}
    except MemoryError:
        yield {"refused": TOO_LARGE}
    except TooLarge as error:
        yield {"refused": str(error)}
    except (CalamineError, zipfile.BadZipFile, ExpatError):
        yield {"refused": DAMAGED}


def _read_sheet(data: bytes, wanted: int | None) -> Iterator[Any]:
    book = CalamineWorkbook.from_filelike(BytesIO(data))
    visible = _list_sheets(book)
    places = [place for place, _ in visible] if wanted is None else [wanted]
    try:
        found = _find_sheet(book, places)
    except CalamineError:
        data = replace_unknown_errors(data)
        found = _find_sheet(CalamineWorkbook.from_filelike(BytesIO(data)), places)
    head = {"first": 0, "sheets": visible, "total": len(book.sheet_names)}
    if found is None:
        if wanted is not None:
            yield head | {"sheet": "", "place": wanted}
        yield {"refused": EMPTY if wanted is None else EMPTY_SHEET}
        return
    place, sheet = found
    first = sheet.start[1] if sheet.start else 0
    yield head | {"sheet": sheet.name, "place": place, "first": first}
    yield from _iter_rows(sheet, first, MarkedRows(data, place))


def _iter_rows(sheet: CalamineSheet, first: int, marked: MarkedRows) -> Iterator[Any]:
    merged = _MergedCells(sheet, first, sheet.width)
    count = 0
    for row, values in enumerate(sheet.iter_rows()):
        count += 1
        marks = marked.get_marks(row)
        cells = [_limit(format_value(value)) for value in values]
        issues = _list_marked_cells(marks, first) + _find_long_numbers(values)
        for place, issue in issues:
            if issue == UNCALCULATED and 0 <= place < len(cells):
                cells[place] = ""  # the zero that represents no value
        plain = _apply_formats(marks.formats, first, values, cells, issues) if marks.formats else {}
        covered = merged.list_covered_columns(row)
        if any(cells):
            issues += [(column - first, MERGED) for column in covered]
        if any(cells) or issues:
            while cells and not cells[-1]:
                cells.pop()
            yield [row + 1, cells, issues, marks.is_hidden, plain]
    for marks in marked.iter_after(count):
        if issues := _list_marked_cells(marks, first):
            yield [marks.index + 1, [], issues, marks.is_hidden, {}]
    yield {"rows": count}


def _list_marked_cells(marks: RowMarks, first: int) -> IndexedIssues:
    return [
        *((column - first, ERROR) for column in marks.errors),
        *((column - first, UNCALCULATED) for column in marks.uncalculated),
    ]


def _list_sheets(book: CalamineWorkbook) -> list[tuple[int, str]]:
    """Return the places and names of the visible sheets."""
    return [
        (place, about.name)
        for place, about in enumerate(book.sheets_metadata)
        if about.typ == SheetTypeEnum.WorkSheet and about.visible == SheetVisibleEnum.Visible
    ][:MAX_SHEETS_LISTED]


def _find_sheet(book: CalamineWorkbook, places: list[int]) -> tuple[int, CalamineSheet] | None:
    """Return the first of these sheets that isn't empty, and its position among all."""
    for place in places:
        if not 0 <= place < len(book.sheet_names):
            continue
        sheet = book.get_sheet_by_index(place)
        if sheet.start is not None:
            return place, sheet
    return None


def _limit(cell: str) -> str:
    if len(cell) > MAX_CELL_LENGTH:
        raise TooLarge(LONG_CELL)
    return cell


def _find_long_numbers(values: list[CellValue]) -> IndexedIssues:
    return [
        (place, LONG_NUMBER)
        for place, value in enumerate(values)
        if isinstance(value, float) and abs(value) >= ROUNDED_FROM
    ]


def format_value(value: CellValue) -> str:
    """Return what a person would type: numbers without an exponent, dates in ISO 8601."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return format_number(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _apply_formats(
    formats: Mapping[int, NumberFormat],
    first: int,
    values: list[CellValue],
    cells: list[str],
    issues: IndexedIssues,
) -> dict[int, str]:
    """Put what Excel shows into ``cells``, and return the plain numbers by position."""
    plain: dict[int, str] = {}
    for column, known in formats.items():
        place = column - first
        if not 0 <= place < len(values):
            continue
        value = values[place]
        if isinstance(value, bool) or not isinstance(value, float | int | str) or value == "":
            continue
        try:
            shown = known.render(value)
        except UnsupportedFormat:
            issues.append((place, UNREADABLE_FORMAT))
            continue
        if shown is not None and shown != cells[place]:
            plain[place], cells[place] = cells[place], _limit(shown)
    return plain


class _MergedCells:
    """Cells covered by another one: they look filled, but are empty."""

    def __init__(self, sheet: CalamineSheet, first_column: int, width: int) -> None:
        self._ranges = sorted(sheet.merged_cell_ranges or [], reverse=True)
        self._active_ranges: list[tuple[tuple[int, int], tuple[int, int]]] = []
        self._last_column = first_column + width - 1

    def list_covered_columns(self, row: int) -> list[int]:
        """Return the covered columns of a row. Rows must be requested in order."""
        while self._ranges and self._ranges[-1][0][0] <= row:
            self._active_ranges.append(self._ranges.pop())
        self._active_ranges = [merged for merged in self._active_ranges if merged[1][0] >= row]
        return [
            column
            for (top, left), (_, right) in self._active_ranges
            for column in range(left, min(right, self._last_column) + 1)
            if (row, column) != (top, left)
        ]


def _limit_memory() -> None:
    """Make allocations beyond the limit fail, without a core dump, which has customers' data."""
    try:
        import resource  # not available on Windows
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    _limit_memory()
    data = sys.stdin.buffer.read()
    written = 0
    for line in read_workbook(data, int(sys.argv[1]) if len(sys.argv) > 1 else None):
        text = json.dumps(line) + "\n"
        written += len(text)
        if written > MAX_OUTPUT_BYTES:
            text = json.dumps({"refused": TOO_MUCH_TEXT}) + "\n"
        sys.stdout.write(text)
        if written > MAX_OUTPUT_BYTES:
            return


if __name__ == "__main__":
    main()
