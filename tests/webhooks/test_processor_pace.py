"""The pace of processing: no pause while it is calm, one in a burst, and never far behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import text

from bot.db.engine import Database
from bot.webhooks.events import StatusEvent
from bot.webhooks.processor import (
    BURST_SIZE,
    GATHER_SECONDS,
    MAX_LAG_SECONDS,
    EventProcessor,
)
from bot.webhooks.repository import Events, RawEvent
from tests.clock import ManualClock
from tests.event_loop import wait_until_idle
from tests.messages.webhook_builders import build_event, encode


@dataclass
class Pace:
    """A processor that runs; while it processes, ``is_busy`` says that more has arrived."""

    database: Database
    clock: ManualClock = field(default_factory=ManualClock)
    is_busy: bool = True
    stored_count: int = 0

    def __post_init__(self) -> None:
        self.events = Events(self.database)
        self.processor = EventProcessor(
            self.events,
            self.clock,
            handlers={StatusEvent: self._note_storing},
            on_event=self._note_arrival,
        )
        self.could_store: list[bool] = []

    async def _note_storing(self, *_: object) -> None:
        self.could_store.append(not self.processor.write_lock.locked())

    def _note_arrival(self, _: str) -> None:
        if self.is_busy:
            self.processor.wake_event.set()

    async def receive(self, count: int, *, age: float = 0.0) -> None:
        numbers = range(self.stored_count, self.stored_count + count)
        self.stored_count += count
        bodies = [(str(n), encode(build_event("READ", f"wamid.{n}"))) for n in numbers]
        await self.events.store([RawEvent(*body) for body in bodies], self.clock.time() - age)
        self.processor.wake_event.set()
        await wait_until_idle()

    async def count_waiting(self) -> int:
        query = text("SELECT count(*) FROM events WHERE processed_at IS NULL")
        async with self.database.begin() as connection:
            return int((await connection.execute(query)).scalar_one())


@pytest.fixture
async def pace(sqlite: Database) -> AsyncIterator[Pace]:
    pace = Pace(sqlite)
    running = asyncio.create_task(pace.processor.run())
    yield pace
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_few_deliveries_never_wait(pace: Pace) -> None:
    for _ in range(3):
        await pace.receive(BURST_SIZE - 1)
        assert await pace.count_waiting() == 0


async def test_in_a_burst_deliveries_gather_for_a_moment(pace: Pace) -> None:
    await pace.receive(BURST_SIZE)
    assert await pace.count_waiting() == 0
    await pace.receive(5)
    assert await pace.count_waiting() == 5
    await pace.clock.advance(GATHER_SECONDS)
    assert await pace.count_waiting() == 0


async def test_in_a_burst_deliveries_gather_while_others_wait_to_be_stored(pace: Pace) -> None:
    pace.is_busy = False
    async with pace.processor.write_lock:
        await pace.receive(BURST_SIZE)
    await pace.receive(5)
    assert await pace.count_waiting() == 5
    await pace.clock.advance(GATHER_SECONDS)
    assert await pace.count_waiting() == 0


async def test_after_a_burst_nothing_waits(pace: Pace) -> None:
    pace.is_busy = False
    await pace.receive(BURST_SIZE * 3)
    await pace.receive(1)
    assert await pace.count_waiting() == 0


async def test_deliveries_that_are_late_are_not_held_up(pace: Pace) -> None:
    await pace.receive(BURST_SIZE, age=MAX_LAG_SECONDS)
    await pace.receive(5)
    assert await pace.count_waiting() == 0


async def test_nothing_is_stored_while_late_deliveries_are_processed(pace: Pace) -> None:
    pace.is_busy = False
    for age in (0.0, MAX_LAG_SECONDS, MAX_LAG_SECONDS, 0.0, 0.0):  # the one before is late, or not
        await pace.receive(1, age=age)
    assert pace.could_store == [True, True, False, False, True]
