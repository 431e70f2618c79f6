"""The durable engine: chains that run once, again after a failure, and on after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot.db.engine import open_database
from bot.durable.engine import (
    REPAIR_INTERVAL_SECONDS,
    RETRY_INITIAL_SECONDS,
    Engine,
    open_engine,
)
from bot.durable.runs import Reschedule, RunState
from tests.clock import ManualClock
from tests.db.databases import address

PATIENCE = 20.0
KIND = "work"


@dataclass
class Work:
    """A handler that records its runs: ``failures`` come first, then ``answers`` in their order."""

    failures: int = 0
    held: bool = False
    answers: list[Reschedule] = field(default_factory=list)
    required: list[str] = field(default_factory=list)
    runs: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, key: str, state: RunState) -> Reschedule | None:
        self.runs.append((key, dict(state)))
        if self.failures:
            self.failures -= 1
            raise RuntimeError("a fault of ours")
        if self.held:
            await self.gate.wait()
        if self.answers:
            return self.answers.pop(0)
        self.ended.append(key)
        return None

    async def list_active_keys(self) -> list[str]:
        return self.required

    @property
    def keys(self) -> list[str]:
        return [key for key, _ in self.runs]


@dataclass
class Place:
    """A database, on which one engine follows another."""

    folder: Path
    clock: ManualClock
    kind: str = "sqlite"
    address: str = ""

    @asynccontextmanager
    async def engine(self, work: Work) -> AsyncIterator[Engine]:
        self.address = self.address or address(self.kind, self.folder)
        own = f"sqlite:///{self.folder}/work.db" if self.kind == "sqlite" else self.address
        async with (
            open_database(self.address) as database,
            open_engine(own, database, self.clock, poll_seconds=0.02) as engine,
        ):
            engine.register(KIND, work.run, list_active_keys=work.list_active_keys, concurrency=4)
            yield engine


@pytest.fixture
def place(tmp_path: Path, clock: ManualClock) -> Place:
    return Place(tmp_path, clock)


async def until(condition: Callable[[], bool]) -> None:
    """DBOS works in threads and by real time, so there is nothing to wait on but the clock."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def passing(clock: ManualClock, condition: Callable[[], bool], step: float = 1.0) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await clock.advance(step)
            await asyncio.sleep(0.01)


async def test_chain_runs_and_ends(place: Place) -> None:
    work = Work()
    async with place.engine(work) as engine:
        await engine.start(KIND, "1")
        await until(lambda: work.ended == ["1"] and engine.running_count == 0)


async def test_chain_started_twice_runs_once(place: Place) -> None:
    work = Work(held=True)
    async with place.engine(work) as engine:
        await engine.start(KIND, "1")
        await until(lambda: work.keys == ["1"])
        await engine.start(KIND, "1")
        assert engine.active_count(KIND) == 1
        work.gate.set()
        await until(lambda: work.ended == ["1"])
        await engine.start(KIND, "1")
        await engine.start(KIND, "2")
        await until(lambda: "2" in work.ended)
    assert work.keys == ["1", "2"]


async def test_chain_that_waits_is_not_started_again_after_its_first_run_was_purged(
    place: Place, clock: ManualClock
) -> None:
    work = Work(answers=[Reschedule(60.0)])
    async with place.engine(work) as engine:
        await engine.start(KIND, "1")
        await until(lambda: len(work.runs) == 1 and engine.running_count == 0)
        async with asyncio.timeout(PATIENCE):
            while not await engine.purge(4e9):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await engine.start(KIND, "1")
        await asyncio.sleep(0.1)
        assert work.keys == ["1"]
        await passing(clock, lambda: work.ended == ["1"], 30.0)
    assert work.keys == ["1", "1"]


async def test_state_is_handed_to_the_next_run(place: Place, clock: ManualClock) -> None:
    work = Work(answers=[Reschedule(5.0, {"seen": 3})])
    async with place.engine(work) as engine:
        await engine.start(KIND, "1")
        await passing(clock, lambda: work.ended == ["1"])
    assert work.runs == [("1", {}), ("1", {"seen": 3})]


