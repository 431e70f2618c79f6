"""Runs the work of a request and answers it: in the ack within a short budget, after it otherwise.

Whatever a handler raises becomes a sentence where the person looks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from cachetools import TTLCache

from bot.aio.clock import Clock, done_within
from bot.aio.tasks import Tasks
from bot.errors import BotError, Interrupted, PersonError, SlackError
from bot.logs import bind_request, new_request_id
from bot.metrics import Metrics
from bot.slack.client.web_api import SlackClient
from bot.slack.commands.command import Payload
from bot.slack.commands.reply import Choices, CloseForm, FieldErrors, Message, Nothing, Reply
from bot.slack.copy import explain
from bot.slack.surfaces import NO_BODY, Ack, Outcome, Submission, Surface, options_body, surface

Run = Callable[[str], Awaitable[Reply]]
"""The work of one request; it is given the reference under which it stands in the log."""

REMEMBERED_FORMS = 1_000


@dataclass(frozen=True, slots=True)
class Budgets:
    """Seconds. Slack wants an ack within 3 (docs.slack.dev/interactivity)."""

    ack: float = 0.3
    """How long the ack waits for the answer."""
    word: float = 2.5
    """After which a person is told that the answer is still coming."""
    whole: float = 60.0
    """After which a handler is given up."""
    resubmit: float = 600.0
    """For how long a form that was worked on is not worked on again."""


class Runner:
    def __init__(
        self,
        *,
        slack: SlackClient,
        clock: Clock,
        tasks: Tasks,
        metrics: Metrics,
        budgets: Budgets | None = None,
    ) -> None:
        self._slack = slack
        self._clock = clock
        self._tasks = tasks
        self._metrics = metrics
        self._budgets = budgets or Budgets()
        self._log = structlog.get_logger("router").bind()
        self._submitted: TTLCache[str, asyncio.Task[Outcome]] = TTLCache(
            REMEMBERED_FORMS, self._budgets.resubmit, timer=clock.monotonic
        )

    def say(self, payload: Payload, command: str, reply: Reply) -> Ack:
        """An answer that is there already: no task, no wait."""
        started = self._clock.monotonic()
        outcome = Outcome(reply, None, self._begin())
        self._note(command, None, 0.0)
        ack = self._ack_in_time(surface(payload, self._slack), outcome)
        self._metrics.ack(self._clock.monotonic() - started)
        return ack

    async def respond(self, payload: Payload, command: str, run: Run, key: str = "") -> Ack:
        """Runs it and answers: in the ack within the budget, after it otherwise."""
        started = self._clock.monotonic()
        reference = self._begin()
        where = surface(payload, self._slack)
        task = self._tasks.spawn(self._outcome(command, run, reference))
        if key:
            self._submitted[key] = task
            task.add_done_callback(partial(self._forget_unless_worked_on, key))
        await asyncio.sleep(0)  # an answer from the cache takes one turn, and needs no timer
        if await done_within(self._clock, task, self._budgets.ack):
            ack = self._ack_in_time(where, task.result())
        else:
            ack = where.ack_late()
            self._tasks.tell(self._follow(where, task, reference, started))
        self._metrics.ack(self._clock.monotonic() - started)
        return ack

    async def again(self, payload: Payload, key: str) -> Ack | None:
        """A second press of the same form: the ack of the first, whose answer is told only once.
        Nothing where there was no first."""
        task = self._submitted.get(key)
        if task is None:
            return None
        where = surface(payload, self._slack)
        if await done_within(self._clock, task, self._budgets.ack) and not task.cancelled():
            return where.ack(task.result()) or NO_BODY
        return where.ack_late()

    async def suggest(self, command: str, run: Callable[[str], Awaitable[Choices]]) -> Ack:
        """The options of a menu: an answer within the budget, or none yet."""
        task = self._tasks.spawn(self._suggested(command, run, self._begin()))
        ready = await done_within(self._clock, task, self._budgets.ack)
        return options_body(task.result() if ready else Choices(()))

    def _begin(self) -> str:
        reference = new_request_id()
        bind_request(reference)
        return reference

    def _forget_unless_worked_on(self, key: str, task: asyncio.Task[Outcome]) -> None:
        """What was refused may be submitted again."""
        outcome = None if task.cancelled() else task.result()
        if outcome is None or outcome.error or isinstance(outcome.reply, FieldErrors):
            self._submitted.pop(key, None)

    def _ack_in_time(self, where: Surface, outcome: Outcome) -> Ack:
        try:
            ack = where.ack(outcome)
        except Exception as failed:  # noqa: BLE001 - a form of ours that cannot be made
            outcome = self._untold(failed, outcome)
            ack = where.ack(outcome)
        if ack is None:
            self._tasks.tell(self._tell(where, outcome))
            return NO_BODY
        if isinstance(where, Submission):
            said = where.rest(outcome)
            if said is not None:
                self._tasks.tell(self._quietly(where.say(said), "message_after_form"))
            self._said_later(where, outcome)
        return ack

    async def _outcome(self, command: str, run: Run, reference: str) -> Outcome:
        """What became of it. Raises nothing but a cancellation: no request ends in silence."""
        started = self._clock.monotonic()
        error: Exception | None = None
        reply: Reply = Nothing()
        try:
            reply = await run(reference)
        except Exception as failed:  # noqa: BLE001 - the boundary, where each becomes a sentence
            error = failed
        self._note(command, error, self._clock.monotonic() - started)
        return Outcome(reply, error, reference)

    def _said_later(self, where: Surface, outcome: Outcome) -> None:
        reply = outcome.reply
        if not isinstance(reply, CloseForm) or reply.later is None:
            return

        def say(ended: asyncio.Task[Message | None]) -> None:
            if ended.cancelled():
                return
            failed = ended.exception()
            message = explain.message(failed, outcome.reference) if failed else ended.result()
            if message is not None:
                self._tasks.tell(self._quietly(where.say(message), "message_after_form"))

        reply.later.add_done_callback(say)

    async def _suggested(
        self, command: str, run: Callable[[str], Awaitable[Choices]], reference: str
    ) -> Choices:
        """A menu has no place for a sentence: after a failure it stays empty."""
        try:
            return await run(reference)
        except Exception as failed:  # noqa: BLE001 - the boundary, as above
            self._note(command, failed, 0.0)
            return Choices(())

    async def _follow(
        self, where: Surface, task: asyncio.Task[Outcome], reference: str, started: float
    ) -> None:
        """Says that the answer is coming when it takes long, then the answer itself."""
        spent = self._clock.monotonic() - started
        if not await done_within(self._clock, task, self._budgets.word - spent):
            await self._quietly(where.still_working(), "still_working")
            if not await done_within(self._clock, task, self._budgets.whole - self._budgets.word):
                task.cancel()
                await asyncio.wait({task})
        outcome = (
            Outcome(Nothing(), Interrupted(), reference) if task.cancelled() else task.result()
        )
        await self._tell(where, outcome)

    async def _tell(self, where: Surface, outcome: Outcome) -> None:
        """Says it; when Slack refuses the form or the message, says that instead."""
        try:
            self._said_later(where, outcome)
            await where.tell(outcome)
        except Exception as failed:  # noqa: BLE001 - the other boundary: never silence
            await self._quietly(where.tell(self._untold(failed, outcome)), "answer_lost")

    def _untold(self, failed: Exception, outcome: Outcome) -> Outcome:
        """What stands in for an answer that could not be given."""
        self._note("answer", failed, 0.0)
        return Outcome(Nothing(), failed, outcome.reference)

    async def _quietly(self, telling: Awaitable[None], event: str) -> None:
        try:
            await telling
        except SlackError as refused:
            self._log.error(event, method=refused.method, code=refused.code)

    def _note(self, command: str, error: Exception | None, seconds: float) -> None:
        """A count for each request, and a line; for one that went well only where somebody debugs:
        writing it takes as long as the whole of a cached answer's own work."""
        label = "ok" if error is None else error.kind if isinstance(error, BotError) else "failed"
        self._metrics.command(command, label)
        if error is None:
            self._log.debug("handled", command=command, outcome=label, ms=round(seconds * 1000, 1))
            return
        fields: dict[str, Any] = {
            "command": command,
            "outcome": label,
            "ms": round(seconds * 1000, 1),
        }
        if isinstance(error, PersonError):
            self._log.info("handled", **fields)
        elif isinstance(error, BotError):
            self._log.warning("handled", **fields, **_where(error))
        else:
            self._log.error("handled", **fields, exc_info=error)


def _where(error: BotError) -> dict[str, Any]:
    """Which call it was, for the log."""
    names = ("endpoint", "status", "method", "code", "field", "retry_after")
    named = {name: getattr(error, name, None) for name in names}
    named["upstream_id"] = getattr(error, "request_id", None)
    return {**{name: value for name, value in named.items() if value}, "said": error.message}
