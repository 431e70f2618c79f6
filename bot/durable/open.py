"""Open the durable engine of a process on its own database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.aio.clock import Clock
from bot.db.engine import Database
from bot.durable.database import workflow_database
from bot.durable.engine import POLL_SECONDS, Engine
from bot.durable.purge import register_record_purge


@asynccontextmanager
async def open_engine(
    url: str, database: Database, clock: Clock, *, poll_seconds: float = POLL_SECONDS
) -> AsyncIterator[Engine]:
    """Open the engine and close it with the block. ``url`` is that of ``database``.

    Nothing runs before ``launch``, or before the first chain. Raises ``DatabaseUnavailable``.
    """
    with workflow_database(url) as get_own_url:
        engine = Engine(get_own_url, database, clock, poll_seconds=poll_seconds)
        register_record_purge(engine, clock)
        try:
            yield engine
        finally:
            await engine.aclose()
