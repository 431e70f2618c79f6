"""Work that one process at a time does, by name: whoever holds the name leads.

On Postgres the name is an advisory lock of a session of its own. It ends with that session: at once
where the process is killed, and within `IDLE_SECONDS` where the process hangs or its machine is cut
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
from bot.errors import StoreUnavailable

CHECK_SECONDS = 2.0
"""Between looks whether the session still lives."""
ANSWER_SECONDS = 4.0
"""For which one look waits; it is the network that is waited for, so the machine's time counts."""
IDLE_SECONDS = 10
"""Postgres ends a session that has not been looked after for so long, and with it the lock."""

# Both are settings of the server's, for this session; releases before 14 lack the first.
SETTINGS = {
    "idle_session_timeout": f"{IDLE_SECONDS}s",
    "tcp_user_timeout": f"{IDLE_SECONDS}s",
}


class Lead:
    """``lost`` is set once the name is held no longer; work that began before may still end."""

    def __init__(self, connection: AsyncConnection | None) -> None:
        self.lost = asyncio.Event()
        self._connection = connection
        self._one_look = asyncio.Lock()

    async def confirm(self) -> None:
        """Returns where the name is held at this moment. Raises ``StoreUnavailable`` where not."""
        if self._connection is None:
            return
        async with self._one_look:
            if not self.lost.is_set():
                try:
                    async with asyncio.timeout(ANSWER_SECONDS):
                        await self._connection.execute(text("SELECT 1"))
                except (DBAPIError, TimeoutError, OSError):
                    self.lost.set()
        if self.lost.is_set():
            raise StoreUnavailable("The session that held the lead is gone.")

    async def watch(self, clock: Clock) -> None:
        """Until it is lost."""
        with suppress(StoreUnavailable):
            while True:
                await sleep(clock, CHECK_SECONDS)
                await self.confirm()


@asynccontextmanager
async def led_within(names: set[str], name: str) -> AsyncIterator[Lead | None]:
    """Among the users of one database object; ``names`` are those that are taken."""
    if name in names:
        yield None
        return
    names.add(name)
    try:
        yield Lead(None)
    finally:
        names.discard(name)


@asynccontextmanager
async def led_by_session(
    engine: AsyncEngine, name: str, clock: Clock
) -> AsyncIterator[Lead | None]:
    """Among all who share a Postgres. Raises SQLAlchemy's errors where it cannot be asked."""
    connection = await engine.connect()
    try:
        if not await _taken(connection, name):
            yield None
            return
        lead = Lead(connection)
        watching = asyncio.create_task(lead.watch(clock))
        try:
            yield lead
        finally:
            lead.lost.set()
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
    finally:
        with suppress(DBAPIError, TimeoutError, OSError):
            async with asyncio.timeout(ANSWER_SECONDS):
                await connection.close()


async def _taken(connection: AsyncConnection, name: str) -> bool:
    for setting, value in SETTINGS.items():
        await connection.execute(
            text("SELECT set_config(name, :value, false) FROM pg_settings WHERE name = :setting"),
            {"setting": setting, "value": value},
        )
    taken = await connection.scalar(
        text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))"),
        {"name": f"chakra-bot leads {name}"},
    )
    return bool(taken)
