"""Rows before they are sent: the items they become, and what is wrong with them."""

from __future__ import annotations

import csv
from datetime import UTC
from io import StringIO
from zoneinfo import ZoneInfo

import pytest

from bot.errors import UsageError
from bot.sheets.check import CheckedSheet, check, check_sheet
from bot.sheets.columns import Target
from bot.sheets.problems import ProblemGroup, RowProblem, build_problem_csv, group_problems
from bot.sheets.read import read_sheet
from bot.text.phones import PhoneParser
from tests.sheets.builders import (
    UUID,
    build_cells_workbook,
    match_for_create,
    match_for_update,
    parse_csv,
)

INDIA = ZoneInfo("Asia/Kolkata")
TOO_MANY_CELLS = (
    "The row has more cells than there are columns. A comma in a text may lack its quotation marks."
)
ROUNDED_NUMBER = (
    "is a number of more than 15 digits, and Excel has rounded it. Set the column’s format to text "
    "and enter it again."
)


def list_problem_texts(checked: CheckedSheet) -> list[tuple[int, str]]:
    return [(problem.row, problem.sentence) for problem in checked.problems]


async def test_create_rows_become_documented_items() -> None:
    sheet = await parse_csv(
        "lead_id,Phone Number,score,subscribed,state,Next action at,assigned to,remark",
        "EXT-1, 98765 43210 ,105,yes,IN_PROGRESS,2021-04-16,john@acme.com,",
        ",+4915550112233,,,,,,likes tea",
    )
    found = await check_sheet(
        sheet, match_for_create(sheet.columns), phones=PhoneParser("IN"), timezone=INDIA
    )
    assert list(found.items) == [
        {
            "lead_id": "EXT-1",
            "data": {"phone_number": "919876543210", "score": 105, "subscribed": True},
            "state": "IN_PROGRESS",
            "nextActionAt": 1618511400000,
            "assignedTo": "john@acme.com",
        },
        {"data": {"phone_number": "4915550112233", "remark": "likes tea"}},
    ]
    assert (found.row_numbers, found.problems) == ((2, 3), ())
    assert (found.total, found.valid_count, found.invalid_count) == (2, 2, 0)


async def test_update_rows_become_identifier_and_changes() -> None:
    sheet = await parse_csv(
        "id,lead_id,city,status",
        ",EXT-1,Goa,",
        f"{UUID.upper()},EXT-2,,completed",
        ",EXT-3,Pune,OPEN",
    )
    found = check(sheet, match_for_update(sheet.columns))
    assert list(found.items) == [
        {"lead_id": "EXT-1", "update": {"data": {"city": "Goa"}}},
        {"id": UUID, "update": {"status": "COMPLETED"}},
        {"lead_id": "EXT-3", "update": {"data": {"city": "Pune"}, "status": "OPEN"}},
    ]


async def test_items_can_be_sliced() -> None:
    sheet = await parse_csv("lead_id,city", *(f"EXT-{n},Goa" for n in range(10)))
    items = check(sheet, match_for_update(sheet.columns)).items
    assert len(items) == 10
    assert [item["lead_id"] for item in items[2:4]] == ["EXT-2", "EXT-3"]
    assert items[-1] == {"lead_id": "EXT-9", "update": {"data": {"city": "Goa"}}}


async def test_invalid_row_is_excluded_and_every_problem_is_reported() -> None:
    sheet = await parse_csv(
        "phone_number,email,score,status",
        "98765 43210,asha@example.com,5,open",
        "98765,asha,many,Done",
        ",ravi@example.com,,",
        "98765 43211,,,,surplus",
    )
    found = check(sheet, match_for_create(sheet.columns), phones=PhoneParser("IN"))
    assert list_problem_texts(found) == [
        (3, "phone_number: not a valid number. Write it as +91 98765 43210."),
        (3, "email: not a valid address."),
        (3, "score: not a number. Write it as 1234.5."),
        (3, "status: not one of OPEN, COMPLETED, CANCELLED."),
        (4, "phone_number is empty, and every record needs it."),
        (5, TOO_MANY_CELLS),
    ]
    assert (found.row_numbers, found.valid_count, found.invalid_count, found.total) == (
        (2,),
        1,
        3,
        4,
    )


async def test_duplicate_key_is_reported_for_each_row() -> None:
    sheet = await parse_csv("lead_id,city", "A,Goa", "B,Pune", " A ,Delhi", "a,Agra")
    found = check(sheet, match_for_update(sheet.columns))
    assert list_problem_texts(found) == [
        (row, "lead_id is in more than one row. Keep one row for each record.") for row in (2, 4)
    ]
    assert [item["lead_id"] for item in found.items] == ["B", "a"]


async def test_ids_are_case_insensitive() -> None:
    sheet = await parse_csv("id,city", f"{UUID},Goa", f"{UUID.upper()},Pune")
    assert check(sheet, match_for_update(sheet.columns)).invalid_count == 2


