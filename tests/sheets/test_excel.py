"""Excel workbooks: what its cells hold becomes what a person would type."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from bot.sheets import excel
from bot.sheets.read import read_sheet
from bot.sheets.sheet import CellIssue, InvalidSheet, ReadOptions, RowIssue
from bot.sheets.workers import SheetWorkers
from tests.sheets.builders import build_cells_workbook, build_workbook


async def test_values_are_read_as_typed_text() -> None:
    def fill(book: Any, sheet: Any) -> None:
        def formatted(row: int, value: Any, code: str) -> None:
            sheet.write(row, 1, value, book.add_format({"num_format": code}))

        sheet.write_row(0, 0, ["what", "value"])
        for row, value in enumerate((919876543210, 0.5, -0.25, 1e-7, 100_000_000_000_000, -0.0), 1):
            sheet.write_row(row, 0, ["a number", value])
        sheet.write_row(7, 0, ["a yes", True])
        sheet.write_row(8, 0, ["a text", "007"])
        sheet.write_row(9, 0, ["a long text", "12345678901234567890"])
        for row in range(10, 15):
            sheet.write(row, 0, "a date")
        formatted(10, datetime.fromisoformat("2024-05-06 07:08:09"), "yyyy-mm-dd hh:mm")
        formatted(11, date(2024, 5, 6), "dd/mm/yy")
        formatted(12, time(7, 8), "hh:mm")
        formatted(13, timedelta(days=1, hours=2, minutes=3, seconds=4), "[h]:mm:ss")
        formatted(14, 0.75, "0%")
        sheet.write_formula(15, 1, "=1+2", None, 3)
        sheet.write_formula(16, 1, '="a"&"b"', None, "ab")
        sheet.write_string(17, 1, " Pune\nIndia ")

    found = await read_sheet(build_workbook(fill))
    assert [row[1] for row in found.rows] == [
        *("919876543210", "0.5", "-0.25", "0.0000001", "100000000000000", "0"),
        *("TRUE", "007", "12345678901234567890"),
        *("2024-05-06T07:08:09", "2024-05-06", "07:08:00", "26:03:04", "0.75"),
        *("3", "ab", " Pune\nIndia "),
    ]
    assert found.issues == ()
    assert found.format_description == "Excel, sheet “Leads”"


async def test_number_rounded_by_excel_is_reported() -> None:
    found = await read_sheet(
        build_cells_workbook(["id"], [1234567890123456789], [123456789012345], [-1e15])
    )
    assert found.issues == (
        RowIssue(2, CellIssue.LONG_NUMBER, 0),
        RowIssue(4, CellIssue.LONG_NUMBER, 0),
    )


async def test_formula_error_is_reported_and_not_read_as_empty() -> None:
    def fill(_: Any, sheet: Any) -> None:
        sheet.write_row(2, 1, ["name", "city", "score"])
        sheet.write_row(3, 1, ["Asha", "Pune"])
        sheet.write_formula(3, 3, "=NA()", None, "#N/A")
        sheet.write_formula(4, 1, "=1/0", None, "#DIV/0!")
        sheet.write_row(5, 1, ["Ravi", "Goa", 3])

    found = await read_sheet(build_workbook(fill))
    assert found.rows == (("Asha", "Pune", ""), ("", "", ""), ("Ravi", "Goa", "3"))
    assert found.row_numbers == (4, 5, 6)
    assert found.issues == (
        RowIssue(4, CellIssue.FORMULA_ERROR, 2),
        RowIssue(5, CellIssue.FORMULA_ERROR, 0),
    )


async def test_merged_cells_are_reported() -> None:
    def fill(_: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, ["name", "city", "score"])
        sheet.write_column(1, 0, ["Asha", "Ravi", "Mei"])
        sheet.merge_range(1, 1, 2, 2, "Pune")
        sheet.merge_range(5, 0, 7, 1, "")

    found = await read_sheet(build_workbook(fill))
    assert found.rows == (("Asha", "Pune", ""), ("Ravi", "", ""), ("Mei", "", ""))
    assert found.issues == (
        RowIssue(2, CellIssue.MERGED_CELL, 2),
        RowIssue(3, CellIssue.MERGED_CELL, 1),
        RowIssue(3, CellIssue.MERGED_CELL, 2),
    )


async def test_first_visible_non_empty_sheet_is_read() -> None:
    def fill(book: Any, _: Any) -> None:
        hidden, leads, more = book.worksheets()[1:]
        hidden.hide()
        for place, sheet in enumerate((hidden, leads, more)):
            sheet.write_column(4, 2, ["name", f"Asha {place}"])

    names = ("Empty", "Hidden", "Leads & <b>", "More")
    found = await read_sheet(build_workbook(fill, names=names))
    assert (found.columns, found.rows, found.row_numbers) == (("name",), (("Asha 1",),), (6,))
    assert found.format_description == "Excel, sheet “Leads & <b>” of 4"


async def test_errors_come_only_from_the_sheet_being_read() -> None:
    def fill(book: Any, first: Any) -> None:
        first.hide()
        first.write_formula(1, 0, "=NA()", None, "#N/A")
        second = book.worksheets()[1]
        second.activate()
        second.write_column(0, 0, ["name", "Asha", "Ravi"])
        second.write_formula(2, 0, "=NA()", None, "#N/A")

    found = await read_sheet(build_workbook(fill, names=("One", "Two")))
    assert (found.rows, found.issues) == (
        (("Asha",), ("",)),
        (RowIssue(3, CellIssue.FORMULA_ERROR, 0),),
    )


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (build_workbook(lambda _, __: None), "All sheets of this Excel file are empty"),
        (build_cells_workbook(["name", "city"]), "a header and no rows"),
        (build_cells_workbook(["name", None, "city"], ["Asha"]), "Column B has no name in row 1"),
        (
            build_cells_workbook(["name", "city"], ["Asha", "Goa"])[:-200],
            "This Excel file is damaged",
        ),
        (
            build_cells_workbook(["name", "city"], ["Asha", "Goa"])[:900],
            "This Excel file is damaged",
        ),
        (b"PK\x03\x04 xl/workbook.xml", "This Excel file is damaged"),
    ],
    ids=["empty", "header only", "no name", "cut", "cut short", "no archive"],
)
async def test_unusable_workbook_error_gives_the_reason(data: bytes, expected: str) -> None:
    with pytest.raises(InvalidSheet, match=re.escape(expected)):
        await read_sheet(data)


async def test_column_letter_accounts_for_an_offset_table() -> None:
    def fill(_: Any, sheet: Any) -> None:
        sheet.write_row(3, 2, ["name", "city", "Name"])
        sheet.write_row(4, 2, ["Asha", "Goa", "x"])

    with pytest.raises(InvalidSheet, match="Columns C and E are both called “name”"):
        await read_sheet(build_workbook(fill))


async def test_distant_cell_kills_only_the_reader_process() -> None:
    """A few bytes that ask for 500 GB."""

    def fill(_: Any, sheet: Any) -> None:
        sheet.write(0, 0, "name")
        sheet.write(1_048_575, 16_383, "x")

    with pytest.raises(InvalidSheet, match="too large to be read; perhaps a cell far away"):
        await read_sheet(build_workbook(fill))


async def test_slow_reader_process_is_terminated() -> None:
    with pytest.raises(InvalidSheet, match="too large to be read"):
        await excel.parse_workbook(
            build_cells_workbook(["name"], ["Asha"]),
            ReadOptions(),
            SheetWorkers(),
            timeout_seconds=0,
        )


async def test_dates_in_a_1904_workbook() -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.write(0, 0, "born")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_datetime(1, 0, date(1988, 2, 29), day)

    found = await read_sheet(build_workbook(fill, date_1904=True))
    assert found.rows == (("1988-02-29",),)
