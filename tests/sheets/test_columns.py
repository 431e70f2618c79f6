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
from tests.sheets.builders import LEAD_TARGETS, match_for_create, match_for_update


def list_matched_keys(matches: tuple[ColumnMatch, ...]) -> list[tuple[str, str]]:
    return [(match.header, match.key) for match in matches]


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
def test_name_spellings_match(header: str) -> None:
    [match] = match_for_create((header,)).matched
    assert (match.key, match.role, match.index) == ("phone_number", ColumnRole.ATTRIBUTE, 0)


def test_root_fields_are_recognized_by_name() -> None:
    columns = ("Lead ID", "State", "STATUS", "Assigned to", "next_action_at", "city", "phone")
    found = match_for_create(columns)
    assert [(match.key, match.role) for match in found.matched] == [
        ("lead_id", ColumnRole.IDENTIFIER),
        ("state", ColumnRole.ROOT),
        ("status", ColumnRole.ROOT),
        ("assignedTo", ColumnRole.ROOT),
        ("nextActionAt", ColumnRole.ROOT),
        ("city", ColumnRole.ATTRIBUTE),
    ]
    assert found.unmatched == (UnmatchedColumn(6, "phone", ("phone_number",)),)


def test_chakra_id_identifies_updates_and_is_ignored_for_creates() -> None:
    assert list_matched_keys(match_for_update(("ID", "city")).matched) == [
        ("ID", "id"),
        ("city", "city"),
    ]
    assert list_matched_keys(match_for_create(("ID", "city")).matched) == [("city", "city")]


def test_near_match_is_suggested_not_applied() -> None:
    found = match_for_create(("Fone number", "e mail adress", "towm", "Score", "scores", "x", "—"))
    assert list_matched_keys(found.matched) == [("Score", "score")]
    assert {match.header: match.suggestions for match in found.unmatched} == {
        "Fone number": ("phone_number",),
        "e mail adress": ("email",),
        "towm": (),
        "scores": (),  # what it resembles has a column already
        "x": (),
        "—": (),
    }


def test_vowel_signs_and_accents_are_significant() -> None:
    targets = (Target("name_hi", "नाम"), Target("born_place", "né"))
    assert match_for_create(("नम", "ne"), targets).matched == ()
    assert list_matched_keys(match_for_create(("नाम", "NÉ"), targets).matched) == [
        ("नाम", "name_hi"),
        ("NÉ", "born_place"),
    ]


def test_ambiguous_attribute_name_requires_a_choice() -> None:
    targets = (Target("home_city", "City"), Target("work_city", "City"), Target("cityname", "Town"))
    [match] = match_for_create(("City",), targets).unmatched
    assert (match.suggestions, match.ambiguous) == (("home_city", "work_city"), True)
    assert list_matched_keys(match_for_create(("work_city",), targets).matched) == [
        ("work_city", "work_city")
    ]


def test_an_attribute_called_state_is_not_confused_with_the_state_of_the_record() -> None:
    targets = (Target("address_state", "State"),)
    [match] = match_for_create(("State",), targets).unmatched
    assert (set(match.suggestions), match.ambiguous) == ({"address_state", "state"}, True)
    assert [match.role for match in match_for_create(("state",), targets).matched] == [
        ColumnRole.ROOT
    ]


def test_duplicate_columns_are_reported_and_ignored() -> None:
    found = match_for_create(("phone_number", "Phone Number", "city"))
    assert list_matched_keys(found.matched) == [("city", "city")]
    assert found.duplicates == (DuplicateColumns("phone_number", ("phone_number", "Phone Number")),)
    assert found.errors == (
        "The columns “phone_number” and “Phone Number” both mean phone_number. Keep one of them.",
    )


def test_missing_required_attribute_only_blocks_creates() -> None:
    found = match_for_create(("name", "city"))
    assert found.missing == ("phone_number",)
    assert found.errors == (
        "No column has phone_number, which every record needs. Add a column with that name.",
    )
    assert match_for_update(("lead_id", "city")).errors == ()


def test_update_requires_an_identifier_column() -> None:
    found = match_for_update(("city", "score"))
    assert found.missing == ("lead_id",)
    [error] = found.errors
    assert error.endswith("Add one called lead_id, or id with Chakra’s own IDs.")


@pytest.mark.parametrize("columns", [("Vorname", "Ort"), ()])
def test_table_without_known_columns_is_rejected(columns: tuple[str, ...]) -> None:
    found = match_columns(columns, (Target("name"),), Purpose.CREATE, primary_key="lead_id")
    assert found.errors[0].startswith("No column has the name of a Chakra field.")


def test_identifier_only_table_changes_nothing() -> None:
    assert match_for_update(("lead_id",)).errors[0].startswith("No column has the name of a Chakra")


def test_explicit_choice_overrides_name_matching() -> None:
    columns = ("Fone", "city", "Town", "phone_number")
    chosen = {"Fone": "phone_number", "city": "", "Town": "city", "phone_number": ""}
    found = match_columns(
        columns, LEAD_TARGETS, Purpose.CREATE, primary_key="lead_id", choices=chosen
    )
    assert list_matched_keys(found.matched) == [("Fone", "phone_number"), ("Town", "city")]
    assert (found.unmatched, found.errors) == ((), ())


def test_choice_of_a_removed_attribute_is_ignored() -> None:
    found = match_columns(
        ("Fone",), LEAD_TARGETS, Purpose.UPDATE, primary_key="lead_id", choices={"Fone": "landline"}
    )
    assert [match.header for match in found.unmatched] == ["Fone"]


def test_exported_problem_column_is_ignored() -> None:
    assert match_for_create(("phone_number", "problem")).unmatched == ()
    [match] = match_for_create(
        ("phone_number", "problem"), (*LEAD_TARGETS, Target("problem"))
    ).matched[1:]
    assert match.key == "problem"


@given(st.lists(st.text(max_size=30), max_size=8), st.lists(st.text(max_size=30), max_size=8))
def test_any_column_names_match_without_an_error(columns: list[str], names: list[str]) -> None:
    targets = [Target(name, name[::-1]) for name in names]
    found = match_columns(columns, targets, Purpose.UPDATE, primary_key="lead_id")
    places = [match.index for match in found.matched] + [match.index for match in found.unmatched]
    assert len(places) == len(set(places))
    assert all(columns[match.index] == match.header for match in found.matched)
    assert all(error.endswith(".") for error in found.errors)
