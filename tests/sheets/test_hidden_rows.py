"""Rows that a filter or a person hid."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sheets.builders import (
    build_openpyxl_workbook,
    build_raw_row,
    build_raw_workbook,
    build_workbook,
    parse_workbook,
)

NAMES = ["lead_id", "city"]


def fill_openpyxl(sheet: Any) -> None:
    for row in (NAMES, ["E1", "Pune"], ["E2", "Goa"], ["E3", "Pune"], ["E4", "Goa"]):
        sheet.append(row)
    sheet.auto_filter.ref = "A1:B5"
    sheet.auto_filter.add_filter_column(1, ["Pune"])
    for number in (3, 5):
        sheet.row_dimensions[number].hidden = True


def fill_xlsxwriter(_: Any, sheet: Any) -> None:
    for number, row in enumerate([NAMES, ["E1", "x"], ["E2", "x"], ["E3", "x"], ["E4", "x"]]):
        sheet.write_row(number, 0, row)
    sheet.autofilter("A1:B5")
    sheet.set_row(2, options={"hidden": True})
    sheet.set_row(4, options={"hidden": True})


def build_raw_rows(hidden: str, row: int) -> str:
    return build_raw_row(row, f"E{row - 1}", "x", attributes=hidden if row in (3, 5) else "")


@pytest.mark.parametrize(
    "data",
    [
        build_openpyxl_workbook(fill_openpyxl),
        build_workbook(fill_xlsxwriter),
        *(
            build_raw_workbook(
                build_raw_row(1, *NAMES)
                + "".join(build_raw_rows(hidden, row) for row in range(2, 6))
            )
            for hidden in (
                ' hidden="1"',
                ' hidden="true"',
                ' spans="1:2" ht="0" hidden="1" customHeight="1"',
                ' ht="0" customHeight="1"',
                ' ht="0.0" customHeight="true"',
            )
        ),
    ],
    ids=["openpyxl", "XlsxWriter", "1", "true", "with height", "no height", "0.0"],
)
def test_hidden_rows_are_known_and_can_be_left_out(data: bytes) -> None:
    found = parse_workbook(data)
    assert found.hidden_rows == {3, 5}
    assert found.row_numbers == (2, 3, 4, 5)
    visible = found.exclude_hidden_rows()
    assert ([row[0] for row in visible.rows], visible.row_numbers) == (["E1", "E3"], (2, 4))


def test_table_without_hidden_rows_is_itself() -> None:
    found = parse_workbook(
        build_raw_workbook(build_raw_row(1, *NAMES) + build_raw_rows(' hidden="0"', 3))
    )
    assert found.hidden_rows == frozenset()
    assert found.exclude_hidden_rows() is found
