"""The life of a send: claimed, sent, followed and reported, opened and closed with the process."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog

from bot.aio.clock import Clock
from bot.aio.periodic import FIRST_PURGE_SECONDS, run_periodically
from bot.aio.tasks import TaskSet, background_tasks
from bot.db.claims import ClaimOutcome
from bot.db.engine import Database
from bot.errors import BotError, DatabaseUnavailable
from bot.messages.details import SendDetails, open_details
from bot.messages.dirty_sends import DirtySends
from bot.messages.ledger import Check, Ledger, Post, Prepare, RequestT
from bot.messages.report_message import render_shared_card
from bot.messages.reporter import Reporter, ReportReply, report_to_sender
from bot.messages.repository import Sends
from bot.messages.send import ClaimResult, Send, SendResult
from bot.messages.status import SendStatus
from bot.messages.status_updates import BATCH_SIZE, StatusUpdates
from bot.messages.submission import Submission, derive_hash_key
from bot.outbox.message import OutboxMessage
from bot.outbox.outbox import Outbox
from bot.slack.client.web_api import MessageRef
from bot.slack.commands.reply import Message

RECONCILE_INTERVAL_SECONDS = 15.0
"""Seconds: half the time within which another replica's unfinished work must be resumed."""
STATUS_RETENTION_SECONDS = 3_600.0
"""Seconds that a status waits for its send: the IDs of a send are known within a minute."""
SEND_RETENTION_SECONDS = 90 * 86_400.0
"""Seconds for which a send with an outcome, even an unknown one, is stored.

WhatsApp delivers for 30 days at most, and an older button starts no send (see
``commands/send.py``).
developers.facebook.com/documentation/business-messaging/whatsapp/templates/time-to-live
"""
PURGE_INTERVAL_SECONDS = 60.0
PURGE_BATCH_SIZE = 1_000
REPORT_WAIT_SECONDS = 5.0
"""Seconds that a reply that links to the report waits until it is posted."""


@dataclass(frozen=True, slots=True)
class SendReader:
    """The sends that are stored, and their details."""

    sends: Sends
    read_details: Callable[[Send], SendDetails | None]


def open_send_reader(database: Database, workspace: str, hash_secret: str) -> SendReader:
    """Return the stored sends; see `open_send_lifecycle` for ``hash_secret``."""
    hash_key = derive_hash_key(hash_secret)
    return SendReader(Sends(database, workspace), lambda send: open_details(send.details, hash_key))


