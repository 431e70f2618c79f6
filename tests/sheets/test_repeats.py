"""One phone number in several rows, however each of them writes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sheets.check import CheckedSheet, check
from bot.text.phones import PhoneParser
from tests.event_loop import run
from tests.sheets.builders import match_for_create, match_for_update, parse_csv


def check_phones(*phones: str, header: str = "lead_id,Phone Number") -> CheckedSheet:
    async def parse() -> CheckedSheet:
        rows = (f'EXT-{number},"{phone}"' for number, phone in enumerate(phones))
        sheet = await parse_csv(header, *rows)
        return check(sheet, match_for_create(sheet.columns), phones=PhoneParser("IN"))

    return run(parse())


@pytest.mark.parametrize(
    "spelling",
    [
        "+91 98765 43210",
        "919876543210",
        "098765-43210",
        "(98765) 43210",
        "00919876543210",
        "p:+919876543210",
        "tel:+91-98765-43210",
        "'9876543210",
        "https://wa.me/919876543210",
        "\u202a+91 98765\u00a043210\u202c",
        "9876543210.0",
    ],
)
def test_number_written_differently_is_found_in_both_rows(spelling: str) -> None:
    checked = check_phones("+919876543210", "+4915550112233", spelling)
    assert checked.problems == ()
    assert checked.repeated_phones == ((2, 4),)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param("+5511987654321", "+551187654321", id="Brazil without the ninth digit"),
        pytest.param("+525512345678", "+5215512345678", id="Mexico with the former 1"),
        pytest.param("+541123456789", "+5491123456789", id="Argentina with the 9"),
        pytest.param("+2250707012345", "+22507012345", id="Cote d'Ivoire with 8 digits"),
        pytest.param("+2290197000000", "+22997000000", id="Benin with 8 digits"),
    ],
)
def test_numbers_of_former_plans_are_the_same_person(first: str, second: str) -> None:
    checked = check_phones(first, "+919876543210", second)
    assert checked.problems == ()
    assert checked.repeated_phones == ((2, 4),)


def test_different_numbers_and_empty_cells_are_no_repeats() -> None:
    assert check_phones("+919876543210", "+919876543211", "", "").repeated_phones == ()


def test_rows_with_problems_are_not_counted() -> None:
    checked = check_phones("+919876543210", "98765", "9876543210", "9876543210 (home)")
    assert [problem.row for problem in checked.problems] == [3, 5]
    assert checked.repeated_phones == ((2, 4),)


async def test_number_in_two_columns_of_different_rows_is_a_repeat() -> None:
    sheet = await parse_csv(
        "lead_id,Phone Number,Mobile", "EXT-1,9876543210,9876543210", "EXT-2,,+91 98765 43210"
    )
    matches = match_for_create(sheet.columns)
    expected = ((2, 3),) if len(matches.matched) == 3 else ()
    assert check(sheet, matches, phones=PhoneParser("IN")).repeated_phones == expected


async def test_updates_of_one_number_are_found_too() -> None:
    sheet = await parse_csv("lead_id,Phone Number", "EXT-1,9876543210", "EXT-2,+91 98765 43210")
    found = check(sheet, match_for_update(sheet.columns), phones=PhoneParser("IN"))
    assert found.repeated_phones == ((2, 3),)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30))
def test_every_row_of_a_repeated_number_is_listed_once(numbers: list[int]) -> None:
    spellings = ("+91987654321{}", "0987654321{}", "98765 4321{}")
    phones = [spellings[row % 3].format(number) for row, number in enumerate(numbers)]
    rows: dict[int, list[int]] = {}
    for row, number in enumerate(numbers, start=2):
        rows.setdefault(number, []).append(row)
    expected = sorted(tuple(group) for group in rows.values() if len(group) > 1)
    assert check_phones(*phones).repeated_phones == tuple(expected)


def test_rows_with_a_number_of_a_former_plan_are_listed() -> None:
    checked = check_phones("+55 11 8765-4321", "+55 11 98765-4321", "5215512345678", "9876543210")
    assert checked.former_phones == (2, 4)
    assert checked.valid_count == 4


def test_keys_that_differ_in_invisible_characters_alone_are_one_record() -> None:
    async def parse() -> CheckedSheet:
        sheet = await parse_csv("lead_id,City", "LEAD-1,Pune", "LEAD-1\u200b,Goa", "LEAD-2,Delhi")
        return check(sheet, match_for_update(sheet.columns))

    checked = run(parse())
    assert checked.row_numbers == (4,)
    assert {problem.row for problem in checked.problems} == {2, 3}
