"""Promises: kept once, kept again after a fault, and gone on with after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.durable.engine import AGAIN_SECONDS, Engine, open_engine
from bot.durable.executors import OnlySlot
from tests.clock import ManualClock

PATIENCE = 20.0


@dataclass
class Work:
    """What was asked to be kept: `asked` by key, `held` until `let_go`, with faults first."""

    faults: int = 0
    held: bool = False
    asked: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def keep(self, key: str) -> None:
        self.asked.append(key)
        if self.faults:
            self.faults -= 1
            raise RuntimeError("a fault of ours")
        if self.held:
            await self.gate.wait()
        self.ended.append(key)


@dataclass
class Place:
    """A database file, on which one engine follows another."""

    file: Path
    clock: ManualClock

    @asynccontextmanager
    async def engine(self, work: Work) -> AsyncIterator[Engine]:
        kinds = {"work": work.keep}
        async with open_engine(f"sqlite:///{self.file}", kinds, OnlySlot(), self.clock) as engine:
            yield engine


@pytest.fixture
def place(tmp_path: Path, clock: ManualClock) -> Place:
    return Place(tmp_path / "work.db", clock)


async def until(condition: Callable[[], bool]) -> None:
    """DBOS works in threads and by real time, so that there is nothing to wait on but the clock."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def until_none_waits(engine: Engine) -> None:
    """The record of one that was kept is written a moment later."""
    async with asyncio.timeout(PATIENCE):
        while await engine.promised("work"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_promise_is_kept(place: Place) -> None:
    work = Work()
    async with place.engine(work) as engine:
        await engine.promise("work", "1")
        await until(lambda: work.ended == ["1"])
        await until(lambda: engine.running == 0)


async def test_promised_twice_it_is_kept_once(place: Place) -> None:
    work = Work(held=True)
    async with place.engine(work) as engine:
        await engine.promise("work", "1")
        await until(lambda: work.asked == ["1"])
        await engine.promise("work", "1")
        work.gate.set()
        await until(lambda: work.ended == ["1"])
        await engine.promise("work", "1")
        await engine.promise("work", "2")
        await until(lambda: "2" in work.ended)
    assert work.asked == ["1", "2"]


async def test_after_a_fault_it_is_tried_again(place: Place, clock: ManualClock) -> None:
    work = Work(faults=2)
    async with place.engine(work) as engine:
        await engine.promise("work", "1")
        await clock.until_sleeping(AGAIN_SECONDS)
        await clock.advance(AGAIN_SECONDS)
        await clock.until_sleeping(2 * AGAIN_SECONDS)
        await clock.advance(2 * AGAIN_SECONDS)
        await until(lambda: work.ended == ["1"])
    assert work.asked == ["1", "1", "1"]


async def test_the_next_process_goes_on_with_what_was_not_kept(place: Place) -> None:
    first = Work(held=True)
    async with place.engine(first) as engine:
        await engine.promise("work", "1")
        await until(lambda: first.asked == ["1"])
    assert first.ended == []
    second = Work()
    async with place.engine(second) as engine:
        await engine.launch()
        await until(lambda: second.ended == ["1"])
    third = Work()
    async with place.engine(third) as engine:
        await engine.promise("work", "2")
        await until(lambda: third.ended == ["2"])
    assert third.asked == ["2"]


async def test_a_kind_that_nobody_keeps_is_not_promised(place: Place) -> None:
    async with place.engine(Work()) as engine:
        with pytest.raises(KeyError):
            await engine.promise("play", "1")


async def test_what_was_let_go_stays_promised(place: Place) -> None:
    first = Work(held=True)
    async with place.engine(first) as engine:
        await engine.promise("work", "1")
        await until(lambda: first.asked == ["1"])
        await engine.let_go()
        assert engine.running == 0
        first.held = False
        assert await engine.take_over(OnlySlot.executor) == 1
        await until(lambda: first.ended == ["1"])


async def test_what_waits_to_be_kept_is_known_by_its_kind_and_key(place: Place) -> None:
    work = Work(held=True)
    async with place.engine(work) as engine:
        await engine.promise("work", "1")
        await engine.promise("work", "2")
        await until(lambda: sorted(work.asked) == ["1", "2"])
        assert await engine.promised("work") == {"1", "2"}
        assert await engine.promised("play") == frozenset()
        work.gate.set()
        await until_none_waits(engine)


async def test_what_is_promised_and_kept_by_nobody_is_taken_up_at_the_second_look(
    place: Place,
) -> None:
    """At the first it may be about to be begun."""
    work = Work(held=True)
    async with place.engine(work) as engine:
        assert await engine.look_after() == 0
        await engine.promise("work", "1")
        await engine.promise("work", "2")
        await until(lambda: sorted(work.asked) == ["1", "2"])
        assert [await engine.look_after(), await engine.look_after()] == [0, 0]
        await engine.let_go()
        work.gate.set()
        assert [await engine.look_after(), await engine.look_after()] == [0, 2]
        await until_none_waits(engine)
        assert sorted(work.ended) == ["1", "2"]
        assert [await engine.look_after(), await engine.look_after()] == [0, 0]


async def test_kept_promises_are_forgotten_in_time(place: Place, clock: ManualClock) -> None:
    work = Work()
    async with place.engine(work) as engine:
        await engine.promise("work", "1")
        await until(lambda: engine.running == 0 and work.ended == ["1"])
        assert await engine.forget(0.0) == 0
        async with asyncio.timeout(PATIENCE):
            while not await engine.forget(4e9):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await engine.promise("work", "1")
        await until(lambda: work.ended == ["1", "1"])
