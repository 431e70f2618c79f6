"""A bounded number at a time, in the order they came; who is wanted soon may be let in first."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    who: int
    let_in: asyncio.Future[None]


class Room:
    """``places`` is how many may be inside."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._line: deque[_Waiting] = deque()

    @property
    def waiting(self) -> int:
        return len(self._line)

    @asynccontextmanager
    async def place(self, who: int) -> AsyncIterator[None]:
        """Waits until there is one; inside, it is taken. ``who`` is a name for ``hurry``."""
        await self._enter(who)
        try:
            yield
        finally:
            self._leave()

    def hurry(self, who: int) -> None:
        """Where they stand in line, they are the next."""
        for one in [one for one in self._line if one.who == who]:
            self._line.remove(one)
            self._line.appendleft(one)

    async def _enter(self, who: int) -> None:
        if self._free:
            self._free -= 1
            return
        waiting = _Waiting(who, asyncio.get_running_loop().create_future())
        self._line.append(waiting)
        try:
            await waiting.let_in
        except asyncio.CancelledError:
            if not waiting.let_in.cancelled():  # a place was given to them: it is somebody else's
                self._leave()
            elif waiting in self._line:
                self._line.remove(waiting)
            raise

    def _leave(self) -> None:
        """Who gives up at this very moment may stand in line still."""
        while self._line:
            waiting = self._line.popleft()
            if not waiting.let_in.done():
                waiting.let_in.set_result(None)
                return
        self._free += 1
