"""Stories of “Send a test to me”: once a press, to one's own number, the form left as it is."""

from __future__ import annotations

import asyncio

import pytest

from bot.sandbox.chakra.faults import Hang, StatusResponse
from tests.clock import ManualClock
from tests.commands.send_file_scenarios import (
    PICTURE,
    PNG,
    fetch_public_file,
    open_promo_form,
    submit_promo_form,
)
from tests.commands.send_scenarios import (
    COMMAND_LINE,
    JOHN,
    READING_NUMBER,
    SEND_PATH,
    VALUES,
    advance,
    advance_until,
    check_form,
    choose_template,
    count_sent,
    is_sent,
    open_form,
    read_last_message_text,
    read_report_text,
    read_view_text,
    run_command,
    settle_app,
    submit_form,
)
from tests.conftest import OpenSandbox
from tests.world import World

LENA, LENAS_MESSAGES = "U0LENA", "D0LENA"
OWN_NUMBER = "919876543299"
MASKED_NUMBER = "+91 •••••• 3299"
POST_INTERVAL_SECONDS = 1.5
"""Seconds after which the next report is posted immediately, so that a press needs no time."""


@pytest.fixture(autouse=True)
async def _set_johns_phone(acme: World) -> None:
    acme.chakra.update_user("john@acme.com", phones=[OWN_NUMBER])


async def press_test_send(
    acme: World, clock: ManualClock, *, presses: int = 1, until_noted: str = "Your test."
) -> str:
    """Presses, and what the form then says above the button."""
    await advance(acme, clock, POST_INTERVAL_SECONDS)
    await asyncio.gather(*(acme.slack.press(JOHN, "send.test") for _ in range(presses)))
    await acme.slack.wait_until(lambda: until_noted in read_form_note(acme))
    return read_form_note(acme)


async def press_while_hung(acme: World, clock: ManualClock) -> None:
    """Presses while Chakra takes its time; the ack does not wait for it."""
    acme.chakra.fail(SEND_PATH, Hang())
    pressing = asyncio.create_task(acme.slack.press(JOHN, "send.test"))
    await acme.chakra.wait_for_requests(1, SEND_PATH)
    await clock.advance(0.3)
    assert (await pressing).seconds < 0.5


def read_form_note(acme: World) -> str:
    """Return the text above the button, with the preview."""
    return read_view_text(acme).partition("Preview")[2].rpartition("Send a test to me")[0]


async def fill_fields(acme: World, **values: str) -> None:
    """Fills the form in, without a press."""
    for field, text in {**VALUES, **values}.items():
        await acme.slack.enter_text(JOHN, field, text)


async def open_filled_form(acme: World, clock: ManualClock, **values: str) -> None:
    await open_form(acme)
    typing = asyncio.create_task(fill_fields(acme, **values))
    await advance_until(acme, clock, lambda: typing.done() and "Hi Jane" in read_view_text(acme))


# --- in the form ---------------------------------------------------------------------------------


async def test_test_send_goes_to_own_number_and_keeps_the_form(
    acme: World, clock: ManualClock
) -> None:
    await open_filled_form(acme, clock)
    expected = await press_test_send(acme, clock)
    assert f"to {MASKED_NUMBER}" in expected
    assert ": *appointment_reminder*" in expected
    assert "archives/D0JOHN/p" in expected
    assert OWN_NUMBER not in read_view_text(acme)
    [sent] = acme.chakra.sends
    assert sent.to == OWN_NUMBER
    assert sent.text.startswith("Hi Jane, a reminder of your appointment on May 3 at 10:00.")
    await advance_until(acme, clock, lambda: "*Read* by" in read_report_text(acme))
    assert await submit_form(acme, phone=READING_NUMBER) == {}
    assert is_sent(acme)
    await advance_until(acme, clock, lambda: count_sent(acme) == 2)
    assert acme.chakra.sends[1].to == READING_NUMBER.lstrip("+")


async def test_a_double_press_sends_once(acme: World, clock: ManualClock) -> None:
    await open_filled_form(acme, clock)
    await press_test_send(acme, clock, presses=3, until_noted=MASKED_NUMBER)
    await advance(acme, clock, 3)
    assert count_sent(acme) == 1


async def test_repeated_test_send_reports_it_was_already_sent(
    acme: World, clock: ManualClock
) -> None:
    await open_filled_form(acme, clock)
    await press_test_send(acme, clock)
    assert "You already sent this test." in await press_test_send(
        acme, clock, until_noted="already sent"
    )
    await clock.jump(700)
    await press_test_send(acme, clock, until_noted="already sent")
    assert count_sent(acme) == 1


