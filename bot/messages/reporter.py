"""The report of each send: one message to the person who sent it, kept up to date as it moves.

A send that moves is marked in the same transaction; here its report goes to the outbox, and the
mark goes where the send has not moved on meanwhile.
"""

from __future__ import annotations

import structlog

from bot.aio.clock import Clock
from bot.aio.wake_event import WakeEvent
from bot.errors import DatabaseUnavailable
from bot.messages.dirty_sends import DirtySends
from bot.messages.report_message import ReportRenderer
from bot.messages.send import Send
from bot.outbox.message import OutboxMessage
from bot.outbox.outbox import Outbox
from bot.slack.client.web_api import MessageRef

BATCH_SIZE = 200
POLL_INTERVAL_SECONDS = 5.0
"""Between looks for sends that a replica moved and did not live to report."""
RETRY_DELAY_SECONDS = 2.0


class Reporter:
    """``wake`` it when sends have moved; ``run`` puts their reports into the outbox."""

    def __init__(
        self, dirty_sends: DirtySends, outbox: Outbox, clock: Clock, *, render: ReportRenderer
    ) -> None:
        self._dirty_sends = dirty_sends
        self._outbox = outbox
        self._render = render
        self._wake_event = WakeEvent(clock)
        self._log = structlog.get_logger("reports")

    def notify(self, _: Send) -> None:
        """Its report shall show its latest state, soon, and each state before that or not."""
        self._wake_event.set()

    async def wait_posted(self, send: Send, seconds: float) -> MessageRef | None:
        """Where the report stands; waits for it up to so long."""
        return await self._outbox.wait_posted(report_key(send), seconds)

    async def run(self) -> None:
        """For as long as the process lives."""
        while True:
            try:
                if await self.run_once() < BATCH_SIZE:
                    await self._wake_event.wait(POLL_INTERVAL_SECONDS)
            except DatabaseUnavailable as down:
                self._log.warning("database_unavailable", reason=down.message)
                await self._wake_event.wait(RETRY_DELAY_SECONDS)

    async def run_once(self) -> int:
        """Puts in the reports of those that moved first; returns how many, at most `BATCH_SIZE`."""
        moved = await self._dirty_sends.fetch(BATCH_SIZE)
        await self._outbox.enqueue(*(self._build_message(send) for send in moved))
        await self._dirty_sends.clear(moved)
        return len(moved)

    def _build_message(self, send: Send) -> OutboxMessage:
        return OutboxMessage(
            key=report_key(send),
            channel=send.member,
            message=self._render(send),
            member=send.member,
            urgent=send.status.is_final,
        )


def report_key(send: Send) -> str:
    """The name of the report in the outbox."""
    return f"send:{send.key}"
