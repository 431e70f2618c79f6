"""Stories of the typed line of ``/chakra send``, of the cards that lead to it, and of who may."""

from __future__ import annotations

import asyncio

import pytest

from bot.sandbox.chakra.faults import Hang
from bot.sandbox.slack import visible_text
from tests.clock import ManualClock
from tests.commands.send_scenarios import (
    COMMAND_LINE,
    JOHN,
    MEI,
    PRIYA,
    READING_NUMBER,
    SALES,
    advance,
    advance_until,
    last_message_text,
    press_button,
    run_command,
    sent_count,
    settle_app,
    submit_form,
    view_text,
)
from tests.conftest import OpenSandbox
from tests.world import World

# --- a complete line -----------------------------------------------------------------------------


async def test_a_complete_line_is_shown_and_one_press_sends(
    acme: World, clock: ManualClock
) -> None:
    await run_command(acme, COMMAND_LINE.format(to="+1 202 555 0100"))
    assert "+1 202-555-0100" in view_text(acme)
    assert "Hi `Jane`, a reminder of your appointment on `May 3` at `10:00`." in view_text(acme)
    assert sent_count(acme) == 0
    assert not [message for message in acme.slack.messages(JOHN, SALES) if message.ephemeral]
    await acme.confirm()
    await advance_until(acme, clock, lambda: "WhatsApp has it" in last_message_text(acme))
    assert sent_count(acme) == 1


async def test_double_press_sends_once(acme: World, clock: ManualClock) -> None:
    await run_command(acme, COMMAND_LINE.format(to=READING_NUMBER))
    await asyncio.gather(*(acme.slack.submit(JOHN, {}) for _ in range(2)), return_exceptions=True)
    await advance_until(acme, clock, lambda: "WhatsApp has it" in last_message_text(acme))
    await advance(acme, clock, 3)
    assert sent_count(acme) == 1


async def test_a_duplicate_sent_while_the_view_is_open_is_asked_about(
    acme: World, clock: ManualClock
) -> None:
    await run_command(acme, COMMAND_LINE.format(to=READING_NUMBER))
    await run_command(acme, COMMAND_LINE.format(to=READING_NUMBER), by=PRIYA)
    await acme.confirm(by=PRIYA)
    await advance_until(acme, clock, lambda: sent_count(acme) == 1)
    await acme.confirm()
    assert "<@U0PRIYA> *sent this same message" in view_text(acme)
    assert sent_count(acme) == 1
    await acme.confirm()
    await advance_until(acme, clock, lambda: sent_count(acme) == 2)


async def test_an_incomplete_line_opens_the_form_with_what_was_typed(acme: World) -> None:
    await run_command(acme, f"appointment_reminder {READING_NUMBER} 1=Jane")
    assert "Jane" in view_text(acme)
    assert READING_NUMBER in view_text(acme)
    assert await submit_form(acme) == {}


async def test_change_button_opens_the_prefilled_form(acme: World) -> None:
    await run_command(acme, COMMAND_LINE.format(to=READING_NUMBER))
    await acme.slack.press(JOHN, "send.edit")
    await settle_app(acme)
    assert "Jane" in view_text(acme)
    assert "May 3" in view_text(acme)


async def test_a_mention_means_the_members_own_number(acme: World) -> None:
    text = visible_text(await run_command(acme, "hello_world @john"))
    assert "*John Doe* has no phone number" in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("apointment_reminder +12025550100", "appointment_reminder"),
        ("renewal_notice +12025550100 language=en", "rejected this template"),
        ("hello_world +12025550100 1=x", "has no “1”"),
        ("hello_world +12025550100 language=xx", "isn't available in that language"),
        ("1=Jane", "Start with the template"),
        ("hello_world +1202555", "too short"),
    ],
)
async def test_invalid_command_line_is_explained(acme: World, text: str, expected: str) -> None:
    assert expected in visible_text(await run_command(acme, text))
    assert sent_count(acme) == 0


# --- from cards ----------------------------------------------------------------------------------


async def test_template_card_opens_its_send_form(acme: World) -> None:
    await acme.slack.type(JOHN, SALES, "/chakra templates hello_world")
    await settle_app(acme)
    await press_button(acme, "templates.send")
    assert "Welcome and congratulations" in view_text(acme)


async def test_user_card_opens_the_form_with_their_number(acme: World) -> None:
    priya = acme.chakra.user("priya@acme.com")
    await acme.slack.type(JOHN, SALES, "/chakra user priya@acme.com")
    await settle_app(acme)
    await press_button(acme, "user.send")
    form = acme.slack.view(JOHN) or {}
    [phone] = [block for block in form["blocks"] if block.get("block_id") == "phone"]
    assert phone["element"]["initial_value"] == f"+{priya.phones[0].number}"


async def test_non_sender_sees_no_send_button(acme: World) -> None:
    await acme.slack.type(MEI, SALES, "/chakra user priya@acme.com")
    await settle_app(acme)
    assert "Send WhatsApp" not in visible_text(acme.slack.messages(MEI, SALES)[-1])


# --- who, and with what --------------------------------------------------------------------------


async def test_only_senders_can_send(acme: World) -> None:
    assert "sender" in visible_text(await run_command(acme, by=MEI))
    assert acme.slack.view(MEI) is None


async def test_missing_plugin_setting_is_named(open_sandbox: OpenSandbox, acme: World) -> None:
    async with open_sandbox(other={"chakra_plugin_id": None}) as world:
        assert "CHAKRA_PLUGIN_ID" in visible_text(await run_command(world))


async def test_form_opens_immediately_while_chakra_hangs(acme: World, clock: ManualClock) -> None:
    acme.chakra.fail("*", Hang())
    typing = asyncio.create_task(acme.slack.type(JOHN, SALES, "/chakra send"))
    await acme.chakra.wait_for_requests(1)
    await clock.advance(0.15)
    await typing
    await acme.slack.wait_until(lambda: acme.slack.view(JOHN) is not None)
    asking = asyncio.create_task(acme.slack.suggest(JOHN, "send.template", "order"))
    await asyncio.sleep(0.05)
    await clock.advance(0.15)
    [option] = await asking
    assert "still loading" in option["text"]["text"]
    acme.chakra.release_hanging()
    await settle_app(acme)
