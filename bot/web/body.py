"""Raw ASGI reading and answering, for the two endpoints that verify a signature over the body."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from types import CoroutineType
from typing import Final

from starlette.types import Message, Receive, Send

from bot.aio.clock import Clock

Headers = tuple[tuple[bytes, bytes], ...]

TEXT: Headers = ((b"content-type", b"text/plain; charset=utf-8"),)
JSON: Headers = ((b"content-type", b"application/json"),)
CLOSE_CONNECTION: Headers = ((b"connection", b"close"),)
"""Frees the connection from a sender that has not finished its body."""


@dataclass(frozen=True, slots=True)
class TextResponse:
    """``reason`` is a short label for logs; ``text`` is what the sender reads."""

    reason: str
    status: int
    text: str
    headers: Headers = ()


MAX_UNVERIFIED_BYTES = 32 * 1024 * 1024
"""Bodies of all requests together whose signature is not verified yet."""

OVER_BUDGET: Final = TextResponse(
    "unverified_bodies",
    503,
    "Too many large requests at the same time. Retry later.",
    ((b"retry-after", b"5"), *CLOSE_CONNECTION),
)


class BodyTooLarge(Exception):
    """The sender sent more than the limit."""


class BodyBudgetExceeded(Exception):
    """Unverified bodies exceeded the budget, and this one was the largest."""


class BodyReader:
    """Read bodies of unverified requests, all of them together within ``max_total_bytes``.

    Anyone can send a body. When the budget is exceeded the largest body is dropped, so that small
    requests still pass. A body counts from its arrival until it is returned: verify its signature
    without awaiting anything before that.
    """

    def __init__(self, clock: Clock, max_total_bytes: int = MAX_UNVERIFIED_BYTES) -> None:
        self._clock = clock
        self._max_total_bytes = max_total_bytes
        self.total_bytes = 0
        self._incoming: dict[_IncomingBody, None] = {}

    async def read(
        self, receive: Receive, *, max_bytes: int, timeout_seconds: float
    ) -> bytes | None:
        """Return the whole body, or ``None`` if the client disconnected.

        Raise ``BodyTooLarge`` as soon as it exceeds ``max_bytes``, ``BodyBudgetExceeded`` if it was
        dropped, and ``TimeoutError`` if it is not complete after ``timeout_seconds``.
        """
        first = _take_arrived(receive)
        if first is not None and not first.get("more_body", False):  # almost always
            return _read_chunk(first, max_bytes) if first["type"] == "http.request" else None
        deadline = asyncio.timeout(None)
        body = _IncomingBody(deadline)
        try:
            async with deadline:
                timer = self._clock.call_later(timeout_seconds, body.expire)
                try:
                    return await self._receive_all(receive, first, body, max_bytes)
                finally:
                    timer.cancel()
        except TimeoutError:
            if body.is_dropped:
                raise BodyBudgetExceeded from None
            raise
        finally:
            self._release(body)

    async def _receive_all(
        self, receive: Receive, first: Message | None, body: _IncomingBody, max_bytes: int
    ) -> bytes | None:
        message = first or await receive()
        while True:
            if body.is_dropped:  # in the same iteration of the loop, before the read is cancelled
                raise BodyBudgetExceeded
            if message["type"] != "http.request":
                return None
            chunk = _read_chunk(message, max_bytes - len(body.content))
            if not message.get("more_body", False):
                return bytes(body.content) + chunk if body.content else chunk
            body.content += chunk
            self.total_bytes += len(chunk)
            self._incoming[body] = None
            if self.total_bytes > self._max_total_bytes:
                self._drop_largest(body)
            message = await receive()

    def _drop_largest(self, newest: _IncomingBody) -> None:
        """Drop the largest body, the oldest of equals.

        Raise ``BodyBudgetExceeded`` if it is ``newest``.
        """
        largest = max(self._incoming, key=lambda body: len(body.content))
        self._release(largest)
        if largest is newest:
            raise BodyBudgetExceeded
        largest.drop()

    def _release(self, body: _IncomingBody) -> None:
        if body in self._incoming:
            del self._incoming[body]
            self.total_bytes -= len(body.content)


def _take_arrived(receive: Receive) -> Message | None:
    """Return the next message if it has already arrived, without the cost of a deadline.

    A receive that would wait is closed, and takes nothing: uvicorn's waits for an event first.
    """
    receiving = receive()
    if not isinstance(receiving, CoroutineType):
        return None
    try:
        receiving.send(None)
    except StopIteration as received:
        message: Message = received.value
        return message
    receiving.close()
    return None


def _read_chunk(message: Message, max_bytes: int) -> bytes:
    chunk: bytes = message.get("body", b"")
    if len(chunk) > max_bytes:
        raise BodyTooLarge
    return chunk


class _IncomingBody:
    """The part of a body that has arrived; a ``bytearray``, since chunks may be a byte each."""

    __slots__ = ("content", "deadline", "is_dropped")

    def __init__(self, deadline: asyncio.Timeout) -> None:
        self.content = bytearray()
        self.deadline = deadline
        self.is_dropped = False

    def drop(self) -> None:
        """Free the memory, and end the request that reads it."""
        self.content.clear()
        self.is_dropped = True
        self.expire()

    def expire(self) -> None:
        """Cancel the read. The clock is ours, the loop only cancels: any past moment is now."""
        if not self.deadline.expired():
            self.deadline.reschedule(0)


async def send_response(send: Send, status: int, body: bytes, headers: Headers = TEXT) -> None:
    """Send a whole response. A client that doesn't wait for it isn't an error."""
    length = (b"content-length", b"%d" % len(body))
    try:
        await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
        await send({"type": "http.response.body", "body": body})
    except OSError:
        return


async def send_text(send: Send, response: TextResponse) -> None:
    """Send ``response`` as plain text."""
    await send_response(
        send, response.status, f"{response.text}\n".encode(), TEXT + response.headers
    )
