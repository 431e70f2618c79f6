"""Which of the replicas this one is: the engine goes on with what its own slot has promised."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Protocol

import structlog

from bot.clock import Clock, sleep
from bot.errors import StoreUnavailable
from bot.store.engine import Database
from bot.store.lead import Lead

MOST_SLOTS = 32
"""Replicas at once."""
WAIT_SECONDS = 0.5
"""For another replica that makes the engine's tables, or that has all slots for a moment."""
TABLES = "work tables"


class Slot(Protocol):
    @property
    def executor(self) -> str:
        """The engine's name of this replica, once the slot is taken."""

    async def take(self) -> None:
        """Raises ``StoreUnavailable``."""

    def alone_to_migrate(self) -> AbstractAsyncContextManager[None]:
        """Inside, no other replica makes or changes the engine's tables."""

    async def leave(self) -> None:
        """Another replica may have it."""


class OnlySlot:
    """Of a process that has its database to itself: the store holds a lock on the file."""

    executor = "slot-0"

    async def take(self) -> None:
        """It is ours already."""

    @asynccontextmanager
    async def alone_to_migrate(self) -> AsyncIterator[None]:
        yield

    async def leave(self) -> None:
        """Nobody waits for it."""


class SharedSlot:
    """One of several on one Postgres: whoever holds the name of a slot is that replica.

    The name goes with the session that holds it, so a slot whose name is free and that has promised
    something belongs to a replica that is gone.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._number = -1
        self._held = AsyncExitStack()
        self._lead: Lead | None = None
        self._ours = asyncio.Event()

    @property
    def executor(self) -> str:
        return executor(self._number)

    async def take(self) -> None:
        while self._lead is None:
            for number in range(MOST_SLOTS):
                if await self._taken(number):
                    return
            structlog.get_logger("work").warning("no_slot_free", slots=MOST_SLOTS)
            await sleep(self._clock, WAIT_SECONDS)

    async def take_again(self) -> None:
        """The same one: what it has promised is still known by its name."""
        await self.leave()
        while not await self._taken(self._number):
            await sleep(self._clock, WAIT_SECONDS)  # another replica goes on with its promises

    async def lost(self) -> None:
        """Until a slot that was ours is so no longer."""
        await self._ours.wait()
        if self._lead is not None:
            await self._lead.lost.wait()

    @asynccontextmanager
    async def alone_to_migrate(self) -> AsyncIterator[None]:
        while True:
            async with self._database.lead(TABLES, self._clock) as lead:
                if lead is not None:
                    yield
                    return
            await sleep(self._clock, WAIT_SECONDS)

    async def leave(self) -> None:
        self._lead = None
        self._ours.clear()
        await self._held.aclose()

    @asynccontextmanager
    async def of_one_gone(self, executor: str) -> AsyncIterator[bool]:
        """Whether nobody holds that slot; inside, nobody else can take it."""
        async with self._database.lead(_name(executor), self._clock) as lead:
            yield lead is not None

    async def _taken(self, number: int) -> bool:
        held = AsyncExitStack()
        lead = await held.enter_async_context(
            self._database.lead(_name(executor(number)), self._clock)
        )
        if lead is None:
            await held.aclose()
            return False
        self._number, self._lead, self._held = number, lead, held
        self._ours.set()
        return True


def executor(number: int) -> str:
    return f"slot-{number}"


def _name(executor: str) -> str:
    return f"work {executor}"


class Shift(Protocol):
    """The engine, as the replicas hand its work over."""

    async def promised_by_others(self) -> frozenset[str]: ...
    async def take_over(self, executor: str) -> int: ...
    async def let_go(self) -> None: ...


class Replicas:
    """Keeps a slot for as long as the process lives, and goes on with the work of those gone."""

    def __init__(self, slot: SharedSlot, shift: Shift, clock: Clock) -> None:
        self._slot = slot
        self._shift = shift
        self._clock = clock

    async def look(self) -> None:
        """Once. Raises ``StoreUnavailable``."""
        for executor in await self._shift.promised_by_others():
            async with self._slot.of_one_gone(executor) as gone:
                if gone:
                    await self._shift.take_over(executor)

    async def stand(self) -> None:
        """Until it is cancelled: a slot that was lost is taken anew, and its work begun again."""
        while True:
            await self._slot.lost()
            structlog.get_logger("work").error("slot_lost", slot=self._slot.executor)
            await self._shift.let_go()
            while True:
                try:
                    await self._slot.take_again()
                    await self._shift.take_over(self._slot.executor)
                    break
                except (StoreUnavailable, OSError):
                    await sleep(self._clock, WAIT_SECONDS)
