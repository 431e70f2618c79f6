"""Cells that a program dressed for an export, or guarded against Excel."""

from __future__ import annotations

import pytest

from bot.sheets.check import check_sheet
from bot.sheets.read import read_sheet
from bot.text.csv_file import escape_formula, unescape_formula
from bot.text.phones import PhoneParser
from tests.sheets.builders import (
    build_cells_workbook,
    build_csv_text,
    match_for_create,
    parse_csv,
    parse_workbook,
)

NUMBER = "919876543210"


@pytest.mark.parametrize(
    "cell",
    [
        "p:+919876543210",
        "p: +91 98765 43210",
        "tel:+91-98765-43210",
        "whatsapp:+919876543210",
        '="919876543210"',
        '="+919876543210"',
        "='919876543210'",
        "'919876543210",
        "'+919876543210",
        "’+91 98765 43210",
        '"+919876543210"',
        "+919876543210'",
        "=+919876543210",
        '=T("919876543210")',
        "\u202a+91 98765 43210\u202c",
        "919876543210.0",
        "https://wa.me/919876543210",
        "sms:+919876543210?body=hi",
        "tel:<+919876543210>",
        "M: +91 98765 43210",
        "Phone No: 9876543210",
        "whatsapp:%2B919876543210",
        "+91%2098765%2043210",
        "919,876,543,210",
        "9876543210;",
        "+91·98765·43210",
        "📞 +91 98765 43210",
        "🇮🇳 9876543210",
        '=HYPERLINK("tel:+919876543210","9876543210")',
        '=HYPERLINK("https://wa.me/919876543210"; "+91 98765 43210")',
    ],
)
async def test_dressed_number_is_read_as_the_number(cell: str) -> None:
    for sheet in (
        await read_sheet(build_csv_text([["name", "phone number"], ["Asha", cell]]).encode()),
        parse_workbook(build_cells_workbook(["name", "phone number"], ["Asha", cell])),
    ):
        checked = await check_sheet(
            sheet, match_for_create(sheet.columns), phones=PhoneParser("IN")
        )
        assert [item["data"] for item in checked.items] == [
            {"name": "Asha", "phone_number": NUMBER}
        ], checked.problems


async def test_lead_export_of_meta_is_read() -> None:
    """It is UTF-16 with tabs, and writes ``p:`` before numbers so that Excel leaves them alone."""
    text = (
        "id\tcreated_time\tad_id\tis_organic\tplatform\tfull_name\tphone_number\temail\n"
        "l:1234567890123456\t2026-07-01T10:00:00+05:30\tag:120200\tfalse\tfb\tAsha Rao\t"
        "p:+919876543210\tasha@example.com\n"
    )
    sheet = await read_sheet(text.encode("utf-16"))
    assert sheet.format_description == "CSV in UTF-16, separated by tabs"
    checked = await check_sheet(sheet, match_for_create(sheet.columns), phones=PhoneParser("IN"))
    assert [item["data"] for item in checked.items] == [
        {"phone_number": NUMBER, "email": "asha@example.com"}
    ]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ('="00123"', "00123"),
        ("'00123", "00123"),
        ('="LEAD-7"', "LEAD-7"),
        ('=T("007")', "007"),
        ('="a ""b"""', 'a "b"'),
        ("'=1+1", "=1+1"),
        ("'Allo", "'Allo"),
        ("rock 'n' roll", "rock 'n' roll"),
        ('="a"&"b"', '="a"&"b"'),
        ("=1+1", "=1+1"),
    ],
)
def test_guards_are_removed_from_codes_and_not_from_texts(cell: str, expected: str) -> None:
    assert unescape_formula(cell) == expected


@pytest.mark.parametrize("cell", ["=1+1", "+919876543210", "-5+3", "@SUM", "'x", "plain", "-5"])
def test_guarded_cell_is_read_back(cell: str) -> None:
    assert unescape_formula(escape_formula(cell)) == cell


async def test_guarded_keys_are_compared_without_their_guards() -> None:
    sheet = await parse_csv("lead_id,phone number", '="0001",+919876543210', "0001,+919876543211")
    checked = await check_sheet(sheet, match_for_create(sheet.columns))
    assert [problem.text for problem in checked.problems] == [
        "is in more than one row. Keep one row for each record"
    ] * 2
