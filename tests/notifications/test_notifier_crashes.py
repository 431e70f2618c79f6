"""Notifiers that are killed at any point, and two replicas: each event is shown once, in order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.db.engine import Database
from bot.notifications.rule import EventGroup
from tests.db.databases import create_database_url, watched_database
from tests.notifications.notifier_harness import (
    NotifierHarness,
    count_events,
    open_notifier_harness,
)

ALL = EventGroup.ALL
CUSTOMERS = 4


@pytest.fixture
async def harness(sqlite: Database) -> AsyncIterator[NotifierHarness]:
    async with open_notifier_harness(sqlite) as harness:
        yield harness


def assert_each_event_once(harness: NotifierHarness, failed: int, words: list[str]) -> None:
    """Check that every event is shown once, and each customer's messages in order."""
    texts = harness.list_texts()
    shown = [line for text in texts for line in text.splitlines() if line.startswith("word ")]
    assert sorted(shown) == sorted(words)
    for customer in range(1, CUSTOMERS + 1):
        own = [word for word in shown if word.split()[1] == str(customer)]
        assert own == [word for word in words if word.split()[1] == str(customer)]
    assert (
        count_events([text for text in texts if "delivered" in text.splitlines()[0]], "wasn't")
        == failed
    )


@pytest.mark.parametrize("seed", range(2))
async def test_killed_notifier_shows_each_event_once(harness: NotifierHarness, seed: int) -> None:
    """A kill cancels whatever the notifier waits for, and so between any two of its steps."""
    chance = random.Random(seed)
    await harness.add_rule(ALL)
    notifier = harness.start()
    words, failed = [], 0
    for round_number in range(6):
        events = []
        for number in range(chance.randint(1, 4)):
            customer = chance.randint(1, CUSTOMERS)
            words.append(f"word {customer} {round_number}.{number}")
            events.append(harness.build_message(words[-1], customer))
        failures = chance.randint(0, 5)
        failed += failures
        await harness.record(*events, *(harness.build_failed() for _ in range(failures)))
        for _ in range(chance.randint(0, 40)):
            await asyncio.sleep(0)
        await harness.kill(notifier)
        notifier = harness.start()
        await harness.advance(chance.choice([0.3, 1.0]))
    await harness.advance(60)
    assert_each_event_once(harness, failed, words)
    assert await harness.deliveries.count_waiting() == 0


async def test_replica_continues_after_the_leader_has_died(tmp_path: Path) -> None:
    url = create_database_url("postgres", tmp_path)
    async with (
        watched_database(url) as first,
        watched_database(url) as second,
        open_notifier_harness(first) as harness,
    ):
        await harness.add_rule(ALL)
        leader = harness.start(first)
        await harness.advance(1)
        harness.start(second)
        words = [f"word {1 + number % CUSTOMERS} {number:02d}" for number in range(8)]
        await harness.record(
            *(harness.build_message(word, int(word.split()[1])) for word in words),
            *(harness.build_failed() for _ in range(20)),
        )
        await harness.advance(2.5)
        await harness.kill(leader)
        await harness.advance(30)
        assert_each_event_once(harness, 20, words)
        assert await harness.deliveries.count_waiting() == 0
