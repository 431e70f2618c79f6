"""Reads the first sheet of an Excel workbook, in a process of its own that may die of it.

It is run by its path: the workbook comes in on stdin, and lines of JSON go out on stdout::

    {"sheet": "Leads", "first": 0, "sheets": 3}   once; ``first`` is the place of the first column
    [2, ["LEAD-1", "Asha"], [[1, "formula"]]]     number of the row, cells, flaws by place of cell
    {"rows": 120}                                 the end
    {"refused": "password"}                       or why there is none: a ``ErrorResponse``

A process of its own, as a few bytes of a workbook can ask the reader for more memory than there is
(a cell at XFD1048576), and then the reader ends the process it runs in.
"""

from __future__ import annotations

import json
import re
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

MAX_MEMORY_BYTES = 1024 * 1024 * 1024
"""Bytes of address space; a million cells take a fifth of it."""
ROUNDED_FROM = 10**15
"""Excel keeps 15 digits of a number: one from here on was rounded when it was entered."""
DAMAGED, PASSWORD, EMPTY, TOO_LARGE = "damaged", "password", "empty", "large"
LONG_NUMBER, FORMULA, MERGED = "long number", "formula", "merged"
"""Values of ``bot.sheets.sheet.Flaw``, which this process does without."""

CHUNK_BYTES = 1024 * 1024
_SHEET_TAG = re.compile(rb"<(?:\w+:)?sheet\b[^>]*>")
_RELATIONSHIP_TAG = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>")
_ERROR_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]*\bt="e"[^>]*>')
_CELL_REFERENCE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')

CellValue = int | float | str | bool | time | date | datetime | timedelta
IndexedIssues = list[tuple[int, str]]


def read_workbook(data: bytes) -> Iterator[Any]:
    """What is written out, see above. ``data`` is a workbook, or so it seemed."""
    try:
        yield from _read_first_sheet(data)
    except PasswordError:
        yield {"refused": PASSWORD}
    except MemoryError:
        yield {"refused": TOO_LARGE}
    except (CalamineError, zipfile.BadZipFile):
        yield {"refused": DAMAGED}


def _read_first_sheet(data: bytes) -> Iterator[Any]:
    book = CalamineWorkbook.from_filelike(BytesIO(data))
    found = _find_first_sheet(book)
    if found is None:
        yield {"refused": EMPTY}
        return
    place, sheet = found
    first = sheet.start[1] if sheet.start else 0
    yield {"sheet": sheet.name, "first": first, "sheets": len(book.sheet_names)}
    wrong = _find_error_cells(data, place)
    merged = _MergedCells(sheet)
    count = 0
    for row, values in enumerate(sheet.iter_rows()):
        cells, flaws = _format_row(values)
        flaws += [(column - first, FORMULA) for column in wrong.get(row, ())]
        covered = [(column - first, MERGED) for column in merged.covered_columns(row)]
        count += 1
        if any(cells):
            flaws += covered
        if any(cells) or flaws:
            yield [row + 1, cells, flaws]
    yield {"rows": count}


def _find_first_sheet(book: CalamineWorkbook) -> tuple[int, CalamineSheet] | None:
    """The first visible sheet with something in it, and its place among all."""
    for place, about in enumerate(book.sheets_metadata):
        if about.typ == SheetTypeEnum.WorkSheet and about.visible == SheetVisibleEnum.Visible:
            sheet = book.get_sheet_by_index(place)
            if sheet.start is not None:
                return place, sheet
    return None


def _format_row(values: list[CellValue]) -> tuple[list[str], IndexedIssues]:
    cells = [value if isinstance(value, str) else format_value(value) for value in values]
    flaws = [
        (place, LONG_NUMBER)
        for place, value in enumerate(values)
        if isinstance(value, float) and abs(value) >= ROUNDED_FROM
    ]
    return cells, flaws


def format_value(value: CellValue) -> str:
    """As a person would type it: numbers without an exponent, dates in ISO 8601."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return _format_number(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _format_number(value: float) -> str:
    """Every number of a workbook is a float. 15 digits are what Excel shows."""
    if value.is_integer():
        return str(int(value))
    return f"{Decimal(f'{value:.15g}'):f}"


class _MergedCells:
    """Cells that are covered by another: they look filled, and are empty."""

    def __init__(self, sheet: CalamineSheet) -> None:
        self._ranges = sorted(sheet.merged_cell_ranges or [], reverse=True)
        self._active_ranges: list[tuple[tuple[int, int], tuple[int, int]]] = []

    def covered_columns(self, row: int) -> list[int]:
        """Their columns. Rows are asked for in their order."""
        while self._ranges and self._ranges[-1][0][0] <= row:
            self._active_ranges.append(self._ranges.pop())
        self._active_ranges = [one for one in self._active_ranges if one[1][0] >= row]
        return [
            column
            for (top, left), (_, right) in self._active_ranges
            for column in range(left, right + 1)
            if (row, column) != (top, left)
        ]


def _find_error_cells(data: bytes, sheet_index: int) -> dict[int, list[int]]:
    """Row -> columns of cells with ``#N/A`` and the like, which the reader shows as empty."""
    found: dict[int, list[int]] = {}
    with zipfile.ZipFile(BytesIO(data)) as archive:
        part = _find_sheet_part(archive, sheet_index)
        if part not in archive.namelist():
            return found
        rest = b""
        with archive.open(part) as opened:
            while piece := opened.read(CHUNK_BYTES):
                seen = rest + piece
                cut = seen.rfind(b"<")
                rest, seen = seen[cut:], seen[:cut]
                if b't="e"' in seen:
                    _collect_error_cells(seen, found)
    return found


def _collect_error_cells(xml: bytes, found: dict[int, list[int]]) -> None:
    for cell in _ERROR_CELL.findall(xml):
        if place := _CELL_REFERENCE.search(cell):
            column = 0
            for letter in place[1]:
                column = column * 26 + letter - ord("A") + 1
            found.setdefault(int(place[2]) - 1, []).append(column - 1)


def _find_sheet_part(archive: zipfile.ZipFile, sheet_index: int) -> str:
    """The file in the archive that is this sheet; "" where the archive does not say."""
    try:
        sheets = _SHEET_TAG.findall(archive.read("xl/workbook.xml"))
        relations = _RELATIONSHIP_TAG.findall(archive.read("xl/_rels/workbook.xml.rels"))
    except KeyError:
        return ""
    key = _xml_attribute(sheets[sheet_index], rb"\w+:id") if sheet_index < len(sheets) else ""
    for relation in relations:
        if key and _xml_attribute(relation, rb"Id") == key:
            target = _xml_attribute(relation, rb"Target")
            return target[1:] if target.startswith("/") else f"xl/{target}"
    return ""


def _xml_attribute(tag: bytes, name: bytes) -> str:
    found = re.search(rb"\s" + name + rb'="([^"]*)"', tag)
    return found[1].decode("utf-8", "replace") if found else ""


def _limit_memory() -> None:
    """Beyond it an allocation fails, and this process ends, not the machine's memory. It leaves no
    image of itself behind: customers' data would be in it."""
    try:
        import resource  # there is none on Windows
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    _limit_memory()
    data = sys.stdin.buffer.read()
    for line in read_workbook(data):
        sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
