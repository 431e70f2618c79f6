"""One request and its response as a fault handles them: work, respond, wait, or hang up."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Coroutine
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.aio.clock import Clock, sleep

SO_LINGER_ZERO = struct.pack("ii", 1, 0)
"""SO_LINGER on, with no linger time: closing the socket resets the connection (socket(7))."""


class ClientDisconnected(Exception):
    """Raised when the client has disconnected, or the embedded Chakra is closing."""


class HangSignals:
    """Releases hung requests, and closes them all at the end."""

    def __init__(self) -> None:
        self._released = asyncio.Event()
        self.closed = asyncio.Event()

    def release(self) -> None:
        self._released.set()
        self._released = asyncio.Event()

    def wait_released(self) -> Coroutine[Any, Any, bool]:
        """Return a coroutine that ends with the next ``release``, counted from this call."""
        return self._released.wait()


class Exchange:
    """One exchange: ``work`` is the app that would respond normally, ``body`` the whole request."""

    def __init__(
        self,
        app: ASGIApp,
        scope: Scope,
        body: bytes,
        receive: Receive,
        send: Send,
        clock: Clock,
        hang_signals: HangSignals,
    ) -> None:
        self._app = app
        self._scope = scope
        self._body = body
        self._receive = receive
        self._send = send
        self._clock = clock
        self._hang_signals = hang_signals
        self.status: int | None = None

    async def run_app(self) -> Response:
        """Run the app and return its response, unsent."""
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        await self._app(self._scope, self._replay_body, collect)
        start, *parts = messages
        response = Response(b"".join(part.get("body", b"") for part in parts), start["status"])
        for name, value in MutableHeaders(raw=start["headers"]).items():
            response.headers[name] = value
        return response

    async def reply(self, response: Response) -> None:
        self.status = response.status_code
        await response(self._scope, self._receive, self._send)

    async def wait_until_released(self) -> None:
        """Wait for ``release``. Raise ``Gone`` if the client disconnects."""
        await self._wait_unless_disconnected(self._hang_signals.wait_released())

    async def delay(self, seconds: float) -> None:
        """Wait by the clock. Raise ``Gone`` if the client disconnects."""
        await self._wait_unless_disconnected(sleep(self._clock, seconds))

    async def drop_connection(self, *, reset: bool = True) -> None:
        """Drop the connection without a response: reset it, or close it (``reset=False``).

        ASGI has no message for this, so it takes the transport from uvicorn's request, whose method
        ``receive`` is. uvicorn then sees a client that disconnected, and logs nothing.
        """
        transport = getattr(getattr(self._receive, "__self__", None), "transport", None)
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a connection can only be dropped when uvicorn serves")
        connection = transport.get_extra_info("socket")
        if reset and connection is not None and not transport.is_closing():
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, SO_LINGER_ZERO)
        transport.abort()
        await self._wait_disconnect()

    async def _replay_body(self) -> Message:
        return {"type": "http.request", "body": self._body, "more_body": False}

    async def _wait_disconnect(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _wait_unless_disconnected(self, awaitable: Coroutine[Any, Any, object]) -> None:
        waits: list[asyncio.Future[Any]] = [
            asyncio.ensure_future(awaitable),
            asyncio.ensure_future(self._wait_disconnect()),
            asyncio.ensure_future(self._hang_signals.closed.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if not waits[0].done():
                raise ClientDisconnected
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)


async def read_body(receive: Receive) -> bytes:
    """Return the whole body. Raise ``Gone`` if the client disconnects before its end."""
    parts = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)
