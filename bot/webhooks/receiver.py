"""``POST /chakra/events``: webhooks verified, stored, acknowledged, and processed later.

The signature is ``X-Chakra-Signature-256`` over the raw body. It doesn't date a delivery, so a
replay looks like a repeated delivery: either is stored once.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import structlog
from cachetools import TTLCache
from starlette.types import Receive, Scope, Send

from bot.aio.clock import Clock
from bot.errors import DatabaseUnavailable
from bot.web.body import (
    CLOSE_CONNECTION,
    OVER_BUDGET,
    BodyBudgetExceeded,
    BodyReader,
    BodyTooLarge,
    TextResponse,
    send_text,
)
from bot.webhooks.parser import decode
from bot.webhooks.repository import Events, RawEvent

SIGNATURE_HEADER = b"x-chakra-signature-256"
MAX_BODY_BYTES = 3 * 1024 * 1024
"""Meta's webhooks hold up to 3 MB.
developers.facebook.com/docs/whatsapp/cloud-api/guides/set-up-webhooks"""
BODY_TIMEOUT_SECONDS = 10.0
MAX_PENDING_BYTES = 64 * 1024 * 1024
"""Verified bodies that are not stored yet; beyond that, senders are asked to retry."""
BATCH_SIZE = 500
"""Deliveries per transaction: a burst is a few writes to the disk, not thousands."""
LOG_INTERVAL_SECONDS = 60.0


STORED: Final = TextResponse("stored", 200, "Stored.")
METHOD_NOT_ALLOWED: Final = TextResponse(
    "method", 405, "Send events with POST.", ((b"allow", b"POST"),)
)
NO_SECRET: Final = TextResponse(
    "no_secret", 403, "No webhook secret is configured, so events cannot be verified."
)
MISSING_SIGNATURE: Final = TextResponse(
    "unsigned", 401, "X-Chakra-Signature-256 is missing or malformed."
)
INVALID_SIGNATURE: Final = TextResponse(
    "forged", 401, "The signature does not match the webhook secret."
)
BODY_TOO_LARGE: Final = TextResponse("too_large", 413, "The body is too large.", CLOSE_CONNECTION)
BODY_TIMEOUT: Final = TextResponse(
    "too_slow", 408, "The body took too long to arrive.", CLOSE_CONNECTION
)
INVALID_EVENT: Final = TextResponse(
    "not_an_event", 400, "Expected a JSON object in Chakra's or Meta's format."
)
OVERLOADED: Final = TextResponse("busy", 503, "Overloaded. Retry later.", ((b"retry-after", b"5"),))
STORE_UNAVAILABLE: Final = TextResponse(
    "database_unavailable",
    503,
    "The event could not be stored. Retry later.",
    ((b"retry-after", b"30"),),
)

_Pending = tuple[RawEvent, asyncio.Future[None]]
"""A delivery, and the result that its sender waits for."""
_SIGNATURE_PATTERN: Final = re.compile(rb"(?:sha256=)?([0-9a-fA-F]{64})")


class WebhookReceiver:
    """An ASGI application, to be mounted at the route; ``run`` stores what it receives.

    Nothing is stored while someone else holds ``write_lock``. ``on_stored`` is called after every
    write. Without a ``secret`` every delivery is refused.
    """

    def __init__(
        self,
        events: Events,
        clock: Clock,
        bodies: BodyReader,
        *,
        secret: str | None,
        write_lock: asyncio.Lock,
        on_stored: Callable[[], None],
    ) -> None:
        self._events = events
        self._clock = clock
        self._bodies = bodies
        self._key = secret.encode() if secret and secret.strip() else None
        self._write_lock = write_lock
        self._on_stored = on_stored
        self._pending: list[_Pending] = []
        self._pending_bytes = 0
        self._has_pending = asyncio.Event()
        self._closed = False
        self._recently_logged: TTLCache[str, None] = TTLCache(
            100, LOG_INTERVAL_SECONDS, timer=clock.monotonic
        )
        self._log = structlog.get_logger("events")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._handle(scope, receive)
        if response is None:
            return  # the sender has disconnected
        if response is not STORED and response.reason not in self._recently_logged:
            self._recently_logged[response.reason] = None
            self._log.warning("event_refused", reason=response.reason, text=response.text)
        await send_text(send, response)

    async def run(self) -> None:
        """Store pending deliveries, all in one transaction, until cancelled.

        After that senders are asked to retry.
        """
        try:
            while True:
                await self._has_pending.wait()
                async with self._write_lock:
                    await self._write_batch()
        finally:
            self._closed = True
            _resolve(self._pending, DatabaseUnavailable("stopping"))

    async def _handle(self, scope: Scope, receive: Receive) -> TextResponse | None:
        if scope["method"] != "POST":
            return METHOD_NOT_ALLOWED
        if self._key is None:
            return NO_SECRET
        signatures = [value for name, value in scope["headers"] if name == SIGNATURE_HEADER]
        match = (
            _SIGNATURE_PATTERN.fullmatch(signatures[0].strip()) if len(signatures) == 1 else None
        )
        if match is None:
            return MISSING_SIGNATURE
        body = await self._read_body(receive)
        if body is None or isinstance(body, TextResponse):
            return body
        digest = hmac.digest(self._key, body, "sha256").hex().encode()
        if not hmac.compare_digest(digest, match[1].lower()):
            return INVALID_SIGNATURE
        if decode(body) is None:
            return INVALID_EVENT
        return await self._store(body)

    async def _read_body(self, receive: Receive) -> bytes | TextResponse | None:
        """Return the body, the refusal to answer with, or ``None`` if the sender disconnected."""
        try:
            return await self._bodies.read(
                receive, max_bytes=MAX_BODY_BYTES, timeout_seconds=BODY_TIMEOUT_SECONDS
            )
        except BodyTooLarge:
            return BODY_TOO_LARGE
        except BodyBudgetExceeded:
            return OVER_BUDGET
        except TimeoutError:
            return BODY_TIMEOUT

    async def _store(self, body: bytes) -> TextResponse:
        if self._closed or self._pending_bytes + len(body) > MAX_PENDING_BYTES:
            return OVERLOADED
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending.append((RawEvent(hashlib.sha256(body).hexdigest(), body), stored))
        self._pending_bytes += len(body)
        self._has_pending.set()
        try:
            await stored
        except DatabaseUnavailable:
            return STORE_UNAVAILABLE
        return STORED

    async def _write_batch(self) -> None:
        batch: list[_Pending] = []
        waiting = len(self._pending)

        def take() -> Iterator[RawEvent]:
            batch.extend(self._take_batch())
            yield from (event for event, _ in batch)

        failed: DatabaseUnavailable | None = DatabaseUnavailable("stopping")
        try:
            await self._events.store(take(), self._clock.time())
            failed = None
        except DatabaseUnavailable as down:
            self._log.warning("events_not_stored", reason=down.message)
            failed = down
        except Exception as fault:  # noqa: BLE001 - the senders must get a response
            self._log.exception("events_not_stored", kind=type(fault).__name__)
        finally:
            _resolve(batch or self._take_batch(waiting), failed)
        if failed is None:
            self._on_stored()

    def _take_batch(self, size: int = BATCH_SIZE) -> list[_Pending]:
        batch, self._pending = self._pending[:size], self._pending[size:]
        self._pending_bytes -= sum(len(event.body) for event, _ in batch)
        if not self._pending:
            self._has_pending.clear()
        return batch


def _resolve(batch: Sequence[_Pending], error: DatabaseUnavailable | None) -> None:
    for _, stored in batch:
        if stored.done():  # the sender did not wait
            continue
        if error is None:
            stored.set_result(None)
        else:
            stored.set_exception(error)
