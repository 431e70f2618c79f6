"""The supervised loop: when the step runs, and what happens when it fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from bot.aio.periodic import RETRY_INITIAL_SECONDS, RETRY_MAX_SECONDS, run_periodically
from bot.aio.tasks import cancel_and_wait
from bot.aio.wake_event import WakeEvent
from bot.errors import DatabaseUnavailable
from tests.clock import ManualClock, settle


@dataclass
class Step:
    """Counts its runs; returns or raises what the test queued, else None."""

    runs: int = 0
    results: list[float | Exception | None] = field(default_factory=list)

    async def __call__(self) -> float | None:
        self.runs += 1
        result = self.results.pop(0) if self.results else None
        if isinstance(result, Exception):
            raise result
        return result


@pytest.fixture
def step() -> Step:
    return Step()


@pytest.fixture
def wake(clock: ManualClock) -> WakeEvent:
    return WakeEvent(clock)


@pytest.fixture
async def loop(clock: ManualClock, step: Step, wake: WakeEvent) -> AsyncIterator[None]:
    task = asyncio.create_task(run_periodically("mail", step, 10, clock, wake))
    yield
    await cancel_and_wait([task])


@pytest.mark.usefixtures("loop")
async def test_step_runs_immediately_and_then_at_every_interval(
    clock: ManualClock, step: Step
) -> None:
    await settle()
    assert step.runs == 1
    await clock.advance(9.9)
    assert step.runs == 1
    await clock.advance(20.1)
    assert step.runs == 4


@pytest.mark.usefixtures("loop")
async def test_wake_starts_the_next_run(clock: ManualClock, step: Step, wake: WakeEvent) -> None:
    await settle()
    wake.set()
    await settle()
    assert step.runs == 2
    await clock.advance(9.9)
    assert step.runs == 2


@pytest.mark.usefixtures("loop")
async def test_step_chooses_its_next_run(clock: ManualClock, step: Step, wake: WakeEvent) -> None:
    await settle()
    step.results = [0, 0, 3]
    wake.set()
    await settle()
    assert step.runs == 4
    await clock.advance(2.9)
    assert step.runs == 4
    await clock.advance(0.1)
    assert step.runs == 5


async def test_database_failure_is_logged_and_retried_with_backoff(
    clock: ManualClock, step: Step, wake: WakeEvent
) -> None:
    step.results = [DatabaseUnavailable("gone")] * 5
    with capture_logs() as logs:
        task = asyncio.create_task(run_periodically("mail", step, 10, clock, wake))
        await settle()
        delays = []
        for runs in range(1, 6):
            assert step.runs == runs
            before = clock.monotonic()
            wake.set()  # does not shorten the delay
            while step.runs == runs:
                await clock.advance(0.5)
            delays.append(clock.monotonic() - before)
        await cancel_and_wait([task])
    assert delays == [RETRY_INITIAL_SECONDS, 2, *[RETRY_MAX_SECONDS] * 3]
    assert {(log["event"], log["component"], log["reason"]) for log in logs} == {
        ("database_unavailable", "mail", "gone")
    }
    assert len(logs) == 5


async def test_unexpected_failure_is_logged_and_the_loop_continues(
    clock: ManualClock, step: Step
) -> None:
    step.results = [ValueError("oops"), None]
    with capture_logs() as logs:
        task = asyncio.create_task(run_periodically("mail", step, 10, clock))
        await clock.advance(RETRY_INITIAL_SECONDS)
        assert step.runs == 2
        await clock.advance(10)
        assert step.runs == 3
        await cancel_and_wait([task])
    assert [(log["event"], log["component"], log["log_level"]) for log in logs] == [
        ("loop_failed", "mail", "error")
    ]
