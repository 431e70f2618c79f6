"""Stories of “Send a test to me”: once a press, to one's own number, the form left as it is."""

from __future__ import annotations

import asyncio

import pytest

from bot import manifest
from bot.sandbox.chakra.faults import Hang, StatusResponse
from bot.sandbox.slack import visible_text
from commands.send import MAX_PREVIEW_AGE_SECONDS
from tests.clock import ManualClock
from tests.commands.file_stories import PICTURE, PNG, promo, read, submitted
from tests.commands.send_stories import (
    JOHN,
    LINE,
    READS,
    SALES,
    SEND,
    VALUES,
    calm,
    chosen,
    filled,
    later,
    line,
    opened,
    out,
    report,
    typed,
    until,
    view,
)
from tests.conftest import OpenWorld
from tests.world import World

LENA, LENAS = "U0LENA", "D0LENA"
MINE = "919876543299"
SHOWN = "+91 •••••• 3299"
POSTS_APART = 1.5
"""Seconds after which the next report is posted at once: then a press needs no time at all."""


@pytest.fixture(autouse=True)
async def _john_has_a_phone(acme: World) -> None:
    acme.chakra.update_user("john@acme.com", phones=[MINE])


async def tried(
    acme: World, clock: ManualClock, *, presses: int = 1, until_noted: str = "Your test."
) -> str:
    """Presses, and what the form then says above the button."""
    await later(acme, clock, POSTS_APART)
    await asyncio.gather(*(acme.slack.press(JOHN, "send.test") for _ in range(presses)))
    await acme.slack.wait_until(lambda: until_noted in note(acme))
    return note(acme)


async def hung(acme: World, clock: ManualClock) -> None:
    """Presses while Chakra takes its time; the ack does not wait for it."""
    acme.chakra.fail(SEND, Hang())
    pressing = asyncio.create_task(acme.slack.press(JOHN, "send.test"))
    await acme.chakra.wait_for_requests(1, SEND)
    await clock.advance(0.3)
    assert (await pressing).seconds < 0.5


def note(acme: World) -> str:
    """What stands above the button, with the preview."""
    return view(acme).partition("Preview")[2].rpartition("Send a test to me")[0]


async def written(acme: World, **values: str) -> None:
    """Fills the form in, without a press."""
    for field, text in {**VALUES, **values}.items():
        await acme.slack.enter_text(JOHN, field, text)


async def ready(acme: World, clock: ManualClock, **values: str) -> None:
    await opened(acme)
    typing = asyncio.create_task(written(acme, **values))
    await until(acme, clock, lambda: typing.done() and "Hi Jane" in view(acme))


# --- in the form ---------------------------------------------------------------------------------


async def test_it_goes_to_ones_own_number_and_the_form_stays(
    acme: World, clock: ManualClock
) -> None:
    await ready(acme, clock)
    expected = await tried(acme, clock)
    assert f"appointment_reminder* to {SHOWN}" in expected
    assert "archives/D0JOHN/p" in expected
    assert MINE not in view(acme)
    [sent] = acme.chakra.sends
    assert sent.to == MINE
    assert sent.text.startswith("Hi Jane, a reminder of your appointment on May 3 at 10:00.")
    await until(acme, clock, lambda: "Read:" in report(acme))
    assert await filled(acme, phone=READS) == {}
    assert acme.slack.view(JOHN) is None
    await until(acme, clock, lambda: out(acme) == 2)
    assert acme.chakra.sends[1].to == READS.lstrip("+")


async def test_a_double_press_sends_once(acme: World, clock: ManualClock) -> None:
    await ready(acme, clock)
    await tried(acme, clock, presses=3, until_noted=SHOWN)
    await later(acme, clock, 3)
    assert out(acme) == 1


async def test_the_same_pressed_again_says_that_it_went_out(
    acme: World, clock: ManualClock
) -> None:
    await ready(acme, clock)
    await tried(acme, clock)
    assert "You already sent this test." in await tried(acme, clock, until_noted="already sent")
    await clock.advance(700)
    await tried(acme, clock, until_noted="already sent")
    assert out(acme) == 1


