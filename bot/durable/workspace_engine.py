"""The engine as seen by one workspace, whose chains have their own keys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.durable.engine import Engine
from bot.durable.keys import build_full_key
from bot.durable.run_queue import PARTITION_CONCURRENCY
from bot.durable.runs import Handler, ListKeys, Run, RunState


class WorkspaceEngine:
    """Registers and starts the chains of one workspace. Methods raise ``DatabaseUnavailable``."""

    def __init__(self, engine: Engine, workspace: str) -> None:
        self._engine = engine
        self._workspace = workspace

    def count_active(self, kind: str) -> int:
        """Return how many of the workspace's chains are alive; see ``Engine.count_active``."""
        return self._engine.count_active(kind, self._workspace)

    def register(
        self,
        kind: str,
        run: Run,
        *,
        list_active_keys: ListKeys,
        concurrency: int = PARTITION_CONCURRENCY,
    ) -> None:
        """Register the handler of a kind; see ``Engine.register``."""
        handler = Handler(kind, self._workspace, run, list_active_keys)
        self._engine.register(handler, concurrency=concurrency)

    async def start(self, kind: str, key: str, state: RunState | None = None) -> None:
        """Start a chain, unless it is alive; see ``Engine.start``."""
        await self._engine.start(kind, build_full_key(self._workspace, key), state)

    async def run_now(self, kind: str, key: str) -> None:
        """Make the next run of a chain due immediately; see ``Engine.run_now``."""
        await self._engine.run_now(kind, build_full_key(self._workspace, key))


@asynccontextmanager
async def open_workspace_engine(engine: Engine, workspace: str) -> AsyncIterator[WorkspaceEngine]:
    """Yield the engine for a workspace, whose chains it runs until the block ends."""
    try:
        yield WorkspaceEngine(engine, workspace)
    finally:
        await engine.unregister(workspace)
