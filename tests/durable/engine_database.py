"""An engine on a database, and a handler that records its runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dbos import DBOSClient
from sqlalchemy import column, create_engine, make_url, table, update

from bot.db.engine import open_database
from bot.durable.database import workflow_database
from bot.durable.dbos_config import APPLICATION_NAME
from bot.durable.engine import Engine
from bot.durable.open import open_engine
from bot.durable.runs import Reschedule, RunState
from bot.durable.workspace_engine import open_workspace_engine
from tests.clock import ManualClock
from tests.db.databases import create_database_url

TIMEOUT_SECONDS = 150.0
KIND = "work"
ACME, GLOBEX = "T0ACME", "T0GLOBEX"
FIRST, SECOND = "T0ACME/1", "T0ACME/2"


@dataclass
class FakeWork:
    """A handler that records its runs: ``failures`` come first, then ``answers`` in their order."""

    failures: int = 0
    is_blocked: bool = False
    answers: list[Reschedule] = field(default_factory=list)
    required: list[str] = field(default_factory=list)
    runs: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, key: str, state: RunState) -> Reschedule | None:
        self.runs.append((key, dict(state)))
        if self.failures:
            self.failures -= 1
            raise RuntimeError("a fault of ours")
        if self.is_blocked:
            await self.gate.wait()
        if self.answers:
            return self.answers.pop(0)
        self.finished.append(key)
        return None

    async def list_active_keys(self) -> list[str]:
        return self.required

    @property
    def keys(self) -> list[str]:
        return [key for key, _ in self.runs]


@dataclass
class EngineDatabase:
    """A database, on which one engine follows another."""

    folder: Path
    clock: ManualClock
    kind: str = "sqlite"
    address: str = ""

    @asynccontextmanager
    async def open_engine(self, work: FakeWork) -> AsyncIterator[Engine]:
        self.address = self.address or create_database_url(self.kind, self.folder)
        async with (
            open_database(self.address) as database,
            open_engine(self.address, database, self.clock, poll_seconds=0.02) as engine,
            self.open_workspace(engine, ACME, work),
        ):
            try:
                yield engine
            finally:
                engine.stop_executing()

    @asynccontextmanager
    async def open_workspace(
        self, engine: Engine, workspace: str, work: FakeWork
    ) -> AsyncIterator[None]:
        async with open_workspace_engine(engine, workspace) as own_engine:
            own_engine.register(KIND, work.run, list_active_keys=work.list_active_keys)
            yield

    def move_to_queue_of_kind(self) -> None:
        """Leave the runs where a release with a queue for each kind would have put them."""
        with workflow_database(self.address) as get_url:
            url = get_url()
            client = DBOSClient(system_database_url=url, application_name=APPLICATION_NAME)
            client.register_queue(KIND, worker_concurrency=4, polling_interval_sec=0.02)
            client.destroy()
            is_sqlite = self.kind == "sqlite"
            driver = "sqlite" if is_sqlite else "postgresql+psycopg"
            engine = create_engine(make_url(url).set(drivername=driver))
        runs = table(
            "workflow_status",
            *map(column, ("queue_name", "queue_partition_key")),
            schema=None if is_sqlite else "dbos",
        )
        with engine.begin() as connection:
            connection.execute(update(runs).values(queue_name=KIND, queue_partition_key=None))
        engine.dispose()


async def wait_until(condition: Callable[[], bool]) -> None:
    """DBOS works in threads and by real time, so there is nothing to wait on but the clock."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def step_until(clock: ManualClock, condition: Callable[[], bool], step: float = 1.0) -> None:
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not condition():
            await clock.advance(step)
            await asyncio.sleep(0.01)