async def test_other_words_are_another_test(acme: World, clock: ManualClock) -> None:
    await ready(acme, clock)
    await tried(acme, clock)
    typing = asyncio.create_task(acme.slack.enter_text(JOHN, "var_body_1", "Asha"))
    await until(acme, clock, lambda: typing.done() and "Hi Asha" in view(acme))
    assert "Your test." not in note(acme)
    await tried(acme, clock)
    await until(acme, clock, lambda: out(acme) == 2)
    assert [sent.text[:8] for sent in acme.chakra.sends] == ["Hi Jane,", "Hi Asha,"]


async def test_the_same_from_another_form_asks_first(acme: World, clock: ManualClock) -> None:
    await ready(acme, clock)
    await tried(acme, clock)
    await acme.slack.close_view(JOHN)
    await ready(acme, clock)
    asked = await tried(acme, clock, until_noted="sent this same message to you")
    assert "Press “Send a test to me” again" in asked
    assert out(acme) == 1
    await tried(acme, clock)
    assert out(acme) == 2


async def test_what_is_missing_is_named_and_nothing_goes_out(
    acme: World, clock: ManualClock
) -> None:
    await opened(acme)
    expected = await tried(acme, clock, until_noted="Test not sent")
    assert "Test not sent. ‹1›: Fill this in" in expected
    assert acme.chakra.count(SEND) == 0


@pytest.mark.parametrize("phones", [[], ["12345"]])
async def test_without_a_number_it_says_where_to_add_one(
    acme: World, clock: ManualClock, phones: list[str]
) -> None:
    acme.chakra.update_user("john@acme.com", phones=phones)
    await ready(acme, clock)
    expected = await tried(acme, clock, until_noted="Test not sent")
    assert "Chakra doesn't have your phone number. Add it" in expected
    assert acme.chakra.count(SEND) == 0


async def test_a_member_unknown_to_chakra_gets_an_explanation(
    acme: World, clock: ManualClock
) -> None:
    acme.chakra.update_user("john@acme.com", emails=["other@acme.com"])
    await ready(acme, clock)
    expected = await tried(acme, clock, until_noted="Test not sent")
    assert "Nobody in Chakra has the email address john@acme.com." in expected
    assert "Tests go to the phone number in your own Chakra profile." in expected


async def test_where_slack_hides_the_address_it_says_so(
    open_world: OpenWorld, clock: ManualClock
) -> None:
    described = manifest.load()
    described["oauth_config"]["scopes"]["bot"].remove("users:read.email")
    async with open_world(app_manifest=described) as made:
        await ready(made, clock)
        expected = await tried(made, clock, until_noted="Test not sent")
        assert "doesn't share your email address" in expected


async def test_a_refusal_of_whatsapps_is_noted_with_its_reason(
    acme: World, clock: ManualClock
) -> None:
    await ready(acme, clock)
    acme.chakra.update_template("appointment_reminder", "en", status="PAUSED")
    expected = await tried(acme, clock)
    assert "Not sent" in expected
    assert "paused or disabled" in expected
    assert "Jane" in view(acme)


async def test_while_chakra_is_slow_the_form_says_that_it_is_on_its_way(
    acme: World, clock: ManualClock
) -> None:
    await ready(acme, clock)
    await hung(acme, clock)
    await until(acme, clock, lambda: "being sent" in note(acme))
    assert SHOWN in note(acme)
    acme.chakra.clear_faults()
    acme.chakra.release_hanging()
    await until(acme, clock, lambda: "Read:" in report(acme))
    assert out(acme) == 1


async def test_an_outage_of_chakra_is_shown_in_the_form(acme: World, clock: ManualClock) -> None:
    await ready(acme, clock)
    acme.chakra.fail("*", StatusResponse(503))
    pressing = asyncio.create_task(acme.slack.press(JOHN, "send.test"))
    await until(acme, clock, lambda: pressing.done() and "cannot be reached" in view(acme))
    assert "Jane" in view(acme)
    assert out(acme) == 0


async def test_what_is_typed_meanwhile_stays_and_the_note_comes_beside_it(
    acme: World, clock: ManualClock
) -> None:
    await ready(acme, clock)
    await hung(acme, clock)
    typing = asyncio.create_task(acme.slack.enter_text(JOHN, "var_body_1", "Asha"))
    await until(acme, clock, lambda: typing.done() and "being sent" in line(acme))
    assert "Hi Asha" in view(acme)
    assert "being sent" not in view(acme)
    acme.chakra.release_hanging()


