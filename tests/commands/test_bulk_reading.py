"""Stories of ``/chakra bulk`` with files as programs write them: what is read is shown first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.sandbox.slack import LocalFile
from tests.commands.test_bulk import (
    CREATE,
    EXCEL_TYPE,
    confirm_upload,
    create_csv,
    open_form,
    read_form,
    submit_file,
)
from tests.commands.watch_scenarios import wait_until
from tests.people import JOHN
from tests.sheets.builders import build_openpyxl_workbook, build_workbook
from tests.world import World


def build_excel_upload(data: bytes) -> LocalFile:
    return LocalFile("leads.xlsx", EXCEL_TYPE, data)


async def choose(acme: World, **values: Any) -> str:
    """Return what the form shows after another choice in it."""
    before = read_form(acme)
    await acme.slack.submit(JOHN, values)
    await wait_until(acme, lambda: read_form(acme) not in (before, "") and not is_waiting(acme))
    return read_form(acme)


def is_waiting(acme: World) -> bool:
    return "One moment" in read_form(acme)


async def list_confirmed_items(acme: World) -> list[Any]:
    await confirm_upload(acme)
    await wait_until(acme, lambda: acme.chakra.count(CREATE) == 1)
    [request] = [request for request in acme.chakra.requests if request.path.endswith("create")]
    return list(request.json)


async def test_title_above_the_column_names_is_named_and_left_out(acme: World) -> None:
    await open_form(acme)
    text = 'Leads of July\nLead Id,First Name,City\nE1,Asha,Pune\nE2,Ravi,"Pune, West"\n'
    plan = await submit_file(acme, create_csv(text))
    assert "The column names are in row 2. Left out above them: row 1 (“Leads of July”)." in plan
    assert "2 rows" in plan
    assert await list_confirmed_items(acme) == [
        {"lead_id": "E1", "data": {"firstname": "Asha", "city": "Pune"}},
        {"lead_id": "E2", "data": {"firstname": "Ravi", "city": "Pune, West"}},
    ]


def fill_guide(book: Any, guide: Any) -> None:
    guide.write_column(0, 0, ["How to use this file", "Fill the second sheet"])
    book.worksheets()[1].write_row(0, 0, ["Lead Id", "First Name"])
    book.worksheets()[1].write_row(1, 0, ["E1", "Asha"])


async def test_another_sheet_is_chosen_instead_of_a_guide(acme: World) -> None:
    await open_form(acme)
    data = build_workbook(fill_guide, names=("Guide", "Leads"))
    plan = await submit_file(acme, build_excel_upload(data))
    assert "Read as Excel, sheet “Guide” of 2" in plan
    assert "The column names are in row 1" in plan
    plan = await choose(acme, sheet="1")
    assert "Read as Excel, sheet “Leads” of 2" in plan
    assert "Send 1 row" in plan
    assert await list_confirmed_items(acme) == [{"lead_id": "E1", "data": {"firstname": "Asha"}}]


async def test_another_sheet_is_chosen_after_one_that_is_no_table(acme: World) -> None:
    def fill(book: Any, guide: Any) -> None:
        fill_guide(book, guide)
        guide.write(0, 2, "A cell without a column name before it")

    await open_form(acme)
    plan = await submit_file(
        acme, build_excel_upload(build_workbook(fill, names=("Guide", "Leads")))
    )
    assert "Column B has no name in row 1" in plan
    assert "Update preview" in plan
    assert "Send 1 row" in await choose(acme, sheet="1")
    assert "Column B has no name in row 1" in await choose(acme, sheet="0")


async def test_another_sheet_is_chosen_after_an_empty_one(acme: World) -> None:
    await open_form(acme)
    data = build_workbook(fill_guide, names=("Guide", "Leads", "Sheet3"))
    await submit_file(acme, build_excel_upload(data))
    assert "is empty" in await choose(acme, sheet="2")
    assert "Send 1 row" in await choose(acme, sheet="1")


async def test_formula_without_a_value_is_never_sent(acme: World) -> None:
    def fill(sheet: Any) -> None:
        for row in (
            ["Lead Id", "First Name", "City"],
            ["E1", "Asha", "Pune"],
            ["E2", '="Ra"&"vi"', "Goa"],
            ["=A2", "=B2", "=C2"],
        ):
            sheet.append(row)

    await open_form(acme)
    plan = await submit_file(acme, build_excel_upload(build_openpyxl_workbook(fill)))
    assert "3 rows" in plan
    assert "2 rows have problems" in plan
    assert "First Name has a formula whose result isn’t in the file. Open the file in Excel" in plan
    assert await list_confirmed_items(acme) == [
        {"lead_id": "E1", "data": {"firstname": "Asha", "city": "Pune"}}
    ]


async def test_formatted_key_is_sent_as_excel_shows_it(acme: World) -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, ["Lead Id", "First Name", "Score"])
        sheet.write_number(1, 0, 7, book.add_format({"num_format": '"LEAD-"00000'}))
        sheet.write_string(1, 1, "Asha")
        sheet.write_number(1, 2, 40, book.add_format({"num_format": '0" points"'}))

    await open_form(acme)
    plan = await submit_file(acme, build_excel_upload(build_workbook(fill)))
    assert "LEAD-00007" in plan
    [item] = await list_confirmed_items(acme)
    assert item == {"lead_id": "LEAD-00007", "data": {"firstname": "Asha", "score": 40}}


async def test_spaces_before_quotation_marks_are_left_out(acme: World) -> None:
    await open_form(acme)
    await submit_file(
        acme, create_csv('"Lead Id", "First Name"\n"E1", "Asha"\n"E2", "Rao, Ravi"\n')
    )
    assert await list_confirmed_items(acme) == [
        {"lead_id": "E1", "data": {"firstname": "Asha"}},
        {"lead_id": "E2", "data": {"firstname": "Rao, Ravi"}},
    ]


async def test_letters_of_an_assumed_encoding_are_shown_and_can_be_chosen(acme: World) -> None:
    await open_form(acme)
    data = "Lead Id,First Name\nE1,Asha\nE2,Γιώργος\n".encode("iso8859-7")
    plan = await submit_file(acme, LocalFile("leads.csv", "text/csv", data))
    assert "Check these letters." in plan
    assert "“Γιώργος”" in plan
    assert "save the table as “CSV UTF-8” or Excel" in plan
    assert "“Гйюсгпт”" in await choose(acme, encoding="cp1251")
    await choose(acme, encoding="iso8859-7")
    assert (await list_confirmed_items(acme))[1] == {
        "lead_id": "E2",
        "data": {"firstname": "Γιώργος"},
    }


async def test_hidden_rows_are_left_out_unless_they_are_chosen(acme: World) -> None:
    def fill(sheet: Any) -> None:
        for row in (["Lead Id", "City"], ["E1", "Pune"], ["E2", "Goa"], ["E3", "Pune"]):
            sheet.append(row)
        sheet.row_dimensions[3].hidden = True

    await open_form(acme)
    plan = await submit_file(acme, build_excel_upload(build_openpyxl_workbook(fill)))
    assert "1 row is hidden in the file, by a filter or by hand, and is left out." in plan.replace(
        "*", ""
    )
    assert "Send 2 rows" in plan
    plan = await choose(acme, hidden="send")
    assert "and is sent too" in plan
    assert "Send 3 rows" in plan
    assert "Send 2 rows" in await choose(acme, hidden="skip")
    assert [item["lead_id"] for item in await list_confirmed_items(acme)] == ["E1", "E3"]


async def test_lead_export_of_meta_is_uploaded(acme: World) -> None:
    await open_form(acme)
    text = "id\tfull_name\tphone_number\tCity\nl:123\tAsha Rao\tp:+919876543210\tPune\n"
    data = text.replace("full_name", "First Name").encode("utf-16")
    await submit_file(acme, LocalFile("leads.xls", "application/vnd.ms-excel", data))
    [item] = await list_confirmed_items(acme)
    assert item["data"] == {
        "firstname": "Asha Rao",
        "phone_number": "919876543210",
        "city": "Pune",
    }


async def test_times_are_read_in_the_time_zone_of_that_day_and_shown(acme: World) -> None:
    members = acme.slack.workspace.members
    members[JOHN] = replace(members[JOHN], tz="Europe/London")
    await open_form(acme)
    text = "Lead Id,Next Action At\nE1,2026-07-01 10:00\nE2,2026-12-01 10:00\n"
    plan = await submit_file(acme, create_csv(text))
    assert "in your time zone (Europe/London) on that day" in plan
    assert "`2026-07-01 10:00` is Wed 1 Jul 2026, 10:00 UTC+01:00" in plan
    assert "`2026-12-01 10:00` is Tue 1 Dec 2026, 10:00 UTC" in plan
    assert [item["nextActionAt"] for item in await list_confirmed_items(acme)] == [
        1782896400000,
        1796119200000,
    ]
