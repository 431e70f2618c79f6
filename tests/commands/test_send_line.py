"""Stories of the typed line of ``/chakra send``, of the cards that lead to it, and of who may."""

from __future__ import annotations

import asyncio

import pytest

from bot.sandbox.chakra.faults import Hang
from bot.sandbox.slack import visible_text
from tests.clock import ManualClock
from tests.commands.send_stories import (
    JOHN,
    LINE,
    MEI,
    READS,
    SALES,
    calm,
    filled,
    later,
    line,
    out,
    pressed,
    typed,
    until,
    view,
)
from tests.conftest import OpenWorld
from tests.world import World

# --- a complete line -----------------------------------------------------------------------------


async def test_a_complete_line_is_previewed_and_one_press_sends(
    acme: World, clock: ManualClock
) -> None:
    shown = visible_text(await typed(acme, LINE.format(to="+1 202 555 0100")))
    assert "To +1 202-555-0100" in shown
    assert "Hi Jane, a reminder of your appointment on May 3 at 10:00." in shown
    assert out(acme) == 0
    await pressed(acme, "send.confirm")
    await until(acme, clock, lambda: "WhatsApp has it" in line(acme))
    assert out(acme) == 1


async def test_its_button_pressed_twice_sends_once(acme: World, clock: ManualClock) -> None:
    message = await typed(acme, LINE.format(to=READS))
    await asyncio.gather(
        *(acme.slack.press(JOHN, "send.confirm", message=message) for _ in range(2)),
        return_exceptions=True,
    )
    await until(acme, clock, lambda: "WhatsApp has it" in line(acme))
    await later(acme, clock, 3)
    assert out(acme) == 1


async def test_its_button_asks_before_the_same_goes_out_again(
    acme: World, clock: ManualClock
) -> None:
    for _ in range(2):
        await typed(acme, LINE.format(to=READS))
        await pressed(acme, "send.confirm")
    assert "Send it again?" in line(acme)
    assert out(acme) == 1
    pressing = asyncio.create_task(acme.slack.press(JOHN, "send.confirm"))
    await until(acme, clock, lambda: out(acme) == 2 and pressing.done())


async def test_an_incomplete_line_opens_the_form_with_what_was_typed(acme: World) -> None:
    await typed(acme, f"appointment_reminder {READS} 1=Jane")
    assert "Jane" in view(acme)
    assert READS in view(acme)
    assert await filled(acme) == {}


async def test_change_opens_the_form_with_everything(acme: World) -> None:
    await typed(acme, LINE.format(to=READS))
    await acme.slack.press(JOHN, "send.edit")
    await calm(acme)
    assert "Jane" in view(acme)
    assert "May 3" in view(acme)


async def test_a_mention_means_the_members_own_number(acme: World) -> None:
    shown = visible_text(await typed(acme, "hello_world @john"))
    assert "*John Doe* has no phone number" in shown


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
async def test_a_line_that_cannot_be_meant_says_why(acme: World, text: str, expected: str) -> None:
    assert expected in visible_text(await typed(acme, text))
    assert out(acme) == 0


# --- from cards ----------------------------------------------------------------------------------


async def test_a_templates_card_leads_to_its_form(acme: World) -> None:
    await acme.slack.type(JOHN, SALES, "/chakra templates hello_world")
    await calm(acme)
    await pressed(acme, "templates.send")
    assert "Welcome and congratulations" in view(acme)


async def test_a_persons_card_leads_to_the_form_with_their_number(acme: World) -> None:
    priya = acme.chakra.user("priya@acme.com")
    await acme.slack.type(JOHN, SALES, "/chakra user priya@acme.com")
    await calm(acme)
    await pressed(acme, "user.send")
    form = acme.slack.view(JOHN) or {}
    [phone] = [one for one in form["blocks"] if one.get("block_id") == "phone"]
    assert phone["element"]["initial_value"] == f"+{priya.phones[0].number}"


async def test_who_may_not_send_sees_no_button(acme: World) -> None:
    await acme.slack.type(MEI, SALES, "/chakra user priya@acme.com")
    await calm(acme)
    assert "Send WhatsApp" not in visible_text(acme.slack.messages(MEI, SALES)[-1])


# --- who, and with what --------------------------------------------------------------------------


async def test_only_those_who_may_write_send(acme: World) -> None:
    assert "sender" in visible_text(await typed(acme, by=MEI))
    assert acme.slack.view(MEI) is None


async def test_without_a_plugin_it_says_what_is_missing(open_world: OpenWorld, acme: World) -> None:
    async with open_world(other={"chakra_plugin_id": None}) as made:
        assert "CHAKRA_PLUGIN_ID" in visible_text(await typed(made))


async def test_with_chakra_hung_the_form_opens_at_once(acme: World, clock: ManualClock) -> None:
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
    await calm(acme)
