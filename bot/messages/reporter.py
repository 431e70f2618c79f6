"""The report of each send: one message to its sender, updated when the status changes.

A reply's report is in its conversation's thread; that of a template sent from there is in both.

A failure after that gets a second message, because an edit notifies no one.

A send is marked in the transaction that changes its status. This module enqueues its report in the
outbox, and clears the mark unless the status has changed again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial

from bot.aio.clock import Clock
from bot.aio.periodic import run_periodically
from bot.aio.wake_event import WakeEvent
from bot.messages.details import SendDetails
from bot.messages.dirty_sends import DirtySends
from bot.messages.report_message import render_failure, render_report
from bot.messages.send import Send
from bot.outbox.message import OutboxMessage
from bot.outbox.outbox import Outbox
from bot.slack.client.web_api import MessageRef

BATCH_SIZE = 200
MAX_AWAITED = 500
"""Sends whose arrival can be awaited at the same time."""
POLL_INTERVAL_SECONDS = 5.0
"""Seconds between polls for sends that a replica changed before it died."""
IDLE_SECONDS = 60.0
"""The same without replicas: this process's own changes wake it, so there is nothing to find."""

ReportReply = Callable[[Send, SendDetails | None], Awaitable[Sequence[OutboxMessage]]]
"""Return the messages about a send in its conversation's thread; without any it has the usual
report."""


async def report_to_sender(_: Send, __: SendDetails | None) -> Sequence[OutboxMessage]:
    return ()


class Reporter:
    """Call ``notify`` when sends have changed; ``run`` enqueues their reports in the outbox."""

    def __init__(
        self,
        dirty_sends: DirtySends,
        outbox: Outbox,
        clock: Clock,
        *,
        read_details: Callable[[Send], SendDetails | None] = lambda _: None,
        report_reply: ReportReply = report_to_sender,
        on_change: Callable[[str], None] = lambda _: None,
        is_shared: bool = True,
    ) -> None:
        """``on_change`` gets the member of each send that is reported.

        ``is_shared`` is whether other processes change sends, too.
        """
        self._poll_seconds = POLL_INTERVAL_SECONDS if is_shared else IDLE_SECONDS
        self._on_change = on_change
        self._report_reply = report_reply
        self._dirty_sends = dirty_sends
        self._outbox = outbox
        self._read_details = read_details
        self._clock = clock
        self._wake_event = WakeEvent(clock)
        self._awaited: dict[int, asyncio.Future[Send | None]] = {}

    def notify(self) -> None:
        """Report changed sends soon. A report shows the latest status and may skip earlier ones."""
        self._wake_event.set()

    async def wait_posted(self, send: Send, seconds: float) -> MessageRef | None:
        """Return the report, waiting up to ``seconds`` until it is posted."""
        return await self._outbox.wait_posted(build_report_key(send), seconds)

    async def wait_arrived(self, send: Send, seconds: float) -> Send | None:
        """Return the send once it is delivered, read or failed, waiting up to ``seconds``.

        None if it isn't in time, if too many are awaited, or when the process stops.
        """
        if len(self._awaited) >= MAX_AWAITED:
            return None
        arrival = self._awaited.setdefault(send.id, asyncio.get_running_loop().create_future())
        timer = self._clock.call_later(seconds, lambda: _settle(arrival, None))
        self._wake_event.set()
        try:
            return await asyncio.shield(arrival)
        finally:
            timer.cancel()
            self._awaited.pop(send.id, None)

    async def run(self) -> None:
        """Report changed sends until cancelled."""
        try:
            await run_periodically(
                "reports", self._step, self._poll_seconds, self._clock, self._wake_event
            )
        finally:
            for arrival in self._awaited.values():
                _settle(arrival, None)

    async def run_once(self) -> int:
        """Report the sends that changed first; return how many, at most `BATCH_SIZE`."""
        changed = await self._dirty_sends.fetch(BATCH_SIZE)
        await self._outbox.enqueue(*[post for send in changed for post in await self._report(send)])
        await self._dirty_sends.clear(changed)
        for send in changed:
            self._on_change(send.member)
        return len(changed)

    async def _step(self) -> float | None:
        count = await self.run_once()
        if self._awaited:
            for send in await self._dirty_sends.fetch_arrived(list(self._awaited)):
                if send.id in self._awaited:
                    _settle(self._awaited[send.id], send)
        return 0.0 if count == BATCH_SIZE else None

    async def _report(self, send: Send) -> Sequence[OutboxMessage]:
        details = self._read_details(send)
        in_thread = await self._report_reply(send, details) if send.conversation_id else ()
        if in_thread and send.is_reply:
            return in_thread
        return [*in_thread, *self._render_messages(send, details)]

    def _render_messages(self, send: Send, details: SendDetails | None) -> Iterator[OutboxMessage]:
        message = partial(OutboxMessage, channel=send.member, member=send.member)
        yield message(
            key=build_report_key(send),
            message=render_report(send, details),
            urgent=send.status.is_final,
        )
        if send.has_failure_notice:
            yield message(
                key=f"{build_report_key(send)}:failed",
                message=render_failure(send, details),
                urgent=True,
            )


def _settle(arrival: asyncio.Future[Send | None], send: Send | None) -> None:
    if not arrival.done():
        arrival.set_result(send)


def build_report_key(send: Send) -> str:
    """Return the key of the report in the outbox."""
    return f"send:{send.key}"
