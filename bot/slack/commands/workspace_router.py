"""Payload -> the router of its workspace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from bot.slack import payloads
from bot.slack.commands.command import Payload
from bot.slack.copy import notices
from bot.slack.surfaces import EMPTY_ACK, Ack


class InteractionHandler(Protocol):
    """One method for each kind of request, with the parsed payload."""

    async def command(self, payload: Payload) -> Ack: ...
    async def action(self, payload: Payload) -> Ack: ...
    async def submission(self, payload: Payload) -> Ack: ...
    async def options(self, payload: Payload) -> Ack: ...
    async def shortcut(self, payload: Payload) -> Ack: ...
    async def event(self, payload: Payload) -> Ack: ...


class WorkspaceRouter:
    """Acknowledge payloads, and no more than that if the workspace is stopped or unknown.

    Only a typed command then has an answer: its ack needs no token.

    ``handler_for`` takes a team ID.
    """

    def __init__(self, handler_for: Callable[[str], InteractionHandler | None]) -> None:
        self._handler_for = handler_for

    async def command(self, payload: Payload) -> Ack:
        handler = self._handler(payload)
        if handler is None:
            return notices.removed_from_workspace().response_json
        return await handler.command(payload)

    async def action(self, payload: Payload) -> Ack:
        handler = self._handler(payload)
        return EMPTY_ACK if handler is None else await handler.action(payload)

    async def submission(self, payload: Payload) -> Ack:
        handler = self._handler(payload)
        return EMPTY_ACK if handler is None else await handler.submission(payload)

    async def options(self, payload: Payload) -> Ack:
        handler = self._handler(payload)
        return EMPTY_ACK if handler is None else await handler.options(payload)

    async def shortcut(self, payload: Payload) -> Ack:
        handler = self._handler(payload)
        return EMPTY_ACK if handler is None else await handler.shortcut(payload)

    async def event(self, payload: Payload) -> Ack:
        handler = self._handler(payload)
        return EMPTY_ACK if handler is None else await handler.event(payload)

    def _handler(self, payload: Payload) -> InteractionHandler | None:
        return self._handler_for(payloads.team_id(payload))
