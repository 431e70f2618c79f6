"""The team as a table: filters and orders."""

from __future__ import annotations

import pytest

from bot.users.index import build_index
from bot.users.list_query import (
    UserFilter,
    available_roles,
    available_statuses,
    filter_users,
    match_roles,
)
from bot.users.names import RoleAndTeamNames
from tests.users.people import user

NAMES = RoleAndTeamNames(roles={"inside_sales": "Inside Sales", "field_sales": "Field Sales"})
TEAM = build_index([
    user("Ann", "Zed", "ann@acme.com", username="ann", role="inside_sales",
         availabilityStatus="AVAILABLE", createdAt=3000),
    user("Émile", "Bo", "emile@acme.com", username="emile", role="field_sales",
         availabilityStatus="AWAY", createdAt=1000),
    user("Bob", "Low", "bob@other.example", username="bob", role="support_agent",
         availabilityStatus="ON_LEAVE", createdAt=2000),
    user("Rosa", "Diaz", username="rosa", isActive=False, availabilityStatus="AVAILABLE"),
    user("Gone", "By", username="gone", isDeleted=True),
])  # fmt: skip
ROLES = ("Field Sales", "Inside Sales", "Support agent")


def shown(**wanted: object) -> list[str]:
    return [one.username for one in filter_users(TEAM, NAMES, UserFilter(**wanted))]  # type: ignore[arg-type]


def test_the_active_by_name_whatever_its_accents() -> None:
    assert shown() == ["ann", "bob", "emile"]


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
def test_by_status_where_an_inactive_person_is_never_available(status: str, who: list[str]) -> None:
    assert shown(status=status) == who


@pytest.mark.parametrize(
    ("words", "who"),
    [("bo", ["bob", "emile"]), ("bob low", ["bob"]), ("@acme.com", ["ann", "emile"]), ("x", [])],
)
def test_words_are_beginnings_or_a_part_of_an_address(words: str, who: list[str]) -> None:
    assert shown(words=words) == who


def test_by_role_and_by_several() -> None:
    assert shown(roles=("Inside Sales",)) == ["ann"]
    assert shown(roles=("Inside Sales", "Field Sales")) == ["ann", "emile"]


@pytest.mark.parametrize(
    ("sort", "who"),
    [
        ("name", ["ann", "bob", "emile", "rosa"]),
        ("newest", ["ann", "bob", "emile", "rosa"]),
        ("role", ["emile", "ann", "bob", "rosa"]),
        ("status", ["ann", "emile", "bob", "rosa"]),
    ],
)
def test_orders(sort: str, who: list[str]) -> None:
    assert shown(sort=sort, status="all") == who


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
def test_a_typed_role_means_labels(typed: str, meant: tuple[str, ...]) -> None:
    assert match_roles(typed, ROLES) == meant


def test_only_roles_and_statuses_in_use_are_offered() -> None:
    assert available_roles(TEAM, NAMES) == ROLES
    assert available_statuses(TEAM)[-1] == "on_leave"
