"""Changes in the workspace, sent to open pages and to waiting tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

QUEUE_LIMIT = 1_000
"""Events that a page may lag behind before it is disconnected."""


@dataclass(frozen=True)
class Event:
    """One change; ``kind`` is "message", "delete", "views", "payload" or "notice"."""

    kind: str
    data: Any


class Feed:
    def __init__(self) -> None:
        self._listeners: dict[asyncio.Queue[Event | None], str] = {}
        self._changed: asyncio.Event = asyncio.Event()

    def listen(self, person: str) -> asyncio.Queue[Event | None]:
        """Return a queue of the events that ``person`` may see; None ends it.

        Pass it to ``leave`` afterwards.
        """
        queue: asyncio.Queue[Event | None] = asyncio.Queue(QUEUE_LIMIT)
        self._listeners[queue] = person
        return queue

    def leave(self, queue: asyncio.Queue[Event | None]) -> None:
        self._listeners.pop(queue, None)

    def tell(self, people: Collection[str] | None, kind: str, data: Any) -> None:
        """Publish an event to ``people`` (IDs); None means everyone."""
        event = Event(kind, data)
        for queue, person in list(self._listeners.items()):
            if people is None or person in people:
                self._put(queue, event)
        self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until ``condition()`` is true; it is checked after every change."""
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    def end(self) -> None:
        for queue in list(self._listeners):
            self._put(queue, None)
        self._listeners.clear()

    def _put(self, queue: asyncio.Queue[Event | None], event: Event | None) -> None:
        if not queue.full():
            queue.put_nowait(event)
            return
        self.leave(queue)
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(None)
