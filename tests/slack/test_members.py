"""Slack's user objects, read: who is one of ours, a guest, a stranger; and what is remembered."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from starlette.responses import JSONResponse

from bot.cache import Cache
from bot.errors import SlackError
from bot.slack.member import Member, MemberKind, parse_member
from bot.slack.members import Members
from tests.clock import ManualClock
from tests.slack.stub_server import StubServer, open_client
from tests.world import World

TEAM = "T0ACME"
COMPLETE_USER = {
    "id": "U0JOHN",
    "team_id": TEAM,
    "name": "john",
    "real_name": "John Doe",
    "tz": "America/New_York",
    "tz_offset": -18000,
    "profile": {"display_name": "John", "real_name": "John Doe", "email": "john@acme.com"},
}


def classify_member(**flags: Any) -> MemberKind:
    return parse_member({**COMPLETE_USER, **flags}, TEAM).kind


def test_parse_a_member() -> None:
    assert parse_member(COMPLETE_USER, TEAM) == Member(
        "U0JOHN", "John", "john@acme.com", MemberKind.MEMBER, -18000, "America/New_York"
    )


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({"is_primary_owner": True, "is_owner": True, "is_admin": True}, MemberKind.OWNER),
        ({"is_owner": True, "is_admin": True}, MemberKind.OWNER),
        ({"is_admin": True}, MemberKind.ADMIN),
        ({"is_restricted": True}, MemberKind.GUEST),
        ({"is_restricted": True, "is_ultra_restricted": True}, MemberKind.GUEST),
        ({"is_ultra_restricted": True}, MemberKind.GUEST),
        ({"is_restricted": True, "is_admin": True}, MemberKind.GUEST),
        ({"is_stranger": True}, MemberKind.EXTERNAL),
        ({"is_stranger": True, "is_owner": True, "is_admin": True}, MemberKind.EXTERNAL),
        ({"team_id": "T0GLOBEX"}, MemberKind.EXTERNAL),
        ({"team_id": "T0GLOBEX", "is_owner": True}, MemberKind.EXTERNAL),
        ({"team_id": "T0GLOBEX", "is_restricted": True}, MemberKind.EXTERNAL),
        ({"deleted": True, "is_owner": True}, MemberKind.DEACTIVATED),
        ({"is_bot": True}, MemberKind.DEACTIVATED),
        ({"is_admin": None, "is_owner": None, "is_restricted": None}, MemberKind.MEMBER),
    ],
)
def test_most_restrictive_flag_wins(flags: dict[str, Any], expected: MemberKind) -> None:
    assert classify_member(**flags) is expected


@pytest.mark.parametrize(
    ("enterprise", "expected"),
    [
        ({"enterprise_id": "E1", "teams": ["T0EMEA", TEAM]}, MemberKind.MEMBER),
        ({"enterprise_id": "E1", "teams": ["T0EMEA"]}, MemberKind.EXTERNAL),
        ({"enterprise_id": "E1", "teams": None}, MemberKind.EXTERNAL),
        ({"enterprise_id": "E1"}, MemberKind.EXTERNAL),
        ({}, MemberKind.EXTERNAL),
        (None, MemberKind.EXTERNAL),
    ],
)
def test_any_workspace_of_a_grid_member_may_be_ours(enterprise: Any, expected: MemberKind) -> None:
    assert classify_member(team_id="T0EMEA", enterprise_user=enterprise) is expected


def test_enterprise_admin_is_not_a_workspace_admin() -> None:
    grid = {"enterprise_id": "E1", "teams": [TEAM], "is_owner": True, "is_admin": True}
    assert classify_member(enterprise_user=grid) is MemberKind.MEMBER


def test_a_person_without_a_workspace_is_external() -> None:
    assert parse_member({"id": "U1"}, TEAM).kind is MemberKind.EXTERNAL
    assert parse_member({"id": "U1", "profile": {"team": TEAM}}, TEAM).kind is MemberKind.MEMBER
    assert parse_member({"id": "U1", "profile": {"team": "T2"}}, TEAM).kind is MemberKind.EXTERNAL


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ({"profile": {"display_name": "", "real_name": "John Doe"}}, "John Doe"),
        ({"profile": {"display_name": None, "real_name": None}}, "john"),
        ({"profile": None}, "john"),
        ({"profile": []}, "john"),
        ({"profile": {}, "name": None}, ""),
    ],
)
def test_the_name_falls_back_on_the_next_best(user: dict[str, Any], name: str) -> None:
    assert parse_member({**COMPLETE_USER, **user}, TEAM).name == name


@pytest.mark.parametrize("email", [None, "", "absent"])
def test_without_the_scope_there_is_no_email(email: str | None) -> None:
    profile = {} if email == "absent" else {"email": email}
    assert parse_member({**COMPLETE_USER, "profile": profile}, TEAM).email == ""


@pytest.mark.parametrize("offset", [None, "", "5", [], 1.5, 90_000, -90_000])
def test_a_malformed_utc_offset_is_read_as_zero(offset: Any) -> None:
    assert parse_member({**COMPLETE_USER, "tz_offset": offset}, TEAM).utc_offset == 0


def test_a_member_has_the_time_zone_of_their_place() -> None:
    zone = parse_member(COMPLETE_USER, TEAM).zone
    summer, winter = datetime(2026, 7, 1, tzinfo=zone), datetime(2026, 1, 1, tzinfo=zone)
    assert (summer.utcoffset(), winter.utcoffset()) == (timedelta(hours=-4), timedelta(hours=-5))


@pytest.mark.parametrize("name", [None, "", "Mars/Olympus", "../etc/passwd", "America", 5])
def test_an_unknown_time_zone_falls_back_on_the_utc_offset(name: Any) -> None:
    zone = parse_member({**COMPLETE_USER, "tz": name}, TEAM).zone
    assert datetime(2026, 7, 1, tzinfo=zone).utcoffset() == timedelta(hours=-5)


# --- asked and remembered ------------------------------------------------------------------------


def count_calls(acme: World, method: str = "users.info") -> int:
    return sum(call.method == method for call in acme.slack.calls)


async def test_a_member_is_read_once_in_five_minutes(acme: World, clock: ManualClock) -> None:
    members = acme.bot.context.members
    for _ in range(3):
        assert (await members.get_member("U0JOHN")).value.email == "john@acme.com"
    assert count_calls(acme) == 1
    await clock.advance(299)
    await members.get_member("U0JOHN")
    assert count_calls(acme) == 1
    await clock.advance(2)
    await members.get_member("U0JOHN")
    assert count_calls(acme) == 2


async def test_the_senders_group_is_read_once_in_five_minutes(
    acme: World, clock: ManualClock
) -> None:
    members = acme.bot.context.members
    assert (await members.get_group_member_ids("S0SALES")).value == {"U0JOHN"}
    await clock.advance(299)
    await members.get_group_member_ids("S0SALES")
    assert count_calls(acme, "usergroups.users.list") == 1


async def test_a_cached_member_is_stale_while_slack_is_down(
    acme: World, clock: ManualClock
) -> None:
    members = acme.bot.context.members
    await members.get_member("U0JOHN")
    await clock.advance(301)
    acme.slack.fail("users.info", error="fatal_error")
    found = await members.get_member("U0JOHN")
    assert (found.value.name, found.stale) == ("John", True)


@pytest.mark.parametrize("user", [None, {}, [], "U0JOHN", {"name": "john"}, {"id": ""}])
async def test_response_without_a_user_is_invalid(clock: ManualClock, user: Any) -> None:
    wire = StubServer(lambda: JSONResponse({"ok": True, "user": user}))
    async with wire.serve() as url, open_client(f"{url}/api/", clock) as slack:
        members = Members(slack, Cache(clock), team_id=TEAM)
        with pytest.raises(SlackError, match="unreadable"):
            await members.get_member("U0JOHN")


@pytest.mark.parametrize("users", [None, [], "absent"])
async def test_a_group_may_be_empty(clock: ManualClock, users: Any) -> None:
    body = {"ok": True} | ({} if users == "absent" else {"users": users})
    wire = StubServer(lambda: JSONResponse(body))
    async with wire.serve() as url, open_client(f"{url}/api/", clock) as slack:
        members = Members(slack, Cache(clock), team_id=TEAM)
        assert (await members.get_group_member_ids("S1")).value == frozenset()
