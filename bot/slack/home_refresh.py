"""Publish App Home again if its content changes after a person opened it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog
from cachetools import LRUCache

from bot.aio.clock import Clock, sleep
from bot.aio.periodic import run_periodically
from bot.aio.wake_event import WakeEvent
from bot.errors import BotError
from bot.slack.commands.reply import Block

MAX_OPENED: Final = 1_000
PUBLISH_INTERVAL_SECONDS: Final = 3.0
"""Seconds from a change to its publication, and to that of the next person: 20 calls a minute.

``views.publish`` allows more than 100: docs.slack.dev/reference/methods/views.publish
"""
POLL_INTERVAL_SECONDS: Final = 3_600.0
"""A change wakes the loop; there is nothing to poll for."""

RenderHome = Callable[[], Awaitable[Sequence[Block]]]


class HomeRefresher:
    """Only tabs that people opened in this process are refreshed; opening always shows all."""

    def __init__(
        self, publish: Callable[[str, Sequence[Block]], Awaitable[None]], clock: Clock
    ) -> None:
        self._publish = publish
        self._clock = clock
        self._wake_event = WakeEvent(clock)
        self._opened: LRUCache[str, RenderHome] = LRUCache(MAX_OPENED)
        self._changed: dict[str, None] = {}

    def note_opened(self, member_id: str, render: RenderHome) -> None:
        """Remember that a person has App Home open; ``render`` returns it as it is then."""
        self._opened[member_id] = render

    def note_change(self, member_id: str) -> None:
        """Publish a person's App Home soon, if they opened it."""
        if member_id in self._opened:
            self._changed[member_id] = None
            self._wake_event.set()

    async def run(self) -> None:
        """Publish until cancelled."""
        await run_periodically(
            "home", self._step, POLL_INTERVAL_SECONDS, self._clock, self._wake_event
        )

    async def _step(self) -> float | None:
        if not self._changed:
            return None
        await sleep(self._clock, PUBLISH_INTERVAL_SECONDS)
        member_id = next(iter(self._changed))
        del self._changed[member_id]
        try:
            if render := self._opened.get(member_id):
                await self._publish(member_id, await render())
        except BotError as error:  # opening the tab shows the current state
            structlog.get_logger("home").info("home_not_refreshed", reason=error.message)
        return 0.0 if self._changed else None
