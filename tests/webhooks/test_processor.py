"""Events move sends forward, in whatever order and however often they arrive."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from structlog.testing import capture_logs

from bot.aio.periodic import RETRY_INITIAL_SECONDS
from bot.db.engine import Database
from bot.errors import DatabaseUnavailable
from bot.messages.repository import Sends
from bot.messages.send import Failure, Send
from bot.messages.status import SendStatus
from bot.messages.status_updates import StatusUpdates
from bot.webhooks.events import MessageEvent, StatusEvent
from bot.webhooks.processor import POLL_INTERVAL_SECONDS, EventProcessor
from bot.webhooks.repository import Events, RawEvent
from tests.clock import ManualClock
from tests.db.builders import start_send
from tests.db.databases import watched_database
from tests.event_loop import run
from tests.messages.fake_messages import wait_until
from tests.messages.webhook_builders import (
    EVENT_TIME,
    build_event,
    build_meta,
    build_status,
    encode,
)

STATUSES = ("sent", "delivered", "read", "failed")
MESSAGE = {
    "event": "message",
    "payload": {"message": {"id": "wamid.IN", "from": "919876543210", "type": "text"}},
}


@dataclass
class ProcessorHarness:
    database: Database
    clock: ManualClock = field(default_factory=lambda: ManualClock(start=EVENT_TIME + 5))
    changes: list[float] = field(default_factory=list)
    counted: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sends = Sends(self.database)
        self.events = Events(self.database)
        self.statuses = StatusUpdates(
            self.database, on_status_change=lambda: self.changes.append(self.clock.time())
        )
        self.processor = self.build_processor()

    def build_processor(self, **handlers: Any) -> EventProcessor:
        return EventProcessor(
            self.events,
            self.clock,
            handlers={StatusEvent: self.statuses.handle, **handlers.get("more", {})},
            on_event=self.counted.append,
        )

    async def create_accepted_send(
        self,
        number: int = 1,
    ) -> Send:
        send = await start_send(self.sends, f"view-{number}")
        return await self.sends.record_outcome(
            send.id,
            SendStatus.ACCEPTED,
            self.clock.time(),
            wamid=f"wamid.{number}",
            message_id=f"m-{number}",
        )

    async def store_events(self, *bodies: bytes) -> None:
        await self.events.store(
            [RawEvent(f"{random.random()}", body) for body in bodies], self.clock.time()
        )

    async def send(self, number: int = 1) -> Send:
        send = await self.sends.find_by_key(f"view-{number}")
        assert send is not None
        return send

    async def get_status(self, number: int = 1) -> SendStatus:
        return (await self.send(number)).status

    async def list_bodies(self) -> list[bytes | None]:
        """Return what is left of the deliveries that were processed."""
        query = text("SELECT body FROM events WHERE processed_at IS NOT NULL ORDER BY id")
        async with self.database.begin() as connection:
            return [row.body for row in await connection.execute(query)]


@pytest.fixture
def harness(database: Database) -> ProcessorHarness:
    return ProcessorHarness(database)


async def test_events_update_the_send_to_its_final_status(harness: ProcessorHarness) -> None:
    await harness.create_accepted_send()
    for number, word in enumerate(("SENT", "DELIVERED", "READ"), start=1):
        await harness.store_events(encode(build_event(word)))
        assert await harness.processor.run_once() == 1
        assert await harness.get_status() is SendStatus(word.lower())
        assert len(harness.changes) == number
    assert (await harness.send()).status_at == EVENT_TIME


async def test_both_formats_of_an_event_are_deduplicated(harness: ProcessorHarness) -> None:
    await harness.create_accepted_send()
    await harness.store_events(
        encode(build_event("SENT")), encode(build_meta(build_status("sent")))
    )
    await harness.processor.run_once()
    assert await harness.get_status() is SendStatus.SENT
    assert len(harness.changes) == 1


async def test_failure_brings_its_reason(harness: ProcessorHarness) -> None:
    await harness.create_accepted_send()
    await harness.store_events(encode(build_event("FAILED")))
    await harness.processor.run_once()
    send = await harness.send()
    assert send.failure is not None
    assert (send.status, send.failure.code) == (SendStatus.FAILED, 131026)


async def test_failed_without_a_code_is_a_plain_rejection(harness: ProcessorHarness) -> None:
    bare = build_event("FAILED")
    del bare["payload"]["errorContext"]
    await harness.create_accepted_send()
    await harness.store_events(encode(bare))
    await harness.processor.run_once()
    assert (await harness.send()).failure == Failure("rejected")


async def test_failed_after_delivered_stays_delivered(harness: ProcessorHarness) -> None:
    await harness.create_accepted_send()
    await harness.store_events(encode(build_event("DELIVERED")), encode(build_event("FAILED")))
    await harness.processor.run_once()
    send = await harness.send()
    assert (send.status, send.failure) == (SendStatus.DELIVERED, None)


@pytest.mark.parametrize("word", ["delivered", "read", "played"])
async def test_delivery_after_a_failure_holds(harness: ProcessorHarness, word: str) -> None:
    await harness.create_accepted_send()
    for event in (build_status("failed"), build_status(word)):
        await harness.store_events(encode(build_meta(event)))
        await harness.processor.run_once()
    send = await harness.send()
    expected = SendStatus.DELIVERED if word == "delivered" else SendStatus.READ
    assert (send.status, send.failure) == (expected, None)


async def test_read_without_delivered_is_read(harness: ProcessorHarness) -> None:
    await harness.create_accepted_send()
    for word in ("read", "delivered"):
        await harness.store_events(encode(build_meta(build_status(word))))
        await harness.processor.run_once()
    assert await harness.get_status() is SendStatus.READ


async def test_unknown_send_gets_the_status_of_its_event(harness: ProcessorHarness) -> None:
    send = await start_send(harness.sends, "view-1")
    await harness.sends.record_outcome(send.id, SendStatus.UNKNOWN, 1, wamid="wamid.1")
    await harness.store_events(encode(build_event("DELIVERED")))
    await harness.processor.run_once()
    assert await harness.get_status() is SendStatus.DELIVERED


async def test_events_before_the_response_are_applied_with_it(harness: ProcessorHarness) -> None:
    await harness.store_events(encode(build_event("READ")), encode(build_event("SENT")))
    await harness.processor.run_once()
    assert harness.changes == []
    send = await harness.create_accepted_send()
    assert send.status is await harness.get_status() is SendStatus.READ
    assert await harness.statuses.sweep(0, harness.clock.time()) == 0


async def test_events_of_strangers_and_junk_change_nothing(harness: ProcessorHarness) -> None:
    await harness.create_accepted_send()
    await harness.store_events(
        b"{}", b"\xff", encode(build_event("READ", "wamid.9", "m-9")), encode([1])
    )
    assert await harness.processor.run_once() == 4
    assert await harness.get_status() is SendStatus.ACCEPTED
    assert harness.changes == []


async def test_events_stored_by_a_dead_process_are_processed_on_start(
    harness: ProcessorHarness,
) -> None:
    await harness.create_accepted_send()
    await harness.store_events(encode(build_event("READ")))
    running = asyncio.create_task(harness.build_processor().run())
    await wait_until(lambda: bool(harness.changes))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await harness.get_status() is SendStatus.READ


# --- one transaction for a batch ------------------------------------------------------------------


async def test_batch_is_one_transaction(
    harness: ProcessorHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await harness.create_accepted_send()
    await harness.store_events(
        encode(build_event("READ")), encode(build_event("SENT", "wamid.9", "m-9"))
    )
    transaction_count = 0
    begin = Database.begin

    def count(database: Database) -> Any:
        nonlocal transaction_count
        transaction_count += 1
        return begin(database)

    monkeypatch.setattr(Database, "begin", count)
    assert await harness.processor.run_once() == 2
    assert transaction_count == 1


async def test_handler_that_fails_leaves_nothing_half_done(harness: ProcessorHarness) -> None:
    async def lose(*_: Any) -> None:
        raise DatabaseUnavailable("gone")

    await harness.create_accepted_send()
    await harness.store_events(encode(build_event("READ")), encode(MESSAGE))
    with pytest.raises(DatabaseUnavailable):
        await harness.build_processor(more={MessageEvent: lose}).run_once()
    assert (await harness.get_status(), harness.changes) == (SendStatus.ACCEPTED, [])
    assert await harness.processor.run_once() == 2
    assert await harness.get_status() is SendStatus.READ


async def test_delivery_that_trips_its_handler_costs_nothing_but_itself(
    harness: ProcessorHarness,
) -> None:
    async def trip(*_: Any) -> None:
        raise ZeroDivisionError

    await harness.create_accepted_send()
    await harness.store_events(
        encode(build_event("SENT")), encode(MESSAGE), encode(build_event("READ"))
    )
    with capture_logs() as logs:
        assert await harness.build_processor(more={MessageEvent: trip}).run_once() == 3
    assert await harness.get_status() is SendStatus.READ
    assert await harness.list_bodies() == [None, encode(MESSAGE), None]
    events = [line["event"] for line in logs]
    assert events == ["events_retried_one_by_one", "event_not_processed"]
    assert await harness.processor.run_once() == 0


async def test_handlers_get_the_events_of_their_type(harness: ProcessorHarness) -> None:
    heard: list[str] = []

    async def hear(_: Any, events: Sequence[MessageEvent], now: float) -> None:
        assert now == harness.clock.time()
        heard.extend(event.kind for event in events)

    await harness.create_accepted_send()
    await harness.store_events(encode(MESSAGE), encode(build_event("READ")))
    await harness.build_processor(more={MessageEvent: hear}).run_once()
    assert heard == ["text"]
    assert await harness.get_status() is SendStatus.READ


async def test_each_event_is_counted_once(harness: ProcessorHarness) -> None:
    two = build_meta(build_status("sent"), build_status("sent", "wamid.2"))
    await harness.store_events(
        encode(two), encode(MESSAGE), encode({"event": "from_2031", "payload": {}})
    )
    await harness.processor.run_once()
    await harness.processor.run_once()
    assert sorted(harness.counted) == ["message", "other", "status", "status"]


async def test_events_of_unknown_kinds_are_stored_and_logged(harness: ProcessorHarness) -> None:
    new = encode({"event": "from_2031", "payload": {"id": 1}})
    await harness.store_events(new, encode(build_event("READ")), b"junk")
    with capture_logs() as logs:
        await harness.processor.run_once()
    assert await harness.list_bodies() == [new, None, b"junk"]
    assert [line["kind"] for line in logs] == ["from_2031", "unreadable"]


async def test_delivery_stored_by_another_replica_is_processed_within_seconds(
    harness: ProcessorHarness,
) -> None:
    await harness.create_accepted_send()
    running = asyncio.create_task(harness.processor.run())
    await harness.clock.wait_for_sleep(POLL_INTERVAL_SECONDS)
    await harness.store_events(encode(build_event("READ")))  # without waking the processor
    await harness.clock.advance(POLL_INTERVAL_SECONDS)
    await wait_until(lambda: bool(harness.changes))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_unavailable_database_is_waited_for(harness: ProcessorHarness) -> None:
    class Failing(Events):
        failures = 1

        async def process(self, *arguments: Any, **options: Any) -> Any:
            if self.failures:
                self.failures -= 1
                raise DatabaseUnavailable("gone")
            return await super().process(*arguments, **options)

    await harness.create_accepted_send()
    await harness.store_events(encode(build_event("READ")))
    harness.events = Failing(harness.database)
    running = asyncio.create_task(harness.build_processor().run())
    await harness.clock.wait_for_sleep(RETRY_INITIAL_SECONDS)
    await harness.clock.advance(RETRY_INITIAL_SECONDS)
    await wait_until(lambda: bool(harness.changes))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_two_replicas_bring_every_send_to_its_last_status(harness: ProcessorHarness) -> None:
    sends = 40
    for number in range(sends):
        await harness.create_accepted_send(number)
    bodies = [
        encode(build_event(word.upper(), f"wamid.{number}", f"m-{number}"))
        for number in range(sends)
        for word in STATUSES
    ]
    random.Random(7).shuffle(bodies)
    await harness.store_events(*bodies)
    workers = [harness.build_processor(), harness.build_processor()]
    while any(await asyncio.gather(*(worker.run_once() for worker in workers))):
        pass
    assert {await harness.get_status(number) for number in range(sends)} == {SendStatus.READ}


# --- whatever the order ---------------------------------------------------------------------------

SENDS = 3
event_lists = st.tuples(st.integers(0, SENDS), st.sampled_from(STATUSES), st.booleans())
"""A send or a stranger, a status, and whether it is in Chakra's format."""


