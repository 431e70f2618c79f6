"""Text or press -> command -> access -> handler: what each request from Slack means, and whose it
is. ``bot.slack.commands.dispatcher`` runs the handler and answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypedDict

from bot.aio.clock import Clock
from bot.errors import NotAllowed
from bot.slack import payloads
from bot.slack.commands import help as helping
from bot.slack.commands.arguments import parse
from bot.slack.commands.command import (
    ActionRequest,
    Actor,
    Command,
    CommandRequest,
    D,
    OptionsRequest,
    Payload,
    Place,
    Role,
    ShortcutRequest,
    SubmitRequest,
)
from bot.slack.commands.dispatcher import Run, Runner
from bot.slack.commands.registry import catalogue
from bot.slack.commands.reply import Choices, Message, Nothing, Reply
from bot.slack.copy import explain
from bot.slack.surfaces import Ack, options_body


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


class Who(TypedDict):
    actor: Actor
    place: Place
    role: Role
    reference: str
    now: float


ROLE_NAMES = {Role.ANYONE: "guest", Role.MEMBER: "member", Role.SENDER: "sender"}


class Router(Generic[D]):
    """Bolt's listeners call :meth:`command`, :meth:`action`, :meth:`submission`, :meth:`options`
    and :meth:`shortcut`, one for each kind of request, with the parsed payload."""

    def __init__(
        self,
        commands: Sequence[Command[D]],
        desk: D,
        *,
        access: Access,
        runner: Runner,
        clock: Clock,
    ) -> None:
        self._all = catalogue(commands)
        self._desk = desk
        self._access = access
        self._runner = runner
        self._clock = clock
        self._overview = helping.overview(commands)

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
            return self._runner.say(payload, "unknown", told)
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

        return await self._runner.respond(payload, command.name, run)

    async def submission(self, payload: Payload) -> Ack:
        """A submitted form. Pressed twice, it is worked on once, and both presses hear how it ends:
        the key is the view's id and its hash, which is another once the form was exchanged."""
        view = payload["view"]
        key = f"{view.get('id', '')} {view.get('hash', '')}"
        found = self._all.forms.get(str(view.get("callback_id", "")))
        if found is None:
            return self._runner.say(payload, "unknown", explain.outdated_button())
        before = await self._runner.again(payload, key)
        if before is not None:
            return before
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

        return await self._runner.respond(payload, command.name, run, key=key)

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

        return await self._runner.suggest(command.name, run)

    async def shortcut(self, payload: Payload) -> Ack:
        """An entry of Slack's own menus. Its ack is always empty; the answer is a modal."""
        found = self._all.shortcuts.get(str(payload.get("callback_id", "")))
        if found is None:
            return self._runner.say(payload, "unknown", explain.outdated_shortcut())
        command, shortcut = found

        async def run(reference: str) -> Reply:
            request = ShortcutRequest(
                **await self._who(payload, shortcut.role, reference),
                message=payload.get("message") or {},
            )
            return await shortcut.run(request, self._desk)

        return await self._runner.respond(payload, command.name, run)

    async def _typed(self, payload: Payload, text: str) -> Ack:
        lower = text.lower()
        if lower == helping.NAME:
            return self._runner.say(payload, helping.NAME, self._overview)
        known = self._all.by_word.get(lower.partition(" ")[0])
        if known is not None and helping.NAME not in lower:  # the usual line is read only once
            return await self._runner.respond(
                payload, known.name, self._running(payload, known, text)
            )
        line = parse(text)
        first = line.words[0].text.lower() if line.words else ""
        second = line.words[1].text.lower() if len(line.words) > 1 else ""
        if first == helping.NAME or (second == helping.NAME and len(line.words) == 2):
            about = second if first == helping.NAME else first
            return self._runner.say(payload, helping.NAME, self._help(about))
        if not first:
            return await self._runner.respond(
                payload, helping.NAME, lambda _: self._welcome(payload)
            )
        command = self._all.by_word.get(first)
        if command is None:
            told = explain.unknown_command(first, self._all.nearest(first), line.rest(1))
            return self._runner.say(payload, "unknown", told)
        return await self._runner.respond(
            payload, command.name, self._running(payload, command, text)
        )

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
