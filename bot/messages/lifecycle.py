"""Everything about sending in one object, opened and closed with the process."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog

from bot.aio.clock import Clock, sleep
from bot.aio.tasks import Tasks, cancel
from bot.db.engine import Database
from bot.errors import StoreUnavailable
from bot.messages import report_message as cards
from bot.messages.dirty_sends import ReportMarks
from bot.messages.ledger import Before, Duplicate, First, Fresh, Ledger, Post
from bot.messages.report_message import Card
from bot.messages.reporter import Reports
from bot.messages.repository import Send, Sends
from bot.messages.status_updates import Statuses
from bot.messages.submission import Submission, hash_key
from bot.outbox.outbox import Outbox
from bot.slack.client.web_api import MessageRef
from bot.webhooks.processor import Delivery
from bot.webhooks.receiver import Intake
from bot.webhooks.repository import Events

ROUND_SECONDS = 15.0
"""Between looks for what nobody finished: half of the time in which promises are taken over."""
KEEP_STATUSES = 3_600.0
"""Seconds for which news of unknown messages wait: the ids of a send are known within a minute."""
KEEP_EVENTS = 30 * 86_400.0
"""Seconds for which an event is recognised when it is delivered once more."""
KEEP_SENDS = 90 * 86_400.0
"""Seconds for which a send is known once it came out, an unknown one too: WhatsApp delivers for 30
days at the most, and a press that is older begins nothing (see ``commands/send.py``).
developers.facebook.com/documentation/business-messaging/whatsapp/templates/time-to-live"""
FORGOTTEN_AT_ONCE = 1_000

FAULT_SECONDS = 5.0

REPORT_SECONDS = 5.0
"""For which a line that leads to the report waits for it."""

Observe = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Sending:
    """``intake`` is the app for the route ``/chakra/events``."""

    ledger: Ledger
    reports: Reports
    intake: Intake
    sends: Sends
    tasks: Tasks

    async def send(
        self, submission: Submission, post: Post, *, again: bool = False
    ) -> Fresh | Before | Duplicate:
        """Claims the submission and carries it out, where nothing stands in its way: ``Fresh``,
        with the outcome. Raises ``StoreUnavailable``; then nothing was sent."""
        claimed = await self.ledger.claim(submission, again=again)
        if isinstance(claimed, Fresh):
            return Fresh(await self.ledger.carry_out(claimed, post))
        return claimed

    async def start(
        self,
        submission: Submission,
        post: Post,
        *,
        first: First | None = None,
        again: bool = False,
    ) -> asyncio.Task[Sent] | Before | Duplicate:
        """As ``send``, but nobody waits: the task ends with the outcome and the report's place.
        ``first`` is what must come before the request may leave."""
        claimed = await self.ledger.claim(submission, again=again, prepares=first is not None)
        if isinstance(claimed, Fresh):
            return self.tasks.tell(self._to_the_end(claimed, post, first))
        return claimed

    async def _to_the_end(self, claimed: Fresh, post: Post, first: First | None) -> Sent:
        send = await self.ledger.carry_out(claimed, post, first)
        return Sent(send, await self.report(send, REPORT_SECONDS))

    async def report(self, send: Send, seconds: float = 0.0) -> MessageRef | None:
        """Where the report of this send stands; waits for it up to so long."""
        return await self.reports.place(send, seconds)


@dataclass(frozen=True, slots=True)
class Sent:
    """A send that has come out, and where its report stands, if that was posted in time."""

    send: Send
    report: MessageRef | None


@asynccontextmanager
async def open_sending(
    database: Database,
    outbox: Outbox,
    clock: Clock,
    tasks: Tasks,
    *,
    hash_secret: str,
    webhook_secret: str | None,
    card: Card = cards.report,
    sent: Observe = lambda _: None,
    event: Observe = lambda _: None,
    boot: str = "",
) -> AsyncIterator[Sending]:
    """First calls unknown what an earlier process left on its way.

    ``hash_secret`` keys the hashes of recipients; any secret will do that is the same for all
    replicas and is not in the database. ``tasks`` hold the sends in hand: drain them before this
    closes. ``sent`` hears how each send came out (accepted, failed, unknown), ``event`` the
    kind of each event. ``boot`` names this process; a random name where it is empty.
    """
    boot = boot or secrets.token_hex(8)
    sends = Sends(database)
    reports = Reports(ReportMarks(database), outbox, clock, card=card)
    events, statuses = Events(database), Statuses(database)
    delivery = Delivery(events, statuses, clock, moved=reports.wake)

    async def changed(send: Send) -> None:
        sent(str(send.state))
        reports.wake(send)
        with suppress(StoreUnavailable):  # the rounds come to it
            await delivery.catch_up(send)

    ledger = Ledger(sends, clock, tasks, key=hash_key(hash_secret), changed=changed, boot=boot)
    intake = Intake(events, clock, secret=webhook_secret, arrived=delivery.bell.ring, observe=event)
    rounds = Rounds(ledger, delivery, sends, events, statuses, clock)
    await ledger.settle_abandoned(all_others=database.alone)
    async with _running(clock, intake.run, delivery.run, reports.run, rounds.run):
        yield Sending(ledger, reports, intake, sends, tasks)


@dataclass(frozen=True, slots=True)
class Rounds:
    """Looks, again and again, for what nobody finished: a replica that died, a database that was
    away."""

    ledger: Ledger
    delivery: Delivery
    sends: Sends
    events: Events
    statuses: Statuses
    clock: Clock

    async def run(self) -> None:
        while True:
            try:
                await self.go()
            except StoreUnavailable as down:
                structlog.get_logger("sends").warning("round_missed", reason=down.message)
            await sleep(self.clock, ROUND_SECONDS)

    async def go(self) -> None:
        await self.ledger.settle_abandoned(all_others=False)
        await self.delivery.apply_left_over()
        now = self.clock.time()
        await self.statuses.forget(now - KEEP_STATUSES)
        await self.events.forget(now - KEEP_EVENTS)
        await self.sends.forget(now - KEEP_SENDS, FORGOTTEN_AT_ONCE)


@asynccontextmanager
async def _running(clock: Clock, *runs: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    loops = [asyncio.create_task(_always(run, clock)) for run in runs]
    try:
        yield
    finally:
        await cancel(loops)


async def _always(run: Callable[[], Awaitable[None]], clock: Clock) -> None:
    """A fault in one piece of work must not end all that would come after it."""
    while True:
        try:
            await run()
        except Exception:  # noqa: BLE001 - it is logged, and the work goes on
            structlog.get_logger("sends").exception("loop_failed")
            await sleep(clock, FAULT_SECONDS)