@dataclass(frozen=True, slots=True)
class SendLifecycle:
    """``statuses.handle`` applies the status events of the webhook."""

    ledger: Ledger
    reporter: Reporter
    sends: Sends
    statuses: StatusUpdates
    tasks: TaskSet
    read_details: Callable[[Send], SendDetails | None]
    outbox: Outbox

    async def share(self, send: Send, *, channel: str, member: str, key: str) -> None:
        """Post a send, masked, to a channel that the member chose; once for each ``key``."""
        message = render_shared_card(send, member)
        await self.outbox.enqueue(OutboxMessage(f"share:{key}", channel, message, member))

    async def notify_other_recipient(self, message: Message, *, member: str, key: str) -> None:
        """Post what a member must know of an accepted send to their DM with the app."""
        structlog.get_logger("sends").warning("recipient_differs", member=member)
        with suppress(DatabaseUnavailable):
            await self.outbox.enqueue(OutboxMessage(f"recipient:{key}", member, message, member))

    async def start(
        self,
        submission: Submission,
        request: RequestT,
        post: Post[RequestT],
        *,
        prepare: Prepare[RequestT] | None = None,
        check: Check[RequestT] | None = None,
        confirmed_duplicate_of: int | None = None,
        report_wait: float = REPORT_WAIT_SECONDS,
    ) -> tuple[ClaimResult, asyncio.Task[SendResult] | None]:
        """Claim the submission and, if this call is the first to claim it, start sending it.

        The task ends with the outcome and the report, if that is posted within ``report_wait``
        seconds; it is None if another send is in the way. See `Ledger` for ``post``, ``prepare``,
        ``check`` and ``confirmed_duplicate_of``. Raise ``DatabaseUnavailable``; then nothing was
        sent.
        """
        claim = await self.ledger.claim(
            submission,
            confirmed_duplicate_of=confirmed_duplicate_of,
            needs_preparation=prepare is not None,
        )
        if claim.outcome is not ClaimOutcome.CREATED:
            return claim, None
        sending = self._send(claim.send, request, post, prepare, check, report_wait)
        return claim, self.tasks.spawn_reply(sending)

    async def _send(
        self,
        send: Send,
        request: RequestT,
        post: Post[RequestT],
        prepare: Prepare[RequestT] | None,
        check: Check[RequestT] | None,
        report_wait: float,
    ) -> SendResult:
        finished = await self.ledger.execute(send, request, post, prepare, check)
        return SendResult(finished, await self.wait_report(finished, report_wait))

    async def wait_arrived(self, send: Send, seconds: float) -> Send | None:
        """Return the send once it is delivered, read or failed; see `Reporter.wait_arrived`."""
        return await self.reporter.wait_arrived(send, seconds)

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
    on_outcome: Callable[[str], None] = lambda _: None,
    on_failure: Callable[[BotError], None] = lambda _: None,
    on_change: Callable[[str], None] = lambda _: None,
    report_reply: ReportReply = report_to_sender,
    process_id: str = "",
    workspace: str = "",
) -> AsyncIterator[SendLifecycle]:
    """Open the sending and reporting of messages; first expire abandoned sends.

    ``hash_secret`` keys the hashes of recipients and the details: any secret that all replicas
    share and that is not in the database. ``tasks`` run the sends: drain them before this closes.
    ``on_outcome`` gets the outcome of each send (accepted, failed, unknown), ``on_failure`` each
    error of Chakra or WhatsApp, in a response or a status. ``on_change`` gets the member of each
    send whose status has changed. ``report_reply`` presents replies.
    ``process_id`` identifies this process; it is random if empty.
    """
    process_id = process_id or secrets.token_hex(8)
    hash_key = derive_hash_key(hash_secret)
    reader = open_send_reader(database, workspace, hash_secret)
    sends, read_details = reader.sends, reader.read_details
    reporter = Reporter(
        DirtySends(database, workspace),
        outbox,
        clock,
        read_details=read_details,
        report_reply=report_reply,
        on_change=on_change,
        is_shared=not database.single_process,
    )
    statuses = StatusUpdates(
        database, workspace, on_status_change=reporter.notify, on_failure=on_failure
    )

    def record_outcome(status: SendStatus) -> None:
        on_outcome(str(status))
        reporter.notify()

    ledger = Ledger(
        sends,
        clock,
        tasks,
        hash_key=hash_key,
        on_outcome=record_outcome,
        on_failure=on_failure,
        process_id=process_id,
    )
    await ledger.expire_abandoned(any_age=database.single_process)
    reconciler = Reconciler(ledger, statuses, sends, clock)
    async with background_tasks(reporter.run(), reconciler.run()):
        yield SendLifecycle(ledger, reporter, sends, statuses, tasks, read_details, outbox)


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Finish the work that a dead replica, or an unavailable database, left unfinished."""

    ledger: Ledger
    statuses: StatusUpdates
    sends: Sends
    clock: Clock

    async def run(self) -> None:
        """Reconcile and purge periodically until cancelled."""
        reconciling = run_periodically(
            "reconcile",
            self.run_once,
            RECONCILE_INTERVAL_SECONDS,
            self.clock,
            first_after=RECONCILE_INTERVAL_SECONDS,
        )
        purging = run_periodically(
            "send_purge",
            self.purge,
            PURGE_INTERVAL_SECONDS,
            self.clock,
            first_after=FIRST_PURGE_SECONDS,
        )
        await asyncio.gather(reconciling, purging)

    async def run_once(self) -> None:
        """Expire abandoned sends, and apply stored statuses."""
        await self.ledger.expire_abandoned(any_age=False)
        now = self.clock.time()
        while await self.statuses.sweep(now - STATUS_RETENTION_SECONDS, now) == BATCH_SIZE:
            pass

    async def purge(self) -> None:
        """Delete old sends."""
        await self.sends.purge(self.clock.time() - SEND_RETENTION_SECONDS, PURGE_BATCH_SIZE)
