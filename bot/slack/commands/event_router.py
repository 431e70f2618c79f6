"""Event -> its handler: a typed line, a greeting, a command, or the end of the installation."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, Protocol, TypedDict

from bot.aio.clock import Clock
from bot.errors import NotAllowed
from bot.slack import payloads
from bot.slack.commands import help as helping
from bot.slack.commands.command import (
    Actor,
    Command,
    ContextT,
    Event,
    EventRequest,
    Payload,
    RequestChannel,
)
from bot.slack.commands.dispatcher import Dispatcher
from bot.slack.commands.permissions import AccessDecision, Permission
from bot.slack.commands.registry import CommandRegistry
from bot.slack.commands.reply import Block, NoReply, PublishHome, Reply
from bot.slack.copy import notices
from bot.slack.events import (
    ADDRESSED_EVENTS,
    HOME_OPENED,
    JOINED_CHANNEL,
    REVOCATION_EVENTS,
    SlackEvent,
    extract_command_text,
    parse_event,
)
from bot.slack.home_refresh import RenderHome

EVENT_LABEL = "event"
"""The name in metrics and logs of an event that no command handles."""
DELAYED_AFTER_SECONDS = 600.0
"""Seconds: Slack's last retry comes after some 6 minutes, an older event follows an outage."""


class RequestFields(TypedDict):
    actor: Actor
    channel: RequestChannel
    access: AccessDecision
    reference: str
    now: float


@dataclass(frozen=True, slots=True)
class EventHooks:
    """The effects of events on the installation.

    ``claim`` returns whether an event is new; ``on_revoked`` stops a workspace whose token was
    revoked, or which uninstalled the app; ``on_joined`` gets each channel that the app is invited
    to. ``home_details`` returns what App Home shows a member below the buttons; ``on_home_opened``
    gets the person who opened it, and a function to render it later.
    """

    bot_user_id: str
    claim: Callable[[SlackEvent], Awaitable[bool]]
    on_revoked: Callable[[SlackEvent], Awaitable[None]]
    on_joined: Callable[[str], None]
    home_details: Callable[[str, AccessDecision], Awaitable[Sequence[Block]]]
    on_home_opened: Callable[[str, RenderHome], None]


class Authorize(Protocol):
    async def __call__(
        self, payload: Payload, permission: Permission, reference: str, *, to_act: bool = False
    ) -> RequestFields:
        """Return the fields of a request for ``event``. Raise ``NotAllowed``."""


class EventRouter(Generic[ContextT]):
    def __init__(
        self,
        registry: CommandRegistry[ContextT],
        context: ContextT,
        hooks: EventHooks,
        *,
        dispatcher: Dispatcher,
        clock: Clock,
        authorize: Authorize,
        run_text: Callable[[Payload, str], Awaitable[object]],
        check_access: Callable[[Actor], Awaitable[AccessDecision]],
    ) -> None:
        self._registry = registry
        self._context = context
        self._hooks = hooks
        self._dispatcher = dispatcher
        self._clock = clock
        self._authorize = authorize
        self._run_text = run_text
        self._check_access = check_access
        self._loading_homes: set[str] = set()

    async def handle(self, payload: Payload) -> None:
        """Handle an event once, or ignore it; its work may outlast the call."""
        event = parse_event(payload)
        if event is None or not self._concerns_us(event):
            return
        if not await self._hooks.claim(event):
            return
        if event.name in ADDRESSED_EVENTS:
            await self._answer(payload, event)
        elif event.name == JOINED_CHANNEL and self._is_bot(event):
            self._hooks.on_joined(event.get_text("channel"))
            await self._dispatcher.respond(payload, EVENT_LABEL, self._greet)
        elif event.name == HOME_OPENED:
            await self._dispatcher.respond(payload, EVENT_LABEL, lambda _: self._show_home(payload))
        elif event.name in REVOCATION_EVENTS:
            await self._dispatcher.respond(payload, EVENT_LABEL, lambda _: self._revoke(event))
        await asyncio.gather(
            *(
                self._run_command(payload, event, command, handler)
                for command, handler in self._registry.events.get(event.name, ())
            )
        )

    def _concerns_us(self, event: SlackEvent) -> bool:
        if event.name in ADDRESSED_EVENTS:
            return event.is_from_person(self._hooks.bot_user_id)
        if event.name == JOINED_CHANNEL and self._is_bot(event):
            return True
        if event.name in REVOCATION_EVENTS:
            return True
        if event.name == HOME_OPENED:
            return event.get_text("tab") == "home" and bool(event.get_text("user"))
        is_own = self._is_bot(event) or bool(event.body.get("bot_id"))
        handlers = self._registry.events.get(event.name, ())
        return not is_own and any(handler.concerns(event.body) for _, handler in handlers)

    def _is_bot(self, event: SlackEvent) -> bool:
        return event.get_text("user") == self._hooks.bot_user_id

    async def _answer(self, payload: Payload, event: SlackEvent) -> None:
        """Run the person's text as a command line, unless it is too old to act on."""
        age = self._clock.time() - event.time
        if self._is_delayed(event):
            self._dispatcher.respond_immediately(payload, EVENT_LABEL, notices.render_delayed(age))
            return
        await self._run_text(payload, extract_command_text(event, self._hooks.bot_user_id))

    def _is_delayed(self, event: SlackEvent) -> bool:
        return bool(event.time) and self._clock.time() - event.time > DELAYED_AFTER_SECONDS

    async def _greet(self, _: str) -> Reply:
        return helping.render_greeting(self._registry.commands)

    async def _show_home(self, payload: Payload) -> Reply:
        """Return App Home, once for a tab that is opened again before it is loaded."""
        actor = payloads.read_actor(payload)
        if actor.id in self._loading_homes:
            return NoReply()
        self._loading_homes.add(actor.id)
        self._hooks.on_home_opened(actor.id, partial(self._render_home, actor))
        try:
            return PublishHome(await self._render_home(actor))
        finally:
            self._loading_homes.discard(actor.id)

    async def _render_home(self, actor: Actor) -> tuple[Block, ...]:
        access = await self._check_access(actor)
        details = await self._hooks.home_details(actor.id, access)
        return (*helping.render_front_blocks(self._registry.commands, access), *details)

    async def _revoke(self, event: SlackEvent) -> Reply:
        await self._hooks.on_revoked(event)
        return NoReply()

    async def _run_command(
        self,
        payload: Payload,
        event: SlackEvent,
        command: Command[ContextT],
        handler: Event[ContextT],
    ) -> None:
        async def run(reference: str) -> Reply:
            try:
                fields = await self._authorize(
                    payload, handler.needs, reference, to_act=handler.needs.acts
                )
            except NotAllowed:
                return NoReply()  # no one addressed the app, so no one waits for a refusal
            request = EventRequest(
                **fields,
                body=event.body,
                event_id=event.id,
                event_time=event.time,
                delayed=self._is_delayed(event),
            )
            return await handler.run(request, self._context)

        await self._dispatcher.respond(payload, command.name, run)
