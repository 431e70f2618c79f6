"""Run the handler of a request and reply: in the ack within a short budget, else after it.

A handler's exception becomes a sentence in the surface that the person is using.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from cachetools import TTLCache

from bot.aio.clock import Clock, finishes_within
from bot.aio.tasks import TaskSet
from bot.aio.waits import Waits, track_waits
from bot.errors import BotError, Interrupted, SlackError, UserError
from bot.logs import bind_request_id, generate_request_id
from bot.metrics import Metrics
from bot.slack import payloads
from bot.slack.client.web_api import SlackClient
from bot.slack.commands.command import Payload
from bot.slack.commands.reply import (
    Choices,
    CloseForm,
    FieldErrors,
    Message,
    NoReply,
    OpenForm,
    Reply,
    UpdateForm,
)
from bot.slack.copy.explain import Explainer
from bot.slack.form_surfaces import ModalActionSurface, SubmissionSurface
from bot.slack.link_surfaces import select_link_surface
from bot.slack.surfaces import (
    EMPTY_ACK,
    Ack,
    CommandSurface,
    EventSurface,
    MessageActionSurface,
    Outcome,
    ShortcutSurface,
    Surface,
    build_options_ack,
)

LaterForm = asyncio.Task[UpdateForm | None]
RequestHandler = Callable[[str], Awaitable[Reply]]
"""The work of one request. Its argument is the request ID that the log has."""

MAX_TRACKED_SUBMISSIONS = 1_000


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. Slack wants an ack within 3 (docs.slack.dev/interactivity)."""

    ack: float = 0.3
    """Seconds that the ack waits for the answer."""
    progress_after: float = 2.5
    """Seconds until the person is notified that the answer is still being prepared."""
    total: float = 60.0
    """Seconds until a handler is cancelled."""
    resubmission_window: float = 600.0
    """Seconds during which a second submission of the same form gets the outcome of the first."""


