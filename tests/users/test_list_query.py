"""The team as a table: filters and orders."""

from __future__ import annotations

import pytest

from bot.users.index import build_index
from bot.users.list_query import (
    UserFilter,
    filter_users,
    list_available_roles,
    list_available_statuses,
    match_roles,
)
from bot.users.list_words import WordsMeaning, suggest_words, understand_words
from bot.users.names import RoleAndTeamNames
from tests.users.directory_harness import build_user

NAMES = RoleAndTeamNames(roles={"inside_sales": "Inside Sales", "field_sales": "Field Sales"})
TEAM = build_index([
    build_user("Ann", "Zed", "ann@acme.com", username="ann", role="inside_sales",
         availabilityStatus="AVAILABLE", createdAt=3000),
    build_user("Émile", "Bo", "emile@acme.com", username="emile", role="field_sales",
         availabilityStatus="AWAY", createdAt=1000),
    build_user("Bob", "Low", "bob@other.example", username="bob", role="support_agent",
         availabilityStatus="ON_LEAVE", createdAt=2000),
    build_user("Rosa", "Diaz", username="rosa", isActive=False, availabilityStatus="AVAILABLE"),
    build_user("Gone", "By", username="gone", isDeleted=True),
])  # fmt: skip
ROLES = ("Field Sales", "Inside Sales", "Support agent")


def list_listed_names(**wanted: object) -> list[str]:
    return [user.username for user in filter_users(TEAM, NAMES, UserFilter(**wanted))]  # type: ignore[arg-type]


def understand(words: str) -> WordsMeaning:
    return understand_words(words, TEAM, NAMES)


def test_active_users_sort_by_name_ignoring_accents() -> None:
    assert list_listed_names() == ["ann", "bob", "emile"]


@pytest.mark.parametrize(
    ("status", "who"),
    [
        ("inactive", ["rosa"]),
        ("all", ["ann", "bob", "emile", "rosa"]),
        ("available", ["ann"]),
        ("away", ["emile"]),
        ("busy", []),
        ("on_leave", ["bob"]),
    ],
)
def test_filter_by_status_treats_inactive_as_unavailable(status: str, who: list[str]) -> None:
    assert list_listed_names(status=status) == who


@pytest.mark.parametrize(
    ("words", "who"),
    [("bo", ["bob", "emile"]), ("bob low", ["bob"]), ("@acme.com", ["ann", "emile"]), ("x", [])],
)
def test_words_match_name_prefixes_or_email_parts(words: str, who: list[str]) -> None:
    assert list_listed_names(positions=understand(words).positions) == who


@pytest.mark.parametrize(
    ("words", "who", "parts", "unused"),
    [
        ("sales", ["ann", "emile"], ("role Field Sales or Inside Sales",), ()),
        ("SALES people", ["ann", "emile"], ("role Field Sales or Inside Sales",), ()),
        ("the sales team", ["ann", "emile"], ("role Field Sales or Inside Sales",), ()),
        ("inside sales", ["ann"], ("role Inside Sales",), ()),
        ("agents", ["bob"], ("role Support agent",), ()),
        ("who is in support?", ["bob"], ("role Support agent",), ()),
        ("sales available", ["ann"], ("role Field Sales or Inside Sales",), ()),
        ("away sales", ["emile"], ("role Field Sales or Inside Sales",), ()),
        ("available", ["ann"], (), ()),
        ("free", ["ann"], (), ()),
        ("busy", [], (), ()),
        ("inactive", ["rosa"], (), ()),
        ("all", ["ann", "bob", "emile", "rosa"], (), ()),
        ("users", ["ann", "bob", "emile"], (), ()),
        ("ann sales", ["ann"], ('"ann"', "role Field Sales or Inside Sales"), ()),
        (
            "sales pineapple",
            ["ann", "emile"],
            ("role Field Sales or Inside Sales",),
            ("pineapple",),
        ),
        ("available pineapple", ["ann"], (), ("pineapple",)),
        ("bob support", ["bob"], ('"bob"', "role Support agent"), ()),
        ("bob sales", [], ('"bob"', "role Field Sales or Inside Sales"), ()),
        ("pineapple", [], ('"pineapple"',), ()),
    ],
)
def test_words_are_names_roles_teams_and_states(
    words: str, who: list[str], parts: tuple[str, ...], unused: tuple[str, ...]
) -> None:
    meaning = understand(words)
    status = meaning.status or "active"
    assert list_listed_names(positions=meaning.positions, status=status) == who
    assert (meaning.parts, meaning.unused) == (parts, unused)


@pytest.mark.parametrize(
    ("typed", "suggested"),
    [("slaes", "sales"), ("sales avialable", "sales available"), ("zzz", ""), ("sales", "")],
)
def test_a_slip_suggests_a_role_a_name_or_a_state(typed: str, suggested: str) -> None:
    assert suggest_words(typed, TEAM, NAMES) == suggested


def test_filter_by_one_or_several_roles() -> None:
    assert list_listed_names(roles=("Inside Sales",)) == ["ann"]
    assert list_listed_names(roles=("Inside Sales", "Field Sales")) == ["ann", "emile"]


@pytest.mark.parametrize(
    ("sort", "who"),
    [
        ("name", ["ann", "bob", "emile", "rosa"]),
        ("newest", ["ann", "bob", "emile", "rosa"]),
        ("role", ["emile", "ann", "bob", "rosa"]),
        ("status", ["ann", "emile", "bob", "rosa"]),
    ],
)
def test_sort_orders(sort: str, who: list[str]) -> None:
    assert list_listed_names(sort=sort, status="all") == who


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("inside_sales", ("Inside Sales",)),
        ("INSIDE sales", ("Inside Sales",)),
        ("sales", ("Field Sales", "Inside Sales")),
        ("support", ("Support agent",)),
        ("insdie sales", ("Inside Sales",)),
        ("pilot", ()),
        ("", ()),
        ("***", ()),
    ],
)
def test_role_filter_resolves_to_labels(typed: str, meant: tuple[str, ...]) -> None:
    assert match_roles(typed, ROLES) == meant


def test_only_used_roles_and_statuses_are_offered() -> None:
    assert list_available_roles(TEAM, NAMES) == ROLES
    assert list_available_statuses(TEAM)[-1] == "on_leave"
