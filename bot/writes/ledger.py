"""Carry out each write to Chakra once, even if a button is pressed twice or the process is killed.

A write is claimed in the database, under its key, before its request leaves. The same press again,
on another replica or after a restart, writes nothing and gets the outcome of the first. A write
without a response is unknown, and isn't repeated.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import structlog

from bot.aio.clock import MAX_CLOCK_SKEW_SECONDS, Clock, finishes_within, sleep
from bot.aio.periodic import FIRST_PURGE_SECONDS, run_periodically
from bot.aio.tasks import TaskSet, background_tasks
from bot.db.claims import ClaimOutcome
from bot.db.engine import Database
from bot.errors import (
    AuthenticationError,
    BotError,
    DatabaseUnavailable,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
    UserError,
)
from bot.outbox.message import OutboxMessage
from bot.outbox.outbox import Outbox
from bot.privacy import redact
from bot.writes.notices import render_abandoned_notice
from bot.writes.repository import (
    Write,
    WriteClaim,
    WriteError,
    Writes,
    WriteState,
)

RESPONSE_TIMEOUT_SECONDS = 45.0
"""Seconds after which a write without an answer is unknown."""
ABANDONED_AFTER_SECONDS = 60.0
"""Seconds after which no process can still be working on a write: longer than the timeout."""
DUPLICATE_WINDOW_SECONDS = 600.0
"""Seconds during which the same content needs a confirmation, no matter which member submits it."""
POLL_INTERVAL_SECONDS = 0.5
"""Seconds between checks for the outcome of a write that another process carries out."""
RECONCILE_INTERVAL_SECONDS = 15.0
RETENTION_SECONDS = 90 * 86_400.0
PURGE_INTERVAL_SECONDS = 60.0
PURGE_BATCH_SIZE = 1_000
DB_RETRY_DELAYS_SECONDS = (0.5, 2.0, 5.0)

NOT_WRITTEN_ERRORS = (Rejected, AuthenticationError, RateLimited, Unavailable, UserError)
"""After these errors, and their subclasses, certainly nothing was written."""

_HASH_KEY_CONTEXT = b"chakra-for-slack: contents of writes"

Perform = Callable[[], Awaitable[str]]
"""Send the one request, and return the result to store."""


@dataclass(frozen=True, slots=True)
class WriteIntent:
    """A write that a member requested.

    ``key`` identifies the press: the view's ID, or message and action. ``subject`` is what the
    write concerns, and ``content`` everything that distinguishes it from another; it isn't stored.
    ``confirmed_id`` is the earlier write that the member was asked about.
    """

    key: str
    member: str
    verb: str
    subject: str
    content: Mapping[str, object] = field(repr=False)
    confirmed_id: int = 0


@dataclass(frozen=True, slots=True)
class DuplicateWrite:
    """The same was written recently: the member has to confirm."""

    write: Write


class WriteLedger:
    def __init__(
        self,
        writes: Writes,
        clock: Clock,
        tasks: TaskSet,
        *,
        hash_secret: str,
        process_id: str,
        on_abandoned: Callable[[Write], Awaitable[None]],
    ) -> None:
        """``on_abandoned`` must store the notice for the member, once for each write.

        ``hash_secret`` is the same for all replicas and isn't in the database: without it, contents
        can't be guessed from their hashes.
        """
        self._writes = writes
        self._clock = clock
        self._tasks = tasks
        self._hash_key = hmac.digest(hash_secret.encode(), _HASH_KEY_CONTEXT, "sha256")
        self._process_id = process_id
        self._on_abandoned = on_abandoned
        self._in_flight: set[int] = set()
        self._log = structlog.get_logger("writes")

    async def run(self, intent: WriteIntent, perform: Perform) -> Write | DuplicateWrite:
        """Carry the write out and return its row, or that of the same press before.

        Cancelling the caller doesn't stop a request that has left. Raises whatever ``perform``
        raises, ``OutcomeUnknown`` if the outcome of this press isn't known, and
        ``DatabaseUnavailable`` if nothing was claimed, and so nothing written.
        """
        now = self._clock.time()
        outcome, write = await self._writes.claim(
            self._build_claim(intent),
            self._process_id,
            now,
            duplicate_since=now - DUPLICATE_WINDOW_SECONDS,
            confirmed_id=intent.confirmed_id,
        )
        if outcome is ClaimOutcome.DUPLICATE:
            return DuplicateWrite(write)
        if outcome is ClaimOutcome.REPLAYED:
            settled = await self._wait_settled(write)
            return settled or await self.run(intent, perform)
        self._in_flight.add(write.id)
        attempt = self._tasks.spawn(self._attempt(write, perform))
        attempt.add_done_callback(self._on_attempt_done(write.id))
        if await finishes_within(self._clock, attempt, RESPONSE_TIMEOUT_SECONDS):
            if not attempt.cancelled():
                return attempt.result()
        else:
            await self._record(write, WriteState.UNKNOWN)
        raise OutcomeUnknown("No answer came in time.")

    async def find_done(self, intent: WriteIntent) -> Write | None:
        """Return the row if this press was carried out before. Raise ``DatabaseUnavailable``."""
        write = await self._writes.find_by_key(self._build_claim(intent).key)
        return write if write is not None and write.state is WriteState.DONE else None

    async def reconcile(self, *, any_age: bool = False) -> None:
        """Mark writes that no process works on as unknown, and notify their members.

        ``any_age`` includes writes that began a moment ago, if no other process can be alive.
        """
        now = self._clock.time()
        # An earlier process may have had a clock that was ahead of this one.
        cutoff = math.inf if any_age else now - ABANDONED_AFTER_SECONDS
        set_back_cutoff = now + MAX_CLOCK_SKEW_SECONDS
        for write in await self._writes.list_abandoned(
            cutoff, set_back_cutoff, frozenset(self._in_flight)
        ):
            self._log.warning("write_abandoned", write=write.id, verb=write.verb)
            await self._on_abandoned(write)
            await self._writes.record_outcome(write.id, WriteState.UNKNOWN, now)

    async def purge(self) -> None:
        await self._writes.purge(self._clock.time() - RETENTION_SECONDS, PURGE_BATCH_SIZE)

    async def _attempt(self, write: Write, perform: Perform) -> Write:
        try:
            result = await perform()
        except NOT_WRITTEN_ERRORS as error:
            await self._record(write, WriteState.FAILED, error=_serialize(error))
            raise
        except BaseException:  # after any error, even a stop, it may have been written
            await self._record(write, WriteState.UNKNOWN)
            raise
        return await self._record(write, WriteState.DONE, result=result)

    async def _record(
        self,
        write: Write,
        state: WriteState,
        *,
        error: WriteError | None = None,
        result: str = "",
    ) -> Write:
        """Return the row with the outcome. If the database fails for long, it is settled later."""
        self._log.info("write", id=write.id, verb=write.verb, member=write.member, state=str(state))
        for pause in (*DB_RETRY_DELAYS_SECONDS, None):
            try:
                return await self._writes.record_outcome(
                    write.id, state, self._clock.time(), error=error, result=result
                )
            except DatabaseUnavailable as outage:
                self._log.warning("db_write_retry", write=write.id, reason=outage.message)
                if pause is not None:
                    await sleep(self._clock, pause)
        return replace(write, state=state, result=result)

    def _on_attempt_done(self, write_id: int) -> Callable[[asyncio.Task[Write]], None]:
        def on_done(attempt: asyncio.Task[Write]) -> None:
            self._in_flight.discard(write_id)
            if not attempt.cancelled():
                attempt.exception()  # there may be no caller left to retrieve it

        return on_done

    async def _wait_settled(self, write: Write) -> Write | None:
        """Return the row once it is done, ``None`` if it failed. Raise ``OutcomeUnknown``."""
        started_at = min(write.started_at, self._clock.time())
        deadline = started_at + RESPONSE_TIMEOUT_SECONDS
        while write.state is WriteState.STARTED and self._clock.time() < deadline:
            await sleep(self._clock, POLL_INTERVAL_SECONDS)
            write = await self._writes.find_by_key(write.key) or write
        if write.state is WriteState.FAILED:
            return None
        if write.state is not WriteState.DONE:
            raise OutcomeUnknown("The outcome of this write isn't known.")
        return write

    def _build_claim(self, intent: WriteIntent) -> WriteClaim:
        content = json.dumps([intent.verb, intent.content], sort_keys=True, ensure_ascii=False)
        press = json.dumps([intent.subject, content, intent.confirmed_id], ensure_ascii=False)
        return WriteClaim(
            key=f"{intent.key} {self._hash(press)}",
            member=intent.member,
            verb=intent.verb,
            subject=intent.subject,
            content_hash=self._hash(content),
        )

    def _hash(self, text: str) -> str:
        return hmac.new(self._hash_key, text.encode(), hashlib.sha256).hexdigest()


def _serialize(error: BotError) -> WriteError:
    code = getattr(error, "code", None)
    return WriteError(error.kind, code if isinstance(code, int) else None, redact(error.message))


def _build_notice(write: Write) -> OutboxMessage:
    return OutboxMessage(
        key=f"write:{write.key}",
        channel=write.member,
        message=render_abandoned_notice(write.verb, write.started_at),
        member=write.member,
    )


def open_write_reader(
    database: Database, workspace: str
) -> Callable[[Collection[str]], Awaitable[Write | None]]:
    """Return a function that finds the latest done or possibly done write to any of subjects."""
    return Writes(database, workspace).find_latest


@asynccontextmanager
async def open_write_ledger(
    database: Database,
    outbox: Outbox,
    clock: Clock,
    tasks: TaskSet,
    *,
    hash_secret: str,
    process_id: str,
    workspace: str = "",
) -> AsyncIterator[WriteLedger]:
    """Settle the writes that an earlier process left, then reconcile until closed."""
    writes = Writes(database, workspace)

    async def notify(write: Write) -> None:
        await outbox.enqueue(_build_notice(write))

    ledger = WriteLedger(
        writes,
        clock,
        tasks,
        hash_secret=hash_secret,
        process_id=process_id,
        on_abandoned=notify,
    )
    await ledger.reconcile(any_age=database.single_process)

    reconciling = run_periodically(
        "writes",
        ledger.reconcile,
        RECONCILE_INTERVAL_SECONDS,
        clock,
        first_after=RECONCILE_INTERVAL_SECONDS,
    )
    purging = run_periodically(
        "write_purge",
        ledger.purge,
        PURGE_INTERVAL_SECONDS,
        clock,
        first_after=FIRST_PURGE_SECONDS,
    )
    async with background_tasks(reconciling, purging):
        yield ledger
