"""``POST /chakra/events``: Chakra's webhooks, checked, stored, acknowledged; processed later.

The signature is `X-Chakra-Signature-256`, over the raw body (contract, section 10.2). Nothing in it
dates a delivery, so that a replay cannot be told from a repeat: either is stored once.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog
from cachetools import TTLCache
from starlette.types import Receive, Scope, Send

from bot.aio.clock import Clock, within
from bot.errors import StoreUnavailable
from bot.webhooks.parser import kind_of, parsed
from bot.webhooks.repository import Arrived, Events

HEADER = b"x-chakra-signature-256"
BODY_BYTES = 3 * 1024 * 1024
"""Meta's webhooks hold up to 3 MB.
developers.facebook.com/docs/whatsapp/cloud-api/guides/set-up-webhooks"""
BODY_SECONDS = 10.0
WAITING_BYTES = 64 * 1024 * 1024
"""Of bodies between their arrival and the disk; beyond it Chakra is asked to come again."""
TOGETHER = 500
"""Events in one transaction: a burst is a few writes to the disk, not thousands."""
TOLD_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """``reason`` is a word for the log; ``text`` is for whoever looks at the delivery."""

    status: int
    reason: str
    text: str
    headers: tuple[tuple[bytes, bytes], ...] = ()


STORED: Final = Answer(200, "stored", "Stored.")
METHOD: Final = Answer(405, "method", "Events come by POST.", ((b"allow", b"POST"),))
NO_SECRET: Final = Answer(
    403, "no_secret", "No webhook secret is set here, so that no event can be trusted."
)
UNSIGNED: Final = Answer(401, "unsigned", "X-Chakra-Signature-256 is missing or malformed.")
FORGED: Final = Answer(401, "forged", "The signature does not match the webhook secret.")
TOO_LARGE: Final = Answer(413, "too_large", "The body is too large.", ((b"connection", b"close"),))
TOO_SLOW: Final = Answer(
    408, "too_slow", "The body took too long to arrive.", ((b"connection", b"close"),)
)
NOT_AN_EVENT: Final = Answer(
    400, "not_an_event", "Neither Chakra's format nor Meta's: a JSON object was expected."
)
BUSY: Final = Answer(503, "busy", "Too much at once. Come again.", ((b"retry-after", b"5"),))
DOWN: Final = Answer(503, "store_unavailable", "It cannot be kept now.", ((b"retry-after", b"30"),))

_SIGNATURE: Final = re.compile(rb"(?:sha256=)?([0-9a-fA-F]{64})")


class Intake:
    """An ASGI application, to be mounted at the route. ``run`` writes what it takes in.

    ``arrived`` is called after every write, ``observe`` with the kind of each event that was
    stored. Without a ``secret`` every delivery is refused.
    """

    def __init__(
        self,
        events: Events,
        clock: Clock,
        *,
        secret: str | None,
        arrived: Callable[[], None],
        observe: Callable[[str], None],
    ) -> None:
        self._events = events
        self._clock = clock
        self._key = secret.encode() if secret and secret.strip() else None
        self._arrived = arrived
        self._observe = observe
        self._waiting: list[tuple[Arrived, asyncio.Future[None]]] = []
        self._waiting_bytes = 0
        self._filled = asyncio.Event()
        self._closed = False
        self._told: TTLCache[str, None] = TTLCache(100, TOLD_SECONDS, timer=clock.monotonic)
        self._log = structlog.get_logger("events")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._take(scope, receive)
        if answer is None:
            return  # the sender has gone
        if answer is not STORED and answer.reason not in self._told:
            self._told[answer.reason] = None
            self._log.warning("event_refused", reason=answer.reason, says=answer.text)
        await _say(send, answer)

    async def run(self) -> None:
        """Writes what came in meanwhile, all in one transaction, for as long as the process lives.

        Once it is cancelled, whoever comes is asked to come again.
        """
        try:
            while True:
                await self._filled.wait()
                await self._write()
        finally:
            self._closed = True
            _settle(self._waiting, StoreUnavailable("stopping"))

    async def _take(self, scope: Scope, receive: Receive) -> Answer | None:
        if scope["method"] != "POST":
            return METHOD
        if self._key is None:
            return NO_SECRET
        signatures = [value for name, value in scope["headers"] if name == HEADER]
        found = _SIGNATURE.fullmatch(signatures[0].strip()) if len(signatures) == 1 else None
        if found is None:
            return UNSIGNED
        body = await self._body(receive)
        if body is None or isinstance(body, Answer):
            return body
        digest = hmac.digest(self._key, body, "sha256").hex().encode()
        if not hmac.compare_digest(digest, found[1].lower()):
            return FORGED
        event = parsed(body)
        if event is None:
            return NOT_AN_EVENT
        answer = await self._kept(body)
        if answer is STORED:
            self._observe(kind_of(event))
        return answer

    async def _body(self, receive: Receive) -> bytes | Answer | None:
        try:
            return await within(self._clock, _read(receive), BODY_SECONDS)
        except TimeoutError:
            return TOO_SLOW

    async def _kept(self, body: bytes) -> Answer:
        if self._closed or self._waiting_bytes + len(body) > WAITING_BYTES:
            return BUSY
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((Arrived(hashlib.sha256(body).hexdigest(), body), stored))
        self._waiting_bytes += len(body)
        self._filled.set()
        try:
            await stored
        except StoreUnavailable:
            return DOWN
        return STORED

    async def _write(self) -> None:
        several, self._waiting = self._waiting[:TOGETHER], self._waiting[TOGETHER:]
        self._waiting_bytes -= sum(len(one.body) for one, _ in several)
        if not self._waiting:
            self._filled.clear()
        failed: StoreUnavailable | None = StoreUnavailable("stopping")
        try:
            await self._events.store([one for one, _ in several], self._clock.time())
            failed = None
        except StoreUnavailable as down:
            self._log.warning("events_not_stored", reason=down.message)
            failed = down
        except Exception as fault:  # noqa: BLE001 - those who wait must get an answer
            self._log.exception("events_not_stored", kind=type(fault).__name__)
        finally:
            _settle(several, failed)
        if failed is None:
            self._arrived()


def _settle(
    several: list[tuple[Arrived, asyncio.Future[None]]], failed: StoreUnavailable | None
) -> None:
    for _, stored in several:
        if stored.done():  # whoever sent it did not wait
            continue
        if failed is None:
            stored.set_result(None)
        else:
            stored.set_exception(failed)


async def _read(receive: Receive) -> bytes | Answer | None:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > BODY_BYTES:
            return TOO_LARGE
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


async def _say(send: Send, answer: Answer) -> None:
    text = f"{answer.text}\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(text)),
        *answer.headers,
    ]
    with contextlib.suppress(OSError):  # the sender did not wait for the answer
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": text})
