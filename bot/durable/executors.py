"""Which of the replicas this one is: what it has promised is known by its name."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Protocol

import structlog

from bot.aio.clock import Clock, sleep
from bot.db.engine import Database
from bot.db.locks import LeaderLock
from bot.errors import DatabaseUnavailable

WAIT_SECONDS = 0.5
"""For another replica that makes the engine's tables, or that looks whether this one is gone."""
TABLES = "work tables"


class Slot(Protocol):
    @property
    def executor(self) -> str:
        """The engine's name of this replica."""

    async def take(self) -> None:
        """Returns once it is ours. Raises ``DatabaseUnavailable``."""

    async def ours(self) -> None:
        """While it is not, what is promised could be taken for that of a replica that is gone:
        returns as soon as it is."""

    def alone_to_migrate(self) -> AbstractAsyncContextManager[None]:
        """Inside, no other replica makes or changes the engine's tables."""

    async def leave(self) -> None:
        """Others may go on with what was promised by this name."""


class OnlySlot:
    """Of a process that has its database to itself: the store holds a lock on the file. The engine
    itself goes on with what was promised by this name, in an earlier process."""

    executor = "slot-0"

    async def take(self) -> None:
        """It is ours already."""

    async def ours(self) -> None:
        """It always is."""

    @asynccontextmanager
    async def alone_to_migrate(self) -> AsyncIterator[None]:
        yield

    async def leave(self) -> None:
        """Nobody waits for it."""


class SharedSlot:
    """One of several on one Postgres, by a name that no other process ever has.

    The name is held for as long as the session lives that took it. So one that nobody holds, and
    that has promised something, is that of a replica which is gone.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self.executor = f"replica-{secrets.token_hex(8)}"
        self._database = database
        self._clock = clock
        self._held = AsyncExitStack()
        self._lead: LeaderLock | None = None
        self._ours = asyncio.Event()

    async def take(self) -> None:
        await self.leave()
        while True:
            held = AsyncExitStack()
            named = self._database.try_lead(_name(self.executor), self._clock)
            self._lead = await held.enter_async_context(named)
            if self._lead is not None:
                self._held = held
                self._ours.set()
                return
            await held.aclose()
            await sleep(self._clock, WAIT_SECONDS)

    async def ours(self) -> None:
        await self._ours.wait()

    async def lost(self) -> None:
        """Returns when it was ours, and is no longer."""
        await self._ours.wait()
        assert self._lead is not None  # noqa: S101 - set before it was ours
        await self._lead.lost.wait()
        self._ours.clear()

    @asynccontextmanager
    async def alone_to_migrate(self) -> AsyncIterator[None]:
        while True:
            async with self._database.try_lead(TABLES, self._clock) as lead:
                if lead is not None:
                    yield
                    return
            await sleep(self._clock, WAIT_SECONDS)

    async def leave(self) -> None:
        self._ours.clear()
        held, self._held = self._held, AsyncExitStack()
        await held.aclose()

    @asynccontextmanager
    async def of_one_gone(self, executor: str) -> AsyncIterator[bool]:
        """Whether nobody holds that name; inside, nobody else can take it."""
        async with self._database.try_lead(_name(executor), self._clock) as lead:
            yield lead is not None


def _name(executor: str) -> str:
    return f"work {executor}"


class Shift(Protocol):
    """The engine, as the replicas hand its work over."""

    async def promised_by_others(self) -> frozenset[str]: ...
    async def take_over(self, executor: str) -> int: ...
    async def let_go(self) -> None: ...


class Replicas:
    """Keeps the slot for as long as the process lives, and goes on with the work of those gone."""

    def __init__(self, slot: SharedSlot, shift: Shift, clock: Clock) -> None:
        self._slot = slot
        self._shift = shift
        self._clock = clock

    async def look(self) -> None:
        """Once. Raises ``DatabaseUnavailable``."""
        for executor in await self._shift.promised_by_others():
            async with self._slot.of_one_gone(executor) as gone:
                if gone:
                    await self._shift.take_over(executor)

    async def stand(self) -> None:
        """Until it is cancelled: a name that was lost is taken anew, and its work begun again, as
        far as nobody else has begun it meanwhile."""
        while True:
            await self._slot.lost()
            structlog.get_logger("work").error("slot_lost", slot=self._slot.executor)
            await self._shift.let_go()
            await self._again(self._slot.take)
            await self._again(self._go_on)

    async def _go_on(self) -> None:
        await self._shift.take_over(self._slot.executor)

    async def _again(self, act: Callable[[], Awaitable[None]]) -> None:
        """Until the database is there for it."""
        while True:
            try:
                await act()
            except (DatabaseUnavailable, OSError):
                await sleep(self._clock, WAIT_SECONDS)
            else:
                return
