"""The interface for turning an event into messages for a channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.outbox.message import OutboxMessage
from bot.webhooks.recorded_event import RecordedEvent


class Presenter(Protocol):
    """Presents the events of one type. The same event gives messages with the same keys."""

    async def present(
        self,
        recorded: RecordedEvent,
        *,
        channel: str,
        member: str,
        takes_replies: bool,
        mentions: Sequence[str],
    ) -> Sequence[OutboxMessage]:
        """Return the messages of the event for ``channel``, oldest first; none if up to date.

        ``member`` created the rule, and is notified if a message can't be posted. Raise
        ``DatabaseUnavailable``.
        """
        ...
