"""The part of the event log that the notifier reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Protocol

from cachetools import LRUCache

from bot.webhooks.amendments import amend, find_target
from bot.webhooks.events import MessageEvent
from bot.webhooks.recorded_event import RecordedEvent


class EventSource(Protocol):
    """Each method raises ``DatabaseUnavailable``."""

    async def list_pending(self, limit: int, *, after: int = 0) -> Sequence[RecordedEvent]:
        """Return the oldest events whose channels are yet to be decided, in order.

        They are among those with a higher ID than ``after``.
        """
        ...

    async def list_pending_ids(self, limit: int) -> Sequence[int]:
        """Return the IDs of these events, in a tenth of the time that reading them takes."""
        ...

    async def get(self, ids: Sequence[int]) -> Sequence[RecordedEvent]:
        """Return the events with these IDs, in order, without those that can't be read."""
        ...

    async def find_by_key(self, key: str) -> RecordedEvent | None:
        """Return the event with this key."""
        ...

    async def list_amendments(self, customer_ids: Collection[int]) -> Sequence[RecordedEvent]:
        """Return the latest edits, deletions and reactions of these customers, in order."""
        ...


MAX_CACHED_EVENTS = 500


class CachedEvents:
    """Remembers the events that were read last: they never change, and reading decrypts them."""

    def __init__(self, source: EventSource) -> None:
        self._source = source
        self._cache: LRUCache[int, RecordedEvent] = LRUCache(MAX_CACHED_EVENTS)

    async def list_pending(self, limit: int, *, after: int = 0) -> Sequence[RecordedEvent]:
        """Return the oldest events whose channels are yet to be decided, in order."""
        return self._remember(await self._source.list_pending(limit, after=after))

    async def list_pending_ids(self, limit: int) -> Sequence[int]:
        """Return the IDs of these events."""
        return await self._source.list_pending_ids(limit)

    async def get(self, ids: Sequence[int]) -> Sequence[RecordedEvent]:
        """Return the events with these IDs, in order, without those that can't be read."""
        cached = {event_id: self._cache[event_id] for event_id in ids if event_id in self._cache}
        missing = [event_id for event_id in ids if event_id not in cached]
        if missing:
            read = self._remember(await self._source.get(missing))
            cached |= {recorded.id: recorded for recorded in read}
        return [cached[event_id] for event_id in sorted(cached)]

    async def find_by_key(self, key: str) -> RecordedEvent | None:
        """Return the event with this key."""
        return await self._source.find_by_key(key)

    async def list_amendments(self, customer_ids: Collection[int]) -> Sequence[RecordedEvent]:
        """Return the latest edits, deletions and reactions of these customers, in order."""
        return await self._source.list_amendments(customer_ids)

    def _remember(self, events: Sequence[RecordedEvent]) -> Sequence[RecordedEvent]:
        self._cache.update((recorded.id, recorded) for recorded in events)
        return events


async def read_current(
    source: EventSource, recorded: Sequence[RecordedEvent]
) -> list[RecordedEvent]:
    """Return the current events: without text that the author changed or deleted."""
    messages = [item for item in recorded if isinstance(item.event, MessageEvent)]
    if not messages:
        return list(recorded)
    later: defaultdict[str, list[RecordedEvent]] = defaultdict(list)
    for change in await source.list_amendments({item.customer_id for item in messages}):
        if isinstance(change.event, MessageEvent):
            later[find_target(change.event)].append(change)
    return [
        amend(item, later.get(item.event.wamid, ()))
        if isinstance(item.event, MessageEvent)
        else item
        for item in recorded
    ]
