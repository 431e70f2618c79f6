"""Columns find their attributes by name, and never by resemblance."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sheets.columns import (
    ColumnMatch,
    ColumnRole,
    DuplicateColumns,
    Purpose,
    Target,
    UnmatchedColumn,
    match_columns,
)
from tests.sheets.making import LEAD, to_create, to_update


def keys(matches: tuple[ColumnMatch, ...]) -> list[tuple[str, str]]:
    return [(one.header, one.key) for one in matches]


@pytest.mark.parametrize(
    "header",
    [
        "phone_number",
        "Phone Number",
        "PHONE-NUMBER",
        "phoneNumber",
        "phonenumber",
        " phone  number ",
        "'phone_number",
        "Phone number *",
        "\u200bPhone\u00a0Number:",
        "Ｐｈｏｎｅ　ｎｕｍｂｅｒ",
    ],
)
def test_a_name_in_every_spelling(header: str) -> None:
    [one] = to_create((header,)).matched
    assert (one.key, one.role, one.index) == ("phone_number", ColumnRole.ATTRIBUTE, 0)


def test_what_stands_beside_the_data_has_names_of_its_own() -> None:
    columns = ("Lead ID", "State", "STATUS", "Assigned to", "next_action_at", "city", "phone")
    found = to_create(columns)
    assert [(one.key, one.role) for one in found.matched] == [
        ("lead_id", ColumnRole.IDENTIFIER),
        ("state", ColumnRole.ROOT),
        ("status", ColumnRole.ROOT),
        ("assignedTo", ColumnRole.ROOT),
        ("nextActionAt", ColumnRole.ROOT),
        ("city", ColumnRole.ATTRIBUTE),
    ]
    assert found.unmatched == (UnmatchedColumn(6, "phone", ("phone_number",)),)


def test_chakras_own_id_tells_an_update_its_record_and_is_nothing_to_a_create() -> None:
    assert keys(to_update(("ID", "city")).matched) == [("ID", "id"), ("city", "city")]
    assert keys(to_create(("ID", "city")).matched) == [("city", "city")]


def test_what_comes_near_is_suggested_and_not_taken() -> None:
    found = to_create(("Fone number", "e mail adress", "towm", "Score", "scores", "x", "—"))
    assert keys(found.matched) == [("Score", "score")]
    assert {one.header: one.suggestions for one in found.unmatched} == {
        "Fone number": ("phone_number",),
        "e mail adress": ("email",),
        "towm": (),
        "scores": (),  # what it resembles has a column already
        "x": (),
        "—": (),
    }


def test_a_vowel_sign_or_an_accent_makes_another_name() -> None:
    targets = (Target("name_hi", "नाम"), Target("born_place", "né"))
    assert to_create(("नम", "ne"), targets).matched == ()
    assert keys(to_create(("नाम", "NÉ"), targets).matched) == [
        ("नाम", "name_hi"),
        ("NÉ", "born_place"),
    ]


def test_two_attributes_of_one_name_leave_it_to_the_person() -> None:
    targets = (Target("home_city", "City"), Target("work_city", "City"), Target("cityname", "Town"))
    [one] = to_create(("City",), targets).unmatched
    assert (one.suggestions, one.ambiguous) == (("home_city", "work_city"), True)
    assert keys(to_create(("work_city",), targets).matched) == [("work_city", "work_city")]


def test_an_attribute_called_state_is_not_confused_with_the_state_of_the_record() -> None:
    targets = (Target("address_state", "State"),)
    [one] = to_create(("State",), targets).unmatched
    assert (set(one.suggestions), one.ambiguous) == ({"address_state", "state"}, True)
    assert [one.role for one in to_create(("state",), targets).matched] == [ColumnRole.ROOT]


def test_two_columns_for_one_attribute_are_told_and_neither_is_taken() -> None:
    found = to_create(("phone_number", "Phone Number", "city"))
    assert keys(found.matched) == [("city", "city")]
    assert found.duplicates == (DuplicateColumns("phone_number", ("phone_number", "Phone Number")),)
    assert found.errors == (
        "The columns “phone_number” and “Phone Number” both mean phone_number. Keep one of them.",
    )


def test_a_required_attribute_without_a_column_is_missing_from_a_create_alone() -> None:
    found = to_create(("name", "city"))
    assert found.missing == ("phone_number",)
    assert found.errors == (
        "No column holds phone_number, which every record needs. Add one called so.",
    )
    assert to_update(("lead_id", "city")).errors == ()


def test_an_update_must_say_which_records() -> None:
    found = to_update(("city", "score"))
    assert found.missing == ("lead_id",)
    [told] = found.errors
    assert told.endswith("Add one called lead_id, or id with Chakra’s own ids.")


@pytest.mark.parametrize("columns", [("Vorname", "Ort"), ()])
def test_a_table_with_nothing_known_in_it_is_told(columns: tuple[str, ...]) -> None:
    found = match_columns(columns, (Target("name"),), Purpose.CREATE, primary_key="lead_id")
    assert found.errors[0].startswith("No column has the name of an attribute.")


def test_an_identifier_alone_changes_nothing() -> None:
    assert to_update(("lead_id",)).errors[0].startswith("No column has the name of an attr")


def test_what_the_person_chose_goes_before_the_name() -> None:
    columns = ("Fone", "city", "Town", "phone_number")
    chosen = {"Fone": "phone_number", "city": "", "Town": "city", "phone_number": ""}
    found = match_columns(columns, LEAD, Purpose.CREATE, primary_key="lead_id", choices=chosen)
    assert keys(found.matched) == [("Fone", "phone_number"), ("Town", "city")]
    assert (found.unmatched, found.errors) == ((), ())


def test_a_choice_that_there_is_not_any_more_is_none() -> None:
    found = match_columns(
        ("Fone",), LEAD, Purpose.UPDATE, primary_key="lead_id", choices={"Fone": "landline"}
    )
    assert [one.header for one in found.unmatched] == ["Fone"]


def test_our_own_column_of_problems_is_passed_over() -> None:
    assert to_create(("phone_number", "problem")).unmatched == ()
    [one] = to_create(("phone_number", "problem"), (*LEAD, Target("problem"))).matched[1:]
    assert one.key == "problem"


@given(st.lists(st.text(max_size=30), max_size=8), st.lists(st.text(max_size=30), max_size=8))
def test_any_names_are_matched_without_an_error(columns: list[str], names: list[str]) -> None:
    targets = [Target(name, name[::-1]) for name in names]
    found = match_columns(columns, targets, Purpose.UPDATE, primary_key="lead_id")
    places = [one.index for one in found.matched] + [one.index for one in found.unmatched]
    assert len(places) == len(set(places))
    assert all(columns[one.index] == one.header for one in found.matched)
    assert all(one.endswith(".") for one in found.errors)
