"""Who acts is checked by what Slack says at that moment; who looks, by its answer of before."""

from __future__ import annotations

import pytest

from bot.access.policy import MAX_AGE_TO_ACT_SECONDS, AccessPolicy
from bot.sandbox.slack.seed import WorkspaceMemberKind
from bot.slack.commands.command import Actor
from bot.slack.commands.permissions import AccessDecision, Permission
from commands import COMMANDS
from tests.clock import ManualClock
from tests.commands.send_scenarios import check_form, count_sent, open_form
from tests.people import JOHN, MEI, PRIYA
from tests.shared_world import shared_world
from tests.world import World

OWNER, GROUP = "U0LENA", "S0SALES"


def build_policy(acme: World, *senders: str) -> AccessPolicy:
    return AccessPolicy(acme.bot.context.members, senders)


def may_write(decision: AccessDecision) -> bool:
    return decision.allows(Permission.SEND)


def count_calls(acme: World) -> int:
    return sum(call.method.startswith("user") for call in acme.slack.calls)


@pytest.mark.parametrize(
    ("who", "senders", "kind"),
    [
        (PRIYA, (), "member"),
        (PRIYA, (), "guest"),
        (PRIYA, (), "single_channel_guest"),
        (PRIYA, (), "deactivated"),
        (PRIYA, (), "stranger"),
        (OWNER, (), "member"),
        (OWNER, (), "deactivated"),
        (MEI, (MEI,), "deactivated"),
        (JOHN, (GROUP,), "deactivated"),
    ],
)
async def test_a_person_who_lost_their_role_seconds_ago_may_no_longer_write(
    acme: World,
    clock: ManualClock,
    who: str,
    senders: tuple[str, ...],
    kind: WorkspaceMemberKind,
) -> None:
    access, actor = build_policy(acme, *senders), Actor(who, "T0ACME")
    assert may_write(await access.check(actor))
    acme.slack.workspace.change_member_kind(who, kind)
    await clock.advance(MAX_AGE_TO_ACT_SECONDS + 1)
    assert (await access.check(actor)).allows(Permission.LOOK)
    assert not may_write(await access.check(actor, to_act=True))
    assert not may_write(await access.check(actor))


async def test_a_person_who_left_the_senders_group_may_no_longer_write(
    acme: World, clock: ManualClock
) -> None:
    access, actor = build_policy(acme, GROUP), Actor(JOHN, "T0ACME")
    assert may_write(await access.check(actor))
    acme.slack.workspace.user_groups[GROUP] = ()
    await clock.advance(MAX_AGE_TO_ACT_SECONDS + 1)
    assert not may_write(await access.check(actor, to_act=True))


async def test_a_promoted_person_may_write_without_waiting(acme: World, clock: ManualClock) -> None:
    access, actor = build_policy(acme), Actor(MEI, "T0ACME")
    assert not may_write(await access.check(actor))
    acme.slack.workspace.change_member_kind(MEI, "admin")
    await clock.advance(MAX_AGE_TO_ACT_SECONDS + 1)
    assert may_write(await access.check(actor, to_act=True))


@shared_world
async def test_presses_within_seconds_share_one_answer_of_slack(
    acme: World, clock: ManualClock
) -> None:
    access, actor = build_policy(acme, GROUP), Actor(JOHN, "T0ACME")
    await access.check(actor, to_act=True)
    asked = count_calls(acme)
    await clock.advance(MAX_AGE_TO_ACT_SECONDS - 1)
    await access.check(actor, to_act=True)
    assert count_calls(acme) == asked
    await clock.advance(2)
    await access.check(actor, to_act=True)
    assert count_calls(acme) == 2 * asked


@shared_world
@pytest.mark.parametrize("method", ["users.info", "usergroups.users.list"])
@pytest.mark.parametrize("error", ["fatal_error", "internal_error", "ratelimited"])
async def test_an_old_answer_lets_no_one_write_while_slack_does_not_answer(
    acme: World, clock: ManualClock, method: str, error: str
) -> None:
    access, actor = build_policy(acme, GROUP), Actor(JOHN, "T0ACME")
    assert may_write(await access.check(actor))
    await clock.advance(MAX_AGE_TO_ACT_SECONDS + 1)
    acme.slack.fail(method, error=error, times=50)
    async with clock.running():
        found = await access.check(actor, to_act=True)
    assert not may_write(found)
    assert found.is_unverified
    assert found.allows(Permission.LOOK)


async def test_a_form_submitted_after_the_role_was_lost_sends_nothing(
    acme: World, clock: ManualClock
) -> None:
    await open_form(acme)
    await check_form(acme)
    acme.slack.workspace.change_member_kind(JOHN, "deactivated")
    await clock.advance(60)
    await acme.confirm()
    assert count_sent(acme) == 0
    assert "This account is deactivated" in str(acme.slack.find_view(JOHN))


def test_every_form_and_every_press_that_writes_is_checked_at_that_moment() -> None:
    forms = {form.id: form.needs.acts for command in COMMANDS for form in command.forms}
    presses = {action.id for command in COMMANDS for action in command.actions if action.acts}
    lines = {command.name for command in COMMANDS if command.acts}
    assert forms
    only_looking = {"user.find", "process.sort_by", "process.save_as"}  # a query, not a record
    assert {form for form, acts in forms.items() if not acts} == only_looking, (
        "a form that changes something needs a permission that acts, such as Permission.EDIT; one "
        "that only looks something up is listed in only_looking here"
    )
    assert presses >= {"send.confirm", "send.test", "bulk.continue", "watch.stop"}
    assert lines == {"watch", "unwatch"}, (
        "a line that changes something as soon as it is typed is listed here; if it opens a form, "
        "or shows what it would do, give the command only_looks=True"
    )
