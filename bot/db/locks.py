"""Leader locks: one process at a time does the work of a name.

On Postgres this is an advisory lock in a session of its own. It ends with that session: immediately
if the process is killed, and within `SESSION_TIMEOUT_SECONDS` if the process hangs or its machine
loses the network. (It does not work through a pooler that shares sessions between transactions,
such as PgBouncer in transaction mode.) On SQLite there is no other process, and the lock is local.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.aio.clock import Clock, sleep
from bot.errors import DatabaseUnavailable

CHECK_INTERVAL_SECONDS = 2.0
"""Seconds between checks of the session."""
CHECK_TIMEOUT_SECONDS = 4.0
"""Seconds for one check, on the system clock, since it waits for the network."""
SESSION_TIMEOUT_SECONDS = 10
"""Postgres ends a session that is idle for longer, and releases its lock."""

# Settings of the server for this session; Postgres before 14 lacks the first.
SESSION_SETTINGS = {
    "idle_session_timeout": f"{SESSION_TIMEOUT_SECONDS}s",
    "tcp_user_timeout": f"{SESSION_TIMEOUT_SECONDS}s",
}


class LeaderLock:
    """An acquired lock. ``lost`` is set once it is gone; running work may still finish."""

    def __init__(self, connection: AsyncConnection | None) -> None:
        self.lost = asyncio.Event()
        self._connection = connection
        self._check_lock = asyncio.Lock()

    @property
    def is_checking(self) -> bool:
        """Whether a check is in flight."""
        return self._check_lock.locked()

    async def ensure_held(self) -> None:
        """Raise ``DatabaseUnavailable`` unless this process owns the lock right now."""
        if self._connection is None:
            return
        async with self._check_lock:
            if not self.lost.is_set():
                try:
                    async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
                        await self._connection.execute(text("SELECT 1"))
                except (DBAPIError, TimeoutError, OSError):
                    self.lost.set()
        if self.lost.is_set():
            raise DatabaseUnavailable("The session of the leader lock has ended.")

    async def monitor(self, clock: Clock) -> None:
        """Check the lock until it is lost."""
        with suppress(DatabaseUnavailable):
            while True:
                await sleep(clock, CHECK_INTERVAL_SECONDS)
                await self.ensure_held()


@asynccontextmanager
async def local_lock(held_names: set[str], name: str) -> AsyncIterator[LeaderLock | None]:
    """Try to lock ``name`` among the users of one database object; None if it is in use.

    ``held_names`` are the names in use.
    """
    if name in held_names:
        yield None
        return
    held_names.add(name)
    try:
        yield LeaderLock(None)
    finally:
        held_names.discard(name)


@asynccontextmanager
async def advisory_lock(
    engine: AsyncEngine, name: str, clock: Clock
) -> AsyncIterator[LeaderLock | None]:
    """Try to lock ``name`` among all processes that share a Postgres; None if it is in use.

    Raises SQLAlchemy's errors if the database does not answer.
    """
    connection = await engine.connect()
    try:
        if not await _try_acquire(connection, name):
            yield None
            return
        lock = LeaderLock(connection)
        monitoring = asyncio.create_task(lock.monitor(clock))
        try:
            yield lock
        finally:
            lock.lost.set()
            monitoring.cancel()
            await asyncio.gather(monitoring, return_exceptions=True)
    finally:
        with suppress(DBAPIError, TimeoutError, OSError):
            async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
                await connection.close()


async def _try_acquire(connection: AsyncConnection, name: str) -> bool:
    for setting, value in SESSION_SETTINGS.items():
        await connection.execute(
            text("SELECT set_config(name, :value, false) FROM pg_settings WHERE name = :setting"),
            {"setting": setting, "value": value},
        )
    acquired = await connection.scalar(
        text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))"),
        {"name": f"chakra-bot leads {name}"},
    )
    return bool(acquired)
