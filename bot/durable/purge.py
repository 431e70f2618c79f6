"""Purge expired data every ten minutes, in a separate chain."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from bot.aio.clock import Clock
from bot.durable.engine import Engine
from bot.durable.runs import Reschedule, RunState
from bot.durable.workspace_engine import WorkspaceEngine

PURGE_WORKFLOW = "purge"
PURGE_KEY = "all"
PURGE_INTERVAL_SECONDS = 600.0
RUN_RETENTION_SECONDS = 3_600.0
"""Seconds for which DBOS stores the records of finished runs: 0.8 KB each, 68,000 an hour."""
ALL_WORKSPACES = "all"
"""The name used for the engine's own records instead of a workspace; no team ID looks like it."""

PurgeStep = Callable[[], Awaitable[object]]


class Purge:
    """Run every step every ten minutes."""

    def __init__(self, steps: Sequence[PurgeStep]) -> None:
        self._steps = steps

    async def run(self, _key: str, _state: RunState) -> Reschedule:
        """Purge once, and run again in ten minutes."""
        for step in self._steps:
            await step()
        return Reschedule(PURGE_INTERVAL_SECONDS)

    async def list_active_keys(self) -> list[str]:
        """Return the one chain that must always be alive."""
        return [PURGE_KEY]


def register_purge(engine: WorkspaceEngine, steps: Sequence[PurgeStep]) -> None:
    """Register the purge of a workspace's features."""
    purge = Purge(steps)
    engine.register(PURGE_WORKFLOW, purge.run, list_active_keys=purge.list_active_keys)


def register_record_purge(engine: Engine, clock: Clock) -> None:
    """Register the purge of the engine's own records, those of all workspaces."""

    async def purge_records() -> None:
        await engine.purge(clock.time() - RUN_RETENTION_SECONDS)

    register_purge(WorkspaceEngine(engine, ALL_WORKSPACES), [purge_records])
