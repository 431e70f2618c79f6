"""Record events in the log, and apply the new ones, in the transaction that processes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.webhooks.event_log import EventLog
from bot.webhooks.events import WebhookEvent
from bot.webhooks.recorded_event import AfterCommit, RecordedHandler


@dataclass(frozen=True, slots=True)
class Recorder:
    """``handlers`` get newly recorded events in this order; ``on_recorded`` is called after."""

    log: EventLog
    handlers: Sequence[RecordedHandler] = ()
    on_recorded: AfterCommit = lambda: None

    async def record(
        self, connection: AsyncConnection, events: Sequence[WebhookEvent], now: float
    ) -> AfterCommit:
        """Record events in order; return what to call once the transaction is committed."""
        recorded = await self.log.record(connection, events, now)
        notices = [await handle(connection, recorded, now) for handle in self.handlers if recorded]

        def notify() -> None:
            for notice in notices:
                if notice is not None:
                    notice()
            if recorded:
                self.on_recorded()

        return notify
