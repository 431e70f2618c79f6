"""Everything about sending in one object, opened and closed with the process."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog

from bot.aio.clock import Clock, sleep
from bot.aio.tasks import TaskSet, cancel_and_wait
from bot.db.engine import Database
from bot.errors import DatabaseUnavailable
from bot.messages import report_message as cards
from bot.messages.dirty_sends import DirtySends
from bot.messages.ledger import Ledger, Post, Prepare, RequestT
from bot.messages.report_message import ReportRenderer
from bot.messages.reporter import Reporter
from bot.messages.repository import Sends
from bot.messages.send import ClaimOutcome, ClaimResult, Send, SendResult
from bot.messages.status_updates import StatusUpdates
from bot.messages.submission import Submission, derive_hash_key
from bot.outbox.outbox import Outbox
from bot.slack.client.web_api import MessageRef
from bot.webhooks.processor import EventProcessor
from bot.webhooks.receiver import WebhookReceiver
from bot.webhooks.repository import Events

RECONCILE_INTERVAL_SECONDS = 15.0
"""Between looks for what nobody finished: half of the time in which promises are taken over."""
STATUS_RETENTION_SECONDS = 3_600.0
"""Seconds for which news of unknown messages wait: the ids of a send are known within a minute."""
EVENT_RETENTION_SECONDS = 30 * 86_400.0
"""Seconds for which an event is recognised when it is delivered once more."""
SEND_RETENTION_SECONDS = 90 * 86_400.0
"""Seconds for which a send is known once it came out, an unknown one too: WhatsApp delivers for 30
days at the most, and a press that is older begins nothing (see ``commands/send.py``).
developers.facebook.com/documentation/business-messaging/whatsapp/templates/time-to-live"""
PURGE_BATCH_SIZE = 1_000

RESTART_DELAY_SECONDS = 5.0

REPORT_WAIT_SECONDS = 5.0
"""For which a line that leads to the report waits for it."""

LabelCallback = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class SendLifecycle:
    """``intake`` is the app for the route ``/chakra/events``."""

    ledger: Ledger
    reporter: Reporter
    receiver: WebhookReceiver
    sends: Sends
    tasks: TaskSet

    async def start(
        self,
        submission: Submission,
        request: RequestT,
        post: Post[RequestT],
        *,
        prepare: Prepare[RequestT] | None = None,
        confirmed_duplicate_of: int | None = None,
    ) -> tuple[ClaimResult, asyncio.Task[SendResult] | None]:
        """Claim the submission and, if it is the caller's to send, start sending it.

        The task ends with the outcome and the posted report; it is None if another send is in the
        way. See `Ledger` for ``post``, ``prepare`` and ``confirmed_duplicate_of``. Raise
        ``DatabaseUnavailable``; then nothing was sent.
        """
        claim = await self.ledger.claim(
            submission,
            confirmed_duplicate_of=confirmed_duplicate_of,
            needs_preparation=prepare is not None,
        )
        if claim.outcome is not ClaimOutcome.CREATED:
            return claim, None
        sending = self._send(claim.send, request, post, prepare)
        return claim, self.tasks.spawn_reply(sending)

    async def _send(
        self,
        send: Send,
        request: RequestT,
        post: Post[RequestT],
        prepare: Prepare[RequestT] | None,
    ) -> SendResult:
        finished = await self.ledger.execute(send, request, post, prepare)
        return SendResult(finished, await self.wait_report(finished, REPORT_WAIT_SECONDS))

    async def wait_report(self, send: Send, seconds: float = 0.0) -> MessageRef | None:
        """Return the report of this send, waiting up to ``seconds`` until it is posted."""
        return await self.reporter.wait_posted(send, seconds)


@asynccontextmanager
async def open_send_lifecycle(
    database: Database,
    outbox: Outbox,
    clock: Clock,
    tasks: TaskSet,
    *,
    hash_secret: str,
    webhook_secret: str | None,
    render_report: ReportRenderer = cards.report_message,
    on_outcome: LabelCallback = lambda _: None,
    on_event: LabelCallback = lambda _: None,
    process_id: str = "",
) -> AsyncIterator[SendLifecycle]:
    """First calls unknown what an earlier process left on its way.

    ``hash_secret`` keys the hashes of recipients; any secret will do that is the same for all
    replicas and is not in the database. ``tasks`` hold the sends in hand: drain them before this
    closes. ``sent`` hears how each send came out (accepted, failed, unknown), ``event`` the
    kind of each event. ``boot`` names this process; a random name where it is empty.
    """
    process_id = process_id or secrets.token_hex(8)
    sends = Sends(database)
    reports = Reporter(DirtySends(database), outbox, clock, render=render_report)
    events, statuses = Events(database), StatusUpdates(database)
    delivery = EventProcessor(events, statuses, clock, on_status_change=reports.notify)

    async def on_status_change(send: Send) -> None:
        on_outcome(str(send.status))
        reports.notify(send)
        with suppress(DatabaseUnavailable):  # the rounds come to it
            await delivery.apply_pending(send)

    ledger = Ledger(
        sends,
        clock,
        tasks,
        hash_key=derive_hash_key(hash_secret),
        on_status_change=on_status_change,
        process_id=process_id,
    )
    intake = WebhookReceiver(
        events, clock, secret=webhook_secret, on_stored=delivery.wake_event.set, on_event=on_event
    )
    rounds = Reconciler(ledger, delivery, sends, events, statuses, clock)
    await ledger.expire_abandoned(any_age=database.single_process)
    async with _background_tasks(clock, intake.run, delivery.run, reports.run, rounds.run):
        yield SendLifecycle(ledger, reports, intake, sends, tasks)


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Looks, again and again, for what nobody finished: a replica that died, a database that was
    away."""

    ledger: Ledger
    processor: EventProcessor
    sends: Sends
    events: Events
    statuses: StatusUpdates
    clock: Clock

    async def run(self) -> None:
        while True:
            try:
                await self.run_once()
            except DatabaseUnavailable as down:
                structlog.get_logger("sends").warning("reconcile_skipped", reason=down.message)
            await sleep(self.clock, RECONCILE_INTERVAL_SECONDS)

    async def run_once(self) -> None:
        await self.ledger.expire_abandoned(any_age=False)
        await self.processor.apply_unmatched()
        now = self.clock.time()
        await self.statuses.purge(now - STATUS_RETENTION_SECONDS)
        await self.events.purge(now - EVENT_RETENTION_SECONDS)
        await self.sends.purge(now - SEND_RETENTION_SECONDS, PURGE_BATCH_SIZE)


@asynccontextmanager
async def _background_tasks(
    clock: Clock, *runs: Callable[[], Awaitable[None]]
) -> AsyncIterator[None]:
    loops = [asyncio.create_task(_supervise(run, clock)) for run in runs]
    try:
        yield
    finally:
        await cancel_and_wait(loops)


async def _supervise(run: Callable[[], Awaitable[None]], clock: Clock) -> None:
    """A fault in one piece of work must not end all that would come after it."""
    while True:
        try:
            await run()
        except Exception:  # noqa: BLE001 - it is logged, and the work goes on
            structlog.get_logger("sends").exception("loop_failed")
            await sleep(clock, RESTART_DELAY_SECONDS)