@given(st.lists(event_lists, max_size=16), st.randoms(use_true_random=False), st.integers(0, 16))
@settings(max_examples=40)
def test_event_order_and_repeats_never_change_the_final_status(
    updates: list[tuple[int, str, bool]], chance: random.Random, known_after: int
) -> None:
    coming = updates + [update for update in updates if chance.random() < 0.5]
    chance.shuffle(coming)
    run(_apply_in_order(coming, known_after))


async def _apply_in_order(coming: list[tuple[int, str, bool]], known_after: int) -> None:
    """The ids become known after ``known_after`` events: too late, for some of them."""
    async with watched_database("sqlite:///:memory:") as database:
        harness = ProcessorHarness(database)
        early, late = coming[:known_after], coming[known_after:]
        for update in early:
            await _store_event(harness, *update)
        ranks = [
            (await harness.create_accepted_send(number)).status.rank for number in range(SENDS)
        ]
        for number, word, in_chakras in late:
            await _store_event(harness, number, word, in_chakras)
            if number < SENDS:
                rank = (await harness.get_status(number)).rank
                assert rank >= ranks[number]
                ranks[number] = rank
        for number in range(SENDS):
            statuses = [SendStatus(word) for of, word, _ in coming if of == number]
            best = max([SendStatus.ACCEPTED, *statuses], key=lambda state: state.rank)
            assert await harness.get_status(number) is best


async def _store_event(
    harness: ProcessorHarness, number: int, status: str, in_chakra_format: bool
) -> None:
    wamid, message_id = f"wamid.{number}", f"m-{number}"
    event = (
        build_event(status.upper(), wamid, message_id)
        if in_chakra_format
        else build_meta(build_status(status, wamid))
    )
    await harness.store_events(encode(event))
    await harness.processor.run_once()
