"""Socket Mode: tickets, open sockets, envelopes and their acks.

docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.sandbox.slack.seed import APP_ID

SOCKET_LIMIT = 10
"""docs.slack.dev/apis/events-api/using-socket-mode: up to ten connections an app."""
TICKETS_KEPT = 100
_CONNECTION_SECONDS = 18_060
_REFUSED_TICKET = 4_404

ENVELOPES: Mapping[str, tuple[str, bool]] = {
    "command": ("slash_commands", True),
    "block_actions": ("interactive", False),
    "view_submission": ("interactive", True),
    "view_closed": ("interactive", False),
    "block_suggestion": ("interactive", True),
    "shortcut": ("interactive", False),
    "message_action": ("interactive", False),
    "event": ("events_api", False),
}
"""The envelope's type, and whether its ack may carry a payload."""


class NoSocket(Exception):
    """Raised when the socket closes before the envelope is acknowledged."""


class SocketMode:
    def __init__(self) -> None:
        self._tickets: list[str] = []
        self._sockets: dict[str, WebSocket] = {}
        self._waiting: dict[str, tuple[str, asyncio.Future[dict[str, Any] | None]]] = {}
        self._turns = itertools.count()

    @property
    def connected(self) -> bool:
        return bool(self._sockets)

    @property
    def full(self) -> bool:
        return len(self._sockets) >= SOCKET_LIMIT

    def ticket(self) -> str:
        """Return a ticket for one connection."""
        self._tickets = [*self._tickets, secrets.token_urlsafe(16)][-TICKETS_KEPT:]
        return self._tickets[-1]

    async def serve(self, socket: WebSocket) -> None:
        """Serve one socket from its ticket to its end."""
        ticket = socket.query_params.get("ticket", "")
        await socket.accept()
        if ticket not in self._tickets or self.full:
            await socket.close(_REFUSED_TICKET)
            return
        self._tickets.remove(ticket)
        name = str(uuid.uuid4())
        try:
            self._sockets[name] = socket
            await socket.send_text(json.dumps(self._hello()))
            while True:
                self._acked(await socket.receive_text())
        except WebSocketDisconnect:
            pass
        finally:
            self._gone(name)

    async def send(
        self, kind: str, payload: Mapping[str, Any], retry: int = 0, retry_reason: str = ""
    ) -> dict[str, Any] | None:
        """Send an envelope and return its ack's payload.

        Raise ``NoSocket`` if the socket closes first.
        """
        names = list(self._sockets)
        name = names[next(self._turns) % len(names)]
        envelope_type, accepts = ENVELOPES[kind]
        envelope_id = str(uuid.uuid4())
        ack: asyncio.Future[dict[str, Any] | None] = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = (name, ack)
        envelope = {
            "envelope_id": envelope_id,
            "payload": payload,
            "type": envelope_type,
            "accepts_response_payload": accepts,
        }
        if kind == "event":
            envelope |= {"retry_attempt": retry, "retry_reason": retry_reason}
        try:
            await self._sockets[name].send_text(json.dumps(envelope))
            return await ack
        except (WebSocketDisconnect, RuntimeError) as closed:
            raise NoSocket from closed
        finally:
            self._waiting.pop(envelope_id, None)

    async def ask_to_reconnect(self) -> None:
        """Ask for a reconnection, as Slack does before it closes a connection."""
        message = {"type": "disconnect", "reason": "refresh_requested", "debug_info": {}}
        for socket in list(self._sockets.values()):
            await socket.send_text(json.dumps(message))

    async def aclose(self) -> None:
        for socket in list(self._sockets.values()):
            try:
                await socket.close()
            except RuntimeError:  # the client closed it first
                continue

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": len(self._sockets),
            "debug_info": {
                "host": "applink-embedded",
                "build_number": 1,
                "approximate_connection_time": _CONNECTION_SECONDS,
            },
            "connection_info": {"app_id": APP_ID},
        }

    def _acked(self, text: str) -> None:
        try:
            message = json.loads(text)
        except ValueError:
            return
        envelope_id = message.get("envelope_id") if isinstance(message, dict) else None
        _, ack = self._waiting.get(str(envelope_id), ("", None))
        if ack is not None and not ack.done():
            payload = message.get("payload")
            ack.set_result(payload if isinstance(payload, dict) and payload else None)

    def _gone(self, name: str) -> None:
        self._sockets.pop(name, None)
        for socket_name, ack in list(self._waiting.values()):
            if socket_name == name and not ack.done():
                ack.set_exception(NoSocket())
