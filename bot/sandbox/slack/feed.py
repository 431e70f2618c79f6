"""Changes in the workspace, sent to open pages and to waiting tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

MAX_QUEUED_EVENTS = 1_000
"""Events that a page may lag behind before it is disconnected."""


@dataclass(frozen=True)
class FeedEvent:
    """One change; ``kind`` is "message", "delete", "views", "payload" or "notice"."""

    kind: str
    data: Any


class EventFeed:
    def __init__(self) -> None:
        self._listeners: dict[asyncio.Queue[FeedEvent | None], str] = {}
        self._changed: asyncio.Event = asyncio.Event()

    def subscribe(self, person: str) -> asyncio.Queue[FeedEvent | None]:
        """Return a queue of the events that ``person`` may see; None ends it.

        Pass it to ``leave`` afterwards.
        """
        queue: asyncio.Queue[FeedEvent | None] = asyncio.Queue(MAX_QUEUED_EVENTS)
        self._listeners[queue] = person
        return queue

    def unsubscribe(self, queue: asyncio.Queue[FeedEvent | None]) -> None:
        self._listeners.pop(queue, None)

    def publish(self, people: Collection[str] | None, kind: str, data: Any) -> None:
        """Publish an event to ``people`` (IDs); None means everyone."""
        event = FeedEvent(kind, data)
        for queue, person in list(self._listeners.items()):
            if people is None or person in people:
                self._put(queue, event)
        self._changed.set()

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until ``condition()`` is true; it is checked after every change."""
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    def close(self) -> None:
        for queue in list(self._listeners):
            self._put(queue, None)
        self._listeners.clear()

    def _put(self, queue: asyncio.Queue[FeedEvent | None], event: FeedEvent | None) -> None:
        if not queue.full():
            queue.put_nowait(event)
            return
        self.unsubscribe(queue)
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(None)
