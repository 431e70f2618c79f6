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
from tests.db.databases import watched_database
from tests.db.rows import begun
from tests.event_loop import run
from tests.messages.upstream import until
from tests.messages.webhooks import AT, chakra, dump, meta, meta_status

WORDS = ("sent", "delivered", "read", "failed")
MESSAGE = {
    "event": "message",
    "payload": {"message": {"id": "wamid.IN", "from": "919876543210", "type": "text"}},
}


@dataclass
class Stage:
    database: Database
    clock: ManualClock = field(default_factory=lambda: ManualClock(start=AT + 5))
    changes: list[float] = field(default_factory=list)
    counted: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sends = Sends(self.database)
        self.events = Events(self.database)
        self.statuses = StatusUpdates(
            self.database, on_status_change=lambda: self.changes.append(self.clock.time())
        )
        self.processor = self.at_work()

    def at_work(self, **handlers: Any) -> EventProcessor:
        return EventProcessor(
            self.events,
            self.clock,
            handlers={StatusEvent: self.statuses.handle, **handlers.get("more", {})},
            on_event=self.counted.append,
        )

    async def accepted(
        self,
        number: int = 1,
    ) -> Send:
        send = await begun(self.sends, f"view-{number}")
        return await self.sends.record_outcome(
            send.id,
            SendStatus.ACCEPTED,
            self.clock.time(),
            wamid=f"wamid.{number}",
            message_id=f"m-{number}",
        )

    async def arrive(self, *bodies: bytes) -> None:
        await self.events.store(
            [RawEvent(f"{random.random()}", body) for body in bodies], self.clock.time()
        )

    async def send(self, number: int = 1) -> Send:
        send = await self.sends.find_by_key(f"view-{number}")
        assert send is not None
        return send

    async def state(self, number: int = 1) -> SendStatus:
        return (await self.send(number)).status

    async def bodies(self) -> list[bytes | None]:
        """Return what is left of the deliveries that were processed."""
        query = text("SELECT body FROM events WHERE processed_at IS NOT NULL ORDER BY id")
        async with self.database.begin() as connection:
            return [row.body for row in await connection.execute(query)]


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)


async def test_a_send_follows_its_events_to_the_end(stage: Stage) -> None:
    await stage.accepted()
    for number, word in enumerate(("SENT", "DELIVERED", "READ"), start=1):
        await stage.arrive(dump(chakra(word)))
        assert await stage.processor.run_once() == 1
        assert await stage.state() is SendStatus(word.lower())
        assert len(stage.changes) == number
    assert (await stage.send()).status_at == AT


async def test_both_formats_of_one_event_are_one(stage: Stage) -> None:
    await stage.accepted()
    await stage.arrive(dump(chakra("SENT")), dump(meta(meta_status("sent"))))
    await stage.processor.run_once()
    assert await stage.state() is SendStatus.SENT
    assert len(stage.changes) == 1


async def test_failure_brings_its_reason(stage: Stage) -> None:
    await stage.accepted()
    await stage.arrive(dump(chakra("FAILED")))
    await stage.processor.run_once()
    send = await stage.send()
    assert send.failure is not None
    assert (send.status, send.failure.code) == (SendStatus.FAILED, 131026)


async def test_failed_without_a_code_is_a_plain_rejection(stage: Stage) -> None:
    bare = chakra("FAILED")
    del bare["payload"]["errorContext"]
    await stage.accepted()
    await stage.arrive(dump(bare))
    await stage.processor.run_once()
    assert (await stage.send()).failure == Failure("rejected")


async def test_failed_after_delivered_stays_delivered(stage: Stage) -> None:
    await stage.accepted()
    await stage.arrive(dump(chakra("DELIVERED")), dump(chakra("FAILED")))
    await stage.processor.run_once()
    send = await stage.send()
    assert (send.status, send.failure) == (SendStatus.DELIVERED, None)


@pytest.mark.parametrize("word", ["delivered", "read", "played"])
async def test_delivery_after_a_failure_holds(stage: Stage, word: str) -> None:
    await stage.accepted()
    for event in (meta_status("failed"), meta_status(word)):
        await stage.arrive(dump(meta(event)))
        await stage.processor.run_once()
    send = await stage.send()
    expected = SendStatus.DELIVERED if word == "delivered" else SendStatus.READ
    assert (send.status, send.failure) == (expected, None)