async def test_who_closes_the_form_hears_of_it_where_it_was_opened(
    acme: World, clock: ManualClock
) -> None:
    await ready(acme, clock)
    await hung(acme, clock)
    await acme.slack.close_view(JOHN)
    await until(acme, clock, lambda: "being sent" in line(acme))
    acme.chakra.release_hanging()


async def test_what_was_tested_on_oneself_asks_before_it_is_sent_to_oneself(
    acme: World, clock: ManualClock
) -> None:
    await ready(acme, clock)
    await tried(acme, clock)
    await filled(acme, phone=f"+{MINE}")
    assert "sent this same message to this recipient" in view(acme)
    assert "Send a test to me" not in view(acme)
    assert out(acme) == 1


async def test_there_is_nothing_to_test_without_a_template(acme: World) -> None:
    await typed(acme)
    assert "Send a test to me" not in view(acme)
    await chosen(acme)
    assert "Send a test to me" in view(acme)


async def test_it_needs_no_recipient_and_keeps_the_one_that_is_typed(
    acme: World, clock: ManualClock
) -> None:
    await ready(acme, clock, phone="lead LEAD-004038")
    await tried(acme, clock)
    assert acme.chakra.sends[0].to == MINE
    assert "Aarav Mehta" in view(acme)


async def test_the_chosen_file_goes_with_it(acme: World, clock: ManualClock) -> None:
    await promo(acme)
    assert "too short" in (await submitted(acme, file=PICTURE, phone="12345"))["phone"]
    assert f"to {SHOWN}" in await tried(acme, clock)
    [sent] = acme.chakra.sends
    assert (sent.to, await read(sent.body["imageUrl"])) == (MINE, ("image/png", PNG))
    assert "tree.png" in view(acme)
    assert "You already sent this test." in await tried(acme, clock, until_noted="already sent")
    assert await submitted(acme, phone=READS) == {}
    await until(acme, clock, lambda: out(acme) == 2)


# --- beside a preview ----------------------------------------------------------------------------


async def pressed(acme: World, clock: ManualClock, until_said: str) -> str:
    await later(acme, clock, POSTS_APART)
    await acme.slack.press(JOHN, "send.test")
    await acme.slack.wait_until(lambda: until_said in line(acme))
    return line(acme)


async def test_the_preview_of_a_line_can_be_tested_too(acme: World, clock: ManualClock) -> None:
    preview = await typed(acme, LINE.format(to=READS))
    expected = await pressed(acme, clock, "Your test.")
    assert f"to {SHOWN}" in expected
    [sent] = acme.chakra.sends
    assert sent.to == MINE
    pressing = asyncio.create_task(acme.slack.press(JOHN, "send.confirm", message=preview))
    await until(acme, clock, lambda: pressing.done() and out(acme) == 2)
    assert acme.chakra.sends[1].to == READS.lstrip("+")


async def test_pressed_twice_at_once_it_sends_once(acme: World, clock: ManualClock) -> None:
    preview = await typed(acme, LINE.format(to=READS))
    await asyncio.gather(*(acme.slack.press(JOHN, "send.test", message=preview) for _ in range(2)))
    await later(acme, clock, 4)
    assert out(acme) == 1


async def test_another_preview_of_the_same_asks_first(acme: World, clock: ManualClock) -> None:
    await typed(acme, LINE.format(to=READS))
    await pressed(acme, clock, "Your test.")
    await typed(acme, LINE.format(to=READS))
    await pressed(acme, clock, "sent this same message to you")
    assert out(acme) == 1
    await pressed(acme, clock, "Your test.")
    assert out(acme) == 2


async def test_an_old_preview_is_not_tested_either(acme: World, clock: ManualClock) -> None:
    preview = await typed(acme, LINE.format(to=READS))
    await clock.jump(MAX_PREVIEW_AGE_SECONDS + 1)
    await acme.slack.press(JOHN, "send.test", message=preview)
    await acme.slack.wait_until(lambda: "more than a week old" in line(acme))
    assert acme.chakra.count(SEND) == 0


async def test_a_member_unknown_to_chakra_is_told_in_the_preview(
    acme: World, clock: ManualClock
) -> None:
    await typed(acme, LINE.format(to=READS), by=LENA)
    await acme.slack.press(LENA, "send.test")
    await calm(acme)
    shown = acme.slack.messages(LENA, SALES)[-1]
    assert "Nobody in Chakra has the email address lena@acme.com." in visible_text(shown)
    assert shown.ephemeral
    assert out(acme) == 0
