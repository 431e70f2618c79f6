"""Find out which replicas are alive: each holds an advisory lock of its own while alive.

DBOS recovers the runs of a dead replica only with its paid console, and their age isn't enough: one
request may last 30 seconds. If another process can take the lock of that name, the replica is gone.
On SQLite one process has the file to itself and needs no lock.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.aio.clock import Clock, sleep
from bot.aio.tasks import cancel_and_wait
from bot.db.engine import Database
from bot.errors import DatabaseUnavailable

LOCAL_NAME = "local"
"""The executor of a process that has its database to itself: DBOS itself recovers its runs."""
RETRY_SECONDS = 0.5
MIGRATION_LOCK = "durable tables"
REPAIR_LOCK = "durable repair"


class ReplicaLease:
    """Own this replica's lock, and acquire it again after a lost session.

    A replica that loses it doesn't have to stop: every handler must tolerate a run that executes
    twice.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.name = LOCAL_NAME if database.single_process else f"replica-{secrets.token_hex(8)}"
        self._acquired = asyncio.Event()
        self._holding: asyncio.Task[None] | None = None

    async def acquire(self) -> None:
        """Return once the lock is acquired. Raise ``DatabaseUnavailable``."""
        if self._holding is None:
            await self._database.check()
            self._holding = asyncio.create_task(self._hold())
        await self._acquired.wait()

    async def release(self) -> None:
        """Let other replicas recover the runs that this one left."""
        if self._holding is not None:
            await cancel_and_wait([self._holding])
            self._holding = None
        self._acquired.clear()

    @asynccontextmanager
    async def if_gone(self, name: str) -> AsyncIterator[bool]:
        """Yield whether that replica is gone. Inside, no other replica recovers its runs."""
        async with self._database.try_lead(_build_lock_name(name), self._clock) as lock:
            yield lock is not None

    @asynccontextmanager
    async def repair_lock(self) -> AsyncIterator[bool]:
        """Yield whether this replica is the one that may repair chains."""
        async with self._database.try_lead(REPAIR_LOCK, self._clock) as lock:
            yield lock is not None

    @asynccontextmanager
    async def migration_lock(self) -> AsyncIterator[None]:
        """Wait until no other replica creates DBOS's tables: two at the same time crash."""
        while True:
            async with self._database.try_lead(MIGRATION_LOCK, self._clock) as lock:
                if lock is not None:
                    yield
                    return
            await sleep(self._clock, RETRY_SECONDS)

    async def _hold(self) -> None:
        while True:
            try:
                async with self._database.try_lead(
                    _build_lock_name(self.name), self._clock
                ) as lock:
                    if lock is not None:
                        self._acquired.set()
                        await lock.lost.wait()
            except DatabaseUnavailable:
                pass  # the loops that work on the database log it
            await sleep(self._clock, RETRY_SECONDS)


def _build_lock_name(name: str) -> str:
    return f"work {name}"