async def test_row_without_changes_or_identifier() -> None:
    sheet = await parse_csv("lead_id,city,Other", "A,Goa,x", "B,,x", ",Pune,x", ",,x")
    assert list_problem_texts(check(sheet, match_for_update(sheet.columns))) == [
        (3, "The row has nothing in it but the record it is about."),
        (4, "The row does not say which record it is about."),
        (5, "The row does not say which record it is about."),
        (5, "The row is empty."),
    ]
    optional = (Target("city"), Target("score"))
    found = check(sheet, match_for_create(sheet.columns, optional))
    assert list_problem_texts(found) == [
        (3, "The row has nothing in it but the record it is about."),
        (5, "The row is empty."),
    ]


async def test_values_lost_by_excel_are_reported_when_used() -> None:
    sheet = await read_sheet(
        build_cells_workbook(
            ["lead_id", "remark", "Not ours"],
            ["A", 1234567890123456, 1],
            ["B", "whole", 1234567890123456],
        )
    )
    found = check(sheet, match_for_update(sheet.columns))
    assert list_problem_texts(found) == [(2, f"remark {ROUNDED_NUMBER}")]
    assert [item["lead_id"] for item in found.items] == ["B"]


async def test_unusable_matching_is_rejected() -> None:
    sheet = await parse_csv("city,score", "Goa,1")
    with pytest.raises(UsageError, match="No column says which records"):
        check(sheet, match_for_update(sheet.columns), timezone=UTC)


def test_problems_are_grouped_by_frequency() -> None:
    problems = [
        RowProblem(3, "status", "is odd"),
        *(RowProblem(row, "phone", ": not a valid number") for row in (4, 9, 17, 1200)),
        *(RowProblem(row, "", "is empty") for row in (6, 8)),
    ]
    groups = group_problems(problems)
    assert groups[0] == ProblemGroup("phone: not a valid number.", (4, 9, 17, 1200))
    assert [group.summary for group in groups] == [
        "4 rows · phone: not a valid number. (Rows 4, 9, 17 … of the sheet)",
        "2 rows · The row is empty. (Rows 6, 8 of the sheet)",
        "Row 3 of the sheet · status is odd.",
    ]


def test_line_breaks_in_column_names_are_flattened() -> None:
    assert RowProblem(2, "a\nb\u202e" + "c" * 80, "is odd").sentence == f"a b{'c' * 56}… is odd."


async def test_invalid_rows_are_exported_for_correction() -> None:
    sheet = await parse_csv(
        "phone_number,city,remark",
        '+91 98765 4321,"Pune, India",=1+1',
        "98765 43210,Goa,fine",
        '98765,@Goa,"-5"',
    )
    found = check(sheet, match_for_create(sheet.columns), phones=PhoneParser("IN"))
    data = build_problem_csv(sheet, found.problems)
    assert data.startswith(b"\xef\xbb\xbfphone_number,city,remark,problem\r\n")
    impossible = "phone_number: not a possible phone number. Check the digits and the "
    no_phone = "phone_number: not a valid number. Write it as +91 98765 43210."
    assert list(csv.reader(StringIO(data.decode("utf-8-sig"))))[1:] == [
        ["'+91 98765 4321", "Pune, India", "'=1+1", f"{impossible}country code."],
        ["98765", "'@Goa", "-5", no_phone],
    ]
    repaired = await read_sheet(
        data.replace(b"4321,", b"43210,").replace(b"98765,", b"9876543210,")
    )
    again = check(repaired, match_for_create(repaired.columns), phones=PhoneParser("IN"))
    assert list(again.items) == [
        {"data": {"phone_number": "919876543210", "city": "Pune, India", "remark": "=1+1"}},
        {"data": {"phone_number": "919876543210", "city": "@Goa", "remark": "-5"}},
    ]


async def test_exported_problem_column_is_replaced_on_recheck() -> None:
    sheet = await parse_csv("phone_number,Problem,city", "98765,was odd,Goa")
    found = check(sheet, match_for_create(sheet.columns), phones=PhoneParser("IN"))
    [header, row] = csv.reader(
        StringIO(build_problem_csv(sheet, found.problems).decode("utf-8-sig"))
    )
    assert header == ["phone_number", "city", "problem"]
    assert row[:2] == ["98765", "Goa"]


@pytest.mark.parametrize("error", ["#N/A", "#REF!", " #VALUE! ", "#NAME?"])
async def test_errors_of_formulas_in_csv_are_problems(error: str) -> None:
    sheet = await parse_csv("phone number,name", f"919876543210,{error}", "919876543211,#1 lead")
    checked = await check_sheet(sheet, match_for_create(sheet.columns))
    assert checked.row_numbers == (3,)
    assert checked.problems[0].text == "has a formula error, such as #N/A"
