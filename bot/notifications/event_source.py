"""What the notifier reads of the log of events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from cachetools import LRUCache

from bot.webhooks.recorded_event import RecordedEvent


class EventSource(Protocol):
    """Each method raises ``DatabaseUnavailable``."""

    async def list_pending(self, limit: int) -> Sequence[RecordedEvent]:
        """Return the oldest events whose channels are yet to be decided, in order."""
        ...

    async def get(self, ids: Sequence[int]) -> Sequence[RecordedEvent]:
        """Return the events with these IDs, in order, without those that can't be read."""
        ...


MAX_CACHED_EVENTS = 500


class CachedEvents:
    """Remembers the events that were read last: they never change, and reading decrypts them."""

    def __init__(self, source: EventSource) -> None:
        self._source = source
        self._cache: LRUCache[int, RecordedEvent] = LRUCache(MAX_CACHED_EVENTS)

    async def list_pending(self, limit: int) -> Sequence[RecordedEvent]:
        """Return the oldest events whose channels are yet to be decided, in order."""
        return self._remember(await self._source.list_pending(limit))

    async def get(self, ids: Sequence[int]) -> Sequence[RecordedEvent]:
        """Return the events with these IDs, in order, without those that can't be read."""
        cached = {event_id: self._cache[event_id] for event_id in ids if event_id in self._cache}
        missing = [event_id for event_id in ids if event_id not in cached]
        if missing:
            read = self._remember(await self._source.get(missing))
            cached |= {recorded.id: recorded for recorded in read}
        return [cached[event_id] for event_id in sorted(cached)]

    def _remember(self, events: Sequence[RecordedEvent]) -> Sequence[RecordedEvent]:
        self._cache.update((recorded.id, recorded) for recorded in events)
        return events
