"""Typed queries: the table of lines with the ``where`` of each, and properties of any line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UsageError
from bot.processes.query_hints import find_hint
from bot.processes.query_parser import MAX_TERMS
from bot.processes.record_query import Person, describe
from bot.sandbox.chakra.query import matches
from tests.processes.query_schemas import build_where, parse

TABLE = Path(__file__).parents[1] / "data/record_queries.txt"
LEAD = {
    "status": "OPEN",
    "state": "NEW",
    "createdAt": 1617966536211,
    "assignedTo": "john@acme.com",
    "data": {"lead_id": "LEAD-001", "score": 5},
    "record": {"data": {"city": "Pune"}},
}
MIN_LINES = 200

LINES = [
    tuple(line.split(" => ", 1))
    for line in TABLE.read_text().splitlines()
    if line and not line.startswith("#")
]


def test_the_table_is_large_and_has_no_line_twice() -> None:
    typed = [line[0] for line in LINES]
    assert len(set(typed)) == len(typed) >= MIN_LINES


@pytest.mark.parametrize(("typed", "expected"), LINES)
def test_typed_query_makes_its_where(typed: str, expected: str) -> None:
    if expected.startswith("! "):
        with pytest.raises(UsageError) as refused:
            parse(typed)
        assert refused.value.message == expected.removeprefix("! ")
    else:
        assert build_where(parse(typed)) == json.loads(expected)


PARTS = st.sampled_from(
    ["state:NEW", "-state:NEW", "score>5", "score:1..9", "-score:1..9", "created:last week", "or",
     "and", "(", ")", "not", "-", "assigned:me", "maria", '"new delhi"', "city:Pune,Mumbai", ",",
     "since 1 May", "city:", "name:'", "visited:no", "follow_up<today", "..", ":", ">=", "🎉",
     "score", "over", "between 5 and 9", "state", "is", "in", "city", "visited", "owner", "|",
     "older than", "7d", "created", "no", "!NEW", "/", "(NEW,", "contains", "top 5"]
)  # fmt: skip


@given(st.one_of(st.text(max_size=80), st.lists(PARTS, max_size=12).map(" ".join)))
def test_any_line_is_a_query_that_chakra_takes_or_names_what_is_wrong(typed: str) -> None:
    try:
        query = parse(typed)
    except UsageError:
        return
    where = build_where(query)
    matches(where, LEAD)
    json.dumps(where)
    assert bool(describe(query, {})) == bool(query.terms)


@given(st.lists(PARTS, min_size=1, max_size=8).map(" ".join))
def test_a_bracketed_query_means_the_same(typed: str) -> None:
    if typed.count("(") != typed.count(")") or ")" in typed.partition("(")[0]:
        return
    try:
        alone = build_where(parse(typed))
    except UsageError:
        return
    assert matches(build_where(parse(f"({typed})")), LEAD) == matches(alone, LEAD)


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("city:New Delhi", 'Put a value of several words in quotes: `city:"New Delhi"`.'),
        (
            "-city:New Delhi state:NEW",
            'Put a value of several words in quotes: `city:"New Delhi"`.',
        ),
        ("owner:Mei Tanaka", 'Put a value of several words in quotes: `assignedTo:"Mei Tanaka"`.'),
        ("leed state:NEW", 'There are no records called "leed". Did you mean lead?'),
        ("deals state:NEW", 'There are no records called "deals". There are: lead, ticket.'),
        (
            "LEAD-001 state:NEW",
            "To change LEAD-001, show its card: `/chakra process show LEAD-001`.",
        ),
        ("LEAD-001", ""),
        ("owner:me Tanaka", ""),
        ("state:NEW maria", ""),
        ("maria city:Pune", ""),
    ],
)
def test_a_query_that_finds_nothing_has_a_hint(typed: str, hint: str) -> None:
    assert find_hint(parse(typed), ("lead", "ticket")) == hint


def test_too_many_terms_are_refused() -> None:
    with pytest.raises(UsageError, match="too long"):
        parse(" ".join(["state:NEW"] * (MAX_TERMS + 1)))
    with pytest.raises(UsageError, match="too long"):
        parse("(" * 200)
    with pytest.raises(UsageError, match="too long"):
        parse("city:a" + " or b" * 190)


def test_the_echo_says_how_it_was_understood() -> None:
    query = parse("state:new,converted assigned:me score>5 since 1 May -city:Pune (mei or open)")
    assert describe(query, {Person("me"): "you"}) == (
        "State NEW or CONVERTED, assigned to you, score above 5, created since 1 May 2026, city is "
        'not Pune, (matching "mei" or status OPEN)'
    )
