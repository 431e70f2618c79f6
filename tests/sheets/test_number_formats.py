"""Numbers whose format adds characters: what Excel shows is what goes to Chakra."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sheets.check import check_sheet
from bot.sheets.number_format import UnsupportedFormat, parse_number_format
from bot.sheets.read import read_sheet
from bot.sheets.sheet import CellIssue, RowIssue
from tests.sheets.builders import (
    build_raw_row,
    build_raw_workbook,
    build_workbook,
    match_for_create,
    match_for_update,
)

LAKHS = r"[>=10000000]##\,##\,##\,##0;[>=100000]##\,##\,##0;##,##0"
PHONE = r"[<=9999999]###\-####;\(###\)\ ###\-####"
ACCOUNTING = '_(* #,##0.00_);_(* \\(#,##0.00\\);_(* "-"??_);_(@_)'


@pytest.mark.parametrize(
    ("code", "value", "expected"),
    [
        ("00000", 7, "00007"),
        ("00000", 123456, "123456"),
        ("000000", 411001.4, "411001"),
        ("0000-0000", 12345678, "1234-5678"),
        (r"000\-00\-0000", 123456789, "123-45-6789"),
        ("0000 0000 0000", 123456789012, "1234 5678 9012"),
        ("##### #####", 9876543210, "98765 43210"),
        ("+00 00000 00000", 919876543210, "+91 98765 43210"),
        (PHONE, 5551234, "555-1234"),
        (PHONE, 2125551234, "(212) 555-1234"),
        ('"LEAD-"0000', 7, "LEAD-0007"),
        ('"LEAD-"0000', -7, "-LEAD-0007"),
        ('"LEAD-"General', 7, "LEAD-7"),
        ('"INV/"0000"/26"', 12, "INV/0012/26"),
        (r"\K0", 5, "K5"),
        ('"E"00000', 12, "E00012"),
        ('"A;B"00', 3, "A;B03"),
        ('0" kg"', 12.5, "13 kg"),
        ('0.0#" kg"', 12.5, "12.5 kg"),
        ('General" kg"', 2.5, "2.5 kg"),
        ('"No. "#,##0', 12345, "No. 12,345"),
        ('0.0,,"M"', 1234567, "1.2M"),
        ("000.00", 2.345, "002.35"),
        ('"Yes";"Yes";"No"', 0, "No"),
        ('[Red]00000;[Blue]"-"00000', -3, "-00003"),
        ("[$-409]00000", 3, "00003"),
        ('"LEAD-"@', "A7", "LEAD-A7"),
        ('"LEAD-"@', 7, "LEAD-7"),
        ('0;0;0;"T-"@', "q", "T-q"),
    ],
)
def test_format_shows_what_excel_shows(code: str, value: float | str, expected: str) -> None:
    known = parse_number_format(code)
    assert known
    assert known.render(value) == expected


@pytest.mark.parametrize(
    ("code", "value"),
    [
        *(("General", 5), ("0", 12.7), ("0.00", 12.5), ("#,##0", 1234567), ("#,##0.00", 1.5)),
        *(("0%", 0.25), ("0.00E+00", 1e9), ("# ?/?", 0.5), ("##0.0E+0", 5), ("@", "x")),
        *(("yyyy-mm-dd", 45000), ("[h]:mm", 1.5), ('"Due "d mmm', 45000), ("h:mm AM/PM", 0.5)),
        *(('"₹"#,##0', 1234), (r"[$₹-4009]\ #,##0.00", 1234.5), ("$#,##0_);($#,##0)", -5)),
        *((ACCOUNTING, 0), (ACCOUNTING, -5), (r"#\ ##0", 1234567), (LAKHS, 1234567)),
        *((";;;", 5), ("0;-0;;@", 5), ("0;-0;;@", "x"), ("", 5), ('"x"' * 99, 5)),
    ],
)
def test_plain_numbers_dates_and_percentages_stay(code: str, value: float | str) -> None:
    known = parse_number_format(code)
    assert known is None or known.render(value) is None


async def test_keys_and_codes_are_sent_as_shown_and_numbers_as_numbers() -> None:
    def fill(book: Any, sheet: Any) -> None:
        def formatted(column: int, value: float, code: str) -> None:
            sheet.write_number(1, column, value, book.add_format({"num_format": code}))

        sheet.write_row(0, 0, ["lead_id", "phone number", "score", "visits", "remark", "born"])
        formatted(0, 7, '"LEAD-"0000')
        formatted(1, 919876543210, "+00 00000 00000")
        formatted(2, 12.5, '0.00" points"')
        formatted(3, 3, "000")
        formatted(4, 411001, "000 000")
        formatted(5, 45000, "dd/mm/yyyy")

    found = await read_sheet(build_workbook(fill))
    assert found.rows == (
        ("LEAD-0007", "+91 98765 43210", "12.50 points", "003", "411 001", "2023-03-15"),
    )
    checked = await check_sheet(found, match_for_create(found.columns))
    assert list(checked.items) == [
        {
            "lead_id": "LEAD-0007",
            "data": {
                "phone_number": "919876543210",
                "score": 12.5,
                "visits": 3,
                "remark": "411 001",
                "born": "2023-03-15",
            },
        }
    ]


async def test_format_that_cannot_be_rendered_is_a_problem_of_its_row() -> None:
    code = '"A"0.0"x"0'
    cell = '<c r="{}2" s="1"><v>12.5</v></c>'
    rows = build_raw_row(1, "lead_id", "score") + build_raw_row(
        2, cell.format("A"), cell.format("B")
    )
    found = await read_sheet(build_raw_workbook(rows, styles=code))
    assert found.issues == (
        RowIssue(2, CellIssue.UNREADABLE_FORMAT, 0),
        RowIssue(2, CellIssue.UNREADABLE_FORMAT, 1),
    )
    checked = await check_sheet(found, match_for_update(found.columns))
    assert "has a number format that can’t be read here" in checked.problems[0].text


@given(st.text('0#?.,;"\\@ -+/%E[]<=>$₹GeneralLEAD_*()dmyhs', max_size=25), st.floats(-1e9, 1e12))
def test_any_format_code_is_rendered_or_refused(code: str, value: float) -> None:
    known = parse_number_format(code)
    if known is None:
        return
    try:
        shown = known.render(value)
    except UnsupportedFormat:
        return
    assert shown is None or isinstance(shown, str)


@given(st.integers(0, 10**9), st.integers(2, 12))
def test_zeros_are_padding(value: int, width: int) -> None:
    known = parse_number_format("0" * width)
    assert known
    assert known.render(float(value)) == f"{value:0{width}}"