class Dispatcher:
    def __init__(
        self,
        *,
        slack: SlackClient,
        clock: Clock,
        tasks: TaskSet,
        metrics: Metrics,
        explainer: Explainer,
        timeouts: Timeouts | None = None,
    ) -> None:
        self._slack = slack
        self._clock = clock
        self._tasks = tasks
        self._metrics = metrics
        self._explainer = explainer
        self._timeouts = timeouts or Timeouts()
        self._log = structlog.get_logger("router").bind()
        self._presses: set[str] = set()
        self._submissions: TTLCache[str, asyncio.Task[Outcome]] = TTLCache(
            MAX_TRACKED_SUBMISSIONS, self._timeouts.resubmission_window, timer=clock.monotonic
        )

    def respond_immediately(self, payload: Payload, command: str, reply: Reply) -> Ack:
        """Return the ack of a reply that is already known: no task, no wait."""
        started = self._clock.monotonic()
        outcome = Outcome(reply, None, self._start_request())
        self._record(command, None, 0.0)
        ack, _ = self._build_ack(select_surface(payload, self._slack, self._explainer), outcome)
        self._metrics.record_ack(self._clock.monotonic() - started)
        return ack

    async def respond(
        self, payload: Payload, command: str, handler: RequestHandler, submission_key: str = ""
    ) -> Ack:
        """Run ``handler`` and return the ack, with the answer if it is ready within the budget.

        A button that the person presses again before the answer of the first press is delivered
        does nothing more.
        """
        press_key = payloads.build_press_key(payload)
        if press_key in self._presses:
            return EMPTY_ACK
        if not press_key:
            ack, _ = await self._respond(payload, command, handler, submission_key)
            return ack
        self._presses.add(press_key)
        delivery = None
        try:
            ack, delivery = await self._respond(payload, command, handler, submission_key)
        finally:
            if delivery is None:
                self._presses.discard(press_key)
        if delivery is not None:
            delivery.add_done_callback(lambda _: self._presses.discard(press_key))
        return ack

    async def _respond(
        self, payload: Payload, command: str, handler: RequestHandler, submission_key: str
    ) -> tuple[Ack, asyncio.Task[None] | None]:
        """Return the ack, and the task that delivers the answer after it, if there is one."""
        started = self._clock.monotonic()
        reference = self._start_request()
        where = select_surface(payload, self._slack, self._explainer)
        waits = Waits()
        task = self._tasks.spawn(self._run_handler(command, handler, reference, waits))
        if submission_key:
            self._submissions[submission_key] = task
            task.add_done_callback(partial(self._release_failed_submission, submission_key))
        await asyncio.sleep(0)  # a cached answer is ready after one iteration of the loop
        if await finishes_within(self._clock, task, self._timeouts.ack):
            ack, delivery = self._build_ack(where, task.result())
        else:
            ack = where.build_pending_ack()
            delivery = self._tasks.spawn_reply(
                self._deliver_when_done(where, task, reference, started, waits)
            )
        self._metrics.record_ack(self._clock.monotonic() - started)
        return ack, delivery

    async def replay(self, payload: Payload, submission_key: str) -> Ack | None:
        """Return the ack of an earlier submission of the same form; ``None`` if there was none.

        Only the first one is followed up.
        """
        task = self._submissions.get(submission_key)
        if task is None:
            return None
        where = select_surface(payload, self._slack, self._explainer)
        if await finishes_within(self._clock, task, self._timeouts.ack) and not task.cancelled():
            return where.build_ack(task.result()) or EMPTY_ACK
        return where.build_pending_ack()

    async def suggest(self, command: str, handler: Callable[[str], Awaitable[Choices]]) -> Ack:
        """Return the options of a menu: those that are ready within the budget, or none."""
        task = self._tasks.spawn(self._load_options(command, handler, self._start_request()))
        ready = await finishes_within(self._clock, task, self._timeouts.ack)
        return build_options_ack(task.result() if ready else Choices(()))

    def _start_request(self) -> str:
        reference = generate_request_id()
        bind_request_id(reference)
        return reference

    def _release_failed_submission(self, key: str, task: asyncio.Task[Outcome]) -> None:
        """Allow another submission after a failure."""
        outcome = None if task.cancelled() else task.result()
        if outcome is None or outcome.error or isinstance(outcome.reply, FieldErrors):
            self._submissions.pop(key, None)

    def _build_ack(
        self, surface: Surface, outcome: Outcome
    ) -> tuple[Ack, asyncio.Task[None] | None]:
        try:
            ack = surface.build_ack(outcome)
        except Exception as failed:  # noqa: BLE001 - a form that cannot be built
            outcome = self._choose_fallback_outcome(failed, outcome)
            ack = surface.build_ack(outcome)
        if ack is None:
            return EMPTY_ACK, self._tasks.spawn_reply(self._deliver(surface, outcome))
        if isinstance(surface, SubmissionSurface):
            said = surface.follow_up(outcome)
            if said is not None:
                self._tasks.spawn_reply(self._follow_up(surface, said, outcome.reference))
            self._schedule_follow_up(surface, outcome)
        self._schedule_later(surface, outcome)
        return ack, None

    async def _run_handler(
        self, command: str, handler: RequestHandler, reference: str, waits: Waits
    ) -> Outcome:
        """Return the outcome. Raise only a cancellation: every request gets an answer."""
        track_waits(waits)
        started = self._clock.monotonic()
        error: Exception | None = None
        reply: Reply = NoReply()
        try:
            reply = await handler(reference)
        except Exception as failed:  # noqa: BLE001 - the boundary: each becomes a sentence
            error = failed
        self._record(command, error, self._clock.monotonic() - started)
        return Outcome(reply, error, reference)

    def _schedule_follow_up(self, surface: Surface, outcome: Outcome) -> None:
        reply = outcome.reply
        if not isinstance(reply, CloseForm | UpdateForm):
            return
        tasks = [reply.follow_up_task]
        if isinstance(reply, UpdateForm):
            tasks.append(reply.final_task)

        def say(ended: asyncio.Task[Message | None]) -> None:
            if ended.cancelled():
                return
            failed = ended.exception()
            message = (
                self._explainer.render_message(failed, outcome.reference)
                if failed
                else ended.result()
            )
            if message is not None:
                self._tasks.spawn_reply(self._follow_up(surface, message, outcome.reference))

        for task in tasks:
            if task is not None:
                task.add_done_callback(say)

    def _schedule_later(self, surface: Surface, outcome: Outcome) -> None:
        """Replace the form that is now shown once the reply's task has its successor."""
        reply = outcome.reply
        if outcome.error is None and isinstance(reply, OpenForm | UpdateForm) and reply.later:
            is_alone = isinstance(reply, OpenForm)  # others have a message of how they ended
            later = self._deliver_later(surface, reply.later, outcome.reference, is_alone=is_alone)
            self._tasks.spawn_reply(later)

    async def _deliver_later(
        self, surface: Surface, later: LaterForm, reference: str, *, is_alone: bool
    ) -> None:
        """Replace the form; if Slack refuses that and nothing else is shown, post that error."""
        try:
            successor = await later
            if successor is None:
                return
            outcome = Outcome(successor, None, reference)
        except Exception as failed:  # noqa: BLE001 - the boundary: each becomes a sentence
            self._record("later", failed, 0.0)
            outcome = Outcome(NoReply(), failed, reference)
        try:
            await surface.deliver_later(outcome)
        except SlackError as refused:
            self._log.error("form_update_failed", method=refused.method, code=refused.code)
            if is_alone:
                await self._explain(surface, refused, reference)
        if isinstance(outcome.reply, UpdateForm) and outcome.reply.later:
            self._deliver_when_known(surface, outcome.reply.later, reference)

    def _deliver_when_known(self, surface: Surface, later: LaterForm, reference: str) -> None:
        """Replace the form again, perhaps after minutes; a shutdown doesn't wait for that."""

        def deliver(ended: LaterForm) -> None:
            if not ended.cancelled():
                later = self._deliver_later(surface, ended, reference, is_alone=False)
                self._tasks.spawn_reply(later)

        later.add_done_callback(deliver)

    async def _load_options(
        self, command: str, handler: Callable[[str], Awaitable[Choices]], reference: str
    ) -> Choices:
        """Return the options; none after a failure, since a menu has no place for a sentence."""
        try:
            return await handler(reference)
        except Exception as failed:  # noqa: BLE001 - the boundary, as above
            self._record(command, failed, 0.0)
            return Choices(())

    async def _deliver_when_done(
        self,
        surface: Surface,
        task: asyncio.Task[Outcome],
        reference: str,
        started: float,
        waits: Waits,
    ) -> None:
        """Deliver the answer, after a notice that it will follow if it takes long."""
        spent = self._clock.monotonic() - started
        if not await finishes_within(self._clock, task, self._timeouts.progress_after - spent):
            await self._log_failures(
                surface.notify_pending(for_chakra=waits.for_chakra > 0), "progress_notice_failed"
            )
            if not await finishes_within(
                self._clock, task, self._timeouts.total - self._timeouts.progress_after
            ):
                task.cancel()
                await asyncio.wait({task})
        outcome = (
            Outcome(NoReply(), Interrupted(), reference) if task.cancelled() else task.result()
        )
        await self._deliver(surface, outcome)

    async def _deliver(self, surface: Surface, outcome: Outcome) -> None:
        """Deliver the outcome; if Slack refuses the form or the message, deliver that error."""
        try:
            self._schedule_follow_up(surface, outcome)
            await surface.deliver(outcome)
            self._schedule_later(surface, outcome)
        except Exception as failed:  # noqa: BLE001 - the other boundary: never silence
            await self._log_failures(
                surface.deliver(self._choose_fallback_outcome(failed, outcome)), "reply_failed"
            )

    async def _follow_up(self, surface: Surface, message: Message, reference: str) -> None:
        """Post the outcome of a closed form; if Slack refuses it, post that error."""
        try:
            await surface.reply(message)
        except SlackError as refused:
            self._log.error("form_follow_up_failed", method=refused.method, code=refused.code)
            await self._explain(surface, refused, reference)

    async def _explain(self, surface: Surface, error: SlackError, reference: str) -> None:
        message = self._explainer.render_message(error, reference)
        await self._log_failures(surface.reply(message), "reply_failed")

    def _choose_fallback_outcome(self, error: Exception, outcome: Outcome) -> Outcome:
        """Return the outcome that replaces an answer that could not be delivered."""
        self._record("answer", error, 0.0)
        return Outcome(NoReply(), error, outcome.reference)

    async def _log_failures(self, delivery: Awaitable[None], event: str) -> None:
        try:
            await delivery
        except SlackError as refused:
            self._log.error(event, method=refused.method, code=refused.code)

    def _record(self, command: str, error: Exception | None, seconds: float) -> None:
        """Count the request and log it; a successful one at debug level only.

        Writing a line takes as long as a cached answer.
        """
        label = "ok" if error is None else error.kind if isinstance(error, BotError) else "failed"
        self._metrics.record_command(command, label)
        if error is None:
            self._log.debug("handled", command=command, outcome=label, ms=round(seconds * 1000, 1))
            return
        fields: dict[str, Any] = {
            "command": command,
            "outcome": label,
            "ms": round(seconds * 1000, 1),
        }
        if isinstance(error, UserError):
            self._log.info("handled", **fields)
        elif isinstance(error, BotError):
            self._log.warning("handled", **fields, **_list_failed_call_fields(error))
        else:
            self._log.error("handled", **fields, exc_info=error)


