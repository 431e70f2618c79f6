"""Stories of a recipient that Chakra finds only after the form has opened."""

from __future__ import annotations

import asyncio

import pytest

from bot.sandbox.chakra.faults import DelayedResponse, StatusResponse
from bot.sandbox.chakra.request_log import ANY_ENDPOINT
from tests.clock import ManualClock
from tests.commands.send_scenarios import (
    JOHN,
    READING_NUMBER,
    SALES,
    advance,
    read_view_text,
    run_command,
)
from tests.world import World

CHAKRA_SECONDS = 1.0
"""More than a form has to open."""


@pytest.fixture
async def slow(acme: World) -> World:
    """A Chakra that answers after a second; the templates are cached."""
    await run_command(acme)
    await acme.slack.close_view(JOHN)
    acme.chakra.fail(ANY_ENDPOINT, DelayedResponse(CHAKRA_SECONDS))
    return acme


def read_value(acme: World, field: str) -> str | None:
    """Return what the field holds now."""
    entries = (acme.slack.find_view(JOHN) or {})["state"]["values"].get(field, {})
    return next((entry.get("value") for entry in entries.values()), None)


async def open_line(acme: World, clock: ManualClock, text: str) -> None:
    """Type the line; return once the form is open."""
    typing = asyncio.create_task(acme.slack.type(JOHN, SALES, f"/chakra send {text}"))
    await clock.advance_until(lambda: acme.slack.find_view(JOHN) is not None, 1)
    await typing


async def test_values_of_a_lead_found_late_are_filled_in(slow: World, clock: ManualClock) -> None:
    await open_line(slow, clock, "lead_followup LEAD-004038")
    assert read_value(slow, "var_body_first_name") is None
    await advance(slow, clock, 3 * CHAKRA_SECONDS)
    assert read_value(slow, "var_body_first_name") == "Aarav"
    assert read_value(slow, "phone") == "LEAD-004038"
    assert "To lead LEAD-004038, Aarav Mehta" in read_view_text(slow)


async def test_late_values_leave_what_the_person_typed(slow: World, clock: ManualClock) -> None:
    await open_line(slow, clock, "lead_followup LEAD-004038")
    typing = asyncio.create_task(slow.slack.enter_text(JOHN, "var_body_first_name", "Mr Mehta"))
    await advance(slow, clock, 5 * CHAKRA_SECONDS)
    await typing
    assert read_value(slow, "var_body_first_name") == "Mr Mehta"
    assert "Mr Mehta" in read_view_text(slow)


async def test_late_values_do_not_replace_another_template(slow: World, clock: ManualClock) -> None:
    await open_line(slow, clock, "lead_followup LEAD-004038")
    await slow.slack.suggest(JOHN, "send.template", "hello_world")
    chosen = slow.chakra.find_template("hello_world", "en_US")
    choosing = asyncio.create_task(slow.slack.press(JOHN, "send.template", value=chosen.id))
    await advance(slow, clock, 5 * CHAKRA_SECONDS)
    await choosing
    assert "Welcome and congratulations" in read_view_text(slow)


async def test_late_values_are_never_those_of_an_earlier_recipient(
    slow: World, clock: ManualClock
) -> None:
    await open_line(slow, clock, "lead_followup LEAD-004038")
    typing = asyncio.create_task(slow.slack.enter_text(JOHN, "phone", READING_NUMBER))
    await advance(slow, clock, 5 * CHAKRA_SECONDS)
    await typing
    assert read_value(slow, "phone") == READING_NUMBER
    assert read_value(slow, "var_body_first_name") is None


@pytest.mark.parametrize(
    ("to", "expected"),
    [("LEAD-999999", "Can't find LEAD-999999"), ("priya sharma", "Two people match")],
)
async def test_a_recipient_who_is_not_found_in_time_is_explained_later(
    slow: World, clock: ManualClock, to: str, expected: str
) -> None:
    slow.chakra.add_lead("LEAD-7", name="Priya Sharma", phone_number="+12025550100")
    await open_line(slow, clock, f"lead_followup {to}")
    assert expected not in read_view_text(slow)
    await advance(slow, clock, 5 * CHAKRA_SECONDS)
    assert expected in read_view_text(slow)


async def test_a_lookup_that_fails_late_leaves_the_form(acme: World, clock: ManualClock) -> None:
    await run_command(acme)
    await acme.slack.close_view(JOHN)
    acme.chakra.fail(ANY_ENDPOINT, StatusResponse(503))
    await open_line(acme, clock, "lead_followup LEAD-004038")
    before = acme.slack.find_view(JOHN)
    await advance(acme, clock, 60)
    assert acme.slack.find_view(JOHN) == before
