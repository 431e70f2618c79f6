"""Raw ASGI reading and answering, for the two endpoints that verify a signature over the body."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from starlette.types import Receive, Send

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


class BodyTooLarge(Exception):
    """The sender sent more than the limit."""


async def read_body(
    receive: Receive, clock: Clock, *, max_bytes: int, timeout_seconds: float
) -> bytes | None:
    """Return the whole body, or ``None`` if the client disconnected.

    Raises ``BodyTooLarge`` as soon as it exceeds ``max_bytes``, and ``TimeoutError`` if it is not
    complete after ``timeout_seconds``.
    """
    async with asyncio.timeout(None) as deadline:
        # Rescheduling to any past moment expires it now: the clock is ours, the loop only cancels.
        timer = clock.call_later(timeout_seconds, lambda: deadline.reschedule(0))
        try:
            return await _receive_chunks(receive, max_bytes)
        finally:
            timer.cancel()


async def _receive_chunks(receive: Receive, max_bytes: int) -> bytes | None:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > max_bytes:
            raise BodyTooLarge
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def send_response(send: Send, status: int, body: bytes, headers: Headers = TEXT) -> None:
    """Send a whole response. A client that does not wait for it is no error."""
    length = (b"content-length", b"%d" % len(body))
    with contextlib.suppress(OSError):
        await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
        await send({"type": "http.response.body", "body": body})


async def send_text(send: Send, response: TextResponse) -> None:
    """Send ``response`` as plain text."""
    await send_response(
        send, response.status, f"{response.text}\n".encode(), TEXT + response.headers
    )
