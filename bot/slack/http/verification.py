"""The guard in front of Bolt: alone verifies Slack's signatures, and turns junk away with a 4xx."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from cachetools import TTLCache
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.aio.clock import Clock


@dataclass(frozen=True, slots=True)
class VerifierLimits:
    """Seconds and bytes. The defaults keep to what Slack documents, with room."""

    max_body_bytes: int = (
        1_048_576  # a view is at most 250 KB, and form encoding trebles its quotes
    )
    body_timeout_seconds: float = (
        2.5  # a body later than this could not be answered within Slack's 3 s
    )
    max_clock_skew_seconds: int = 300  # docs.slack.dev/authentication/verifying-requests-from-slack
    max_cached_signatures: int = (
        20_000  # signatures: 33 commands a second, kept for ten minutes in 6 MB
    )


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """``reason`` is a short label for metrics; ``text`` is read by whoever sent the request."""

    reason: str
    status: int
    text: str
    headers: tuple[tuple[bytes, bytes], ...] = ()


METHOD_NOT_ALLOWED: Final = ErrorResponse(
    "method", 405, "Slack sends POST requests.", ((b"allow", b"POST"),)
)
UNSUPPORTED_CONTENT_TYPE: Final = ErrorResponse(
    "content_type", 415, "Send application/x-www-form-urlencoded or application/json in UTF-8."
)
INVALID_CONTENT_LENGTH: Final = ErrorResponse(
    "content_length", 400, "Content-Length is not a number."
)
BODY_TOO_LARGE: Final = ErrorResponse("too_large", 413, "The body is too large.")
# Closing the connection is what frees it from a sender who has not finished.
BODY_TIMEOUT: Final = ErrorResponse(
    "too_slow", 408, "The body took too long to arrive.", ((b"connection", b"close"),)
)
MISSING_SIGNATURE: Final = ErrorResponse(
    "unsigned", 401, "Slack's signature headers are missing or malformed."
)
STALE_TIMESTAMP: Final = ErrorResponse(
    "stale", 401, "The timestamp is too far from this server's clock."
)
INVALID_SIGNATURE: Final = ErrorResponse(
    "forged", 401, "The signature does not match the signing secret."
)
REPLAYED_REQUEST: Final = ErrorResponse("replayed", 409, "This very request was received before.")
NOT_UTF8: Final = ErrorResponse("not_utf8", 400, "The body is not UTF-8.")
NOT_JSON: Final = ErrorResponse("not_json", 400, "A JSON object was expected.")
INVALID_FORM: Final = ErrorResponse(
    "not_a_form", 400, "The form has neither a command nor a payload."
)

ACCEPTED: Final = "passed"
DISCONNECTED: Final = "disconnected"


class RequestVerifier:
    """An ASGI application around ``app``, which sees only whole requests that Slack signed.

    ``app`` receives the body in one piece; what it raises is not caught. ``observe`` hears one
    word per request: ``ACCEPTED``, ``DISCONNECTED`` or the ``reason`` of a refusal. Commands and
    interactions are let through once, as far as this process remembers; events, which Slack
    retries, and option requests, which may honestly repeat within a second, as often as they come.
    Raises ``ValueError`` for an empty signing secret, with which anybody could sign.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        signing_secret: str,
        clock: Clock,
        limits: VerifierLimits | None = None,
        on_result: Callable[[str], None] | None = None,
    ) -> None:
        if not signing_secret.strip():
            raise ValueError("the signing secret is empty")
        self._app = app
        self._key = signing_secret.encode()
        self._clock = clock
        self._limits = limits or VerifierLimits()
        self._on_result = on_result or _ignore_result
        # A timestamp ahead of our clock stays acceptable for longer: up to twice the skew.
        self._seen_signatures: TTLCache[bytes, None] = TTLCache(
            self._limits.max_cached_signatures,
            2 * self._limits.max_clock_skew_seconds,
            timer=clock.monotonic,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            head = self._check_headers(scope)
            body = await self._read_body(receive)
            if body is None:
                self._on_result(DISCONNECTED)
                return
            self._verify_signature(head, body)
            content = _parse_json(body) if head.is_json else _parse_form(body)
            if content.reject_replays:
                self._reject_replay(head.signature)
        except _RequestRejected as refused:
            self._on_result(refused.response.reason)
            await _send_error(send, refused.response)
            return
        self._on_result(ACCEPTED)
        await self._app(scope, _buffered_receive(content.body, receive), send)

    def _check_headers(self, scope: Scope) -> _SignedHeaders:
        if scope["method"] != "POST":
            raise _RequestRejected(METHOD_NOT_ALLOWED)
        headers = _collect_headers(scope)
        kind = _ALLOWED_CONTENT_TYPE.fullmatch(headers.get(b"content-type", b""))
        if kind is None:
            raise _RequestRejected(UNSUPPORTED_CONTENT_TYPE)
        self._check_length(headers.get(b"content-length", b"0"))
        timestamp = headers.get(b"x-slack-request-timestamp", b"")
        signature = headers.get(b"x-slack-signature", b"")
        if not (_TIMESTAMP.fullmatch(timestamp) and _SIGNATURE.fullmatch(signature)):
            raise _RequestRejected(MISSING_SIGNATURE)
        if abs(self._clock.time() - int(timestamp)) > self._limits.max_clock_skew_seconds:
            raise _RequestRejected(STALE_TIMESTAMP)
        return _SignedHeaders(kind["json"] is not None, timestamp, signature)

    def _check_length(self, length: bytes) -> None:
        if not length.isdigit():
            raise _RequestRejected(INVALID_CONTENT_LENGTH)
        if len(length) > _MAX_LENGTH_DIGITS or int(length) > self._limits.max_body_bytes:
            raise _RequestRejected(BODY_TOO_LARGE)

    async def _read_body(self, receive: Receive) -> bytes | None:
        """The whole body, or ``None`` when the client went away."""
        try:
            async with asyncio.timeout(None) as deadline:
                # Any past moment ends it: the clock is ours, the loop only carries it out.
                late = self._clock.call_later(
                    self._limits.body_timeout_seconds, lambda: deadline.reschedule(0)
                )
                try:
                    return await _receive_body(receive, self._limits.max_body_bytes)
                finally:
                    late.cancel()
        except TimeoutError:
            raise _RequestRejected(BODY_TIMEOUT) from None

    def _verify_signature(self, head: _SignedHeaders, body: bytes) -> None:
        digest = hmac.digest(self._key, b"v0:%b:%b" % (head.timestamp, body), "sha256")
        if not hmac.compare_digest(b"v0=" + digest.hex().encode(), head.signature):
            raise _RequestRejected(INVALID_SIGNATURE)

    def _reject_replay(self, signature: bytes) -> None:
        if signature in self._seen_signatures:
            raise _RequestRejected(REPLAYED_REQUEST)
        self._seen_signatures[signature] = None


class _RequestRejected(Exception):
    def __init__(self, response: ErrorResponse) -> None:
        self.response = response


@dataclass(frozen=True, slots=True)
class _SignedHeaders:
    is_json: bool
    timestamp: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class _VerifiedBody:
    """``body`` as Bolt shall read it; ``once`` when a second copy can only be a replay."""

    body: bytes
    reject_replays: bool


_MAX_LENGTH_DIGITS: Final = 20
_TIMESTAMP: Final = re.compile(rb"[0-9]{1,12}")
_SIGNATURE: Final = re.compile(rb"v0=[0-9a-f]{64}")
_COMMAND: Final = re.compile(r"(?:^|&)(?:command|ssl_check)=")
_ALLOWED_CONTENT_TYPE: Final = re.compile(
    rb"(?:application/x-www-form-urlencoded|(?P<json>application/json))"
    rb'(?:[ \t]*;[ \t]*charset="?utf-?8"?)?[ \t]*',
    re.IGNORECASE,
)
_CHECKED_HEADERS: Final = frozenset(
    {b"content-type", b"content-length", b"x-slack-request-timestamp", b"x-slack-signature"}
)


def _collect_headers(scope: Scope) -> dict[bytes, bytes]:
    """The headers that are looked at. Repeated ones are joined with a comma, as HTTP reads them,
    and a comma is what none of them may hold."""
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _CHECKED_HEADERS:
            found[name] = b"%b, %b" % (found[name], value) if name in found else value
    return found


async def _receive_body(receive: Receive, max_bytes: int) -> bytes | None:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > max_bytes:
            raise _RequestRejected(BODY_TOO_LARGE)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def _parse_json(body: bytes) -> _VerifiedBody:
    _parse_object(_decode_text(body))
    # Bolt knows JSON by its first character when the content type carries a charset.
    return _VerifiedBody(body.lstrip(), reject_replays=False)


def _parse_form(body: bytes) -> _VerifiedBody:
    """A command's form is only glanced at: commands are the bulk of the requests."""
    text = _decode_text(body)
    if text.startswith("{"):  # Bolt would take it for JSON
        raise _RequestRejected(INVALID_FORM)
    fields = dict(parse_qsl(text, keep_blank_values=True)) if "payload" in text else {}
    if "payload" in fields:
        kind = _parse_object(fields["payload"]).get("type")
        return _VerifiedBody(body, reject_replays=kind != "block_suggestion")
    if not _COMMAND.search(text):
        raise _RequestRejected(INVALID_FORM)
    # Bolt takes any form in which the word "payload" occurs for an interaction, and finds it empty
    # when somebody typed that word. The same form, spelt so that it does not occur.
    return _VerifiedBody(body.replace(b"payload", b"p%61yload"), reject_replays=True)


def _decode_text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise _RequestRejected(NOT_UTF8) from None


def _parse_object(text: str) -> dict[str, Any]:
    """Parsed as Bolt will parse it. Half a surrogate pair is valid JSON and no text: it is refused
    here, for it could be neither stored nor sent on."""
    try:
        value = json.loads(text)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise _RequestRejected(NOT_JSON) from None
    if not isinstance(value, dict):
        raise _RequestRejected(NOT_JSON)
    return value


def _buffered_receive(body: bytes, receive: Receive) -> Receive:
    message: Message | None = {"type": "http.request", "body": body, "more_body": False}

    async def replayed() -> Message:
        nonlocal message
        first, message = message, None
        return await receive() if first is None else first

    return replayed


async def _send_error(send: Send, response: ErrorResponse) -> None:
    text = response.text.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(text)),
        *response.headers,
    ]
    with contextlib.suppress(OSError):  # the sender did not wait for the answer
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": text})


def _ignore_result(_: str) -> None:
    """The metrics of a guard that nobody watches."""
