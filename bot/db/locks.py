"""Work that one process at a time does, by name: whoever holds the name leads.

On Postgres the name is an advisory lock of a session of its own. It ends with that session: at once
where the process is killed, and within `SESSION_TIMEOUT_SECONDS` where the process hangs or its
machine is cut
off. (A pooler that hands out sessions by transaction, as PgBouncer may, cannot carry such a lock.)
On SQLite no other process can be alive, and the name is taken within this one.
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
"""Between looks whether the session still lives."""
CHECK_TIMEOUT_SECONDS = 4.0
"""For which one look waits; it is the network that is waited for, so the machine's time counts."""
SESSION_TIMEOUT_SECONDS = 10
"""Postgres ends a session that has not been looked after for so long, and with it the lock."""

# Both are settings of the server's, for this session; releases before 14 lack the first.
SESSION_SETTINGS = {
    "idle_session_timeout": f"{SESSION_TIMEOUT_SECONDS}s",
    "tcp_user_timeout": f"{SESSION_TIMEOUT_SECONDS}s",
}


class LeaderLock:
    """``lost`` is set once the name is held no longer; work that began before may still end."""

    def __init__(self, connection: AsyncConnection | None) -> None:
        self.lost = asyncio.Event()
        self._connection = connection
        self._check_lock = asyncio.Lock()

    @property
    def is_checking(self) -> bool:
        """Whether the database is being asked at this moment."""
        return self._check_lock.locked()

    async def ensure_held(self) -> None:
        """Returns where the name is held at this moment. Raises ``DatabaseUnavailable`` where
        not."""
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
            raise DatabaseUnavailable("The session that held the lead is gone.")

    async def monitor(self, clock: Clock) -> None:
        """Until it is lost."""
        with suppress(DatabaseUnavailable):
            while True:
                await sleep(clock, CHECK_INTERVAL_SECONDS)
                await self.ensure_held()


@asynccontextmanager
async def local_lock(held_names: set[str], name: str) -> AsyncIterator[LeaderLock | None]:
    """Among the users of one database object; ``names`` are those that are taken."""
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
    """Among all who share a Postgres. Raises SQLAlchemy's errors where it cannot be asked."""
    connection = await engine.connect()
    try:
        if not await _try_acquire(connection, name):
            yield None
            return
        lead = LeaderLock(connection)
        watching = asyncio.create_task(lead.monitor(clock))
        try:
            yield lead
        finally:
            lead.lost.set()
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
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
    taken = await connection.scalar(
        text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))"),
        {"name": f"chakra-bot leads {name}"},
    )
    return bool(taken)