async def test_failed_run_is_retried_with_a_growing_delay(place: Place, clock: ManualClock) -> None:
    work = Work(failures=2, answers=[Reschedule(0.0, {"seen": 3})])
    async with place.engine(work) as engine:
        await engine.start(KIND, "1")
        await until(lambda: len(work.runs) == 1)
        await passing(clock, lambda: len(work.runs) == 2)
        assert clock.monotonic() >= RETRY_INITIAL_SECONDS
        second = clock.monotonic()
        await passing(clock, lambda: len(work.runs) == 3)
        assert clock.monotonic() - second >= 2 * RETRY_INITIAL_SECONDS - 1
        await until(lambda: work.ended == ["1"])
    assert work.runs == [("1", {}), ("1", {}), ("1", {}), ("1", {"seen": 3})]


async def test_run_now_does_not_wait_for_the_delay(place: Place) -> None:
    work = Work(answers=[Reschedule(3_600.0)])
    async with place.engine(work) as engine:
        await engine.start(KIND, "1")
        await until(lambda: len(work.runs) == 1 and engine.running_count == 0)
        await engine.run_now(KIND, "1")
        await until(lambda: work.ended == ["1"])


async def test_run_now_during_a_run_makes_the_next_one_follow_without_delay(place: Place) -> None:
    work = Work(held=True, answers=[Reschedule(3_600.0)])
    async with place.engine(work) as engine:
        await engine.start(KIND, "1")
        await until(lambda: len(work.runs) == 1)
        await engine.run_now(KIND, "1")
        work.gate.set()
        await until(lambda: work.ended == ["1"])


async def test_next_process_continues_a_run_that_was_cut_off(place: Place) -> None:
    first = Work(held=True)
    async with place.engine(first) as engine:
        await engine.start(KIND, "1")
        await until(lambda: first.keys == ["1"])
    assert first.ended == []
    second = Work()
    async with place.engine(second) as engine:
        await engine.launch()
        await until(lambda: second.ended == ["1"])


async def test_next_process_continues_a_chain_that_was_waiting(place: Place) -> None:
    first = Work(answers=[Reschedule(3_600.0, {"seen": 3})])
    async with place.engine(first) as engine:
        await engine.start(KIND, "1")
        await until(lambda: len(first.runs) == 1 and engine.running_count == 0)
    second = Work()
    async with place.engine(second) as engine:
        await engine.run_now(KIND, "1")  # the timer of the manual clock ended with the process
        await until(lambda: second.ended == ["1"])
    assert second.runs == [("1", {"seen": 3})]


async def test_unknown_kind_is_refused(place: Place) -> None:
    async with place.engine(Work()) as engine:
        with pytest.raises(KeyError):
            await engine.start("play", "1")


async def test_row_without_a_chain_gets_one_at_the_second_look(
    place: Place, clock: ManualClock
) -> None:
    """At the first look its start may be under way."""
    work = Work(required=["1"])
    async with place.engine(work) as engine:
        await engine.launch()
        await until(lambda: engine.active_count(KIND) == 1)
        assert work.runs == []
        await passing(clock, lambda: work.ended == ["1"])
        assert clock.monotonic() >= REPAIR_INTERVAL_SECONDS
    assert work.keys == ["1"]


async def test_run_of_a_dead_replica_is_recovered_and_of_a_living_one_not(
    tmp_path: Path, clock: ManualClock
) -> None:
    place = Place(tmp_path, clock, kind="postgres")
    dead, second = Work(held=True), Work()
    async with place.engine(dead) as engine:
        await engine.start(KIND, "1")
        await until(lambda: dead.keys == ["1"])
        name = engine._lease.name
    async with open_database(place.address) as other, place.engine(second) as engine:
        # Another session holds the lock of the first replica: so it counts as alive.
        async with other.try_lead(f"work {name}", clock) as lock:
            assert lock is not None
            await engine.launch()
            await engine._resume_orphans()
            await asyncio.sleep(0.1)
            assert second.runs == []
        await passing(clock, lambda: second.ended == ["1"])
    assert second.keys == ["1"]


async def test_finished_runs_are_purged_in_time(place: Place) -> None:
    work = Work()
    async with place.engine(work) as engine:
        await engine.start(KIND, "1")
        await until(lambda: engine.running_count == 0 and work.ended == ["1"])
        assert await engine.purge(0.0) == 0
        async with asyncio.timeout(PATIENCE):
            while not await engine.purge(4e9):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await engine.start(KIND, "1")
        await until(lambda: work.ended == ["1", "1"])
