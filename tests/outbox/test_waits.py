"""No wait lasts longer than any that is set: not for a Retry-After, nor for a clock set back."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from bot.outbox.message import OutboxMessage
from bot.outbox.repository import MAX_WAIT_SECONDS
from tests.outbox.harness import JOHN, SALES, SUPPORT, OutboxHarness, build_sample

DAY_SECONDS = 86_400.0


@pytest.mark.parametrize("retry_after", [301, 3_600, int(DAY_SECONDS), 10**9])
async def test_a_retry_after_of_a_day_delays_delivery_by_minutes(
    harness: OutboxHarness, retry_after: int
) -> None:
    outbox = harness.start_outbox()
    harness.slack.slack.fail("chat.postMessage", error="ratelimited", retry_after=retry_after)
    with capture_logs() as lines:
        await outbox.enqueue(OutboxMessage("sales", SALES, build_sample("late"), member=JOHN))
        await harness.advance(MAX_WAIT_SECONDS - 2)
        assert harness.list_message_texts(SALES) == []
        await harness.advance(5)
    assert harness.list_message_texts(SALES) == ["late"]
    [deferred] = [line for line in lines if line["event"] == "delivery_deferred"]
    assert (deferred["code"], deferred["again_in"]) == ("ratelimited", MAX_WAIT_SECONDS)
    assert harness.outcomes == {"deferred": 1, "posted": 1}


async def test_an_edit_with_a_retry_after_of_a_day_is_made_in_minutes(
    harness: OutboxHarness,
) -> None:
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("sales", SALES, build_sample("first"), member=JOHN))
    await harness.advance(70)
    harness.slack.slack.fail("chat.update", error="ratelimited", retry_after=int(DAY_SECONDS))
    await outbox.enqueue(OutboxMessage("sales", SALES, build_sample("second"), member=JOHN))
    await harness.advance(MAX_WAIT_SECONDS + 70)
    assert harness.list_message_texts(SALES) == ["second"]


@pytest.mark.parametrize("back", [MAX_WAIT_SECONDS + 1, 3_600.0, DAY_SECONDS, 365 * DAY_SECONDS])
async def test_a_clock_that_was_set_back_withholds_no_message(
    harness: OutboxHarness, back: float
) -> None:
    outbox = harness.start_outbox()
    harness.slack.slack.fail("chat.postMessage", error="ratelimited", retry_after=30, times=2)
    for channel in (SALES, SUPPORT):
        await outbox.enqueue(OutboxMessage(channel, channel, build_sample("late"), member=JOHN))
    await harness.advance(1)
    harness.clock.set_back(back)
    await harness.advance(65)
    assert (harness.list_message_texts(SALES), harness.list_message_texts(SUPPORT)) == (
        ["late"],
        ["late"],
    )


async def test_a_claim_from_before_the_clock_was_set_back_is_free(harness: OutboxHarness) -> None:
    await harness.posts.enqueue(
        [OutboxMessage("sales", SALES, build_sample("claimed"), member=JOHN)], harness.clock.time()
    )
    [post] = await harness.posts.find_next_per_channel()
    now = harness.clock.time()
    assert await harness.posts.claim(post.id, "dead", now, now - 20)
    assert await harness.posts.claim(post.id, "other", now, now - 20) is None
    harness.clock.set_back(DAY_SECONDS)
    now = harness.clock.time()
    assert await harness.posts.claim(post.id, "other", now, now - 20)
