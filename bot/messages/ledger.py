"""The ledger: what makes a send happen once, whatever is pressed twice or killed in the middle.

A submission is claimed in the database, under its key, before its request leaves; who finds it
claimed sends nothing. From then on the row says what is known: ``accepted`` or ``failed`` where an
answer says so, ``unknown`` where none came. What has something to come before its request is
``preparing`` until that leaves, and ``failed`` where it never does. Nothing is ever sent again by
itself.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

import structlog

from bot.aio.clock import Clock, done_within, sleep, wait_for
from bot.aio.tasks import TaskSet
from bot.chakra.messages import AcceptedMessage
from bot.errors import BotError, DatabaseUnavailable, PreparationFailed
from bot.messages.error_codec import NOT_SENT_ERRORS, PREPARATION_ERRORS, serialize_error
from bot.messages.repository import Claimed, Failure, Send, Sends
from bot.messages.status import SendStatus
from bot.messages.submission import Submission, build_claim

RESPONSE_TIMEOUT_SECONDS = 45.0
"""After these a send without an answer is called unknown."""
DUPLICATE_WINDOW_SECONDS = 600.0
"""For so long the same content to the same recipient asks first, whoever sent it."""
PREPARE_TIMEOUT_SECONDS = 30.0
"""Of those, what must come before the request may take so much: it leaves by then or not at all."""
DB_RETRY_DELAYS_SECONDS = (0.5, 2.0, 5.0)
"""Seconds between the attempts to note an outcome in a database that does not answer."""

SendRequest = Callable[[], Awaitable[AcceptedMessage]]
"""One request to Chakra and nothing else. Whatever it raises but a refusal leaves it open whether
the message went out."""
Prepare = Callable[[], Coroutine[Any, Any, None]]
"""What must come before the request may leave. Whatever it raises, nothing was sent."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """The submission is this caller's to carry out."""

    send: Send


