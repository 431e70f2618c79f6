"""The send form while its acks travel: its outcome is what the person sees at the end."""

from __future__ import annotations

import asyncio

import pytest

from bot.sandbox.chakra.faults import Hang
from tests.clock import ManualClock
from tests.commands.send_scenarios import (
    JOHN,
    READING_NUMBER,
    VALUES,
    advance_until,
    count_sent,
    open_form,
    read_view_text,
    submit_form,
)
from tests.world import World


@pytest.mark.parametrize("travel", [0.05, 0.15, 0.25])
async def test_error_of_a_slow_lookup_is_not_covered_by_the_late_ack(
    acme: World, clock: ManualClock, travel: float
) -> None:
    await open_form(acme)
    acme.chakra.fail("*", Hang())
    acme.slack.delay_acks(travel)
    values = {"phone": "Nemo Unknown", **VALUES}
    submitting = asyncio.create_task(acme.slack.submit(JOHN, values))
    await clock.advance(0.31)
    acme.chakra.release_hanging()
    await clock.advance(6)
    await submitting
    assert "One moment" not in read_view_text(acme)
    assert "Nemo Unknown" in read_view_text(acme)
    assert count_sent(acme) == 0
    assert not acme.slack.rejections


async def test_preview_of_the_last_letters_does_not_cover_the_question(
    acme: World, clock: ManualClock
) -> None:
    """The person submits right after typing: the preview comes half a second later."""
    await open_form(acme)
    await submit_form(acme)
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)
    await open_form(acme)
    acme.slack.delay_acks(0.2)
    typing = asyncio.create_task(acme.slack.enter_text(JOHN, "var_body_1", VALUES["var_body_1"]))
    await clock.advance(0.1)
    values = {"phone": READING_NUMBER, **VALUES}
    submitting = asyncio.create_task(acme.slack.submit(JOHN, values))
    await clock.advance(5)
    await asyncio.gather(typing, submitting)
    assert "sent this same message to this recipient" in read_view_text(acme)
    acme.slack.delay_acks(0)
    assert await acme.confirm() == {}
    await advance_until(acme, clock, lambda: count_sent(acme) == 2)
