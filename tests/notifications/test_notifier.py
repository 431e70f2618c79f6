"""From recorded events to messages in channels: each once, in order, grouped as the rule says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import time

import pytest

from bot.db.engine import Database
from bot.notifications.rule import EventGroup, Grouping, QuietHours
from tests.notifications.notifier_harness import (
    NotifierHarness,
    count_events,
    open_notifier_harness,
)
from tests.outbox.harness import JOHN, SUPPORT

FAILED, STATUS, MESSAGE = EventGroup.FAILED, EventGroup.STATUS, EventGroup.MESSAGE
TEMPLATE, ACCOUNT, ALL = EventGroup.TEMPLATE, EventGroup.ACCOUNT, EventGroup.ALL
DAY_SECONDS = 86_400.0


@pytest.fixture
async def harness(sqlite: Database) -> AsyncIterator[NotifierHarness]:
    async with open_notifier_harness(sqlite) as harness:
        yield harness


async def test_event_is_posted_in_each_channel_that_asked_for_it(harness: NotifierHarness) -> None:
    await harness.add_rule(FAILED)
    await harness.add_rule(ALL, channel=SUPPORT)
    harness.start()
    await harness.record(harness.build_failed(), harness.build_account())
    await harness.advance(5)
    assert [text.splitlines()[0] for text in harness.list_texts()] == [
        ":x: A message wasn't delivered to +91 •••••• 3210."
    ]
    assert len(harness.list_texts(SUPPORT)) == 2
    assert await harness.deliveries.count_waiting() == 0


async def test_event_that_no_rule_asks_for_is_posted_nowhere(harness: NotifierHarness) -> None:
    await harness.add_rule(TEMPLATE)
    harness.start()
    await harness.record(harness.build_failed())
    await harness.advance(5)
    assert harness.list_texts() == []
    assert await harness.log.list_pending(10) == []


async def test_events_from_before_a_rule_stay_unposted(harness: NotifierHarness) -> None:
    harness.start()
    await harness.record(harness.build_failed())
    await harness.advance(1)
    await harness.add_rule(FAILED)
    await harness.advance(100)
    assert harness.list_texts() == []


async def test_event_that_arrives_a_day_late_is_posted_nowhere(harness: NotifierHarness) -> None:
    await harness.add_rule(MESSAGE)
    harness.start()
    now = harness.clock.time()
    await harness.record(
        harness.build_message("old", occurred_at=now - DAY_SECONDS - 1),
        harness.build_message("late", occurred_at=now - DAY_SECONDS + 60),
        harness.build_message("from the future", occurred_at=now + 10 * DAY_SECONDS),
    )
    await harness.advance(6)
    assert harness.list_texts() == ["Customer 1", "late", "from the future"]


async def test_channel_takes_one_message_a_second(harness: NotifierHarness) -> None:
    await harness.add_rule(MESSAGE)
    harness.start()
    await harness.record(*(harness.build_message(f"{n}", customer=n) for n in range(1, 6)))
    await harness.advance(12)
    assert len(harness.list_texts()) == 10
    assert harness.measure_shortest_gap() >= 0.999


async def test_mentions_come_first_and_spare_who_did_it(harness: NotifierHarness) -> None:
    await harness.add_rule(FAILED, mentions=("U0MEI", "here"))
    harness.start()
    await harness.record(harness.build_failed())
    await harness.advance(2)
    assert harness.list_texts()[0].startswith("<@U0MEI> <!here> :x:")


# --- threads and digests --------------------------------------------------------------------------


async def test_thread_of_the_day_counts_its_replies(harness: NotifierHarness) -> None:
    await harness.add_rule(FAILED, grouping=Grouping.THREADED)
    harness.start()
    for _ in range(3):
        await harness.record(harness.build_failed())
        await harness.advance(20)
    root, *replies = harness.list_texts()
    assert root.startswith("*3 events today*")
    assert len(replies) == 3
    posts = harness.outbox_harness.list_messages()
    assert [bool(post.thread_ts) for post in posts] == [False, True, True, True]
    await harness.clock.jump(DAY_SECONDS)
    await harness.record(harness.build_failed())
    await harness.advance(5)
    assert sum("today" in text for text in harness.list_texts()) == 2


@pytest.mark.parametrize(
    ("grouping", "wait", "title"),
    [(Grouping.HOURLY, 3_600, "Hourly"), (Grouping.DAILY, DAY_SECONDS, "Daily")],
)
async def test_digest_counts_what_happened(
    harness: NotifierHarness, grouping: Grouping, wait: float, title: str
) -> None:
    await harness.add_rule(FAILED, ACCOUNT, MESSAGE, grouping=grouping, daily_at=time(9))
    harness.start()
    for _ in range(4):
        await harness.record(harness.build_failed())
    await harness.record(harness.build_failed(code=131050), harness.build_account())
    await harness.record(harness.build_message("Where is my order?"))
    await harness.advance(60)
    assert harness.list_texts() == []
    await harness.clock.jump(wait)
    await harness.advance(10)
    [digest] = harness.list_texts()
    lines = digest.splitlines()
    assert lines[0] == f"*{title} digest: 7 events*"
    assert "*5 messages weren't delivered*" in lines
    assert "• 4 × WhatsApp can't deliver to this number" in lines
    assert "• 1 × This person has opted out of your marketing messages" in lines
    assert "… and 2 more" in lines
    assert "Show all" in digest


async def test_quiet_hours_end_with_one_message(harness: NotifierHarness) -> None:
    quiet = QuietHours(
        start=time(22), end=time(7), time_zone="UTC", exceptions=(ACCOUNT,)
    )  # the clock begins at 22:13
    await harness.add_rule(ALL, quiet=quiet)
    harness.start()
    await harness.record(harness.build_failed(), harness.build_account())
    await harness.record(harness.build_message("Hello?"), harness.build_failed())
    await harness.advance(10)
    assert [text.splitlines()[0] for text in harness.list_texts()] == [
        ":warning: Our number +1 •••••• 0002 has a low quality rating."
    ]
    await harness.clock.jump(9 * 3_600)
    await harness.advance(10)
    shown = [text.splitlines()[0] for text in harness.list_texts()[1:]]
    assert "*During quiet hours: 2 messages weren't delivered*" in shown
    assert shown[-2:] == ["Customer 1", "Hello?"] or shown[:2] == ["Customer 1", "Hello?"]
    assert len(shown) == 3


# --- bursts ---------------------------------------------------------------------------------------


async def test_a_few_events_are_shown_alone_and_more_are_counted(harness: NotifierHarness) -> None:
    await harness.add_rule(FAILED)
    harness.start()
    for _ in range(12):
        await harness.record(harness.build_failed())
        await harness.advance(1.5)
    await harness.advance(10)
    texts = harness.list_texts()
    assert len(texts) == 6
    assert texts[-1].splitlines()[0] == "*7 messages weren't delivered*"
    assert count_events(texts, "wasn't delivered") == 12


async def test_burst_that_has_ended_is_not_counted_on(harness: NotifierHarness) -> None:
    await harness.add_rule(FAILED)
    harness.start()
    await harness.record(*(harness.build_failed() for _ in range(10)))
    await harness.advance(90)
    await harness.record(harness.build_failed())
    await harness.advance(10)
    first, second = harness.list_texts()
    assert first.startswith("*10 messages weren't delivered*")
    assert second.startswith(":x: A message wasn't delivered")


@pytest.mark.parametrize("batch", [130, 520])
async def test_campaign_posts_a_handful_of_messages_and_counts_right(
    harness: NotifierHarness, batch: int
) -> None:
    await harness.add_rule(ALL)
    harness.start()
    events = [
        harness.build_failed() if number % 13 < 3 else harness.build_status()
        for number in range(520)
    ]
    for start in range(0, len(events), batch):
        await harness.record(*events[start : start + batch])
        await harness.advance(1)
    await harness.advance(10)
    assert harness.measure_shortest_gap() >= 0.999
    texts = harness.list_texts()
    assert len(texts) <= 12
    assert count_events(texts, "was") == len(events)


async def test_other_kinds_are_not_gathered_with_a_burst(harness: NotifierHarness) -> None:
    await harness.add_rule(ALL)
    harness.start()
    await harness.record(*(harness.build_failed() for _ in range(50)), harness.build_account())
    await harness.record(harness.build_message("Hi"))
    await harness.advance(10)
    first_lines = [text.splitlines()[0] for text in harness.list_texts()]
    assert "*50 messages weren't delivered*" in first_lines
    assert "Hi" in first_lines
    assert len(first_lines) == 4


async def test_many_messages_of_one_customer_become_one_reply(harness: NotifierHarness) -> None:
    await harness.add_rule(MESSAGE)
    harness.start()
    words = [f"line {number}" for number in range(60)]
    await harness.record(*(harness.build_message(word) for word in words))
    await harness.record(harness.build_message("other", customer=2))
    await harness.advance(30)
    texts = harness.list_texts()
    assert len(texts) <= 12
    shown = [line for text in texts for line in text.splitlines() if line.startswith("line ")]
    notes = [text for text in texts if "more message" in text]
    assert shown == words[: len(shown)]
    assert notes or shown == words
    assert "other" in texts


async def test_messages_of_many_customers_stay_in_their_threads(harness: NotifierHarness) -> None:
    await harness.add_rule(MESSAGE)
    harness.start()
    await harness.record(*(harness.build_message(f"hi {n}", customer=n) for n in range(1, 36)))
    await harness.advance(20)
    replies = [text for text in harness.list_texts() if text.startswith("hi")]
    assert len(replies) >= 9
    assert replies == [f"hi {number}" for number in range(1, len(replies) + 1)]


# --- events that can't be presented ---------------------------------------------------------------


async def test_event_that_fails_blocks_its_customer_alone(harness: NotifierHarness) -> None:
    await harness.add_rule(MESSAGE)
    harness.presenter.failing.add("bad")
    harness.start()
    await harness.record(
        harness.build_message("bad"),
        harness.build_message("next"),
        harness.build_message("other", customer=2),
    )
    await harness.advance(4)
    assert harness.list_texts() == ["Customer 2", "other"]
    await harness.advance(30)
    texts = harness.list_texts()
    assert "can't be shown here (reference `E-1`)" in texts[2]
    assert texts[3:] == ["Customer 1", "next"]


async def test_event_that_fails_once_is_presented_later(harness: NotifierHarness) -> None:
    await harness.add_rule(MESSAGE)
    harness.presenter.failing.add("bad")
    harness.start()
    await harness.record(harness.build_message("bad"), harness.build_message("next"))
    await harness.advance(4)
    harness.presenter.failing.clear()
    await harness.advance(15)
    assert harness.list_texts() == ["Customer 1", "bad", "next"]


async def test_removed_rule_posts_nothing_more(harness: NotifierHarness) -> None:
    rule = await harness.add_rule(FAILED, grouping=Grouping.HOURLY)
    harness.start()
    await harness.record(harness.build_failed())
    await harness.advance(2)
    await harness.rules.remove(rule.id)
    await harness.clock.jump(7_200)
    await harness.advance(5)
    assert harness.list_texts() == []
    assert await harness.deliveries.count_waiting() == 0


async def test_rule_for_oneself_is_posted_in_direct_messages(harness: NotifierHarness) -> None:
    await harness.add_rule(FAILED, channel=JOHN)
    harness.start()
    await harness.record(harness.build_failed())
    await harness.advance(3)
    assert harness.list_direct_message_texts()[0].startswith(":x:")


async def test_old_deliveries_are_purged(harness: NotifierHarness) -> None:
    await harness.add_rule(FAILED)
    harness.start()
    await harness.record(harness.build_failed())
    await harness.advance(5)
    [recorded] = await harness.log.list_recent(5)
    assert await harness.deliveries.list_of_events([recorded.id])
    await harness.clock.jump(8 * DAY_SECONDS)
    await harness.advance(5)
    assert await harness.deliveries.list_of_events([recorded.id]) == []
