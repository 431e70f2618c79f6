"""The way of an event after it was acknowledged: read, matched with its send, applied."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from bot.aio.clock import Clock
from bot.aio.wake_event import Bell
from bot.errors import StoreUnavailable
from bot.messages.repository import Send
from bot.messages.status_updates import Status, Statuses
from bot.webhooks.parser import statuses_in
from bot.webhooks.repository import Events

BATCH = 500
LOOK_SECONDS = 5.0
"""Between looks for events that a replica stored and did not live to process."""
DOWN_SECONDS = 2.0


class Delivery:
    """``moved`` hears of every send that an event was about, as it is afterwards.

    Whatever the order of events, and however often they come, a send ends at the same state: see
    ``bot.messages.status``. Events of a message whose send is not known are kept; ``catch_up``
    applies them when it is.
    """

    def __init__(
        self, events: Events, statuses: Statuses, clock: Clock, *, moved: Callable[[Send], None]
    ) -> None:
        self._events = events
        self._statuses = statuses
        self._clock = clock
        self._moved = moved
        self.bell = Bell(clock)
        self._log = structlog.get_logger("events")

    async def run(self) -> None:
        """For as long as the process lives. Somebody rings ``bell`` after storing an event."""
        while True:
            try:
                if await self.step() < BATCH:
                    await self.bell.wait(LOOK_SECONDS)
            except StoreUnavailable as down:
                self._log.warning("events_wait", reason=down.message)
                await self.bell.wait(DOWN_SECONDS)

    async def step(self) -> int:
        """Processes the oldest events; returns how many there were, at most `BATCH`."""
        done = await self._events.process(BATCH, self._clock.time(), self._read)
        await self._apply(done.news)
        return done.events

    async def catch_up(self, send: Send) -> None:
        """Applies what was said of this send before its ids were known."""
        await self._apply(await self._statuses.of(wamid=send.wamid, message_id=send.message_id))

    async def apply_left_over(self) -> None:
        """Applies what somebody kept and did not come to apply."""
        while news := await self._statuses.unapplied(BATCH):
            await self._apply(news)
            if len(news) < BATCH:
                return

    async def _apply(self, news: list[Status]) -> None:
        for send in await self._statuses.apply(news, self._clock.time()):
            self._moved(send)

    def _read(self, body: bytes) -> list[Status]:
        """One event that trips the reader must not hold up all that come after it."""
        try:
            return statuses_in(body)
        except Exception:  # noqa: BLE001 - whatever it is, the next event can be read
            self._log.exception("event_not_read")
            return []