async def test_different_values_are_a_new_test_send(acme: World, clock: ManualClock) -> None:
    await open_filled_form(acme, clock)
    await press_test_send(acme, clock)
    typing = asyncio.create_task(acme.slack.enter_text(JOHN, "var_body_1", "Asha"))
    await advance_until(acme, clock, lambda: typing.done() and "Hi Asha" in read_view_text(acme))
    assert "Your test." not in read_form_note(acme)
    await press_test_send(acme, clock)
    await advance_until(acme, clock, lambda: count_sent(acme) == 2)
    assert [sent.text[:8] for sent in acme.chakra.sends] == ["Hi Jane,", "Hi Asha,"]


async def test_same_test_send_from_another_form_asks_for_confirmation(
    acme: World, clock: ManualClock
) -> None:
    await open_filled_form(acme, clock)
    await press_test_send(acme, clock)
    await acme.slack.close_view(JOHN)
    await open_filled_form(acme, clock)
    asked = await press_test_send(acme, clock, until_noted="sent this same message to you")
    assert "Press “Send a test to me” again" in asked
    assert count_sent(acme) == 1
    await press_test_send(acme, clock)
    assert count_sent(acme) == 2


async def test_missing_values_are_named_and_nothing_is_sent(
    acme: World, clock: ManualClock
) -> None:
    await open_form(acme)
    expected = await press_test_send(acme, clock, until_noted="Test not sent")
    assert "Test not sent. ‹1›: Fill this in" in expected
    assert acme.chakra.count(SEND_PATH) == 0


@pytest.mark.parametrize("phones", [[], ["12345"]])
async def test_missing_own_number_explains_where_to_add_it(
    acme: World, clock: ManualClock, phones: list[str]
) -> None:
    acme.chakra.update_user("john@acme.com", phones=phones)
    await open_filled_form(acme, clock)
    expected = await press_test_send(acme, clock, until_noted="Test not sent")
    assert "Chakra doesn't have your phone number. Add it" in expected
    assert acme.chakra.count(SEND_PATH) == 0


async def test_a_member_unknown_to_chakra_gets_an_explanation(
    acme: World, clock: ManualClock
) -> None:
    acme.chakra.update_user("john@acme.com", emails=["other@acme.com"])
    await open_filled_form(acme, clock)
    expected = await press_test_send(acme, clock, until_noted="Test not sent")
    assert "No one in Chakra has the email address john@acme.com." in expected
    assert "Tests go to the phone number in your own Chakra profile." in expected


async def test_hidden_slack_email_is_explained(
    open_sandbox: OpenSandbox, clock: ManualClock
) -> None:
    async with open_sandbox(declined_scopes=("users:read.email",)) as world:
        await open_filled_form(world, clock)
        expected = await press_test_send(world, clock, until_noted="Test not sent")
        assert "doesn't share your email address" in expected


async def test_whatsapp_rejection_is_shown_with_its_reason(acme: World, clock: ManualClock) -> None:
    await open_filled_form(acme, clock)
    acme.chakra.remove_passthrough_webhook()
    acme.chakra.update_template("appointment_reminder", "en", status="PAUSED")
    expected = await press_test_send(acme, clock)
    assert "Not sent" in expected
    assert "paused or disabled" in expected
    assert "Jane" in read_view_text(acme)


async def test_form_shows_progress_while_chakra_is_slow(acme: World, clock: ManualClock) -> None:
    await open_filled_form(acme, clock)
    await press_while_hung(acme, clock)
    await advance_until(acme, clock, lambda: "being sent" in read_form_note(acme))
    assert MASKED_NUMBER in read_form_note(acme)
    acme.chakra.clear_faults()
    acme.chakra.release_hanging()
    await advance_until(acme, clock, lambda: "*Read* by" in read_report_text(acme))
    assert count_sent(acme) == 1


async def test_an_outage_of_chakra_is_shown_in_the_form(acme: World, clock: ManualClock) -> None:
    await open_filled_form(acme, clock)
    acme.chakra.fail("*", StatusResponse(503))
    pressing = asyncio.create_task(acme.slack.press(JOHN, "send.test"))
    await advance_until(
        acme, clock, lambda: pressing.done() and "cannot be reached" in read_view_text(acme)
    )
    assert "Jane" in read_view_text(acme)
    assert count_sent(acme) == 0


async def test_text_typed_during_a_test_send_is_preserved(acme: World, clock: ManualClock) -> None:
    await open_filled_form(acme, clock)
    await press_while_hung(acme, clock)
    typing = asyncio.create_task(acme.slack.enter_text(JOHN, "var_body_1", "Asha"))
    await advance_until(
        acme, clock, lambda: typing.done() and "being sent" in read_last_message_text(acme)
    )
    assert "Hi Asha" in read_view_text(acme)
    assert "being sent" not in read_view_text(acme)
    acme.chakra.release_hanging()


