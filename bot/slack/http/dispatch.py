"""Payload -> the method of the router that answers it, over HTTP and in Socket Mode alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog

from bot.slack.commands.command import Payload
from bot.slack.commands.workspace_router import InteractionHandler
from bot.slack.surfaces import EMPTY_ACK, Ack, encode_ack

IGNORED_TYPES: Final = frozenset({"app_rate_limited", "view_closed"})
"""Acknowledged without any effect: no form of ours asks for a notice that it was closed.

docs.slack.dev/apis/events-api and /reference/interaction-payloads/view-interactions-payload
"""


class PayloadDispatcher:
    def __init__(self, handler: InteractionHandler) -> None:
        self._command = handler.handle_command
        self._handlers: Mapping[str, Callable[[Payload], Awaitable[Ack]]] = {
            "block_actions": handler.handle_action,
            "view_submission": handler.handle_submission,
            "block_suggestion": handler.handle_options,
            "shortcut": handler.handle_shortcut,
            "message_action": handler.handle_shortcut,
            "event_callback": handler.handle_event,
        }
        self._log = structlog.get_logger("dispatch")

    async def dispatch(self, payload: Payload) -> Ack | None:
        """Return the ack; ``None`` for a kind of request that this app does not know."""
        if "command" in payload:
            return await self._command(payload)
        if payload.get("ssl_check") == "1":
            return EMPTY_ACK
        kind = str(payload.get("type") or "")
        handler = self._handlers.get(kind)
        if handler is not None:
            return await handler(payload)
        if kind == "url_verification":
            return encode_ack({"challenge": payload.get("challenge")})
        if kind in IGNORED_TYPES:
            return EMPTY_ACK
        self._log.warning("unknown_request", type=kind[:50])
        return None
