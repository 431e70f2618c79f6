"""A supervised loop: it repeats a step, and survives what the step raises."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot.aio.clock import Clock, sleep
from bot.aio.wake_event import WakeEvent
from bot.errors import DatabaseUnavailable

RETRY_INITIAL_SECONDS = 1.0
RETRY_MAX_SECONDS = 4.0
"""Doubled from the initial delay up to here, so that work resumes soon after an outage."""

FIRST_PURGE_SECONDS = 60.0
"""Seconds from the start to the first purge, so that a starting process has less to do."""

Step = Callable[[], Awaitable[float | None]]
"""Returns the seconds until its next run; 0 for immediately, None for the usual interval."""


async def run_periodically(
    name: str,
    step: Step,
    every: float,
    clock: Clock,
    wake: WakeEvent | None = None,
    *,
    first_after: float = 0.0,
) -> None:
    """Run ``step`` every ``every`` seconds, first after ``first_after``, until it is cancelled.

    ``wake`` starts the next run early. If a step raises, one line with ``component=name`` is
    logged (``database_unavailable``, or ``loop_failed`` with a traceback) and the step is retried
    with a growing delay. A wake does not shorten that delay: a database that is down must not
    get a query per event.
    """
    log = structlog.get_logger(name)
    retry = RETRY_INITIAL_SECONDS
    if first_after > 0:
        await _pause(clock, wake, first_after)
    while True:
        try:
            delay = await step()
        except DatabaseUnavailable as error:
            log.warning("database_unavailable", component=name, reason=error.message)
        except Exception:  # one failed step must not end the loop
            log.exception("loop_failed", component=name)
        else:
            retry = RETRY_INITIAL_SECONDS
            await _pause(clock, wake, every if delay is None else delay)
            continue
        await sleep(clock, retry)
        retry = min(retry * 2, RETRY_MAX_SECONDS)


async def _pause(clock: Clock, wake: WakeEvent | None, seconds: float) -> None:
    """Wait ``seconds`` or for ``wake``; with 0 seconds only let other tasks run."""
    if seconds <= 0:
        await asyncio.sleep(0)
    elif wake is None:
        await sleep(clock, seconds)
    else:
        await wake.wait(seconds)
