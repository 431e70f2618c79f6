"""The report of each send: one message to the person who sent it, kept up to date as it moves.

A send that moves is marked in the same transaction; here its report goes to the outbox, and the
mark goes where the send has not moved on meanwhile.
"""

from __future__ import annotations

import structlog

from bot.aio.clock import Clock
from bot.aio.wake_event import Bell
from bot.errors import StoreUnavailable
from bot.messages.dirty_sends import ReportMarks
from bot.messages.report_message import Card
from bot.messages.repository import Send
from bot.outbox.outbox import Outbox, Outgoing
from bot.slack.client.web_api import MessageRef

BATCH = 200
LOOK_SECONDS = 5.0
"""Between looks for sends that a replica moved and did not live to report."""
DOWN_SECONDS = 2.0


class Reports:
    """``wake`` it when sends have moved; ``run`` puts their reports into the outbox."""

    def __init__(self, marks: ReportMarks, outbox: Outbox, clock: Clock, *, card: Card) -> None:
        self._marks = marks
        self._outbox = outbox
        self._card = card
        self._bell = Bell(clock)
        self._log = structlog.get_logger("reports")

    def wake(self, _: Send) -> None:
        """Its report shall show its latest state, soon, and each state before that or not."""
        self._bell.ring()

    async def place(self, send: Send, seconds: float) -> MessageRef | None:
        """Where the report stands; waits for it up to so long."""
        return await self._outbox.place(report_key(send), seconds)

    async def run(self) -> None:
        """For as long as the process lives."""
        while True:
            try:
                if await self.step() < BATCH:
                    await self._bell.wait(LOOK_SECONDS)
            except StoreUnavailable as down:
                self._log.warning("reports_wait", reason=down.message)
                await self._bell.wait(DOWN_SECONDS)

    async def step(self) -> int:
        """Puts in the reports of those that moved first; returns how many, at most `BATCH`."""
        moved = await self._marks.due(BATCH)
        await self._outbox.put_all([self._report(send) for send in moved])
        await self._marks.reported(moved)
        return len(moved)

    def _report(self, send: Send) -> Outgoing:
        return Outgoing(
            key=report_key(send),
            channel=send.member,
            message=self._card(send),
            member=send.member,
            urgent=send.state.final,
        )


def report_key(send: Send) -> str:
    """The name of the report in the outbox."""
    return f"send:{send.key}"
