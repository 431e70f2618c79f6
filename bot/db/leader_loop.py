"""Work that one process of all replicas does, step by step."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from bot.aio.clock import Clock
from bot.aio.periodic import RETRY_MAX_SECONDS, run_periodically
from bot.aio.wake_event import WakeEvent
from bot.db.engine import Database
from bot.db.locks import LeaderLock
from bot.errors import DatabaseUnavailable

LEADER_RETRY_SECONDS = 3.0
"""Seconds between two attempts to lead."""


async def run_as_leader(
    database: Database,
    name: str,
    workspace: str,
    step: Callable[[LeaderLock], Awaitable[float]],
    wake: WakeEvent,
    clock: Clock,
) -> None:
    """Call ``step`` while this process leads for ``name`` in the workspace, until cancelled.

    It returns the seconds until it has more to do; ``wake`` ends that wait.
    """
    log = structlog.get_logger(name)

    async def lead() -> None:
        async with database.try_lead(f"{name} {workspace}", clock) as lock:
            while lock is not None and not lock.lost.is_set():
                try:
                    wait = await step(lock)
                except DatabaseUnavailable as error:
                    log.warning("database_unavailable", component=name, reason=error.message)
                    wait = RETRY_MAX_SECONDS
                await wake.wait(max(0.0, wait))

    await run_periodically(name, lead, LEADER_RETRY_SECONDS, clock)