def _list_failed_call_fields(error: BotError) -> dict[str, Any]:
    """Return which upstream call failed, for the log."""
    names = ("endpoint", "status", "method", "code", "field", "retry_after")
    named = {name: getattr(error, name, None) for name in names}
    named["upstream_id"] = getattr(error, "request_id", None)
    return {**{name: value for name, value in named.items() if value}, "message": error.message}


def select_surface(payload: Payload, slack: SlackClient, explainer: Explainer) -> Surface:
    """Return the location of the person who sent the payload."""
    if "command" in payload:
        return CommandSurface(payload, slack, explainer)
    kind = payload.get("type")
    beside_link = select_link_surface(payload, slack, explainer)
    if beside_link is not None:
        return beside_link
    if kind == payloads.EVENT_CALLBACK:
        return EventSurface(payload, slack, explainer)
    if kind == "view_submission":
        return SubmissionSurface(payload, slack, explainer)
    if kind in ("shortcut", "message_action"):
        return ShortcutSurface(payload, slack, explainer)
    view = payload.get("view")
    if isinstance(view, Mapping) and view.get("type") == "home":
        return ShortcutSurface(payload, slack, explainer)
    if isinstance(view, Mapping):
        return ModalActionSurface(payload, slack, explainer)
    if kind == "block_actions":
        return MessageActionSurface(payload, slack, explainer)
    return CommandSurface(payload, slack, explainer)