async def test_read_without_delivered_is_read(stage: Stage) -> None:
    await stage.accepted()
    for word in ("read", "delivered"):
        await stage.arrive(dump(meta(meta_status(word))))
        await stage.processor.run_once()
    assert await stage.state() is SendStatus.READ


async def test_unknown_send_gets_the_status_of_its_event(stage: Stage) -> None:
    send = await begun(stage.sends, "view-1")
    await stage.sends.record_outcome(send.id, SendStatus.UNKNOWN, 1, wamid="wamid.1")
    await stage.arrive(dump(chakra("DELIVERED")))
    await stage.processor.run_once()
    assert await stage.state() is SendStatus.DELIVERED


async def test_events_before_the_response_are_applied_with_it(stage: Stage) -> None:
    await stage.arrive(dump(chakra("READ")), dump(chakra("SENT")))
    await stage.processor.run_once()
    assert stage.changes == []
    send = await stage.accepted()
    assert send.status is await stage.state() is SendStatus.READ
    assert await stage.statuses.sweep(0, stage.clock.time()) == 0


async def test_events_of_strangers_and_junk_change_nothing(stage: Stage) -> None:
    await stage.accepted()
    await stage.arrive(b"{}", b"\xff", dump(chakra("READ", "wamid.9", "m-9")), dump([1]))
    assert await stage.processor.run_once() == 4
    assert await stage.state() is SendStatus.ACCEPTED
    assert stage.changes == []


async def test_events_that_a_dead_process_stored_are_processed_at_the_next_start(
    stage: Stage,
) -> None:
    await stage.accepted()
    await stage.arrive(dump(chakra("READ")))
    running = asyncio.create_task(stage.at_work().run())
    await until(lambda: bool(stage.changes))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await stage.state() is SendStatus.READ


# --- one transaction for a batch ------------------------------------------------------------------


