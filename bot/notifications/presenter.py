"""The contract of those who turn an event into messages for a channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.outbox.message import OutboxMessage
from bot.webhooks.recorded_event import RecordedEvent


class Presenter(Protocol):
    """Presents the events of one type. The same event gives messages of the same keys."""

    async def present(
        self,
        recorded: RecordedEvent,
        *,
        channel: str,
        member: str,
        takes_replies: bool,
        mentions: Sequence[str],
    ) -> Sequence[OutboxMessage]:
        """Return what ``channel`` shows of the event, oldest first; nothing if that is up to date.

        ``member`` made the rule, and is notified if a message can't be posted. Raise
        ``DatabaseUnavailable``.
        """
        ...
