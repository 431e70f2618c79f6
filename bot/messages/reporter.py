"""The report of each send: one message to its sender, updated when the status changes.

A send is marked in the transaction that changes its status. This module enqueues its report in the
outbox, and clears the mark unless the status has changed again.
"""

from __future__ import annotations

from bot.aio.clock import Clock
from bot.aio.periodic import periodic
from bot.aio.wake_event import WakeEvent
from bot.messages.dirty_sends import DirtySends
from bot.messages.report_message import ReportRenderer
from bot.messages.send import Send
from bot.outbox.message import OutboxMessage
from bot.outbox.outbox import Outbox
from bot.slack.client.web_api import MessageRef

BATCH_SIZE = 200
POLL_INTERVAL_SECONDS = 5.0
"""Seconds between polls for sends that a replica changed before it died."""


class Reporter:
    """Call ``notify`` when sends have changed; ``run`` enqueues their reports in the outbox."""

    def __init__(
        self, dirty_sends: DirtySends, outbox: Outbox, clock: Clock, *, render: ReportRenderer
    ) -> None:
        self._dirty_sends = dirty_sends
        self._outbox = outbox
        self._render = render
        self._clock = clock
        self._wake_event = WakeEvent(clock)

    def notify(self) -> None:
        """Report changed sends soon. A report shows the latest status and may skip earlier ones."""
        self._wake_event.set()

    async def wait_posted(self, send: Send, seconds: float) -> MessageRef | None:
        """Return the report, waiting up to ``seconds`` until it is posted."""
        return await self._outbox.wait_posted(report_key(send), seconds)

    async def run(self) -> None:
        """Report changed sends until cancelled."""
        await periodic("reports", self._step, POLL_INTERVAL_SECONDS, self._clock, self._wake_event)

    async def run_once(self) -> int:
        """Report the sends that changed first; return how many, at most `BATCH_SIZE`."""
        changed = await self._dirty_sends.fetch(BATCH_SIZE)
        await self._outbox.enqueue(*(self._build_message(send) for send in changed))
        await self._dirty_sends.clear(changed)
        return len(changed)

    async def _step(self) -> float | None:
        return 0.0 if await self.run_once() == BATCH_SIZE else None

    def _build_message(self, send: Send) -> OutboxMessage:
        return OutboxMessage(
            key=report_key(send),
            channel=send.member,
            message=self._render(send),
            member=send.member,
            urgent=send.status.is_final,
        )


def report_key(send: Send) -> str:
    """Return the key of the report in the outbox."""
    return f"send:{send.key}"
