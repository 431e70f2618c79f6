"""Titles, notes and blank rows above the column names, as people and programs write them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sheets.read import parse_sheet, read_sheet
from bot.sheets.sheet import InvalidSheet
from tests.sheets.builders import build_cells_workbook, build_csv_text, parse_workbook

NAMES = ("Lead Id", "First Name", "City")
ROWS = (("E1", "Asha", "Pune"), ("E2", "Ravi", "Pune, West"))


@pytest.mark.parametrize(
    ("above", "header_row"),
    [
        ("Leads of July\n", 2),
        ("Leads of July\n\n", 3),
        ("\n\nLeads of July\n\n\n", 6),
        ("Leads of July,,\n", 2),
        ('"Leads, July"\n', 2),
        ("Leads, July 2026\n", 2),
        ("Leads of July\nExported by Mei on 3 July 2026\n", 3),
        ("Leads of July\n\nNot for customers\n\n", 5),
        ("Leads; July; all cities\n", 2),
        ("Table 1\n", 2),
        ("Leads\n2026-07-03\n", 3),
        ("Total: 2\n\n", 3),
        ("Campaign report\nJuly 1, 2026 - July 31, 2026\n", 3),
        ("Leads, all\nJuly 1, 2026 - July 31, 2026\n", 3),
        ("Friday, July 3, 2026\n\n", 3),
        ("Report:,Leads\nPeriod:,July 2026\n\n", 4),
        ("Report:,Leads,\nOwner:,Mei,\nRows:,2,\n", 4),
    ],
)
async def test_column_names_below_titles_are_found_in_csv(above: str, header_row: int) -> None:
    text = above + build_csv_text([NAMES, *ROWS])
    found = await read_sheet(text.encode())
    assert (found.columns, found.rows, found.header_row) == (NAMES, ROWS, header_row)
    assert found.row_numbers == (header_row + 1, header_row + 2)
    assert found.titles
    assert not found.issues


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
async def test_delimiter_comes_from_the_rows_that_have_one(delimiter: str) -> None:
    text = "Leads of July\n" + build_csv_text([NAMES, *ROWS], delimiter)
    found = await read_sheet(text.encode())
    assert (found.columns, found.rows) == (NAMES, ROWS)


@pytest.mark.parametrize(
    ("above", "header_row"),
    [
        ([["Table 1"]], 2),
        ([["Leads of July"]], 2),
        ([["Leads of July"], []], 3),
        ([[None, "Leads of July"], [], []], 4),
        ([["Report", "Leads"], [], ["Note"]], 4),
        ([["Acme Ltd"], ["Leads of July"], [], ["Exported 3 July"]], 5),
    ],
)
def test_column_names_below_titles_are_found_in_excel(
    above: list[list[str]], header_row: int
) -> None:
    names, rows = (*NAMES, "Score"), [(*row, 7) for row in ROWS]
    found = parse_workbook(build_cells_workbook(*above, names, *rows))
    assert (found.columns, found.header_row) == (names, header_row)
    assert found.rows == tuple((*row, "7") for row in ROWS)


async def test_block_of_labels_and_values_above_the_table_is_left_out() -> None:
    labels = [["Report", "Leads"], ["From", "Mei"], ["Rows", "2"], []]
    names = (*NAMES, "Score", "State")
    rows = [(*row, "7", "NEW") for row in ROWS]
    found = await read_sheet(build_csv_text([*labels, names, *rows]).encode())
    assert (found.columns, found.rows, found.header_row) == (names, tuple(rows), 5)
    assert [number for number, _ in found.titles] == [1, 2, 3]


@pytest.mark.parametrize("above", [[["Table 1"]], [["Phones of July"], []]])
def test_title_above_one_column_of_numbers_is_left_out(above: list[list[str]]) -> None:
    found = parse_workbook(build_cells_workbook(*above, ["phone"], [919876543210]))
    assert (found.columns, found.rows) == (("phone",), (("919876543210",),))


@pytest.mark.parametrize(
    ("text", "columns", "rows"),
    [
        ("phone\n919876543210\n919876543211", ("phone",), 2),
        ("lead_id,city\nE1\nE2", ("lead_id", "city"), 2),
        ("note\nPune, India\nGoa, India", ("note",), 2),
        ("name,city\nAsha,Pune,India\nRavi,Goa", ("name", "city"), 2),
        ("name,city,,\nAsha,Pune,1,2\nRavi,Goa,3,4", ("name", "city"), 2),
        ("name;note\nGoa;a,b\nPune;c,d", ("name", "note"), 2),
        ("id\n1,50\n2,75", ("id",), 2),
        ("lead_id, name, city\nE1,Asha,Pune\nE2,Ravi,Goa", ("lead_id", "name", "city"), 2),
        ("id, name, 2026\nE1,Asha,5\nE2,Ravi,7", ("id", "name", "2026"), 2),
        ("name:,city\nAsha,Pune\nRavi,Goa", ("name:", "city"), 2),
        ("name:,phone\nAsha,919876543210\nRavi,919876543211", ("name:", "phone"), 2),
        ("id,name\nE1,Asha,Pune,x\nE2,Ravi,Goa,y", ("id", "name"), 2),
        ("phone\n\n919876543210\n919876543211", ("phone",), 2),
    ],
)
async def test_table_without_a_title_stays_as_it_is(
    text: str, columns: tuple[str, ...], rows: int
) -> None:
    found = await read_sheet(text.encode())
    assert (found.columns, len(found.rows), found.titles) == (columns, rows, ())


async def test_quotation_marks_are_not_blamed_when_no_delimiter_was_found() -> None:
    with pytest.raises(InvalidSheet) as refusal:
        await read_sheet(b'Leads of July\n"Ravi", "Pune, West" x\n"Asha"y')
    assert "quotation" not in refusal.value.message
    assert "Delete the rows above the column names" in refusal.value.message


async def test_missing_name_says_which_row_was_read_as_the_names() -> None:
    with pytest.raises(InvalidSheet, match=re.escape("no name in row 1, which was read as the")):
        await read_sheet(b"Leads,,July\nLead Id,First Name,City\nE1,Asha,Pune")


TITLES = st.text(st.characters(codec="ascii", categories=["Lu", "Ll", "Nd", "Zs"]), min_size=1)


@given(
    st.lists(TITLES.map(str.strip).filter(bool), min_size=1, max_size=4),
    st.integers(0, 2),
    st.sampled_from(",;\t|"),
)
def test_any_titles_leave_the_table_as_it_is(
    titles: list[str], blank_rows: int, delimiter: str
) -> None:
    text = "\n".join([*titles, *[""] * blank_rows, build_csv_text([NAMES, *ROWS], delimiter)])
    found = parse_sheet(text.encode())
    assert (found.columns, found.rows) == (NAMES, ROWS)
    assert len(found.titles) == len(titles)
