"""Who may do what: by role, by name, by group; and what holds while Slack cannot be asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from bot import manifest
from bot.access.policy import AccessPolicy
from bot.sandbox.slack import collect_text
from bot.slack.commands.command import Actor
from bot.slack.commands.permissions import AccessDecision, Role
from tests.clock import ManualClock
from tests.conftest import OpenSandbox
from tests.shared_world import shared_world
from tests.slack.router_commands import ROUTER_COMMANDS
from tests.world import World

OWNER, ADMIN, JOHN, MEI = "U0LENA", "U0PRIYA", "U0JOHN", "U0MEI"
GUEST, SINGLE_CHANNEL_GUEST, OUTSIDER = "U0GITA", "U0ARJUN", "U0SAM"
BOT, UNKNOWN_USER = "U0CHAKRA", "U0STRANGER"
SENDER_GROUP = "S0SALES"
DAY_SECONDS = 86_400


async def check_access(acme: World, who: str, *senders: str) -> AccessDecision:
    return await AccessPolicy(acme.bot.context.members, senders).check(Actor(who, "T0ACME"))


def take_slack_down(acme: World, *methods: str) -> None:
    for method in methods or ("users.info", "usergroups.users.list"):
        acme.slack.fail(method, error="fatal_error", times=50)


# --- while Slack answers -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "senders", "role"),
    [
        (OWNER, (), Role.SENDER),
        (ADMIN, (), Role.SENDER),
        (MEI, (), Role.MEMBER),
        (GUEST, (), Role.GUEST),
        (SINGLE_CHANNEL_GUEST, (), Role.GUEST),
        (OUTSIDER, (), Role.GUEST),
        (BOT, (), Role.GUEST),
        (UNKNOWN_USER, (), Role.GUEST),
        (MEI, (MEI,), Role.SENDER),
        (MEI, (JOHN,), Role.MEMBER),
        (GUEST, (GUEST,), Role.SENDER),
        (SINGLE_CHANNEL_GUEST, (SINGLE_CHANNEL_GUEST,), Role.SENDER),
        (OUTSIDER, (OUTSIDER,), Role.SENDER),
        (BOT, (BOT,), Role.GUEST),
        (UNKNOWN_USER, (UNKNOWN_USER,), Role.GUEST),
        (JOHN, (SENDER_GROUP,), Role.SENDER),
        (MEI, (SENDER_GROUP,), Role.MEMBER),
        (GUEST, (SENDER_GROUP,), Role.GUEST),
        (MEI, (SENDER_GROUP, MEI), Role.SENDER),
        (JOHN, ("S0GONE", SENDER_GROUP), Role.SENDER),
    ],
)
async def test_role_derives_from_slack_and_the_setting(
    acme: World, who: str, senders: tuple[str, ...], role: Role
) -> None:
    acme.slack.workspace.add_app("C0PARTNERS")
    found = await check_access(acme, who, *senders)
    assert (found.permissions, found.is_unverified) == (role.permissions, False)


@shared_world
@pytest.mark.parametrize("who", [GUEST, SINGLE_CHANNEL_GUEST, OUTSIDER, BOT, UNKNOWN_USER, MEI])
async def test_a_refusal_has_a_reason(acme: World, who: str) -> None:
    assert (await check_access(acme, who)).reason.endswith(".")


@shared_world
async def test_a_deleted_group_has_no_members_and_leaves_no_doubt(acme: World) -> None:
    with capture_logs() as lines:
        found = await check_access(acme, MEI, "S0GONE")
    assert (found.permissions, found.is_unverified) == (Role.MEMBER.permissions, False)
    assert lines[0]["code"] == "no_such_subteam"


# --- while it does not ---------------------------------------------------------------------------


@shared_world
@pytest.mark.parametrize("who", [OWNER, ADMIN, JOHN, MEI, GUEST, OUTSIDER])
async def test_an_unknown_person_is_unverified_while_slack_is_down(acme: World, who: str) -> None:
    take_slack_down(acme)
    with capture_logs() as lines:
        found = await check_access(acme, who, who)
    assert (found.permissions, found.is_unverified) == (Role.GUEST.permissions, True)
    assert (lines[0]["method"], lines[0]["code"]) == ("users.info", "fatal_error")
    assert who not in str(lines)


@shared_world
@pytest.mark.parametrize(
    ("who", "senders", "role"),
    [
        (OWNER, (), Role.MEMBER),
        (ADMIN, (), Role.MEMBER),
        (MEI, (), Role.MEMBER),
        (MEI, (MEI,), Role.MEMBER),
        (JOHN, (SENDER_GROUP,), Role.MEMBER),
        (GUEST, (GUEST,), Role.MEMBER),
    ],
)
async def test_a_cached_member_may_look_but_not_write_while_slack_is_down(
    acme: World, clock: ManualClock, who: str, senders: tuple[str, ...], role: Role
) -> None:
    await check_access(acme, who, *senders)
    await clock.advance(301)
    take_slack_down(acme)
    found = await check_access(acme, who, *senders)
    assert (found.permissions, found.is_unverified) == (role.permissions, True)


@shared_world
@pytest.mark.parametrize("who", [GUEST, SINGLE_CHANNEL_GUEST, OUTSIDER])
async def test_a_cached_guest_stays_a_guest(acme: World, clock: ManualClock, who: str) -> None:
    await check_access(acme, who)
    await clock.advance(301)
    take_slack_down(acme)
    assert (await check_access(acme, who)).permissions == Role.GUEST.permissions


@shared_world
async def test_a_cached_member_is_dropped_after_a_day(acme: World, clock: ManualClock) -> None:
    await check_access(acme, MEI)
    await clock.jump(DAY_SECONDS + 301)
    take_slack_down(acme)
    assert await check_access(acme, MEI) == AccessDecision(
        Role.GUEST.permissions, is_unverified=True
    )


@shared_world
async def test_a_member_is_cached_for_five_minutes(acme: World) -> None:
    await check_access(acme, ADMIN)
    take_slack_down(acme)
    found = await check_access(acme, ADMIN)
    assert (found.permissions, found.is_unverified) == (Role.SENDER.permissions, False)
    assert found.member is not None
    assert (found.member.id, found.member.timezone) == (ADMIN, "Asia/Kolkata")


@shared_world
async def test_a_demoted_admin_is_noticed_when_the_cache_expires(
    acme: World, clock: ManualClock
) -> None:
    await check_access(acme, ADMIN)
    await clock.advance(301)
    acme.slack.fail("users.info", error="user_not_found")
    assert (await check_access(acme, ADMIN)).permissions == Role.GUEST.permissions


@shared_world
@pytest.mark.parametrize(
    ("who", "role", "unsure"),
    [
        (JOHN, Role.MEMBER, True),
        (MEI, Role.MEMBER, True),
        (GUEST, Role.GUEST, True),
        (ADMIN, Role.SENDER, False),
    ],
)
async def test_an_unavailable_group_lets_no_one_write(
    acme: World, who: str, role: Role, unsure: bool
) -> None:
    take_slack_down(acme, "usergroups.users.list")
    found = await check_access(acme, who, SENDER_GROUP)
    assert (found.permissions, found.is_unverified) == (role.permissions, unsure)


@shared_world
async def test_a_person_named_by_id_needs_no_group(acme: World) -> None:
    take_slack_down(acme, "usergroups.users.list")
    assert (await check_access(acme, MEI, SENDER_GROUP, MEI)).permissions == Role.SENDER.permissions


@shared_world
async def test_a_cached_group_lets_its_members_look_only(acme: World, clock: ManualClock) -> None:
    await check_access(acme, JOHN, SENDER_GROUP)
    await clock.advance(301)
    take_slack_down(acme, "usergroups.users.list")
    found = await check_access(acme, JOHN, SENDER_GROUP)
    assert (found.permissions, found.is_unverified) == (Role.MEMBER.permissions, True)


async def test_without_users_read_no_one_may_do_anything(open_sandbox: OpenSandbox) -> None:
    lacking = manifest.load()
    lacking["oauth_config"]["scopes"]["bot"].remove("users:read")
    async with open_sandbox(app_manifest=lacking) as world:
        with capture_logs() as lines:
            found = await check_access(world, ADMIN, SENDER_GROUP)
    assert (found.permissions, found.is_unverified) == (Role.GUEST.permissions, True)
    assert "missing_scope" in {line.get("code") for line in lines}


async def test_without_usergroups_read_groups_may_not_write(open_sandbox: OpenSandbox) -> None:
    async with open_sandbox(declined_scopes=("usergroups:read",)) as world:
        with capture_logs() as lines:
            found = await check_access(world, JOHN, SENDER_GROUP)
    assert (found.permissions, found.is_unverified) == (Role.MEMBER.permissions, False)
    assert "missing_scope" in {line.get("code") for line in lines}


# --- as the person sees it -----------------------------------------------------------------------


@pytest.fixture
async def sandbox(open_sandbox: OpenSandbox) -> AsyncIterator[World]:
    async with open_sandbox(ROUTER_COMMANDS, senders=(JOHN, GUEST)) as world:
        yield world


async def run_command(world: World, who: str, text: str, where: str = "C0SALES") -> str:
    await world.slack.type(who, where, f"/chakra {text}")
    await world.settle()
    return collect_text(world.slack.list_messages(who, where)[-1])


async def test_member_reads_and_sender_writes(sandbox: World) -> None:
    assert await run_command(sandbox, MEI, "say hi") == "hi"
    refused = await run_command(sandbox, MEI, "write hi")
    assert "can't send or change anything" in refused
    assert "sender" in refused
    for who in (JOHN, ADMIN, OWNER):
        assert await run_command(sandbox, who, "write hi") == "hi"


async def test_guests_and_external_people_only_read_the_help_unless_named(sandbox: World) -> None:
    assert "People from other workspaces" in await run_command(
        sandbox, OUTSIDER, "say hi", "C0PARTNERS"
    )
    assert "/chakra say" in await run_command(sandbox, OUTSIDER, "help", "C0PARTNERS")
    assert await run_command(sandbox, GUEST, "write hi", "C0PARTNERS") == "hi"


async def test_slack_outage_allows_only_reads_by_known_members(
    sandbox: World, clock: ManualClock
) -> None:
    for who in (MEI, ADMIN):
        await run_command(sandbox, who, "say hi")
    await clock.advance(301)
    take_slack_down(sandbox)
    assert await run_command(sandbox, MEI, "say again") == "again"
    assert await run_command(sandbox, ADMIN, "say again") == "again"
    refused = await run_command(sandbox, ADMIN, "write hi")
    assert "couldn't verify your account" in refused
    assert "Reference" in refused
    assert "couldn't verify" in await run_command(sandbox, "U0OMAR", "say hi")
    assert "/chakra say" in await run_command(sandbox, "U0OMAR", "help")
    assert "couldn't verify" in await run_command(sandbox, "U0OMAR", "")


async def test_a_hanging_slack_delays_no_ack(sandbox: World, clock: ManualClock) -> None:
    sandbox.slack.hang("users.info")
    typing = asyncio.create_task(sandbox.slack.type(MEI, "C0SALES", "/chakra say hi"))
    await clock.wait_for_sleep(0.3)
    await clock.advance(0.3)
    delivered = await typing
    assert (delivered.status, delivered.body) == (200, None)
    sandbox.slack.release()
    await sandbox.settle()
    assert collect_text(sandbox.slack.list_messages(MEI, "C0SALES")[-1]) == "hi"