async def test_batch_is_one_transaction(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await stage.accepted()
    await stage.arrive(dump(chakra("READ")), dump(chakra("SENT", "wamid.9", "m-9")))
    begun_transactions = 0
    begin = Database.begin

    def count(database: Database) -> Any:
        nonlocal begun_transactions
        begun_transactions += 1
        return begin(database)

    monkeypatch.setattr(Database, "begin", count)
    assert await stage.processor.run_once() == 2
    assert begun_transactions == 1


async def test_handler_that_fails_leaves_nothing_half_done(stage: Stage) -> None:
    async def lose(*_: Any) -> None:
        raise DatabaseUnavailable("gone")

    await stage.accepted()
    await stage.arrive(dump(chakra("READ")), dump(MESSAGE))
    with pytest.raises(DatabaseUnavailable):
        await stage.at_work(more={MessageEvent: lose}).run_once()
    assert (await stage.state(), stage.changes) == (SendStatus.ACCEPTED, [])
    assert await stage.processor.run_once() == 2
    assert await stage.state() is SendStatus.READ


async def test_delivery_that_trips_its_handler_costs_nothing_but_itself(stage: Stage) -> None:
    async def trip(*_: Any) -> None:
        raise ZeroDivisionError

    await stage.accepted()
    await stage.arrive(dump(chakra("SENT")), dump(MESSAGE), dump(chakra("READ")))
    with capture_logs() as logs:
        assert await stage.at_work(more={MessageEvent: trip}).run_once() == 3
    assert await stage.state() is SendStatus.READ
    assert await stage.bodies() == [None, dump(MESSAGE), None]
    events = [line["event"] for line in logs]
    assert events == ["events_retried_one_by_one", "event_not_processed"]
    assert await stage.processor.run_once() == 0


async def test_handlers_get_the_events_of_their_type(stage: Stage) -> None:
    heard: list[str] = []

    async def hear(_: Any, events: Sequence[MessageEvent], now: float) -> None:
        assert now == stage.clock.time()
        heard.extend(event.kind for event in events)

    await stage.accepted()
    await stage.arrive(dump(MESSAGE), dump(chakra("READ")))
    await stage.at_work(more={MessageEvent: hear}).run_once()
    assert heard == ["text"]
    assert await stage.state() is SendStatus.READ


async def test_each_event_is_counted_once(stage: Stage) -> None:
    two = meta(meta_status("sent"), meta_status("sent", "wamid.2"))
    await stage.arrive(dump(two), dump(MESSAGE), dump({"event": "from_2031", "payload": {}}))
    await stage.processor.run_once()
    await stage.processor.run_once()
    assert sorted(stage.counted) == ["message", "other", "status", "status"]


async def test_events_of_unknown_kinds_are_kept_and_logged(stage: Stage) -> None:
    new = dump({"event": "from_2031", "payload": {"id": 1}})
    await stage.arrive(new, dump(chakra("READ")), b"junk")
    with capture_logs() as logs:
        await stage.processor.run_once()
    assert await stage.bodies() == [new, None, b"junk"]
    assert [line["kind"] for line in logs] == ["from_2031", "unreadable"]


async def test_delivery_stored_by_another_replica_is_processed_within_seconds(stage: Stage) -> None:
    await stage.accepted()
    running = asyncio.create_task(stage.processor.run())
    await stage.clock.until_sleeping(POLL_INTERVAL_SECONDS)
    await stage.arrive(dump(chakra("READ")))  # and nobody rings
    await stage.clock.advance(POLL_INTERVAL_SECONDS)
    await until(lambda: bool(stage.changes))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_database_that_goes_away_is_waited_for(stage: Stage) -> None:
    class Failing(Events):
        failures = 1

        async def process(self, *arguments: Any, **options: Any) -> Any:
            if self.failures:
                self.failures -= 1
                raise DatabaseUnavailable("gone")
            return await super().process(*arguments, **options)

    await stage.accepted()
    await stage.arrive(dump(chakra("READ")))
    stage.events = Failing(stage.database)
    running = asyncio.create_task(stage.at_work().run())
    await stage.clock.until_sleeping(RETRY_INITIAL_SECONDS)
    await stage.clock.advance(RETRY_INITIAL_SECONDS)
    await until(lambda: bool(stage.changes))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_two_replicas_bring_every_send_to_its_last_status(stage: Stage) -> None:
    sends = 40
    for number in range(sends):
        await stage.accepted(number)
    bodies = [
        dump(chakra(word.upper(), f"wamid.{number}", f"m-{number}"))
        for number in range(sends)
        for word in WORDS
    ]
    random.Random(7).shuffle(bodies)
    await stage.arrive(*bodies)
    workers = [stage.at_work(), stage.at_work()]
    while any(await asyncio.gather(*(worker.run_once() for worker in workers))):
        pass
    assert {await stage.state(number) for number in range(sends)} == {SendStatus.READ}


# --- whatever the order ---------------------------------------------------------------------------

SENDS = 3
news = st.tuples(st.integers(0, SENDS), st.sampled_from(WORDS), st.booleans())
"""A send or a stranger, a status, and whether it is in Chakra's format."""


@given(st.lists(news, max_size=16), st.randoms(use_true_random=False), st.integers(0, 16))
@settings(max_examples=40)
def test_any_order_and_any_repeats_end_at_the_same_state_and_never_go_back(
    said: list[tuple[int, str, bool]], chance: random.Random, known_after: int
) -> None:
    coming = said + [one for one in said if chance.random() < 0.5]
    chance.shuffle(coming)
    run(_in_that_order(coming, known_after))


async def _in_that_order(coming: list[tuple[int, str, bool]], known_after: int) -> None:
    """The ids become known after ``known_after`` events: too late, for some of them."""
    async with watched_database("sqlite:///:memory:") as database:
        stage = Stage(database)
        early, late = coming[:known_after], coming[known_after:]
        for one in early:
            await _deliver(stage, *one)
        ranks = [(await stage.accepted(number)).status.rank for number in range(SENDS)]
        for number, word, in_chakras in late:
            await _deliver(stage, number, word, in_chakras)
            if number < SENDS:
                rank = (await stage.state(number)).rank
                assert rank >= ranks[number]
                ranks[number] = rank
        for number in range(SENDS):
            told = [SendStatus(word) for of, word, _ in coming if of == number]
            best = max([SendStatus.ACCEPTED, *told], key=lambda state: state.rank)
            assert await stage.state(number) is best


async def _deliver(stage: Stage, number: int, word: str, in_chakras: bool) -> None:
    wamid, message_id = f"wamid.{number}", f"m-{number}"
    event = (
        chakra(word.upper(), wamid, message_id) if in_chakras else meta(meta_status(word, wamid))
    )
    await stage.arrive(dump(event))
    await stage.processor.run_once()
