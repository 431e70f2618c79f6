"""The one queue: places of each kind and workspace, and runs of earlier releases."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from bot.durable.run_queue import PARTITION_CONCURRENCY
from bot.durable.runs import Reschedule
from bot.durable.workspace_engine import WorkspaceEngine
from tests.clock import ManualClock
from tests.db.databases import KINDS
from tests.durable.engine_database import (
    FIRST,
    GLOBEX,
    KIND,
    SECOND,
    EngineDatabase,
    FakeWork,
    step_until,
    wait_until,
)


@pytest.mark.parametrize("kind", KINDS)
async def test_runs_of_a_release_with_a_queue_for_each_kind_continue_in_the_one_queue(
    kind: str, tmp_path: Path, clock: ManualClock
) -> None:
    engine_database = EngineDatabase(tmp_path, clock, kind)
    first, second = FakeWork(answers=[Reschedule(3_600.0, {"seen": 3})]), FakeWork()
    async with engine_database.open_engine(first) as engine:
        await engine.start(KIND, FIRST)
        await wait_until(lambda: first.keys == ["1"] and engine.running_count == 0)
        first.is_blocked = True
        await engine.start(KIND, SECOND)
        await wait_until(lambda: first.keys == ["1", "2"])
    engine_database.move_to_queue_of_kind()
    async with engine_database.open_engine(second) as engine:
        await engine.run_now(KIND, FIRST)
        await wait_until(lambda: sorted(second.finished) == ["1", "2"])
        assert f"queue-worker-{KIND}" not in {thread.name for thread in threading.enumerate()}
    assert sorted(second.runs) == [("1", {"seen": 3}), ("2", {})]


async def test_run_that_a_replica_of_an_earlier_release_enqueues_is_moved(
    engine_database: EngineDatabase, clock: ManualClock
) -> None:
    work = FakeWork(answers=[Reschedule(60.0)])
    async with engine_database.open_engine(work) as engine:
        await engine.start(KIND, FIRST)
        await wait_until(lambda: work.keys == ["1"] and engine.running_count == 0)
        engine_database.move_to_queue_of_kind()
        await step_until(clock, lambda: work.finished == ["1"])
    assert work.keys == ["1", "1"]


async def test_work_that_hangs_leaves_the_places_of_another_workspace(
    engine_database: EngineDatabase,
) -> None:
    hung, other = FakeWork(is_blocked=True), FakeWork()
    async with (
        engine_database.open_engine(hung) as engine,
        engine_database.open_workspace(engine, GLOBEX, other),
    ):
        for number in range(6):
            await engine.start(KIND, f"T0ACME/{number}")
        await wait_until(lambda: len(hung.runs) == PARTITION_CONCURRENCY)
        await engine.start(KIND, "T0GLOBEX/1")
        await wait_until(lambda: other.finished == ["1"])
        assert len(hung.runs) == PARTITION_CONCURRENCY
        hung.gate.set()
        await wait_until(lambda: len(hung.finished) == 6)


@pytest.mark.parametrize("concurrency", [0, PARTITION_CONCURRENCY - 1, PARTITION_CONCURRENCY + 1])
async def test_concurrency_that_no_partitions_give_is_refused(
    engine_database: EngineDatabase, concurrency: int
) -> None:
    work = FakeWork()
    async with engine_database.open_engine(work) as engine:
        own_engine = WorkspaceEngine(engine, GLOBEX)
        with pytest.raises(ValueError, match=f"concurrency={concurrency}"):
            own_engine.register(
                "other",
                work.run,
                list_active_keys=work.list_active_keys,
                concurrency=concurrency,
            )
