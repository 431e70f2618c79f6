"""The way of an event after it was acknowledged: read, matched with its send, applied."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from bot.aio.clock import Clock
from bot.aio.wake_event import WakeEvent
from bot.errors import DatabaseUnavailable
from bot.messages.send import Send
from bot.messages.status_updates import StatusUpdate, StatusUpdates
from bot.webhooks.parser import parse_status_updates
from bot.webhooks.repository import Events

BATCH_SIZE = 500
POLL_INTERVAL_SECONDS = 5.0
"""Between looks for events that a replica stored and did not live to process."""
RETRY_DELAY_SECONDS = 2.0


class EventProcessor:
    """``moved`` hears of every send that an event was about, as it is afterwards.

    Whatever the order of events, and however often they come, a send ends at the same state: see
    ``bot.messages.status``. Events of a message whose send is not known are kept; ``catch_up``
    applies them when it is.
    """

    def __init__(
        self,
        events: Events,
        statuses: StatusUpdates,
        clock: Clock,
        *,
        on_status_change: Callable[[Send], None],
    ) -> None:
        self._events = events
        self._statuses = statuses
        self._clock = clock
        self._on_status_change = on_status_change
        self.wake_event = WakeEvent(clock)
        self._log = structlog.get_logger("events")

    async def run(self) -> None:
        """For as long as the process lives. Somebody rings ``bell`` after storing an event."""
        while True:
            try:
                if await self.run_once() < BATCH_SIZE:
                    await self.wake_event.wait(POLL_INTERVAL_SECONDS)
            except DatabaseUnavailable as down:
                self._log.warning("database_unavailable", reason=down.message)
                await self.wake_event.wait(RETRY_DELAY_SECONDS)

    async def run_once(self) -> int:
        """Processes the oldest events; returns how many there were, at most `BATCH_SIZE`."""
        done = await self._events.process(BATCH_SIZE, self._clock.time(), self._parse)
        await self._apply(done.updates)
        return done.count

    async def apply_pending(self, send: Send) -> None:
        """Applies what was said of this send before its ids were known."""
        await self._apply(
            await self._statuses.find_by_message(wamid=send.wamid, message_id=send.message_id)
        )

    async def apply_unmatched(self) -> None:
        """Applies what somebody kept and did not come to apply."""
        while news := await self._statuses.find_applicable(BATCH_SIZE):
            await self._apply(news)
            if len(news) < BATCH_SIZE:
                return

    async def _apply(self, updates: list[StatusUpdate]) -> None:
        for send in await self._statuses.apply(updates, self._clock.time()):
            self._on_status_change(send)

    def _parse(self, body: bytes) -> list[StatusUpdate]:
        """One event that trips the reader must not hold up all that come after it."""
        try:
            return parse_status_updates(body)
        except Exception:  # noqa: BLE001 - whatever it is, the next event can be read
            self._log.exception("event_parse_failed")
            return []
