"""Request from Slack -> command -> access check -> handler.

``bot.slack.commands.dispatcher`` runs the handler and answers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Final, Generic, Protocol

from bot.aio.clock import Clock
from bot.errors import NotFound, SuggestedLine
from bot.slack import payloads
from bot.slack.channels import Channels
from bot.slack.commands import help as helping
from bot.slack.commands import sharing
from bot.slack.commands.arguments import parse_arguments
from bot.slack.commands.command import (
    Action,
    ActionRequest,
    Actor,
    Command,
    CommandRequest,
    ContextT,
    OptionsRequest,
    Payload,
    ShortcutRequest,
    SubmitRequest,
)
from bot.slack.commands.dispatcher import Dispatcher, RequestHandler
from bot.slack.commands.event_router import EventHooks, EventRouter, RequestFields
from bot.slack.commands.permissions import AccessDecision, Permission
from bot.slack.commands.registry import CommandRegistry
from bot.slack.commands.reply import Choices, Message, NoReply, OpenForm, Reply
from bot.slack.commands.run_button import RUN_ACTION
from bot.slack.commands.sharing import ShareGuard
from bot.slack.commands.understanding import Interpretation, Kind, understand
from bot.slack.copy import notices
from bot.slack.events import remove_own_name
from bot.slack.surfaces import EMPTY_ACK, Ack, build_options_ack
from bot.text.emoji import replace_emoji_names

_DRESSING: Final = re.compile(r"help|[?!]|-h\b|please|pl[sz]\b|\.$")
"""What a line may contain besides its command and arguments."""


class AccessChecker(Protocol):
    async def check(self, actor: Actor, *, to_act: bool = False) -> AccessDecision:
        """Return what the person may do; ``to_act`` requires a current answer from Slack.

        Never raise: an unknown person is ``is_unverified``.
        """


class Router(Generic[ContextT]):
    """Public methods take the parsed payload, one method for each kind of request."""

    def __init__(
        self,
        registry: CommandRegistry[ContextT],
        context: ContextT,
        *,
        access: AccessChecker,
        dispatcher: Dispatcher,
        clock: Clock,
        hooks: EventHooks,
        channels: Channels,
    ) -> None:
        self._registry = registry
        self._context = context
        self._access = access
        self._sharing = ShareGuard(channels, access.check)
        self._dispatcher = dispatcher
        self._clock = clock
        self._events = EventRouter(
            self._registry,
            context,
            hooks,
            dispatcher=dispatcher,
            clock=clock,
            authorize=self._authorize,
            run_text=self._run_text,
            check_access=access.check,
        )

    async def handle_command(self, payload: Payload) -> Ack:
        """Run a slash command. The ack has the answer, or nothing if it is not ready."""
        return await self._run_text(payload, remove_own_name(str(payload.get("text") or "")))

    async def handle_action(self, payload: Payload) -> Ack:
        """Run an action. Its ack is always empty; the answer goes to the message or form."""
        pressed = (payload.get("actions") or [{}])[0]
        identifier = str(pressed.get("action_id", "")).partition(":")[0]
        value = payloads.read_element_value(pressed)
        if identifier == RUN_ACTION:
            return await self._run_text(payload, value)
        found = self._registry.actions.get(identifier)
        if found is None:
            reply = NoReply() if "url" in pressed else notices.render_outdated_button()
            return self._dispatcher.respond_immediately(payload, "unknown", reply)
        command, action = found

        async def run(reference: str) -> Reply:
            reply = await self._run_action(payload, action, value, reference)
            repeat = {sharing.ACTION: identifier, sharing.VALUE: value}
            return await self._sharing.check(payload, reply, repeat)

        return await self._dispatcher.respond(payload, command.name, run)

    async def _run_action(
        self, payload: Payload, action: Action[ContextT], value: str, reference: str
    ) -> Reply:
        request = ActionRequest(
            **await self._authorize(payload, action.needs, reference, to_act=action.acts),
            value=value,
            values=payloads.read_values(payload),
            state=payloads.read_state(payload),
            in_form=isinstance(payload.get("view"), Mapping)
            and not payloads.read_entity_container(payload),
            interaction_key=payloads.build_interaction_key(payload),
            posted_at=payloads.read_posted_at(payload),
            files=payloads.read_files(payload),
        )
        return await action.run(request, self._context)

    async def handle_submission(self, payload: Payload) -> Ack:
        """Submit a form.

        Submitted twice, it runs once and both acks have the result: the key is the view's ID and
        its hash, which changes when the form is replaced.
        """
        view = payload["view"]
        key = f"{view.get('id', '')} {view.get('hash', '')}"
        identifier = str(view.get("callback_id", ""))
        found = self._registry.forms.get(identifier)
        if found is None and identifier != sharing.FORM:
            return self._dispatcher.respond_immediately(
                payload, "unknown", notices.render_outdated_button()
            )
        before = await self._dispatcher.replay(payload, key)
        if before is not None:
            return before
        if found is None:
            return await self._dispatcher.respond(
                payload, helping.NAME, partial(self._share, payload), submission_key=key
            )
        command, form = found

        async def run(reference: str) -> Reply:
            request = SubmitRequest(
                **await self._authorize(payload, form.needs, reference, to_act=form.needs.acts),
                values=payloads.read_values(payload),
                state=payloads.read_state(payload),
                interaction_key=payloads.build_interaction_key(payload),
                files=payloads.read_files(payload),
            )
            return form.check(request) or await form.submit(request, self._context)

        return await self._dispatcher.respond(payload, command.name, run, submission_key=key)

    async def _share(self, payload: Payload, reference: str) -> Reply:
        """Run a share again after the person confirmed it."""
        state = payloads.read_state(payload)
        command = self._registry.by_name.get(state.get(sharing.COMMAND, ""))
        if command is not None:
            return await self._run_line(payload, command, state[sharing.LINE], reference)
        found = self._registry.actions.get(state.get(sharing.ACTION, ""))
        if found is None:
            return notices.render_outdated_button()
        return await self._run_action(payload, found[1], state[sharing.VALUE], reference)

    async def handle_options(self, payload: Payload) -> Ack:
        """Return the options of an external select; none if they are not ready in time."""
        found = self._registry.options.get(str(payload.get("action_id", "")).partition(":")[0])
        if found is None:
            return build_options_ack(Choices(()))
        command, menu = found

        async def run(reference: str) -> Choices:
            request = OptionsRequest(
                **await self._authorize(payload, menu.needs, reference),
                query=replace_emoji_names(str(payload.get("value", ""))),
                values=payloads.read_values(payload),
                state=payloads.read_state(payload),
            )
            return await menu.suggest(request, self._context)

        return await self._dispatcher.suggest(command.name, run)

    async def handle_shortcut(self, payload: Payload) -> Ack:
        """Run an entry of Slack's own menus. Its ack is always empty; the answer is a modal."""
        found = self._registry.shortcuts.get(str(payload.get("callback_id", "")))
        if found is None:
            return self._dispatcher.respond_immediately(
                payload, "unknown", notices.render_outdated_shortcut()
            )
        command, shortcut = found

        async def run(reference: str) -> Reply:
            request = ShortcutRequest(
                **await self._authorize(payload, shortcut.needs, reference),
                message=payload.get("message") or {},
            )
            return await shortcut.run(request, self._context)

        return await self._dispatcher.respond(payload, command.name, run)

    async def handle_event(self, payload: Payload) -> Ack:
        """Acknowledge an event of the Events API, known or not. Its answer is sent separately."""
        await self._events.handle(payload)
        return EMPTY_ACK

    async def _run_text(self, payload: Payload, text: str) -> Ack:
        lower = text.lower()
        if lower == helping.NAME:
            return self._dispatcher.respond_immediately(
                payload, helping.NAME, self._registry.overview
            )
        first, _, rest = lower.partition(" ")
        known = self._registry.by_name.get(first)
        if known is not None and not self._needs_understanding(first, rest):  # most lines
            return await self._dispatcher.respond(
                payload, known.name, self._build_handler(payload, known, text)
            )
        meant = understand(text, self._registry)
        if meant.kind in (Kind.COMMAND, Kind.GUESS):
            command = self._registry.by_name[meant.line.partition(" ")[0]]
            handler = self._build_handler(payload, command, meant.line, meant.suggestions)
            return await self._dispatcher.respond(payload, command.name, handler)
        if meant.kind is Kind.WELCOME:
            return await self._dispatcher.respond(
                payload, helping.NAME, lambda _: self._render_welcome(payload)
            )
        if meant.kind is Kind.HELP:
            return self._dispatcher.respond_immediately(
                payload, helping.NAME, self._render_help(meant.line)
            )
        reply = self._explain_line(text, meant)
        if payloads.is_event(payload) and meant.kind is not Kind.NOT_YET:
            hint = reply if meant.suggestions else None
            return await self._dispatcher.respond(
                payload, helping.NAME, lambda _: self._render_welcome(payload, hint)
            )
        return self._dispatcher.respond_immediately(payload, "unknown", reply)

    def _needs_understanding(self, first: str, rest: str) -> bool:
        """Return whether more than the first word decides what a line means."""
        second = rest.partition(" ")[0]
        return self._registry.phrases.may_open(first, second) or bool(_DRESSING.search(rest))

    def _explain_line(self, text: str, meant: Interpretation) -> Message:
        if meant.kind is Kind.NOT_YET:
            return notices.render_not_yet(meant.line, meant.suggestions)
        return notices.render_unknown_command(parse_arguments(text).join_from(), meant.suggestions)

    def _build_handler(
        self,
        payload: Payload,
        command: Command[ContextT],
        text: str,
        suggestions: tuple[SuggestedLine, ...] = (),
    ) -> RequestHandler:
        """``suggestions`` are offered if nothing is found for a line without a command."""

        async def run(reference: str) -> Reply:
            reply = await self._run_line(payload, command, text, reference, suggestions)
            if isinstance(reply, OpenForm) and payloads.is_event(payload):
                return helping.offer_form(command, text)
            repeat = {sharing.COMMAND: command.name, sharing.LINE: text}
            return await self._sharing.check(payload, reply, repeat)

        return run

    async def _run_line(
        self,
        payload: Payload,
        command: Command[ContextT],
        text: str,
        reference: str,
        suggestions: tuple[SuggestedLine, ...] = (),
    ) -> Reply:
        line = parse_arguments(text, command.argument_names).skip_first()
        acts = command.acts_with(line)
        who = await self._authorize(payload, command.needs, reference, to_act=acts)
        try:
            return await command.run(CommandRequest(**who, arguments=line), self._context)
        except NotFound as error:
            error.suggested_lines += self._filter_allowed(suggestions, who["access"])
            raise

    def _filter_allowed(
        self, suggestions: tuple[SuggestedLine, ...], access: AccessDecision
    ) -> tuple[SuggestedLine, ...]:
        """Return the lines whose command the person may use."""

        def is_allowed(suggestion: SuggestedLine) -> bool:
            command = self._registry.by_name.get(suggestion.line.partition(" ")[0])
            return command is None or access.allows(command.needs)

        return tuple(filter(is_allowed, suggestions))

    def _render_help(self, topic: str) -> Message:
        """Return help. It needs only the registry, so it works even if everything else is down."""
        command = self._registry.by_name.get(topic)
        if command is not None:
            return helping.render_command_help(command)
        return helping.render_help_on_help() if topic else self._registry.overview

    async def _render_welcome(self, payload: Payload, hint: Message | None = None) -> Reply:
        access = await self._access.check(payloads.read_actor(payload))
        welcome = helping.render_welcome(self._registry.commands, access)
        return Message(welcome.text, (*hint.blocks, *welcome.blocks)) if hint else welcome

    async def _authorize(
        self, payload: Payload, permission: Permission, reference: str, *, to_act: bool = False
    ) -> RequestFields:
        """Return the common fields of requests. Raise ``NotAllowed`` before any handler runs."""
        actor = payloads.read_actor(payload)
        access = await self._access.check(actor, to_act=to_act)
        access.authorize(permission)
        return RequestFields(
            actor=actor,
            channel=payloads.read_request_channel(payload),
            access=access,
            reference=reference,
            now=self._clock.time(),
        )
