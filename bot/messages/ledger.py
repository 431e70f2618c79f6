"""Send each submission at most once, even if a button is pressed twice or the process is killed.

A submission is claimed in the database, under its key, before its request leaves; a second claim
sends nothing. From then on the row records what is known: ``accepted`` or ``failed`` if a response
says so, ``unknown`` if none came. A send with something to prepare (a file to upload) is
``preparing`` until its request leaves, and ``failed`` if it never does. Nothing is resent
automatically.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import structlog

from bot.aio.clock import MAX_CLOCK_SKEW_SECONDS, Clock, finishes_within, sleep, wait_for
from bot.aio.tasks import TaskSet
from bot.chakra.messages import AcceptedMessage
from bot.errors import BotError, DatabaseUnavailable, PreparationFailed
from bot.messages.error_codec import NOT_SENT_ERRORS, PREPARATION_ERRORS, serialize_error
from bot.messages.repository import Sends
from bot.messages.send import ClaimResult, Failure, Send
from bot.messages.status import SendStatus
from bot.messages.submission import Submission, build_claim

RESPONSE_TIMEOUT_SECONDS = 45.0
"""Seconds after which a send without a response becomes ``unknown``."""
DUPLICATE_WINDOW_SECONDS = 600.0
"""Seconds during which the same content to the same recipient needs a confirmation."""
PREPARE_TIMEOUT_SECONDS = 30.0
"""The part of the response timeout that the preparation may use."""
CHECK_TIMEOUT_SECONDS = 5.0
DB_RETRY_DELAYS_SECONDS = (0.5, 2.0, 5.0)
"""Delays between attempts to record an outcome in a database that does not respond."""

RequestT = TypeVar("RequestT")

Post = Callable[[RequestT], Awaitable[AcceptedMessage]]
"""Makes one request to Chakra and nothing else. After any exception other than `NOT_SENT_ERRORS`,
the message may have been sent."""
Prepare = Callable[[RequestT], Coroutine[Any, Any, RequestT]]
"""Return the request once it may be sent. If this raises, nothing was sent."""
Check = Callable[[RequestT], Coroutine[Any, Any, None]]
"""Raise a `BotError` if the request must no longer be sent; called just before it is."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    status: SendStatus
    message_id: str = ""
    wamid: str = ""
    failure: Failure | None = None


