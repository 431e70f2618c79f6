"""An empty table has a column for every field, and each is recognized when it is uploaded."""

from __future__ import annotations

import csv

import pytest

from bot.sheets.columns import Purpose, Target, match_columns
from bot.sheets.empty import build_empty_table

TARGETS = (
    Target("city", "City"),
    Target("phone_number", "Phone Number", required=True),
    Target("lead_id", "Lead Id"),
    Target("alt", "Phone number"),
    Target("state_name", "State"),
    Target("note", "Notes, if any"),
    Target("plus", "+1 bonus"),
    Target("unnamed"),
    Target("problem_text", "Problem"),
    Target("uid", "ID"),
)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_every_column_matches_its_own_field(purpose: Purpose) -> None:
    table = build_empty_table(TARGETS, purpose, primary_key="lead_id")
    [header] = csv.reader(table.content.decode("utf-8-sig").splitlines())
    matches = match_columns(header, TARGETS, purpose, primary_key="lead_id")
    assert not matches.unmatched
    assert not matches.duplicates
    assert {match.key for match in matches.matched} == {target.short_id for target in TARGETS}
    assert matches.missing == ()


def test_key_comes_first_and_required_fields_follow() -> None:
    table = build_empty_table(TARGETS, Purpose.CREATE, primary_key="lead_id")
    assert table.columns[:3] == ("Lead Id", "phone_number", "City")
    assert table.required == ("phone_number",)
    changed = build_empty_table(TARGETS, Purpose.UPDATE, primary_key="lead_id")
    assert changed.required == ("Lead Id",)


def test_key_without_an_attribute_has_a_column_too() -> None:
    table = build_empty_table((Target("city", "City"),), Purpose.CREATE, primary_key="ticket_id")
    assert table.columns == ("ticket_id", "City")
