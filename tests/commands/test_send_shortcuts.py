"""Stories of sending from Slack's own menus: from anywhere, and to whom a message names."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.sandbox.chakra.faults import Hang
from bot.sandbox.slack import VisibleMessage, visible_text
from bot.slack.commands.reply import Message
from tests.clock import ManualClock
from tests.commands.send_stories import (
    JOHN,
    MEI,
    NOT_ON_WHATSAPP,
    PRIYA,
    READS,
    SALES,
    VALUES,
    calm,
    chosen,
    entered,
    line,
    out,
    report,
    until,
    view,
)
from tests.conftest import OpenWorld
from tests.world import World

ANYWHERE, FROM_MESSAGE = "send.anywhere", "send.from_message"
BUYER, AGENT = "+91 98765 43210", "+1 202-555-0100"


async def wrote(acme: World, text: str, by: str = PRIYA) -> VisibleMessage:
    await acme.slack.type(by, SALES, text)
    return acme.slack.messages(JOHN, SALES)[-1]


async def opened(acme: World, text: str) -> dict[str, Any]:
    """The fields of the form that opens on a message."""
    await acme.slack.use_message_shortcut(JOHN, FROM_MESSAGE, await wrote(acme, text))
    await calm(acme)
    return fields(acme)


def fields(acme: World) -> dict[str, Any]:
    form = acme.slack.view(JOHN) or {"blocks": ()}
    return {one["block_id"]: one["element"] for one in form["blocks"] if one["type"] == "input"}


def choices(element: dict[str, Any]) -> dict[str, str]:
    return {one["value"]: one["text"]["text"] for one in element["options"]}


async def submitted(acme: World, **values: str) -> dict[str, str]:
    return await acme.submit({**VALUES, **values})


# --- from anywhere -------------------------------------------------------------------------------


async def test_from_anywhere_the_form_opens_and_only_the_report_is_posted(
    acme: World, clock: ManualClock
) -> None:
    await acme.slack.use_shortcut(JOHN, ANYWHERE)
    await calm(acme)
    assert list(fields(acme)) == ["template", "phone", "sender"]
    await chosen(acme)
    assert await submitted(acme, phone=READS) == {}
    assert acme.slack.view(JOHN) is None
    await until(acme, clock, lambda: "Read:" in report(acme))
    assert len(acme.slack.messages(JOHN, "D0JOHN")) == 1


async def test_what_was_refused_can_be_corrected_from_ones_messages(
    acme: World, clock: ManualClock
) -> None:
    await acme.slack.use_shortcut(JOHN, ANYWHERE)
    await calm(acme)
    await chosen(acme)
    acme.chakra.update_template("appointment_reminder", "en", status="PAUSED")
    await submitted(acme, phone=READS)
    await until(acme, clock, lambda: "Open the form again" in report(acme))
    await acme.slack.press(JOHN, "send.edit")
    await calm(acme)
    assert "Jane" in view(acme)


async def test_without_permission_the_shortcut_explains_why(acme: World) -> None:
    await acme.slack.use_shortcut(MEI, ANYWHERE)
    await calm(acme)
    assert "sender" in view(acme, MEI)
    assert "Template" not in view(acme, MEI)


async def test_without_a_plugin_it_says_what_is_missing(open_world: OpenWorld) -> None:
    async with open_world(other={"chakra_plugin_id": None}) as made:
        await made.slack.use_shortcut(JOHN, ANYWHERE)
        await calm(made)
        assert "CHAKRA_PLUGIN_ID" in view(made)


@pytest.mark.parametrize("entry", [ANYWHERE, FROM_MESSAGE])
async def test_with_chakra_hung_it_opens_at_once(
    acme: World, clock: ManualClock, entry: str
) -> None:
    acme.chakra.fail("*", Hang())
    message = await wrote(acme, f"Call {BUYER}")
    using = asyncio.create_task(
        acme.slack.use_shortcut(JOHN, entry)
        if entry == ANYWHERE
        else acme.slack.use_message_shortcut(JOHN, entry, message)
    )
    await acme.chakra.wait_for_requests(1)
    await clock.advance(0.15)
    assert (await using).seconds < 0.3
    await acme.slack.wait_until(lambda: acme.slack.view(JOHN) is not None)
    acme.chakra.release_hanging()
    await calm(acme)


# --- from a message ------------------------------------------------------------------------------


async def test_the_number_in_a_message_is_filled_in(acme: World, clock: ManualClock) -> None:
    form = await opened(acme, f"Please remind Jane, {BUYER}.")
    assert form["phone"]["initial_value"] == "+919876543210"
    await chosen(acme)
    assert await submitted(acme) == {}
    await until(acme, clock, lambda: out(acme) == 1)
    assert acme.chakra.sends[0].to == "919876543210"
    await until(acme, clock, lambda: "WhatsApp has it" in line(acme))
    assert acme.slack.messages(JOHN, SALES)[-1].ephemeral


async def test_so_is_a_colleagues_address(acme: World, clock: ManualClock) -> None:
    form = await opened(acme, "Ask priya@acme.com first")
    assert form["phone"]["initial_value"] == "priya@acme.com"
    await chosen(acme)
    assert await submitted(acme) == {}
    await until(acme, clock, lambda: out(acme) == 1)
    assert acme.chakra.sends[0].to == "919999999999"


async def test_without_any_the_form_says_so_and_waits_for_one(acme: World) -> None:
    form = await opened(acme, "Thanks, all.")
    assert "initial_value" not in form["phone"]
    assert "has no phone number or email address" in view(acme)


async def test_several_are_a_choice_and_the_first_is_chosen(
    acme: World, clock: ManualClock
) -> None:
    form = await opened(acme, f"Jane is at {BUYER} or {AGENT}, or jane@acme.com")
    assert choices(form["found"]) == {
        "+919876543210": "+91 98765 43210",
        "+12025550100": "+1 202-555-0100",
        "jane@acme.com": "jane@acme.com",
        "other": "Someone else…",
    }
    assert form["found"]["initial_option"]["value"] == "+919876543210"
    assert "phone" not in form
    await chosen(acme)
    assert "To +91 98765 43210" in view(acme)
    await acme.slack.press(JOHN, "send.picked", value="+12025550100")
    await calm(acme)
    assert "To +1 202-555-0100" in view(acme)
    assert await submitted(acme) == {}
    await until(acme, clock, lambda: out(acme) == 1)
    assert acme.chakra.sends[0].to == "12025550100"


async def test_another_recipient_may_be_typed_and_the_choice_stays(
    acme: World, clock: ManualClock
) -> None:
    await opened(acme, f"{BUYER}, {AGENT}")
    await chosen(acme)
    await acme.slack.press(JOHN, "send.picked", value="other")
    await calm(acme)
    assert list(fields(acme))[:3] == ["template", "found", "phone"]
    await entered(acme, clock, "phone", "lead LEAD-004038")
    await until(acme, clock, lambda: "Aarav Mehta" in view(acme))
    assert set(choices(fields(acme)["found"])) == {"+919876543210", "+12025550100", "other"}
    await acme.slack.press(JOHN, "send.picked", value="+12025550100")
    await calm(acme)
    assert "phone" not in fields(acme)
    assert await submitted(acme) == {}
    await until(acme, clock, lambda: out(acme) == 1)
    assert acme.chakra.sends[0].to == "12025550100"


async def test_an_error_is_shown_under_the_choice(acme: World) -> None:
    await opened(acme, "nobody@acme.com and noone@acme.com")
    await chosen(acme)
    errors = await submitted(acme)
    assert list(errors) == ["found"]
    assert "Can't find" in errors["found"]
    await acme.slack.press(JOHN, "send.picked", value="other")
    await calm(acme)
    errors = await submitted(acme, phone="12345")
    assert list(errors) == ["phone"]


async def test_the_question_before_a_repeat_keeps_the_choice(
    acme: World, clock: ManualClock
) -> None:
    for _ in range(2):
        await opened(acme, f"{AGENT}, {BUYER}")
        await chosen(acme)
        await submitted(acme)
        await until(acme, clock, lambda: out(acme) == 1)
    assert "Send it again?" in view(acme)
    assert "found" in fields(acme)
    assert await submitted(acme) == {}
    await until(acme, clock, lambda: out(acme) == 2)


async def test_an_apps_own_message_is_read_through_its_blocks(acme: World) -> None:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": f"New lead: {BUYER}"}}
    await acme.bot.slack.post_message(SALES, Message("New lead", (section,)))
    posted = acme.slack.messages(JOHN, SALES)[-1]
    await acme.slack.use_message_shortcut(JOHN, FROM_MESSAGE, posted)
    await calm(acme)
    assert fields(acme)["phone"]["initial_value"] == "+919876543210"


async def test_a_refused_number_from_a_message_says_why(acme: World, clock: ManualClock) -> None:
    await opened(acme, f"New number: {NOT_ON_WHATSAPP}")
    await chosen(acme)
    await submitted(acme)
    await until(acme, clock, lambda: "Not delivered" in report(acme))
    assert "can't deliver to this number" in report(acme)


async def test_a_message_of_nothing_but_numbers_still_makes_a_form(acme: World) -> None:
    many = " ".join(f"+9198765{number:05}" for number in range(80))
    form = await opened(acme, many)
    assert len(form["found"]["options"]) == 21
    await chosen(acme)
    assert "Preview" in visible_text(acme.slack.view(JOHN) or {})
