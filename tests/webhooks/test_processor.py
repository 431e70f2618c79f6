"""Events move sends forward, in whatever order they come, and however often."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.db.engine import Database, open_database
from bot.errors import DatabaseUnavailable
from bot.messages.repository import Sends
from bot.messages.send import Send
from bot.messages.status import SendStatus
from bot.messages.status_updates import StatusUpdates
from bot.webhooks.processor import POLL_INTERVAL_SECONDS, EventProcessor
from bot.webhooks.repository import Events, RawEvent
from tests.clock import ManualClock
from tests.db.rows import begun
from tests.messages.upstream import until
from tests.messages.webhooks import AT, chakra, dump, meta, meta_status

WORDS = ("sent", "delivered", "read", "failed")


@dataclass
class Stage:
    database: Database
    clock: ManualClock = field(default_factory=ManualClock)
    moves: list[Send] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sends = Sends(self.database)
        self.events = Events(self.database)
        self.delivery = self.at_work()

    def at_work(self) -> EventProcessor:
        return EventProcessor(
            self.events,
            StatusUpdates(self.database),
            self.clock,
            on_status_change=self.moves.append,
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

    async def state(self, number: int = 1) -> SendStatus:
        send = await self.sends.find_by_key(f"view-{number}")
        assert send is not None
        return send.status


@pytest.fixture
def stage(database: Database) -> Stage:
    stage = Stage(database)
    stage.clock = ManualClock(start=AT + 5)
    stage.delivery = stage.at_work()
    return stage


async def test_a_send_follows_its_events_to_the_end(stage: Stage) -> None:
    await stage.accepted()
    for word in ("SENT", "DELIVERED", "READ"):
        await stage.arrive(dump(chakra(word)))
        assert await stage.delivery.run_once() == 1
        assert stage.moves[-1].status is SendStatus(word.lower())
    assert stage.moves[-1].status_at == AT


async def test_both_formats_of_one_event_are_one(stage: Stage) -> None:
    await stage.accepted()
    await stage.arrive(dump(chakra("SENT")), dump(meta(meta_status("sent"))))
    await stage.delivery.run_once()
    assert [move.status for move in stage.moves] == [SendStatus.SENT]


async def test_a_failure_brings_its_reason(stage: Stage) -> None:
    await stage.accepted()
    await stage.arrive(dump(chakra("FAILED")))
    await stage.delivery.run_once()
    [move] = stage.moves
    assert move.failure is not None
    assert (move.status, move.failure.code) == (SendStatus.FAILED, 131026)


async def test_what_failed_after_it_was_delivered_stays_delivered(stage: Stage) -> None:
    await stage.accepted()
    await stage.arrive(dump(chakra("DELIVERED")), dump(chakra("FAILED")))
    await stage.delivery.run_once()
    assert (await stage.state(), stage.moves[-1].failure) == (SendStatus.DELIVERED, None)


async def test_an_unknown_send_becomes_what_an_event_says(stage: Stage) -> None:
    send = await begun(stage.sends, "view-1")
    await stage.sends.record_outcome(send.id, SendStatus.UNKNOWN, 1, wamid="wamid.1")
    await stage.arrive(dump(chakra("DELIVERED")))
    await stage.delivery.run_once()
    assert await stage.state() is SendStatus.DELIVERED


async def test_events_before_the_answer_are_kept_for_it(stage: Stage) -> None:
    await stage.arrive(dump(chakra("READ")), dump(chakra("SENT")))
    await stage.delivery.run_once()
    assert stage.moves == []
    await stage.delivery.apply_pending(await stage.accepted())
    assert await stage.state() is SendStatus.READ


async def test_what_was_kept_and_not_applied_is_applied_later(stage: Stage) -> None:
    await stage.arrive(dump(chakra("READ")))
    await stage.delivery.run_once()
    await stage.accepted()  # and killed before it caught up
    await stage.delivery.apply_unmatched()
    assert await stage.state() is SendStatus.READ
    assert len(stage.moves) == 1
    await stage.delivery.apply_unmatched()
    assert len(stage.moves) == 1


async def test_news_of_strangers_and_junk_move_nobody(stage: Stage) -> None:
    await stage.accepted()
    await stage.arrive(b"{}", b"\xff", dump(chakra("READ", "wamid.9", "m-9")), dump([1]))
    assert await stage.delivery.run_once() == 4
    assert await stage.state() is SendStatus.ACCEPTED


async def test_events_that_a_dead_process_stored_are_processed_at_the_next_start(
    stage: Stage,
) -> None:
    await stage.accepted()
    await stage.arrive(dump(chakra("READ")))
    running = asyncio.create_task(stage.at_work().run())
    await until(lambda: bool(stage.moves))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await stage.state() is SendStatus.READ


async def test_what_another_replica_stored_is_seen_within_seconds(stage: Stage) -> None:
    await stage.accepted()
    running = asyncio.create_task(stage.delivery.run())
    await stage.clock.until_sleeping(POLL_INTERVAL_SECONDS)
    await stage.arrive(dump(chakra("READ")))  # and nobody rings
    await stage.clock.advance(POLL_INTERVAL_SECONDS)
    await until(lambda: bool(stage.moves))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_database_that_goes_away_is_waited_for(stage: Stage) -> None:
    class Failing(Events):
        failures = 1

        async def process(self, *arguments: Any) -> Any:
            if self.failures:
                self.failures -= 1
                raise DatabaseUnavailable("gone")
            return await super().process(*arguments)

    await stage.accepted()
    await stage.arrive(dump(chakra("READ")))
    stage.events = Failing(stage.database)
    running = asyncio.create_task(stage.at_work().run())
    await stage.clock.until_sleeping(2)
    await stage.clock.advance(2)
    await until(lambda: bool(stage.moves))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_two_replicas_at_once_bring_every_send_to_its_end(stage: Stage) -> None:
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
"""A send, or a stranger; what is said of it; in whose format."""


@given(st.lists(news, max_size=16), st.randoms(use_true_random=False), st.integers(0, 16))
@settings(max_examples=40)
def test_any_order_and_any_repeats_end_at_the_same_state_and_never_go_back(
    said: list[tuple[int, str, bool]], chance: random.Random, known_after: int
) -> None:
    coming = said + [one for one in said if chance.random() < 0.5]
    chance.shuffle(coming)
    asyncio.run(_in_that_order(coming, known_after))


async def _in_that_order(coming: list[tuple[int, str, bool]], known_after: int) -> None:
    """The ids become known after ``known_after`` events: too late, for some of them."""
    async with open_database("sqlite:///:memory:") as database:
        stage = Stage(database)
        early, late = coming[:known_after], coming[known_after:]
        for one in early:
            await _deliver(stage, *one)
        for number in range(SENDS):
            await stage.delivery.apply_pending(await stage.accepted(number))
        for one in late:
            await _deliver(stage, *one)
        for number in range(SENDS):
            ranks = [move.status.rank for move in stage.moves if move.key == f"view-{number}"]
            assert ranks == sorted(ranks)
            told = [SendStatus(word) for of, word, _ in coming if of == number]
            best = max([SendStatus.ACCEPTED, *told], key=lambda state: state.rank)
            assert await stage.state(number) is best


async def _deliver(stage: Stage, number: int, word: str, in_chakras: bool) -> None:
    wamid, message_id = f"wamid.{number}", f"m-{number}"
    event = (
        chakra(word.upper(), wamid, message_id) if in_chakras else meta(meta_status(word, wamid))
    )
    await stage.arrive(dump(event))
    await stage.delivery.run_once()