@dataclass(frozen=True, slots=True)
class Before:
    """This very submission was claimed before: here is how it stands."""

    send: Send


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The same went to the same recipient within ten minutes: the person is asked first."""

    send: Send


@dataclass(frozen=True, slots=True)
class _Outcome:
    status: SendStatus
    message_id: str = ""
    wamid: str = ""
    failure: Failure | None = None


class Ledger:
    """``changed`` hears of every row that has a new state. ``boot`` names this process."""

    def __init__(
        self,
        sends: Sends,
        clock: Clock,
        tasks: TaskSet,
        *,
        hash_key: bytes,
        on_status_change: Callable[[Send], Awaitable[None]],
        process_id: str,
    ) -> None:
        self._sends = sends
        self._clock = clock
        self._tasks = tasks
        self._hash_key = hash_key
        self._on_status_change = on_status_change
        self._process_id = process_id
        self._in_flight: set[int] = set()
        self._log = structlog.get_logger("sends")

    async def claim(
        self,
        submission: Submission,
        *,
        allow_duplicate: bool = False,
        needs_preparation: bool = False,
    ) -> Fresh | Before | Duplicate:
        """``again`` when the person was asked and wants it sent all the same; ``prepares`` where
        something must come before its request.

        Raises ``DatabaseUnavailable``; then nothing was claimed, and nothing may be sent.
        """
        now = self._clock.time()
        claimed, send = await self._sends.claim(
            build_claim(submission, self._hash_key),
            self._process_id,
            now,
            duplicate_since=None if allow_duplicate else now - DUPLICATE_WINDOW_SECONDS,
            status=SendStatus.PREPARING if needs_preparation else SendStatus.SENDING,
        )
        return _RESULTS[claimed](send)

    async def execute(
        self, claimed: Fresh, post: SendRequest, prepare: Prepare | None = None
    ) -> Send:
        """The row once the outcome is noted, or ``unknown`` after 45 seconds; an answer that comes
        later still is noted as well. Cancelling the caller does not stop it.

        ``first`` is for what was claimed as preparing. Where it fails, or takes too long, or the
        app stops meanwhile, the send has failed: that is never ``unknown``.
        """
        send = claimed.send
        self._in_flight.add(send.id)
        attempt = self._tasks.spawn(self._attempt(send, post, prepare))
        attempt.add_done_callback(lambda _: self._in_flight.discard(send.id))
        if (
            await done_within(self._clock, attempt, RESPONSE_TIMEOUT_SECONDS)
            and not attempt.cancelled()
        ):
            return attempt.result()
        return await self._record_outcome(send, _Outcome(SendStatus.UNKNOWN))

    async def expire_abandoned(self, *, any_age: bool) -> list[Send]:
        """Calls unknown what nobody can still be waiting for, and failed what of it has not left:
        sends that have been on the way for 45 seconds, or ``all_others``, however new, where no
        other process can be alive."""
        now = self._clock.time()
        # An earlier process may have had a clock that was ahead of this one.
        began_by = math.inf if any_age else now - RESPONSE_TIMEOUT_SECONDS
        late = await self._sends.expire(began_by, now, frozenset(self._in_flight))
        for send in late:
            self._log.warning("send_abandoned", send=send.id, boot=send.process_id)
            await self._on_status_change(send)
        return late

    async def _attempt(self, send: Send, post: SendRequest, prepare: Prepare | None) -> Send:
        if prepare is not None and (failed := await self._prepare(send, prepare)) is not None:
            return failed
        try:
            accepted = await post()
        except NOT_SENT_ERRORS as refused:
            return await self._record_outcome(send, _failed_outcome(refused))
        except asyncio.CancelledError:  # the app stops
            await self._record_outcome(send, _Outcome(SendStatus.UNKNOWN))
            raise
        except Exception as lost:  # noqa: BLE001 - whatever it was, the message may be out
            self._log.warning("send_unknown", send=send.id, kind=type(lost).__name__)
            return await self._record_outcome(send, _Outcome(SendStatus.UNKNOWN))
        return await self._record_outcome(send, _accepted_outcome(accepted))

    async def _prepare(self, send: Send, prepare: Prepare) -> Send | None:
        """Nothing where the request may leave, else the row as it failed."""
        error: BotError
        try:
            await wait_for(self._clock, prepare(), PREPARE_TIMEOUT_SECONDS)
            if await self._sends.mark_sending(send.id):
                return None
            error = PreparationFailed("given up")
        except (*PREPARATION_ERRORS, *NOT_SENT_ERRORS) as refused:
            error = refused
        except asyncio.CancelledError:  # the app stops
            await self._record_outcome(send, _failed_outcome(PreparationFailed("stopped")))
            raise
        except TimeoutError:
            error = PreparationFailed("too slow")
        except Exception as fault:  # noqa: BLE001 - whatever it was, nothing has left
            self._log.warning("send_not_prepared", send=send.id, exc_info=fault)
            error = PreparationFailed(type(fault).__name__)
        return await self._record_outcome(send, _failed_outcome(error))

    async def _record_outcome(self, send: Send, outcome: _Outcome) -> Send:
        """Where the database does not take it the row stays ``sending``, to be called unknown
        later; the caller hears what is known."""
        for pause in (*DB_RETRY_DELAYS_SECONDS, None):
            try:
                noted = await self._sends.record_outcome(
                    send.id,
                    outcome.status,
                    self._clock.time(),
                    message_id=outcome.message_id,
                    wamid=outcome.wamid,
                    failure=outcome.failure,
                )
            except DatabaseUnavailable as down:
                self._log.warning("db_write_retry", send=send.id, reason=down.message)
                if pause is not None:
                    await sleep(self._clock, pause)
            else:
                await self._on_status_change(noted)
                return noted
        return replace(
            send,
            status=outcome.status,
            message_id=outcome.message_id,
            wamid=outcome.wamid,
            failure=outcome.failure,
        )


_RESULTS: dict[Claimed, type[Fresh] | type[Before] | type[Duplicate]] = {
    Claimed.NOW: Fresh,
    Claimed.BEFORE: Before,
    Claimed.ALIKE: Duplicate,
}


def _failed_outcome(error: BotError) -> _Outcome:
    return _Outcome(SendStatus.FAILED, failure=serialize_error(error))


def _accepted_outcome(accepted: AcceptedMessage) -> _Outcome:
    """An answer that is there may say at once that WhatsApp refused."""
    if accepted.failure is not None:
        failed = serialize_error(accepted.failure)
        return _Outcome(SendStatus.FAILED, accepted.id, accepted.wamid, failed)
    return _Outcome(SendStatus.ACCEPTED, accepted.id, accepted.wamid)
