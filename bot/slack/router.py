"""Text or press -> command -> access -> run -> answer: the way of every request from Slack.

The answer rides in the ack when it is ready within a short budget; else the ack goes first and the
answer follows. Whatever a handler raises becomes a sentence where the person looks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Protocol, TypedDict

import structlog
from cachetools import TTLCache

from bot.clock import Clock, done_within
from bot.errors import BotError, Interrupted, NotAllowed, PersonError, SlackError
from bot.logs import bind_request, new_request_id
from bot.metrics import Metrics
from bot.slack import explain, payloads
from bot.slack import help as helping
from bot.slack.answer import NO_BODY, Ack, Outcome, Submission, Surface, options_body, surface
from bot.slack.catalogue import catalogue
from bot.slack.client import SlackClient
from bot.slack.command import (
    ActionRequest,
    Actor,
    Command,
    CommandRequest,
    D,
    OptionsRequest,
    Payload,
    Place,
    Role,
    SubmitRequest,
)
from bot.slack.reply import (
    Choices,
    CloseForm,
    FieldErrors,
    Message,
    Nothing,
    Reply,
)
from bot.slack.words import parse
from bot.tasks import Tasks


@dataclass(frozen=True, slots=True)
class Standing:
    """What access decided. ``unsure``: Slack could not be asked, so only what is safe is allowed;
    ``reason`` is a sentence for the person where there is one to give."""

    role: Role
    unsure: bool = False
    reason: str = ""


class Access(Protocol):
    async def standing(self, actor: Actor) -> Standing:
        """Never raises: who cannot be asked about is ``unsure``."""


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


class Who(TypedDict):
    actor: Actor
    place: Place
    role: Role
    reference: str
    now: float


Run = Callable[[str], Awaitable[Reply]]
"""The work of one request; it is given the reference under which it stands in the log."""

ROLE_NAMES = {Role.ANYONE: "guest", Role.MEMBER: "member", Role.SENDER: "sender"}
REMEMBERED_FORMS = 1_000


class Router(Generic[D]):
    """Bolt's listeners call :meth:`command`, :meth:`action`, :meth:`submission` and
    :meth:`options`, one for each kind of request, with the parsed payload."""

    def __init__(
        self,
        commands: Sequence[Command[D]],
        desk: D,
        *,
        access: Access,
        slack: SlackClient,
        clock: Clock,
        tasks: Tasks,
        metrics: Metrics,
        budgets: Budgets | None = None,
    ) -> None:
        self._all = catalogue(commands)
        self._desk = desk
        self._access = access
        self._slack = slack
        self._clock = clock
        self._tasks = tasks
        self._metrics = metrics
        self._budgets = budgets or Budgets()
        self._overview = helping.overview(commands)
        self._log = structlog.get_logger("router").bind()
        self._submitted: TTLCache[str, asyncio.Task[Outcome]] = TTLCache(
            REMEMBERED_FORMS, self._budgets.resubmit, timer=clock.monotonic
        )

    async def command(self, payload: Payload) -> Ack:
        """A slash command: the ack carries the answer, or nothing when it is not ready."""
        return await self._typed(payload, str(payload.get("text") or ""))

    async def action(self, payload: Payload) -> Ack:
        """A pressed element. Its ack is always empty; the answer goes to the message or form."""
        pressed = (payload.get("actions") or [{}])[0]
        identifier = str(pressed.get("action_id", "")).partition(":")[0]
        value = payloads.element_value(pressed)
        if identifier == helping.RUN:
            return await self._typed(payload, value)
        found = self._all.actions.get(identifier)
        if found is None:
            told = Nothing() if "url" in pressed else explain.outdated_button()
            return self._say(payload, "unknown", told)
        command, action = found

        async def run(reference: str) -> Reply:
            request = ActionRequest(
                **await self._who(payload, action.role, reference),
                value=value,
                values=payloads.values(payload),
                state=payloads.state(payload),
                in_form=isinstance(payload.get("view"), Mapping),
                key=payloads.key(payload),
                posted_at=payloads.posted_at(payload),
                files=payloads.files(payload),
            )
            return await action.run(request, self._desk)

        return await self._respond(payload, command.name, run)

    async def submission(self, payload: Payload) -> Ack:
        """A submitted form. Pressed twice, it is worked on once, and both presses hear how it ends:
        the key is the view's id and its hash, which is another once the form was exchanged."""
        view = payload["view"]
        key = f"{view.get('id', '')} {view.get('hash', '')}"
        found = self._all.forms.get(str(view.get("callback_id", "")))
        if found is None:
            return self._say(payload, "unknown", explain.outdated_button())
        before = self._submitted.get(key)
        if before is not None:
            return await self._as_before(payload, before)
        command, form = found

        async def run(reference: str) -> Reply:
            request = SubmitRequest(
                **await self._who(payload, form.role, reference),
                values=payloads.values(payload),
                state=payloads.state(payload),
                key=payloads.key(payload),
                files=payloads.files(payload),
            )
            return form.check(request) or await form.submit(request, self._desk)

        return await self._respond(payload, command.name, run, key=key)

    async def _as_before(self, payload: Payload, task: asyncio.Task[Outcome]) -> Ack:
        """A second press of the same form: the ack of the first, whose answer is told only once."""
        where = surface(payload, self._slack)
        if await done_within(self._clock, task, self._budgets.ack) and not task.cancelled():
            return where.ack(task.result()) or NO_BODY
        return where.ack_late()

    async def options(self, payload: Payload) -> Ack:
        """The options of an external select: an answer within the budget, or none yet."""
        found = self._all.options.get(str(payload.get("action_id", "")))
        if found is None:
            return options_body(Choices(()))
        command, menu = found

        async def run(reference: str) -> Choices:
            request = OptionsRequest(
                **await self._who(payload, menu.role, reference),
                query=str(payload.get("value", "")),
                values=payloads.values(payload),
                state=payloads.state(payload),
            )
            return await menu.suggest(request, self._desk)

        task = self._tasks.spawn(self._suggested(command.name, run, self._begin()))
        ready = await done_within(self._clock, task, self._budgets.ack)
        return options_body(task.result() if ready else Choices(()))

    async def _typed(self, payload: Payload, text: str) -> Ack:
        lower = text.lower()
        if lower == helping.NAME:
            return self._say(payload, helping.NAME, self._overview)
        known = self._all.by_word.get(lower.partition(" ")[0])
        if known is not None and helping.NAME not in lower:  # the usual line is read only once
            return await self._respond(payload, known.name, self._running(payload, known, text))
        line = parse(text)
        first = line.words[0].text.lower() if line.words else ""
        second = line.words[1].text.lower() if len(line.words) > 1 else ""
        if first == helping.NAME or (second == helping.NAME and len(line.words) == 2):
            about = second if first == helping.NAME else first
            return self._say(payload, helping.NAME, self._help(about))
        if not first:
            return await self._respond(payload, helping.NAME, lambda _: self._welcome(payload))
        command = self._all.by_word.get(first)
        if command is None:
            told = explain.unknown_command(first, self._all.nearest(first), line.rest(1))
            return self._say(payload, "unknown", told)
        return await self._respond(payload, command.name, self._running(payload, command, text))

    def _running(self, payload: Payload, command: Command[D], text: str) -> Run:
        async def run(reference: str) -> Reply:
            who = await self._who(payload, command.role, reference)
            line = parse(text, command.names).without_first()
            return await command.run(CommandRequest(**who, line=line), self._desk)

        return run

    def _help(self, about: str) -> Message:
        """Needs nothing but the catalogue, so it answers whatever else is down."""
        command = self._all.by_word.get(about)
        if command is not None:
            return helping.one(command)
        if about in ("", helping.NAME):
            return self._overview if not about else helping.about_help()
        return explain.unknown_command(about, self._all.nearest(about), helping.NAME)

    async def _welcome(self, payload: Payload) -> Reply:
        standing = await self._access.standing(payloads.actor(payload))
        return helping.welcome(self._all.commands, standing.role, unsure=standing.unsure)

    async def _who(self, payload: Payload, needed: Role, reference: str) -> Who:
        """What every request holds. Raises ``NotAllowed`` before any handler runs."""
        actor = payloads.actor(payload)
        standing = await self._access.standing(actor)
        if standing.role < needed:
            raise NotAllowed(ROLE_NAMES[needed], reason=standing.reason, unsure=standing.unsure)
        return Who(
            actor=actor,
            place=payloads.place(payload),
            role=standing.role,
            reference=reference,
            now=self._clock.time(),
        )

    def _begin(self) -> str:
        reference = new_request_id()
        bind_request(reference)
        return reference

    def _say(self, payload: Payload, command: str, reply: Reply) -> Ack:
        """An answer that is there already: no task, no wait."""
        started = self._clock.monotonic()
        outcome = Outcome(reply, None, self._begin())
        self._note(command, None, 0.0)
        ack = self._ack_in_time(surface(payload, self._slack), outcome)
        self._metrics.ack(self._clock.monotonic() - started)
        return ack

    async def _respond(self, payload: Payload, command: str, run: Run, key: str = "") -> Ack:
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

        def say(ended: asyncio.Task[Message]) -> None:
            if ended.cancelled():
                return
            failed = ended.exception()
            message = explain.message(failed, outcome.reference) if failed else ended.result()
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
