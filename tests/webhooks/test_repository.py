"""Deliveries are stored once and processed once, each by one replica."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.db.engine import Database
from bot.webhooks.repository import MAX_BATCH_BYTES, Events, RawEvent, StoredEvent


@pytest.fixture
def events(database: Database) -> Events:
    return Events(database)


def build_events(*bodies: bytes) -> list[RawEvent]:
    return [RawEvent(body.hex(), body) for body in bodies]


class Applied:
    """Records what it applies, and keeps no body."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    async def __call__(self, _: AsyncConnection, stored: Sequence[StoredEvent]) -> set[int]:
        self.bodies += [event.body for event in stored]
        return set()


async def test_duplicate_event_is_stored_once(events: Events) -> None:
    await events.store(build_events(b"one", b"two", b"one"), 1000)
    await events.store(build_events(b"two", b"three"), 1001)
    applied = Applied()
    assert (await events.process(10, 1002, applied)).count == 3
    assert applied.bodies == [b"one", b"two", b"three"]
    await events.store(build_events(b"one"), 1003)
    assert (await events.process(10, 1004, applied)).count == 0


async def test_body_is_deleted_once_processed(database: Database, events: Events) -> None:
    await events.store(build_events(b'{"recipientId": "919876543210"}'), 1000)
    await events.process(10, 1001, Applied())
    async with database.begin() as connection:
        row = (await connection.execute(text("SELECT body, processed_at FROM events"))).one()
    assert tuple(row) == (None, 1001)


async def test_failing_handler_leaves_the_events_to_be_processed_again(events: Events) -> None:
    await events.store(build_events(b"one"), 1000)

    async def fail(*_: object) -> set[int]:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await events.process(10, 1001, fail)
    applied = Applied()
    assert (await events.process(10, 1002, applied)).count == 1
    assert applied.bodies == [b"one"]


async def test_a_batch_is_bounded_in_bytes_and_never_empty(events: Events) -> None:
    large = [bytes([65 + turn]) * (MAX_BATCH_BYTES // 2) for turn in range(3)]
    giant = b"x" * (MAX_BATCH_BYTES + 1)
    bodies = (*large, giant, b"last")
    await events.store([RawEvent(f"{n}", body) for n, body in enumerate(bodies)], 1000)
    counts, has_more = [], True
    while has_more:
        applied = Applied()
        batch = await events.process(10, 1001, applied)
        counts.append([len(body) for body in applied.bodies])
        has_more = batch.has_more
        assert batch.oldest_at == 1000
    half = MAX_BATCH_BYTES // 2
    assert counts == [[half, half], [half], [len(giant)], [4]]


async def test_concurrent_workers_claim_different_events(events: Events) -> None:
    await events.store(build_events(*(str(turn).encode() for turn in range(100))), 1000)
    applied = Applied()
    while any(
        batch.has_more
        for batch in await asyncio.gather(*(events.process(7, 1, applied) for _ in "ab"))
    ):
        pass
    assert len(applied.bodies) == len(set(applied.bodies)) == 100


async def test_old_events_are_purged_and_unprocessed_ones_stay(events: Events) -> None:
    await events.store(build_events(b"old"), 1000)
    await events.process(10, 1001, Applied())
    await events.store(build_events(b"waiting"), 1000)
    assert await events.purge(1001) == 1
    assert (await events.process(10, 1002, Applied())).count == 1
