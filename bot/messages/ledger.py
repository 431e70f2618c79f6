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

from bot.aio.clock import Clock, done_within, sleep, within
from bot.aio.tasks import Tasks
from bot.chakra.messages import Accepted
from bot.errors import BotError, NotPrepared, StoreUnavailable
from bot.messages.error_codec import BEFOREHAND, REFUSALS, failure_of
from bot.messages.repository import Claimed, Failure, Send, Sends
from bot.messages.status import State
from bot.messages.submission import Submission, claim_of

ANSWER_SECONDS = 45.0
"""After these a send without an answer is called unknown."""
ALIKE_SECONDS = 600.0
"""For so long the same content to the same recipient asks first, whoever sent it."""
READY_SECONDS = 30.0
"""Of those, what must come before the request may take so much: it leaves by then or not at all."""
NOTE_PAUSES = (0.5, 2.0, 5.0)
"""Seconds between the attempts to note an outcome in a database that does not answer."""

Post = Callable[[], Awaitable[Accepted]]
"""One request to Chakra and nothing else. Whatever it raises but a refusal leaves it open whether
the message went out."""
First = Callable[[], Coroutine[Any, Any, None]]
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
    state: State
    message_id: str = ""
    wamid: str = ""
    failure: Failure | None = None


class Ledger:
    """``changed`` hears of every row that has a new state. ``boot`` names this process."""

    def __init__(
        self,
        sends: Sends,
        clock: Clock,
        tasks: Tasks,
        *,
        key: bytes,
        changed: Callable[[Send], Awaitable[None]],
        boot: str,
    ) -> None:
        self._sends = sends
        self._clock = clock
        self._tasks = tasks
        self._key = key
        self._changed = changed
        self._boot = boot
        self._in_hand: set[int] = set()
        self._log = structlog.get_logger("sends")

    async def claim(
        self, submission: Submission, *, again: bool = False, prepares: bool = False
    ) -> Fresh | Before | Duplicate:
        """``again`` when the person was asked and wants it sent all the same; ``prepares`` where
        something must come before its request.

        Raises ``StoreUnavailable``; then nothing was claimed, and nothing may be sent.
        """
        now = self._clock.time()
        claimed, send = await self._sends.claim(
            claim_of(submission, self._key),
            self._boot,
            now,
            alike_since=None if again else now - ALIKE_SECONDS,
            state=State.PREPARING if prepares else State.SENDING,
        )
        return _RESULTS[claimed](send)

    async def carry_out(self, fresh: Fresh, post: Post, first: First | None = None) -> Send:
        """The row once the outcome is noted, or ``unknown`` after 45 seconds; an answer that comes
        later still is noted as well. Cancelling the caller does not stop it.

        ``first`` is for what was claimed as preparing. Where it fails, or takes too long, or the
        app stops meanwhile, the send has failed: that is never ``unknown``.
        """
        send = fresh.send
        self._in_hand.add(send.id)
        attempt = self._tasks.spawn(self._attempt(send, post, first))
        attempt.add_done_callback(lambda _: self._in_hand.discard(send.id))
        if await done_within(self._clock, attempt, ANSWER_SECONDS) and not attempt.cancelled():
            return attempt.result()
        return await self._note(send, _Outcome(State.UNKNOWN))

    async def settle_abandoned(self, *, all_others: bool) -> list[Send]:
        """Calls unknown what nobody can still be waiting for, and failed what of it has not left:
        sends that have been on the way for 45 seconds, or ``all_others``, however new, where no
        other process can be alive."""
        now = self._clock.time()
        # An earlier process may have had a clock that was ahead of this one.
        began_by = math.inf if all_others else now - ANSWER_SECONDS
        late = await self._sends.give_up(began_by, now, frozenset(self._in_hand))
        for send in late:
            self._log.warning("send_abandoned", send=send.id, boot=send.boot)
            await self._changed(send)
        return late

    async def _attempt(self, send: Send, post: Post, first: First | None) -> Send:
        if first is not None and (failed := await self._prepared(send, first)) is not None:
            return failed
        try:
            accepted = await post()
        except REFUSALS as refused:
            return await self._note(send, _failed(refused))
        except asyncio.CancelledError:  # the app stops
            await self._note(send, _Outcome(State.UNKNOWN))
            raise
        except Exception as lost:  # noqa: BLE001 - whatever it was, the message may be out
            self._log.warning("send_unknown", send=send.id, kind=type(lost).__name__)
            return await self._note(send, _Outcome(State.UNKNOWN))
        return await self._note(send, _outcome(accepted))

    async def _prepared(self, send: Send, first: First) -> Send | None:
        """Nothing where the request may leave, else the row as it failed."""
        error: BotError
        try:
            await within(self._clock, first(), READY_SECONDS)
            if await self._sends.leave(send.id):
                return None
            error = NotPrepared("given up")
        except (*BEFOREHAND, *REFUSALS) as refused:
            error = refused
        except asyncio.CancelledError:  # the app stops
            await self._note(send, _failed(NotPrepared("stopped")))
            raise
        except TimeoutError:
            error = NotPrepared("too slow")
        except Exception as fault:  # noqa: BLE001 - whatever it was, nothing has left
            self._log.warning("send_not_prepared", send=send.id, exc_info=fault)
            error = NotPrepared(type(fault).__name__)
        return await self._note(send, _failed(error))

    async def _note(self, send: Send, outcome: _Outcome) -> Send:
        """Where the database does not take it the row stays ``sending``, to be called unknown
        later; the caller hears what is known."""
        for pause in (*NOTE_PAUSES, None):
            try:
                noted = await self._sends.note(
                    send.id,
                    outcome.state,
                    self._clock.time(),
                    message_id=outcome.message_id,
                    wamid=outcome.wamid,
                    failure=outcome.failure,
                )
            except StoreUnavailable as down:
                self._log.warning("send_not_noted", send=send.id, reason=down.message)
                if pause is not None:
                    await sleep(self._clock, pause)
            else:
                await self._changed(noted)
                return noted
        return replace(
            send,
            state=outcome.state,
            message_id=outcome.message_id,
            wamid=outcome.wamid,
            failure=outcome.failure,
        )


_RESULTS: dict[Claimed, type[Fresh] | type[Before] | type[Duplicate]] = {
    Claimed.NOW: Fresh,
    Claimed.BEFORE: Before,
    Claimed.ALIKE: Duplicate,
}


def _failed(error: BotError) -> _Outcome:
    return _Outcome(State.FAILED, failure=failure_of(error))


def _outcome(accepted: Accepted) -> _Outcome:
    """An answer that is there may say at once that WhatsApp refused."""
    if accepted.failure is not None:
        failed = failure_of(accepted.failure)
        return _Outcome(State.FAILED, accepted.id, accepted.wamid, failed)
    return _Outcome(State.ACCEPTED, accepted.id, accepted.wamid)
