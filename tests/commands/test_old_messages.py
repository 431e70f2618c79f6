"""Stories of messages that are weeks old: pressing one changes it, and posts nothing new."""

from __future__ import annotations

import pytest

from bot.sandbox.chakra.faults import DelayedResponse, StatusResponse
from bot.sandbox.slack import collect_text
from bot.sandbox.slack.seed import APP_USER
from tests.clock import ManualClock
from tests.commands.chat_scenarios import find_parent, pass_seconds, receive
from tests.commands.send_scenarios import (
    DIRECT,
    READING_NUMBER,
    advance_until,
    open_form,
    read_report_text,
    read_view_text,
    submit_form,
)
from tests.people import JOHN, PRIYA, SALES
from tests.world import World

DAY, WEEK = 86_400.0, 7 * 86_400.0
NEVER_READS = "+12025550114"


def list_posts(acme: World, channel: str) -> list[str]:
    """Return the IDs of the app's messages that stay."""
    messages = acme.slack.list_messages(JOHN, channel)
    return [item.id for item in messages if item.author == APP_USER and not item.ephemeral]


async def pass_weeks(acme: World, weeks: int) -> None:
    """Let weeks pass, with what happens in the first days of them and at their end."""
    await pass_seconds(acme, DAY + 3_600)
    await pass_seconds(acme, weeks * WEEK)
    await pass_seconds(acme, 3_700)


@pytest.mark.parametrize("weeks", [5, 20])
@pytest.mark.parametrize(
    ("action", "shown"),
    [("chat.claim", "<@U0JOHN> has it"), ("chat.resolve", "Resolved")],
)
async def test_press_on_an_old_conversation_changes_its_message(
    acme: World, weeks: int, action: str, shown: str
) -> None:
    await receive(acme)
    await pass_weeks(acme, weeks)
    before = list_posts(acme, SALES)
    await acme.slack.press(JOHN, action, message=find_parent(acme))
    await pass_seconds(acme, 10)
    assert list_posts(acme, SALES) == before
    assert shown in collect_text(find_parent(acme))
    assert acme.slack.rejections == []


async def test_message_that_is_read_after_weeks_changes_its_report(
    acme: World, clock: ManualClock
) -> None:
    await open_form(acme)
    assert await submit_form(acme, phone=NEVER_READS) == {}
    await advance_until(acme, clock, lambda: "*Delivered* to" in read_report_text(acme))
    await pass_weeks(acme, 5)
    before = list_posts(acme, DIRECT)
    acme.chakra.push_status(acme.chakra.sends[-1], "READ")
    await pass_seconds(acme, 10)
    assert list_posts(acme, DIRECT) == before
    assert "*Read* by" in read_report_text(acme)


# --- cards that the cache has forgotten, as it has after a restart -------------------------------


@pytest.mark.parametrize(
    ("line", "action", "shown"),
    [
        ("templates hello_world", "templates.send", "Send WhatsApp"),
        ("templates hello_world", "templates.edit", "Edit template"),
        ("user amelie@acme.com", "user.send", "+33 1 99 00 56 78"),
        ("user amelie@acme.com", "user.edit", "Dubois"),
    ],
)
@pytest.mark.parametrize("delay_seconds", [0.0, 2.0])
async def test_old_card_opens_its_form(
    acme: World, clock: ManualClock, line: str, action: str, shown: str, delay_seconds: float
) -> None:
    await acme.type(f"/chakra {line}")
    await pass_seconds(acme, WEEK)
    acme.chakra.fail("*", DelayedResponse(delay_seconds))
    async with clock.running():
        await acme.press(action)
    await clock.advance(5)
    assert shown in read_view_text(acme)
    assert "out of date" not in collect_text(acme.find_shown())


async def test_outage_is_explained_where_the_form_would_be(acme: World, clock: ManualClock) -> None:
    await acme.type("/chakra templates hello_world")
    await pass_seconds(acme, WEEK)
    acme.chakra.fail("*", StatusResponse(500))
    async with clock.running():
        await acme.press("templates.send")
    await clock.advance(60)
    assert "Chakra cannot be reached" in read_view_text(acme) + collect_text(acme.find_shown())


async def test_card_of_a_deleted_template_says_so(acme: World, clock: ManualClock) -> None:
    await acme.type("/chakra templates hello_world")
    await pass_seconds(acme, WEEK)
    acme.chakra.delete_template("hello_world", "en_US")
    await acme.press("templates.send")
    assert "It may have been deleted" in collect_text(acme.find_shown())


async def test_deleted_template_is_named_when_a_check_is_changed(acme: World) -> None:
    await acme.type(f"/chakra send hello_world {READING_NUMBER}")
    acme.chakra.delete_template("hello_world", "en_US")
    await pass_seconds(acme, WEEK)
    await acme.press("send.edit")
    assert "This template no longer exists. Choose another one." in read_view_text(acme)


# --- what a colleague has removed in the meantime ------------------------------------------------


async def test_press_for_a_removed_rule_names_no_number(acme: World) -> None:
    await acme.type("/chakra notify add failed")
    await acme.press("notify.confirm")
    old = await acme.type("/chakra notify list")
    await acme.type("/chakra notify remove 1", by=PRIYA)
    await acme.press("notify.remove:1", by=PRIYA)
    await acme.slack.press(JOHN, "notify.edit:1", message=old)
    await acme.wait_until_idle()
    shown = collect_text(acme.find_shown()).replace("*", "")
    assert "Can't find this rule.\nIt was removed." in shown


async def test_press_for_a_deleted_query_names_no_number(acme: World) -> None:
    await acme.type("/chakra process save hot for everyone state:NEW")
    old = await acme.type("/chakra process saved")
    await acme.type("/chakra process saved delete hot")
    await acme.press("process.saved_delete:1")
    await acme.slack.press(JOHN, "process.saved_run:1", message=old)
    await acme.wait_until_idle()
    shown = collect_text(acme.find_shown()).replace("*", "")
    assert "Can't find this saved query.\nIt was deleted" in shown