class Ledger:
    """``on_outcome`` is called with each outcome that this process records.

    ``on_failure`` is called with each error returned by Chakra or WhatsApp.
    """

    def __init__(
        self,
        sends: Sends,
        clock: Clock,
        tasks: TaskSet,
        *,
        hash_key: bytes,
        on_outcome: Callable[[SendStatus], None],
        on_failure: Callable[[BotError], None] = lambda _: None,
        process_id: str,
    ) -> None:
        self._sends = sends
        self._clock = clock
        self._tasks = tasks
        self._hash_key = hash_key
        self._on_outcome = on_outcome
        self._on_failure = on_failure
        self._process_id = process_id
        self._in_flight: set[int] = set()
        self._log = structlog.get_logger("sends")

    async def claim(
        self,
        submission: Submission,
        *,
        confirmed_duplicate_of: int | None = None,
        needs_preparation: bool = False,
    ) -> ClaimResult:
        """Claim the submission for this process.

        ``confirmed_duplicate_of`` is the send that the person was asked about and wants to repeat.
        Raise ``DatabaseUnavailable``; then nothing was claimed and nothing may be sent.
        """
        now = self._clock.time()
        return await self._sends.claim(
            build_claim(submission, self._hash_key),
            self._process_id,
            now,
            duplicate_since=now - DUPLICATE_WINDOW_SECONDS,
            confirmed_duplicate_of=confirmed_duplicate_of,
            status=SendStatus.PREPARING if needs_preparation else SendStatus.SENDING,
        )

    async def find_duplicate(self, submission: Submission) -> Send | None:
        """Return the send that the person would be asked about before this one.

        Raise ``DatabaseUnavailable``.
        """
        since = self._clock.time() - DUPLICATE_WINDOW_SECONDS
        return await self._sends.find_duplicate(build_claim(submission, self._hash_key), since)

    async def execute(
        self,
        send: Send,
        request: RequestT,
        post: Post[RequestT],
        prepare: Prepare[RequestT] | None = None,
        check: Check[RequestT] | None = None,
    ) -> Send:
        """Send a claimed submission; return the row once its outcome is recorded.

        After `RESPONSE_TIMEOUT_SECONDS` that is ``unknown``; a later response is still recorded.
        Cancelling the caller does not stop the request. ``prepare`` is for a send that was claimed
        as preparing: if it fails, times out or the app stops, the send has failed; if ``check``
        does, too.
        """
        self._in_flight.add(send.id)
        attempt = self._tasks.spawn(self._attempt(send, request, post, prepare, check))
        attempt.add_done_callback(lambda _: self._in_flight.discard(send.id))
        if (
            await finishes_within(self._clock, attempt, RESPONSE_TIMEOUT_SECONDS)
            and not attempt.cancelled()
        ):
            return attempt.result()
        return await self._record_outcome(send, _Outcome(SendStatus.UNKNOWN))

    async def expire_abandoned(self, *, any_age: bool) -> list[Send]:
        """Record an outcome for sends whose process can no longer be waiting for them.

        Those past the response timeout, or all of other processes with ``any_age`` (if no other
        process can be alive), become ``unknown``, or ``failed`` if their request never left.
        """
        now = self._clock.time()
        # The clock of an earlier process may have been ahead of this one.
        started_cutoff = math.inf if any_age else now - RESPONSE_TIMEOUT_SECONDS
        set_back_cutoff = now + MAX_CLOCK_SKEW_SECONDS
        expired = await self._sends.expire(
            started_cutoff, now, frozenset(self._in_flight), set_back_cutoff=set_back_cutoff
        )
        for send in expired:
            self._log.warning("send_abandoned", send=send.id, process=send.process_id)
            self._on_outcome(send.status)
        return expired

    async def _attempt(
        self,
        send: Send,
        request: RequestT,
        post: Post[RequestT],
        prepare: Prepare[RequestT] | None,
        check: Check[RequestT] | None,
    ) -> Send:
        try:
            if prepare is not None:
                request = await self._prepare(send, request, prepare)
            if check is not None:
                await self._check(send, request, check)
        except BotError as error:
            return await self._record_outcome(send, _build_failed_outcome(error))
        except asyncio.CancelledError:  # the app is stopping
            stopped = PreparationFailed("The app stopped before the request was sent.")
            await self._record_outcome(send, _build_failed_outcome(stopped))
            raise
        try:
            accepted = await post(request)
        except NOT_SENT_ERRORS as error:
            self._on_failure(error)
            return await self._record_outcome(send, _build_failed_outcome(error))
        except asyncio.CancelledError:  # the app is stopping
            await self._record_outcome(send, _Outcome(SendStatus.UNKNOWN))
            raise
        except Exception as error:  # noqa: BLE001 - after any error, the message may have been sent
            self._log.warning("send_unknown", send=send.id, kind=type(error).__name__)
            return await self._record_outcome(send, _Outcome(SendStatus.UNKNOWN))
        if accepted.failure is not None:
            self._on_failure(accepted.failure)
        return await self._record_outcome(send, _build_accepted_outcome(accepted))

    async def _prepare(self, send: Send, request: RequestT, prepare: Prepare[RequestT]) -> RequestT:
        """Return the request to send now; raise a `BotError` if there is none."""
        try:
            prepared = await wait_for(self._clock, prepare(request), PREPARE_TIMEOUT_SECONDS)
            may_leave = await self._sends.mark_sending(send.id)
        except (*PREPARATION_ERRORS, *NOT_SENT_ERRORS):
            raise
        except TimeoutError:
            raise PreparationFailed("Preparing the request timed out.") from None
        except Exception as fault:
            self._log.warning("send_not_prepared", send=send.id, exc_info=fault)
            raise PreparationFailed(type(fault).__name__) from fault
        if not may_leave:
            raise PreparationFailed("The send expired before its request was sent.")
        return prepared

    async def _check(self, send: Send, request: RequestT, check: Check[RequestT]) -> None:
        """Raise a `BotError` unless the request may be sent."""
        try:
            await wait_for(self._clock, check(request), CHECK_TIMEOUT_SECONDS)
        except PREPARATION_ERRORS:
            raise
        except Exception as fault:
            self._log.warning("send_not_checked", send=send.id, exc_info=fault)
            raise PreparationFailed(type(fault).__name__) from fault

    async def _record_outcome(self, send: Send, outcome: _Outcome) -> Send:
        """Record the outcome and return the row.

        If the database stays unavailable the row remains ``sending`` and becomes ``unknown``
        later; the caller still gets the outcome.
        """
        for delay in (*DB_RETRY_DELAYS_SECONDS, None):
            try:
                recorded = await self._sends.record_outcome(
                    send.id,
                    outcome.status,
                    self._clock.time(),
                    message_id=outcome.message_id,
                    wamid=outcome.wamid,
                    failure=outcome.failure,
                )
            except DatabaseUnavailable as error:
                self._log.warning("db_write_retry", send=send.id, reason=error.message)
                if delay is not None:
                    await sleep(self._clock, delay)
            else:
                self._on_outcome(outcome.status)
                return recorded
        return replace(
            send,
            status=outcome.status,
            message_id=outcome.message_id,
            wamid=outcome.wamid,
            failure=outcome.failure,
        )


def _build_failed_outcome(error: BotError) -> _Outcome:
    return _Outcome(SendStatus.FAILED, failure=serialize_error(error))


def _build_accepted_outcome(accepted: AcceptedMessage) -> _Outcome:
    """Return the outcome of a response, which may already say that WhatsApp refused."""
    if accepted.failure is not None:
        failure = serialize_error(accepted.failure)
        return _Outcome(SendStatus.FAILED, accepted.id, accepted.wamid, failure)
    return _Outcome(SendStatus.ACCEPTED, accepted.id, accepted.wamid)