async def test_closed_form_reports_in_the_channel_it_was_opened_from(
    acme: World, clock: ManualClock
) -> None:
    await open_filled_form(acme, clock)
    await press_while_hung(acme, clock)
    await acme.slack.close_view(JOHN)
    await advance_until(acme, clock, lambda: "being sent" in read_last_message_text(acme))
    acme.chakra.release_hanging()


async def test_send_to_self_after_a_test_send_asks_for_confirmation(
    acme: World, clock: ManualClock
) -> None:
    await open_filled_form(acme, clock)
    await press_test_send(acme, clock)
    await check_form(acme, phone=f"+{OWN_NUMBER}")
    assert "sent this same message to this recipient" in read_view_text(acme)
    assert "Send a test to me" not in read_view_text(acme)
    assert count_sent(acme) == 1


async def test_test_send_needs_a_template(acme: World) -> None:
    await run_command(acme)
    assert "Send a test to me" not in read_view_text(acme)
    await choose_template(acme)
    assert "Send a test to me" in read_view_text(acme)


async def test_test_send_needs_no_recipient_and_keeps_the_typed_one(
    acme: World, clock: ManualClock
) -> None:
    await open_filled_form(acme, clock, phone="lead LEAD-004038")
    await press_test_send(acme, clock)
    assert acme.chakra.sends[0].to == OWN_NUMBER
    assert "Aarav Mehta" in read_view_text(acme)


async def test_test_send_includes_the_selected_file(acme: World, clock: ManualClock) -> None:
    await open_promo_form(acme)
    assert "too short" in (await submit_promo_form(acme, file=PICTURE, phone="12345"))["phone"]
    assert f"to {MASKED_NUMBER}" in await press_test_send(acme, clock)
    [sent] = acme.chakra.sends
    assert (sent.to, await fetch_public_file(sent.body["imageUrl"])) == (
        OWN_NUMBER,
        ("image/png", PNG),
    )
    assert "tree.png" in read_view_text(acme)
    assert "You already sent this test." in await press_test_send(
        acme, clock, until_noted="already sent"
    )
    assert await submit_promo_form(acme, phone=READING_NUMBER) == {}
    await advance_until(acme, clock, lambda: count_sent(acme) == 2)


# --- in "Check and send" -------------------------------------------------------------------------


def check_note(acme: World) -> str:
    """Return the text above the buttons of the view, with the message."""
    return read_view_text(acme).rpartition("Change")[0]


async def press_check_test(acme: World, clock: ManualClock, expected: str) -> str:
    await advance(acme, clock, POST_INTERVAL_SECONDS)
    await acme.slack.press(JOHN, "send.test")
    await acme.slack.wait_until(lambda: expected in check_note(acme))
    return check_note(acme)


async def test_complete_line_offers_a_test_send(acme: World, clock: ManualClock) -> None:
    await run_command(acme, COMMAND_LINE.format(to=READING_NUMBER))
    expected = await press_check_test(acme, clock, "Your test.")
    assert f"to {MASKED_NUMBER}" in expected
    [sent] = acme.chakra.sends
    assert sent.to == OWN_NUMBER
    await acme.confirm()
    await advance_until(acme, clock, lambda: count_sent(acme) == 2)
    assert acme.chakra.sends[1].to == READING_NUMBER.lstrip("+")


async def test_second_identical_test_asks_for_confirmation(acme: World, clock: ManualClock) -> None:
    await run_command(acme, COMMAND_LINE.format(to=READING_NUMBER))
    await press_check_test(acme, clock, "Your test.")
    await run_command(acme, COMMAND_LINE.format(to=READING_NUMBER))
    await press_check_test(acme, clock, "sent this same message to you")
    assert count_sent(acme) == 1
    await press_check_test(acme, clock, "Your test.")
    assert count_sent(acme) == 2


async def test_a_member_unknown_to_chakra_is_explained_in_the_view(
    acme: World, clock: ManualClock
) -> None:
    await run_command(acme, COMMAND_LINE.format(to=READING_NUMBER), by=LENA)
    await acme.slack.press(LENA, "send.test")
    await settle_app(acme)
    assert "No one in Chakra has the email address lena@acme.com." in read_view_text(acme, LENA)
    assert (acme.slack.find_view(LENA) or {})["callback_id"] == "send.confirm"
    assert count_sent(acme) == 0
