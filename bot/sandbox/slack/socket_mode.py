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

MAX_SOCKETS = 10
"""docs.slack.dev/apis/events-api/using-socket-mode: up to ten connections an app."""
MAX_TICKETS = 100
_CONNECTION_SECONDS = 18_060
_TOO_MANY_SOCKETS_CLOSE_CODE = 4_404

ENVELOPE_TYPES: Mapping[str, tuple[str, bool]] = {
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


class SocketClosed(Exception):
    """Raised when the socket closes before the envelope is acknowledged."""


class SocketModeServer:
    def __init__(self) -> None:
        self._tickets: list[str] = []
        self._sockets: dict[str, WebSocket] = {}
        self._pending_acks: dict[str, tuple[str, asyncio.Future[dict[str, Any] | None]]] = {}
        self._round_robin = itertools.count()
        self._is_down = False

    @property
    def is_connected(self) -> bool:
        return bool(self._sockets)

    @property
    def is_full(self) -> bool:
        return len(self._sockets) >= MAX_SOCKETS

    def issue_ticket(self) -> str:
        """Return a ticket for one connection."""
        self._tickets = [*self._tickets, secrets.token_urlsafe(16)][-MAX_TICKETS:]
        return self._tickets[-1]

    async def serve(self, socket: WebSocket) -> None:
        """Serve one socket from its ticket to its end; a ticket is used up by the first attempt."""
        ticket = socket.query_params.get("ticket", "")
        is_valid = ticket in self._tickets
        if is_valid:
            self._tickets.remove(ticket)
        if not is_valid or self._is_down:
            await socket.close()  # before it is accepted: the handshake fails
            return
        await socket.accept()
        if self.is_full:
            await socket.close(_TOO_MANY_SOCKETS_CLOSE_CODE)
            return
        name = str(uuid.uuid4())
        try:
            self._sockets[name] = socket
            await socket.send_text(json.dumps(self._build_hello_message()))
            while True:
                self._handle_ack(await socket.receive_text())
        except WebSocketDisconnect:
            pass
        finally:
            self._remove_socket(name)

    async def send(
        self, kind: str, payload: Mapping[str, Any], retry: int = 0, retry_reason: str = ""
    ) -> dict[str, Any] | None:
        """Send an envelope and return its ack's payload.

        Raise ``SocketClosed`` if the socket closes first.
        """
        names = list(self._sockets)
        name = names[next(self._round_robin) % len(names)]
        envelope_type, accepts = ENVELOPE_TYPES[kind]
        envelope_id = str(uuid.uuid4())
        ack: asyncio.Future[dict[str, Any] | None] = asyncio.get_running_loop().create_future()
        self._pending_acks[envelope_id] = (name, ack)
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
            raise SocketClosed from closed
        finally:
            self._pending_acks.pop(envelope_id, None)

    async def request_reconnect(self) -> None:
        """Ask for a reconnection, as Slack does before it closes a connection."""
        message = {"type": "disconnect", "reason": "refresh_requested", "debug_info": {}}
        for socket in list(self._sockets.values()):
            await socket.send_text(json.dumps(message))

    async def go_down(self) -> None:
        """Close every socket and accept none until ``come_back``."""
        self._is_down = True
        await self.aclose()

    def come_back(self) -> None:
        self._is_down = False

    async def aclose(self) -> None:
        for socket in list(self._sockets.values()):
            try:
                await socket.close()
            except RuntimeError:  # the client closed it first
                continue

    def _build_hello_message(self) -> dict[str, Any]:
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

    def _handle_ack(self, text: str) -> None:
        try:
            message = json.loads(text)
        except ValueError:
            return
        envelope_id = message.get("envelope_id") if isinstance(message, dict) else None
        _, ack = self._pending_acks.get(str(envelope_id), ("", None))
        if ack is not None and not ack.done():
            payload = message.get("payload")
            ack.set_result(payload if isinstance(payload, dict) and payload else None)

    def _remove_socket(self, name: str) -> None:
        self._sockets.pop(name, None)
        for socket_name, ack in list(self._pending_acks.values()):
            if socket_name == name and not ack.done():
                ack.set_exception(SocketClosed())
