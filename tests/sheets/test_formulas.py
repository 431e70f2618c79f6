"""Formulas of programs that don't calculate: without a stored value nothing is sent."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sheets.check import check_sheet
from bot.sheets.read import read_sheet
from bot.sheets.sheet import CellIssue, RowIssue, Sheet
from tests.sheets.builders import (
    build_openpyxl_workbook,
    build_raw_row,
    build_raw_workbook,
    build_workbook,
    match_for_create,
    parse_workbook,
)

FORMULA_TEXT = "has a formula whose result isn’t in the file. Open the file in Excel, save it there"
RECALCULATED = '<calcPr calcId="124519" fullCalcOnLoad="1"/>'


def list_uncalculated(sheet: Sheet) -> list[tuple[int, int]]:
    return [
        (issue.row, issue.column_index)
        for issue in sheet.issues
        if issue.issue is CellIssue.UNCALCULATED_FORMULA
    ]


async def test_rows_of_formulas_alone_are_counted_and_reported() -> None:
    def fill(sheet: Any) -> None:
        sheet.append(["lead_id", "phone number", "city"])
        sheet.append(["E1", "=CONCATENATE(91, 9876543210)", "Pune"])
        sheet.append(["=A2", '="91"&A2', "=C2"])
        sheet.append(["E3", 919876543210, "Goa"])
        sheet.append(["=A2", None, None])

    found = await read_sheet(build_openpyxl_workbook(fill))
    assert found.row_numbers == (2, 3, 4, 5)
    assert list_uncalculated(found) == [(2, 1), (3, 0), (3, 1), (3, 2), (5, 0)]
    checked = await check_sheet(found, match_for_create(found.columns))
    assert (checked.row_numbers, checked.total) == ((4,), 4)
    assert all(FORMULA_TEXT in problem.text for problem in checked.problems if problem.row != 5)


async def test_zero_in_place_of_no_value_is_not_sent() -> None:
    """XlsxWriter stores a zero in every formula, and asks Excel to calculate them."""

    def fill(_: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, ["name", "score", "visits"])
        sheet.write_string(1, 0, "Asha")
        sheet.write_formula(1, 1, "=LEN(A2)")
        sheet.write_formula(1, 2, "=LEN(A2)", None, 4)
        sheet.write_row(2, 0, ["Ravi", 0, 0])

    found = await read_sheet(build_workbook(fill))
    assert list_uncalculated(found) == [(2, 1)]
    assert found.rows == (("Asha", "", "4"), ("Ravi", "0", "0"))


@pytest.mark.parametrize(
    ("cell", "calculation", "expected"),
    [
        ('<c r="B2"><f>A2</f></c>', "", None),  # excelize
        ('<c r="B2"><f>A2</f><v></v></c>', "", None),  # openpyxl
        ('<c r="B2"><f>A2</f><v/></c>', "", None),
        ('<c r="B2" s="0"><f ca="1">NOW()</f><v> </v></c>', "", None),
        ('<c r="B2" t="n"><f>A2</f></c>', "", None),
        ('<c r="B2" t="b"><f>A2=1</f></c>', "", None),
        ('<c r="B2" t="str"><f>A2</f></c>', "", None),
        ('<c r="B2"><f t="shared" si="0"/></c>', "", None),
        ('<c r="B2"><f t="array" ref="B2:B3">A2:A3</f><v/></c>', "", None),
        ('<c r="B2"><f>A2</f><v>0.0</v></c>', RECALCULATED, None),  # POI's streaming writer
        ('<c r="B2"><f>A2</f><v>0</v></c>', "", "0"),
        ('<c r="B2"><f>A2</f><v>7</v></c>', RECALCULATED, "7"),
        ('<c r="B2" t="str"><f>A2</f><v>Pune</v></c>', "", "Pune"),
        ('<c r="B2" t="str"><f>IF(A2,"","")</f><v></v></c>', "", ""),  # Excel, Google
        ('<c r="B2" t="str"><f aca="false">""</f><v/></c>', "", ""),  # LibreOffice
        ('<c r="B2" t="b"><f>A2=1</f><v>1</v></c>', "", "TRUE"),
        ('<c r="B2" t="inlineStr"><f>A2</f><is><t>Pune</t></is></c>', "", "Pune"),
    ],
)
def test_formula_has_a_value_or_a_problem(
    cell: str, calculation: str, expected: str | None
) -> None:
    rows = (
        build_raw_row(1, "name", "city")
        + build_raw_row(2, "Asha", cell)
        + build_raw_row(3, "Ravi", "Goa")
    )
    found = parse_workbook(build_raw_workbook(rows, calculation=calculation))
    assert found.rows == (("Asha", expected or ""), ("Ravi", "Goa"))
    assert list_uncalculated(found) == ([(2, 1)] if expected is None else [])


def test_cells_without_references_are_counted() -> None:
    """Some programs leave them out: a cell follows the one before it."""
    text = '<c t="inlineStr"><is><t>{}</t></is></c>'
    rows = (
        f"<row>{text.format('name')}{text.format('city')}{text.format('score')}</row>"
        f"<row>{text.format('Asha')}<c><f>A1</f></c><c t='e'><f>1/0</f><v>#DIV/0!</v></c></row>"
        f"<row>{text.format('Ravi')}{text.format('Goa')}<c><v>3</v></c></row>"
    )
    found = parse_workbook(build_raw_workbook(rows))
    assert found.rows[1] == ("Ravi", "Goa", "3")
    assert set(found.issues) == {
        RowIssue(2, CellIssue.UNCALCULATED_FORMULA, 1),
        RowIssue(2, CellIssue.FORMULA_ERROR, 2),
    }


@pytest.mark.parametrize("error", ["#GETTING_DATA", "#SPILL!", "#CALC!", "#BUSY!", "Err:502"])
@pytest.mark.parametrize("formula", ["", "<f>A1</f>", '<f t="shared" si="0"/>'])
def test_error_that_the_reader_does_not_know_is_a_problem_of_its_row(
    error: str, formula: str
) -> None:
    cell = f'<c r="B2" t="e">{formula}<v>{error}</v></c>'
    rows = (
        build_raw_row(1, "name", "city")
        + build_raw_row(2, "Asha", cell)
        + build_raw_row(3, "Ravi", "Goa")
    )
    found = parse_workbook(build_raw_workbook(rows))
    assert found.rows[1] == ("Ravi", "Goa")
    assert found.issues == (RowIssue(2, CellIssue.FORMULA_ERROR, 1),)
