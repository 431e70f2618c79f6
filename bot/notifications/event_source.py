"""What the notifier reads of the log of events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.webhooks.recorded_event import RecordedEvent


class EventSource(Protocol):
    """Each method raises ``DatabaseUnavailable``."""

    async def list_pending(self, limit: int) -> Sequence[RecordedEvent]:
        """Return the oldest events whose channels are yet to be decided, in order."""
        ...

    async def get(self, ids: Sequence[int]) -> Sequence[RecordedEvent]:
        """Return the events with these IDs, in order, without those that can't be read."""
        ...
