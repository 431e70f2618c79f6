"""Purging as a chain of its own: what has been kept long enough is deleted, again and again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from bot.aio.clock import Clock
from bot.durable.engine import Engine
from bot.durable.runs import Reschedule, RunState

PURGE_WORKFLOW = "purge"
PURGE_KEY = "all"
PURGE_INTERVAL_SECONDS = 600.0
RUN_RETENTION_SECONDS = 3_600.0
"""For which DBOS keeps the records of finished runs: 0.8 KB each, up to 68,000 an hour."""

PurgeStep = Callable[[], Awaitable[object]]


class Purge:
    """Runs every feature's purge step, and the engine's own."""

    def __init__(self, engine: Engine, clock: Clock, steps: Sequence[PurgeStep]) -> None:
        self._engine = engine
        self._clock = clock
        self._steps = steps

    async def run(self, _key: str, _state: RunState) -> Reschedule:
        """Purge once, and come back in ten minutes."""
        await self._engine.purge(self._clock.time() - RUN_RETENTION_SECONDS)
        for step in self._steps:
            await step()
        return Reschedule(PURGE_INTERVAL_SECONDS)

    async def list_active_keys(self) -> list[str]:
        """Return the one chain that must always be alive."""
        return [PURGE_KEY]
