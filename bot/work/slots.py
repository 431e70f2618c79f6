"""Which of the replicas this one is: the engine goes on with what its own slot has promised."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol


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
