"""One request and its answer as a fault sees them: do the work, answer, wait, or hang up."""

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

LINGER_NOT = struct.pack("ii", 1, 0)
"""SO_LINGER on with no time to linger: closing the socket resets the connection (socket(7))."""


class Gone(Exception):
    """Nobody waits for the answer any more: the asker left, or the embedded Chakra closes."""


class Gates:
    """What hung requests wait for, and the end of everything."""

    def __init__(self) -> None:
        self._released = asyncio.Event()
        self.closed = asyncio.Event()

    def release(self) -> None:
        self._released.set()
        self._released = asyncio.Event()

    def released(self) -> Coroutine[Any, Any, bool]:
        """Ends with the next ``release`` after this call, even one before it is awaited."""
        return self._released.wait()


class Exchange:
    """``work`` is the app that would answer if nothing were wrong, ``body`` the whole request."""

    def __init__(
        self,
        work: ASGIApp,
        scope: Scope,
        body: bytes,
        receive: Receive,
        send: Send,
        clock: Clock,
        gates: Gates,
    ) -> None:
        self._work = work
        self._scope = scope
        self._body = body
        self._receive = receive
        self._send = send
        self._clock = clock
        self._gates = gates
        self.status: int | None = None

    async def answer(self) -> Response:
        """Does the work. The answer is not sent yet."""
        heard: list[Message] = []

        async def hear(message: Message) -> None:
            heard.append(message)

        await self._work(self._scope, self._body_again, hear)
        start, *parts = heard
        response = Response(b"".join(part.get("body", b"") for part in parts), start["status"])
        for name, value in MutableHeaders(raw=start["headers"]).items():
            response.headers[name] = value
        return response

    async def reply(self, response: Response) -> None:
        self.status = response.status_code
        await response(self._scope, self._receive, self._send)

    async def until_released(self) -> None:
        """Raises ``Gone``."""
        await self._unless_gone(self._gates.released())

    async def pause(self, seconds: float) -> None:
        """Raises ``Gone``."""
        await self._unless_gone(sleep(self._clock, seconds))

    async def drop(self, *, reset: bool = True) -> None:
        """Ends the connection without a word: with a reset, or (``reset=False``) a plain close.

        ASGI has no message for it, so this takes the transport of uvicorn's request, which its
        ``receive`` is a method of; uvicorn then sees a client that left, and logs nothing.
        """
        transport = getattr(getattr(self._receive, "__self__", None), "transport", None)
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a connection can only be dropped when uvicorn serves")
        connection = transport.get_extra_info("socket")
        if reset and connection is not None and not transport.is_closing():
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        transport.abort()
        await self._left()

    async def _body_again(self) -> Message:
        return {"type": "http.request", "body": self._body, "more_body": False}

    async def _left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _unless_gone(self, waiting: Coroutine[Any, Any, object]) -> None:
        waits: list[asyncio.Future[Any]] = [
            asyncio.ensure_future(waiting),
            asyncio.ensure_future(self._left()),
            asyncio.ensure_future(self._gates.closed.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if not waits[0].done():
                raise Gone
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)


async def read_body(receive: Receive) -> bytes:
    """The whole body. Raises ``Gone`` when the asker leaves halfway."""
    parts = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)
