"""The durable engine: chains that run once, again after a failure, and on after a restart."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from bot.db.engine import open_database
from bot.durable.engine import (
    REPAIR_INTERVAL_SECONDS,
    RESUME_INTERVAL_SECONDS,
    RETRY_INITIAL_SECONDS,
)
from bot.durable.runs import Reschedule, RunState
from tests.clock import ManualClock
from tests.durable.engine_database import (
    ACME,
    FIRST,
    GLOBEX,
    KIND,
    SECOND,
    TIMEOUT_SECONDS,
    EngineDatabase,
    FakeWork,
    step_until,
    wait_until,
)
from tests.event_loop import IdleEventLoop


async def test_chain_runs_and_ends(engine_database: EngineDatabase) -> None:
    work = FakeWork()
    async with engine_database.open_engine(work) as engine:
        await engine.start(KIND, FIRST)
        await wait_until(lambda: work.finished == ["1"] and engine.running_count == 0)


async def test_chain_started_twice_runs_once(engine_database: EngineDatabase) -> None:
    work = FakeWork(is_blocked=True, required=["1"])
    async with engine_database.open_engine(work) as engine:
        await engine.start(KIND, FIRST)
        await wait_until(lambda: work.keys == ["1"])
        await engine.start(KIND, FIRST)
        assert engine.count_active(KIND, ACME) == 1
        work.gate.set()
        await wait_until(lambda: work.finished == ["1"])
        await engine.start(KIND, FIRST)
        await engine.start(KIND, SECOND)
        await wait_until(lambda: "2" in work.finished)
    assert work.keys == ["1", "2"]


async def test_chain_that_waits_is_not_started_again_after_its_first_run_was_purged(
    engine_database: EngineDatabase, clock: ManualClock
) -> None:
    work = FakeWork(answers=[Reschedule(60.0)])
    async with engine_database.open_engine(work) as engine:
        await engine.start(KIND, FIRST)
        await wait_until(lambda: len(work.runs) == 1 and engine.running_count == 0)
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while not await engine.purge(4e9):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await engine.start(KIND, FIRST)
        await asyncio.sleep(0.1)
        assert work.keys == ["1"]
        await step_until(clock, lambda: work.finished == ["1"], 30.0)
    assert work.keys == ["1", "1"]


async def test_state_is_handed_to_the_next_run(
    engine_database: EngineDatabase, clock: ManualClock
) -> None:
    work = FakeWork(answers=[Reschedule(5.0, {"seen": 3})])
    async with engine_database.open_engine(work) as engine:
        await engine.start(KIND, FIRST)
        await step_until(clock, lambda: work.finished == ["1"])
    assert work.runs == [("1", {}), ("1", {"seen": 3})]


async def test_failed_run_is_retried_with_a_growing_delay(
    engine_database: EngineDatabase, clock: ManualClock
) -> None:
    work = FakeWork(failures=2, answers=[Reschedule(0.0, {"seen": 3})])
    async with engine_database.open_engine(work) as engine:
        await engine.start(KIND, FIRST)
        await wait_until(lambda: len(work.runs) == 1)
        await step_until(clock, lambda: len(work.runs) == 2)
        assert clock.monotonic() >= RETRY_INITIAL_SECONDS
        second = clock.monotonic()
        await step_until(clock, lambda: len(work.runs) == 3)
        assert clock.monotonic() - second >= 2 * RETRY_INITIAL_SECONDS - 1
        await wait_until(lambda: work.finished == ["1"])
    assert work.runs == [("1", {}), ("1", {}), ("1", {}), ("1", {"seen": 3})]


async def test_run_now_does_not_wait_for_the_delay(engine_database: EngineDatabase) -> None:
    work = FakeWork(answers=[Reschedule(3_600.0)])
    async with engine_database.open_engine(work) as engine:
        await engine.start(KIND, FIRST)
        await wait_until(lambda: len(work.runs) == 1 and engine.running_count == 0)
        await engine.run_now(KIND, FIRST)
        await wait_until(lambda: work.finished == ["1"])


async def test_run_from_before_the_clock_was_set_back_is_resumed(
    engine_database: EngineDatabase, clock: ManualClock
) -> None:
    work = FakeWork(answers=[Reschedule(3_600.0)])
    async with engine_database.open_engine(work) as engine:
        await engine.start(KIND, FIRST)
        await wait_until(lambda: len(work.runs) == 1 and engine.running_count == 0)
        await clock.advance(2 * RESUME_INTERVAL_SECONDS)
        assert work.finished == []
        with closing(sqlite3.connect(make_url(engine._get_url()).database or "")) as connection:
            day = "UPDATE workflow_status SET created_at = created_at + 86400000 "
            connection.execute(day + "WHERE status = 'DELAYED'")
            connection.commit()
        await step_until(clock, lambda: work.finished == ["1"])
    assert clock.monotonic() < 3_600


async def test_run_now_during_a_run_makes_the_next_one_follow_without_delay(
    engine_database: EngineDatabase,
) -> None:
    work = FakeWork(is_blocked=True, answers=[Reschedule(3_600.0)])
    async with engine_database.open_engine(work) as engine:
        await engine.start(KIND, FIRST)
        await wait_until(lambda: len(work.runs) == 1)
        await engine.run_now(KIND, FIRST)
        work.gate.set()
        await wait_until(lambda: work.finished == ["1"])


async def test_next_process_continues_a_run_that_was_cut_off(
    engine_database: EngineDatabase,
) -> None:
    first = FakeWork(is_blocked=True)
    async with engine_database.open_engine(first) as engine:
        await engine.start(KIND, FIRST)
        await wait_until(lambda: first.keys == ["1"])
    assert first.finished == []
    second = FakeWork()
    async with engine_database.open_engine(second) as engine:
        await engine.launch()
        await wait_until(lambda: second.finished == ["1"])


async def test_next_process_continues_a_chain_that_was_waiting(
    engine_database: EngineDatabase,
) -> None:
    first = FakeWork(answers=[Reschedule(3_600.0, {"seen": 3})])
    async with engine_database.open_engine(first) as engine:
        await engine.start(KIND, FIRST)
        await wait_until(lambda: len(first.runs) == 1 and engine.running_count == 0)
    second = FakeWork()
    async with engine_database.open_engine(second) as engine:
        await engine.run_now(KIND, FIRST)  # the timer of the manual clock ended with the process
        await wait_until(lambda: second.finished == ["1"])
    assert second.runs == [("1", {"seen": 3})]


async def test_unknown_kind_is_refused(engine_database: EngineDatabase) -> None:
    async with engine_database.open_engine(FakeWork()) as engine:
        with pytest.raises(KeyError):
            await engine.start("play", FIRST)


async def test_closed_workspace_runs_nothing_until_it_is_opened_again(
    engine_database: EngineDatabase, clock: ManualClock
) -> None:
    acme, paused, again = (
        FakeWork(required=["1"], answers=[Reschedule(30.0)]),
        FakeWork(),
        FakeWork(),
    )
    paused.required = again.required = ["1"]
    paused.is_blocked = True
    async with engine_database.open_engine(acme) as engine:
        async with engine_database.open_workspace(engine, GLOBEX, paused):
            await engine.start(KIND, FIRST)
            await engine.start(KIND, "T0GLOBEX/1")
            await wait_until(lambda: paused.keys == acme.keys == ["1"])
        assert paused.finished == []
        assert engine.count_active(KIND, GLOBEX) == 0
        await step_until(clock, lambda: acme.finished == ["1"])
        assert paused.keys == ["1"]
        async with engine_database.open_workspace(engine, GLOBEX, again):
            await step_until(clock, lambda: again.finished == ["1"])


async def test_chain_of_a_workspace_that_is_not_open_ends(engine_database: EngineDatabase) -> None:
    first, second = FakeWork(answers=[Reschedule(3_600.0)]), FakeWork()
    async with (
        engine_database.open_engine(FakeWork()) as engine,
        engine_database.open_workspace(engine, GLOBEX, first),
    ):
        await engine.start(KIND, "T0GLOBEX/1")
        await wait_until(lambda: len(first.runs) == 1 and engine.running_count == 0)
        engine.stop_executing()
    async with engine_database.open_engine(FakeWork()) as engine:
        await engine.launch()
        assert await engine.purge(4e9) == 1  # the first run
        await engine.run_now(KIND, "T0GLOBEX/1")
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while not await engine.purge(4e9):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        async with engine_database.open_workspace(engine, GLOBEX, second):
            await asyncio.sleep(0.1)
    assert second.runs == []


async def test_row_without_a_chain_gets_one_at_the_second_look(
    engine_database: EngineDatabase, clock: ManualClock
) -> None:
    """At the first look its start may be under way."""
    work = FakeWork(required=["1"])
    async with engine_database.open_engine(work) as engine:
        await engine.launch()
        await wait_until(lambda: engine.count_active(KIND, ACME) == 1)
        assert work.runs == []
        await step_until(clock, lambda: work.finished == ["1"])
        assert clock.monotonic() >= REPAIR_INTERVAL_SECONDS
    assert work.keys == ["1"]


async def test_run_of_a_dead_replica_is_recovered_and_of_a_living_one_not(
    tmp_path: Path, clock: ManualClock
) -> None:
    engine_database = EngineDatabase(tmp_path, clock, kind="postgres")
    dead, second = FakeWork(is_blocked=True), FakeWork()
    async with engine_database.open_engine(dead) as engine:
        await engine.start(KIND, FIRST)
        await wait_until(lambda: dead.keys == ["1"])
        name = engine._lease.name
    async with (
        open_database(engine_database.address) as other,
        engine_database.open_engine(second) as engine,
    ):
        # Another session holds the lock of the first replica: so it counts as alive.
        async with other.try_lead(f"work {name}", clock) as lock:
            assert lock is not None
            await engine.launch()
            await engine._resume_orphans()
            await asyncio.sleep(0.1)
            assert second.runs == []
        await step_until(clock, lambda: second.finished == ["1"])
    assert second.keys == ["1"]


def test_run_that_is_due_while_the_loop_is_stopped_executes_in_it_later(
    engine_database: EngineDatabase,
) -> None:
    loops: list[asyncio.AbstractEventLoop] = []

    class LoopRecorder(FakeWork):
        async def run(self, key: str, state: RunState) -> Reschedule | None:
            loops.append(asyncio.get_running_loop())
            return await super().run(key, state)

    work = LoopRecorder()
    with asyncio.Runner(loop_factory=IdleEventLoop) as runner:
        opened = engine_database.open_engine(work)
        engine = runner.run(opened.__aenter__())
        runner.run(engine.start(KIND, FIRST))
        runner.run(wait_until(lambda: work.finished == ["1"]))  # DBOS polls from now on
        runner.run(engine.start(KIND, SECOND))
        time.sleep(0.2)  # in which DBOS looks for due runs ten times
        runner.run(wait_until(lambda: work.finished == ["1", "2"]))
        runner.run(opened.__aexit__(None, None, None))
        assert loops == [runner.get_loop()] * 2


async def test_finished_runs_are_purged_in_time(engine_database: EngineDatabase) -> None:
    work = FakeWork()
    async with engine_database.open_engine(work) as engine:
        await engine.start(KIND, FIRST)
        await wait_until(lambda: engine.running_count == 0 and work.finished == ["1"])
        assert await engine.purge(0.0) == 0
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while not await engine.purge(4e9):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await engine.start(KIND, FIRST)
        await wait_until(lambda: work.finished == ["1", "1"])
