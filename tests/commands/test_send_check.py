"""Stories of "Check and send": it never sends anything else than it shows."""

from __future__ import annotations

import asyncio

import pytest

from bot.messages.check_view import CHANGED_NOTE, EDITED_NOTE
from bot.sandbox.chakra.faults import DelayedResponse, StatusResponse
from bot.sandbox.chakra.request_log import ANY_ENDPOINT
from bot.sandbox.slack import collect_text
from bot.templates.catalog import CURRENT_SECONDS
from tests.clock import ManualClock
from tests.commands.send_scenarios import (
    COMMAND_LINE,
    JOHN,
    LIST_TEMPLATES,
    READING_NUMBER,
    SALES,
    SEND_PATH,
    advance,
    advance_until,
    check_form,
    count_sent,
    is_sent,
    open_form,
    read_view_text,
    run_command,
)
from tests.world import World

NAME, LANGUAGE = "appointment_reminder", "en"
CACHED_SECONDS = 700.0
CHAKRA_SECONDS = 0.3
"""Seconds in which a usual Chakra answers."""


def edit_template(acme: World) -> None:
    """Edit the template as an admin does in Chakra; no event says so."""
    edited = [
        {**part, "text": part["text"].replace("a reminder", "the last reminder")}
        if part["type"] == "BODY"
        else part
        for part in acme.chakra.find_template(NAME, LANGUAGE).components
    ]
    acme.chakra.remove_passthrough_webhook()
    acme.chakra.update_template(NAME, LANGUAGE, components=edited)


@pytest.mark.parametrize("seconds", [CURRENT_SECONDS, CACHED_SECONDS])
async def test_a_template_edited_since_is_shown_again(
    acme: World, clock: ManualClock, seconds: float
) -> None:
    await open_form(acme)
    assert await check_form(acme) == {}
    edit_template(acme)
    await advance(acme, clock, seconds)
    assert await acme.confirm() == {}
    assert CHANGED_NOTE in read_view_text(acme)
    assert "Hi `Jane`, the last reminder" in read_view_text(acme)
    assert count_sent(acme) == 0
    await acme.confirm()
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)
    assert (acme.slack.find_view(JOHN) or {})["title"]["text"] == "Sending"


async def test_a_template_edited_while_the_form_is_open_is_shown_as_it_is(
    acme: World, clock: ManualClock
) -> None:
    await open_form(acme)
    edit_template(acme)
    await advance(acme, clock, CURRENT_SECONDS)
    assert await check_form(acme) == {}
    assert EDITED_NOTE in read_view_text(acme)
    assert "Hi `Jane`, the last reminder" in read_view_text(acme)
    assert await acme.confirm() == {}
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)
    assert acme.chakra.sends[0].text.startswith("Hi Jane, the last reminder")


async def test_a_typed_line_shows_a_template_as_it_is_now(acme: World, clock: ManualClock) -> None:
    await run_command(acme)
    edit_template(acme)
    await advance(acme, clock, CURRENT_SECONDS)
    await run_command(acme, COMMAND_LINE.format(to=READING_NUMBER))
    assert "Hi `Jane`, the last reminder" in read_view_text(acme)


async def test_a_line_whose_template_asks_for_more_now_opens_the_form(
    acme: World, clock: ManualClock
) -> None:
    await run_command(acme)
    body = {"type": "BODY", "text": "Hi {{1}}, {{2}}, {{3}}, {{4}}."}
    acme.chakra.remove_passthrough_webhook()
    acme.chakra.update_template(NAME, LANGUAGE, components=[body])
    await advance(acme, clock, CURRENT_SECONDS)
    await run_command(acme, COMMAND_LINE.format(to=READING_NUMBER))
    view = acme.slack.find_view(JOHN) or {}
    assert view["callback_id"] == "send.submit"
    assert "var_body_4" in [block["block_id"] for block in view["blocks"]]
    assert "Jane" in read_view_text(acme)


async def test_a_new_rating_of_a_template_asks_nothing_again(
    acme: World, clock: ManualClock
) -> None:
    await open_form(acme)
    assert await check_form(acme) == {}
    acme.chakra.update_template(NAME, LANGUAGE, quality="RED")
    await advance(acme, clock, CURRENT_SECONDS)
    assert await acme.confirm() == {}
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)


@pytest.mark.parametrize("fault", [DelayedResponse(CHAKRA_SECONDS), DelayedResponse(60)])
async def test_a_press_on_send_takes_a_second_at_most_to_reach_chakra(
    acme: World, clock: ManualClock, fault: DelayedResponse
) -> None:
    """The list of templates is old, so it is read again, unless that takes longer."""
    await open_form(acme)
    assert await check_form(acme) == {}
    await advance(acme, clock, CURRENT_SECONDS)
    acme.chakra.fail(LIST_TEMPLATES, fault)
    sending = asyncio.create_task(acme.slack.submit(JOHN, {}))
    await advance(acme, clock, 1.0 - CHAKRA_SECONDS)
    await sending
    assert acme.chakra.count(SEND_PATH) == 1
    await advance(acme, clock, 5)
    assert is_sent(acme)


async def test_a_template_deleted_since_is_not_sent(acme: World, clock: ManualClock) -> None:
    await open_form(acme)
    assert await check_form(acme) == {}
    acme.chakra.delete_template(NAME, LANGUAGE)
    await advance(acme, clock, CACHED_SECONDS)
    await acme.confirm()
    assert (acme.slack.find_view(JOHN) or {})["callback_id"] == "send.submit"
    assert "It may have been deleted" in read_view_text(acme)
    assert acme.chakra.sends == []


async def test_a_lookup_that_fails_late_returns_to_the_form(
    acme: World, clock: ManualClock
) -> None:
    await run_command(acme)
    acme.chakra.fail(ANY_ENDPOINT, StatusResponse(500))
    line = f'{NAME} lead LEAD-004038 1=Jane 2="May 3" 3=10:00 language=en from Acme'
    async with clock.running():
        await acme.slack.type(JOHN, SALES, f"/chakra send {line}")
    await advance_until(acme, clock, lambda: "Checking" in read_view_text(acme))
    await advance_until(acme, clock, lambda: "cannot be reached" in read_view_text(acme))
    assert (acme.slack.find_view(JOHN) or {})["callback_id"] == "send.submit"
    for value in ("lead LEAD-004038", "Jane", "May 3", "10:00"):
        assert value in read_view_text(acme)
    assert acme.chakra.sends == []


async def test_a_form_that_slack_does_not_update_is_answered_below(
    acme: World, clock: ManualClock
) -> None:
    await run_command(acme)
    acme.chakra.fail(ANY_ENDPOINT, DelayedResponse(1))
    acme.slack.fail("views.update", error="some_new_error", times=2)
    line = f'{NAME} lead LEAD-004038 1=Jane 2="May 3" 3=10:00 language=en from Acme'
    async with clock.running():
        await acme.slack.type(JOHN, SALES, f"/chakra send {line}")
    await advance_until(acme, clock, lambda: "Checking" in read_view_text(acme))
    await advance(acme, clock, 10)
    assert "Slack didn't accept the answer" in collect_text(acme.find_shown())
    assert acme.find_shown().ephemeral
    assert acme.chakra.sends == []
