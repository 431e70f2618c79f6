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

    async def handle_command(self, payload: Payload) -> Ack: ...
    async def handle_action(self, payload: Payload) -> Ack: ...
    async def handle_submission(self, payload: Payload) -> Ack: ...
    async def handle_options(self, payload: Payload) -> Ack: ...
    async def handle_shortcut(self, payload: Payload) -> Ack: ...
    async def handle_event(self, payload: Payload) -> Ack: ...


class WorkspaceRouter:
    """Acknowledge payloads, and no more than that if the workspace is stopped or unknown.

    Only a typed command then has an answer: its ack needs no token.

    ``handler_for`` takes a team ID.
    """

    def __init__(self, handler_for: Callable[[str], InteractionHandler | None]) -> None:
        self._handler_for = handler_for

    async def handle_command(self, payload: Payload) -> Ack:
        handler = self._find_handler(payload)
        if handler is None:
            return notices.removed_from_workspace().response_json
        return await handler.handle_command(payload)

    async def handle_action(self, payload: Payload) -> Ack:
        handler = self._find_handler(payload)
        return EMPTY_ACK if handler is None else await handler.handle_action(payload)

    async def handle_submission(self, payload: Payload) -> Ack:
        handler = self._find_handler(payload)
        return EMPTY_ACK if handler is None else await handler.handle_submission(payload)

    async def handle_options(self, payload: Payload) -> Ack:
        handler = self._find_handler(payload)
        return EMPTY_ACK if handler is None else await handler.handle_options(payload)

    async def handle_shortcut(self, payload: Payload) -> Ack:
        handler = self._find_handler(payload)
        return EMPTY_ACK if handler is None else await handler.handle_shortcut(payload)

    async def handle_event(self, payload: Payload) -> Ack:
        handler = self._find_handler(payload)
        return EMPTY_ACK if handler is None else await handler.handle_event(payload)

    def _find_handler(self, payload: Payload) -> InteractionHandler | None:
        return self._handler_for(payloads.read_team_id(payload))
