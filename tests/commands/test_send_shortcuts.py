"""Stories of sending from Slack's own menus: from anywhere, and to the recipient in a message."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.sandbox.chakra.faults import Hang
from bot.sandbox.slack import VisibleMessage, collect_text
from bot.slack.commands.reply import Message
from tests.clock import ManualClock
from tests.commands.send_scenarios import (
    JOHN,
    MEI,
    NOT_ON_WHATSAPP,
    PRIYA,
    READING_NUMBER,
    SALES,
    VALUES,
    advance_until,
    choose_template,
    count_sent,
    enter_text,
    is_sent,
    read_last_message_text,
    read_report_text,
    read_view_text,
    settle_app,
)
from tests.conftest import OpenSandbox
from tests.world import World

GLOBAL_SHORTCUT, MESSAGE_SHORTCUT = "send.anywhere", "send.from_message"
BUYER, AGENT = "+91 98765 43210", "+1 202-555-0100"


async def post_message(acme: World, text: str, by: str = PRIYA) -> VisibleMessage:
    await acme.slack.type(by, SALES, text)
    return acme.slack.list_messages(JOHN, SALES)[-1]


async def open_on_message(acme: World, text: str) -> dict[str, Any]:
    """The fields of the form that opens on a message."""
    await acme.slack.use_message_shortcut(JOHN, MESSAGE_SHORTCUT, await post_message(acme, text))
    await settle_app(acme)
    return list_fields(acme)


def list_fields(acme: World) -> dict[str, Any]:
    form = acme.slack.find_view(JOHN) or {"blocks": ()}
    return {
        block["block_id"]: block["element"] for block in form["blocks"] if block["type"] == "input"
    }


def list_option_texts(element: dict[str, Any]) -> dict[str, str]:
    return {option["value"]: option["text"]["text"] for option in element["options"]}


async def check_form(acme: World, **values: str) -> dict[str, str]:
    return await acme.submit({**VALUES, **values})


async def submit_form(acme: World, **values: str) -> dict[str, str]:
    return await acme.send({**VALUES, **values})


# --- from anywhere -------------------------------------------------------------------------------


async def test_from_anywhere_the_form_opens_and_only_the_report_is_posted(
    acme: World, clock: ManualClock
) -> None:
    await acme.slack.use_shortcut(JOHN, GLOBAL_SHORTCUT)
    await settle_app(acme)
    assert list(list_fields(acme)) == ["template", "phone", "sender"]
    await choose_template(acme)
    assert await submit_form(acme, phone=READING_NUMBER) == {}
    assert is_sent(acme)
    await advance_until(acme, clock, lambda: "*Read* by" in read_report_text(acme))
    assert len(acme.slack.list_messages(JOHN, "D0JOHN")) == 1


async def test_failed_send_can_be_corrected_from_direct_messages(
    acme: World, clock: ManualClock
) -> None:
    await acme.slack.use_shortcut(JOHN, GLOBAL_SHORTCUT)
    await settle_app(acme)
    await choose_template(acme)
    acme.chakra.remove_passthrough_webhook()
    acme.chakra.update_template("appointment_reminder", "en", status="PAUSED")
    await submit_form(acme, phone=READING_NUMBER)
    await advance_until(acme, clock, lambda: "Send again" in read_report_text(acme))
    await acme.slack.close_view(JOHN)
    await acme.slack.press(JOHN, "sends.again")
    await settle_app(acme)
    assert "Jane" in read_view_text(acme)


async def test_without_permission_the_shortcut_explains_why(acme: World) -> None:
    await acme.slack.use_shortcut(MEI, GLOBAL_SHORTCUT)
    await settle_app(acme)
    assert "sender" in read_view_text(acme, MEI)
    assert "Template" not in read_view_text(acme, MEI)


async def test_missing_plugin_setting_is_named(open_sandbox: OpenSandbox) -> None:
    async with open_sandbox(other={"chakra_plugin_id": None}) as world:
        await world.slack.use_shortcut(JOHN, GLOBAL_SHORTCUT)
        await settle_app(world)
        assert "CHAKRA_PLUGIN_ID" in read_view_text(world)


@pytest.mark.parametrize("entry", [GLOBAL_SHORTCUT, MESSAGE_SHORTCUT])
async def test_shortcut_form_opens_immediately_while_chakra_hangs(
    acme: World, clock: ManualClock, entry: str
) -> None:
    acme.chakra.fail("*", Hang())
    message = await post_message(acme, f"Call {BUYER}")
    using = asyncio.create_task(
        acme.slack.use_shortcut(JOHN, entry)
        if entry == GLOBAL_SHORTCUT
        else acme.slack.use_message_shortcut(JOHN, entry, message)
    )
    await acme.chakra.wait_for_requests(1)
    await clock.advance(0.15)
    assert (await using).seconds < 0.3
    await acme.slack.wait_until(lambda: acme.slack.find_view(JOHN) is not None)
    acme.chakra.release_hanging()
    await settle_app(acme)


# --- from a message ------------------------------------------------------------------------------


async def test_number_in_the_message_is_prefilled(acme: World, clock: ManualClock) -> None:
    form = await open_on_message(acme, f"Please remind Jane, {BUYER}.")
    assert form["phone"]["initial_value"] == "+919876543210"
    await choose_template(acme)
    assert await submit_form(acme) == {}
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)
    assert acme.chakra.sends[0].to == "919876543210"
    await advance_until(acme, clock, lambda: "WhatsApp has it" in read_last_message_text(acme))
    assert acme.slack.list_messages(JOHN, SALES)[-1].ephemeral


async def test_email_in_the_message_is_prefilled(acme: World, clock: ManualClock) -> None:
    form = await open_on_message(acme, "Ask priya@acme.com first")
    assert form["phone"]["initial_value"] == "priya@acme.com"
    await choose_template(acme)
    assert await submit_form(acme) == {}
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)
    assert acme.chakra.sends[0].to == "919999999999"


async def test_the_template_sent_last_is_chosen_and_checked_immediately_if_nothing_is_missing(
    acme: World,
) -> None:
    await acme.type(f"/chakra send hello_world {AGENT}")
    await acme.confirm()
    await open_on_message(acme, f"Call {BUYER} or write to jane@acme.com")
    assert "Send to" in read_view_text(acme)
    assert BUYER in read_view_text(acme)
    assert await acme.confirm() == {}
    assert count_sent(acme) == 2
    form = await open_on_message(acme, f"{AGENT}, {BUYER}")
    assert form["template"]["initial_option"]["text"]["text"].startswith("hello_world")


async def test_message_without_contacts_opens_an_empty_form(acme: World) -> None:
    form = await open_on_message(acme, "Thanks, all.")
    assert "initial_value" not in form["phone"]
    assert "has no phone number or email address" in read_view_text(acme)


async def test_several_contacts_are_a_choice_with_the_first_selected(
    acme: World, clock: ManualClock
) -> None:
    form = await open_on_message(acme, f"Jane is at {BUYER} or {AGENT}, or jane@acme.com")
    assert list_option_texts(form["found"]) == {
        "+919876543210": "+91 98765 43210",
        "+12025550100": "+1 202-555-0100",
        "jane@acme.com": "jane@acme.com",
        "other": "Someone else…",
    }
    assert form["found"]["initial_option"]["value"] == "+919876543210"
    assert "phone" not in form
    await choose_template(acme)
    assert "To +91 98765 43210" in read_view_text(acme)
    await acme.slack.press(JOHN, "send.picked", value="+12025550100")
    await settle_app(acme)
    assert "To +1 202-555-0100" in read_view_text(acme)
    assert await submit_form(acme) == {}
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)
    assert acme.chakra.sends[0].to == "12025550100"


async def test_another_recipient_may_be_typed_and_the_choice_stays(
    acme: World, clock: ManualClock
) -> None:
    await open_on_message(acme, f"{BUYER}, {AGENT}")
    await choose_template(acme)
    await acme.slack.press(JOHN, "send.picked", value="other")
    await settle_app(acme)
    assert list(list_fields(acme))[:4] == ["template", "language", "found", "phone"]
    await enter_text(acme, clock, "phone", "lead LEAD-004038")
    await advance_until(acme, clock, lambda: "Aarav Mehta" in read_view_text(acme))
    assert set(list_option_texts(list_fields(acme)["found"])) == {
        "+919876543210",
        "+12025550100",
        "other",
    }
    await acme.slack.press(JOHN, "send.picked", value="+12025550100")
    await settle_app(acme)
    assert "phone" not in list_fields(acme)
    assert await submit_form(acme) == {}
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)
    assert acme.chakra.sends[0].to == "12025550100"


async def test_an_error_is_shown_under_the_choice(acme: World) -> None:
    await open_on_message(acme, "stranger@acme.com and noone@acme.com")
    await choose_template(acme)
    errors = await submit_form(acme)
    assert list(errors) == ["found"]
    assert "Can't find" in errors["found"]
    await acme.slack.press(JOHN, "send.picked", value="other")
    await settle_app(acme)
    errors = await submit_form(acme, phone="12345")
    assert list(errors) == ["phone"]


async def test_duplicate_confirmation_keeps_the_choice(acme: World, clock: ManualClock) -> None:
    for step in (submit_form, check_form):
        await open_on_message(acme, f"{AGENT}, {BUYER}")
        await choose_template(acme)
        await step(acme)
        await advance_until(acme, clock, lambda: count_sent(acme) == 1)
    assert "Send it again?" in read_view_text(acme)
    await acme.press("send.edit")
    assert "found" in list_fields(acme)
    assert await submit_form(acme) == {}
    await advance_until(acme, clock, lambda: count_sent(acme) == 2)


async def test_app_message_is_read_from_its_blocks(acme: World) -> None:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": f"New lead: {BUYER}"}}
    await acme.bot.slack.post_message(SALES, Message("New lead", (section,)))
    posted = acme.slack.list_messages(JOHN, SALES)[-1]
    await acme.slack.use_message_shortcut(JOHN, MESSAGE_SHORTCUT, posted)
    await settle_app(acme)
    assert list_fields(acme)["phone"]["initial_value"] == "+919876543210"


async def test_rejected_number_from_a_message_shows_the_reason(
    acme: World, clock: ManualClock
) -> None:
    await open_on_message(acme, f"New number: {NOT_ON_WHATSAPP}")
    await choose_template(acme)
    await submit_form(acme)
    await advance_until(acme, clock, lambda: "Not delivered" in read_report_text(acme))
    assert "can't deliver to this number" in read_report_text(acme)


async def test_message_full_of_numbers_still_opens_a_form(acme: World) -> None:
    many = " ".join(f"+9198765{number:05}" for number in range(80))
    form = await open_on_message(acme, many)
    assert len(form["found"]["options"]) == 21
    await choose_template(acme)
    assert "Preview" in collect_text(acme.slack.find_view(JOHN) or {})
