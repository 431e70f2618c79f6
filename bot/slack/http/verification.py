"""Verify a request from Slack before its payload is read: headers, age, signature, replays."""

from __future__ import annotations

import hmac
import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, NamedTuple

from starlette.types import Scope

from bot.aio.clock import Clock
from bot.web.body import CLOSE_CONNECTION, TextResponse


@dataclass(frozen=True, slots=True)
class VerifierLimits:
    """Limits in seconds and bytes. The defaults are Slack's documented ones, with a margin."""

    max_body_bytes: int = 1_048_576
    """A view is at most 250 KB, and form encoding triples its quotes."""
    body_timeout_seconds: float = 2.5
    """A body that takes longer could not be answered within Slack's 3 seconds."""
    max_clock_skew_seconds: int = 300
    """docs.slack.dev/authentication/verifying-requests-from-slack"""
    max_cached_signatures: int = 20_000
    """Signatures: 33 commands a second, remembered for ten minutes in 6 MB."""


METHOD_NOT_ALLOWED: Final = TextResponse(
    "method", 405, "Slack sends POST requests.", ((b"allow", b"POST"),)
)
UNSUPPORTED_CONTENT_TYPE: Final = TextResponse(
    "content_type", 415, "Send application/x-www-form-urlencoded or application/json in UTF-8."
)
INVALID_CONTENT_LENGTH: Final = TextResponse(
    "content_length", 400, "Content-Length is not a number."
)
BODY_TOO_LARGE: Final = TextResponse("too_large", 413, "The body is too large.")
BODY_TIMEOUT: Final = TextResponse(
    "too_slow", 408, "The body took too long to arrive.", CLOSE_CONNECTION
)
MISSING_SIGNATURE: Final = TextResponse(
    "unsigned", 401, "Slack's signature headers are missing or malformed."
)
STALE_TIMESTAMP: Final = TextResponse(
    "stale", 401, "The timestamp is too far from this server's clock."
)
INVALID_SIGNATURE: Final = TextResponse(
    "forged", 401, "The signature does not match the signing secret."
)
REPLAYED_REQUEST: Final = TextResponse("replayed", 409, "This request was already received.")


class RequestRejected(Exception):
    """The request is answered with ``response`` and goes no further."""

    def __init__(self, response: TextResponse) -> None:
        super().__init__(response.reason)
        self.response = response


class SignedHeaders(NamedTuple):
    """The headers that the signature covers, and whether the body is JSON."""

    is_json: bool
    timestamp: bytes
    signature: bytes


class RequestVerifier:
    """Every method raises ``RequestRejected`` for an invalid request."""

    def __init__(
        self, signing_secret: str, clock: Clock, limits: VerifierLimits | None = None
    ) -> None:
        """Raise ``ValueError`` for an empty secret, with which anyone could sign."""
        if not signing_secret.strip():
            raise ValueError("the signing secret is empty")
        self.limits = limits or VerifierLimits()
        self._key = signing_secret.encode()
        self._clock = clock
        self._seen_signatures = SeenKeys.from_limits(self.limits)

    def check_headers(self, scope: Scope) -> SignedHeaders:
        """Return the headers that the signature covers, before any byte of the body is read."""
        if scope["method"] != "POST":
            raise RequestRejected(METHOD_NOT_ALLOWED)
        headers = _collect_headers(scope)
        content_type = _ALLOWED_CONTENT_TYPE.fullmatch(headers.get(b"content-type", b""))
        if content_type is None:
            raise RequestRejected(UNSUPPORTED_CONTENT_TYPE)
        self._check_length(headers.get(b"content-length", b"0"))
        timestamp = headers.get(b"x-slack-request-timestamp", b"")
        signature = headers.get(b"x-slack-signature", b"")
        if not (_TIMESTAMP.fullmatch(timestamp) and _SIGNATURE.fullmatch(signature)):
            raise RequestRejected(MISSING_SIGNATURE)
        if abs(self._clock.time() - int(timestamp)) > self.limits.max_clock_skew_seconds:
            raise RequestRejected(STALE_TIMESTAMP)
        return SignedHeaders(content_type["json"] is not None, timestamp, signature)

    def check_signature(self, headers: SignedHeaders, body: bytes) -> None:
        digest = hmac.digest(self._key, b"v0:%b:%b" % (headers.timestamp, body), "sha256")
        if not hmac.compare_digest(b"v0=" + digest.hex().encode(), headers.signature):
            raise RequestRejected(INVALID_SIGNATURE)

    def check_replay(self, headers: SignedHeaders) -> None:
        """Accept each signature once, as far as this process remembers."""
        if not self._seen_signatures.add(headers.signature, self._clock.monotonic()):
            raise RequestRejected(REPLAYED_REQUEST)

    def _check_length(self, length: bytes) -> None:
        if not length.isdigit():
            raise RequestRejected(INVALID_CONTENT_LENGTH)
        if len(length) > _MAX_LENGTH_DIGITS or int(length) > self.limits.max_body_bytes:
            raise RequestRejected(BODY_TOO_LARGE)


class SeenKeys:
    """The keys of the last ``max_count`` requests, each for ``lifetime`` seconds.

    All have the same lifetime, so the oldest is always the first, which takes a fraction of the
    time of a ``TTLCache``.
    """

    def __init__(self, max_count: int, lifetime: float) -> None:
        self._max_count = max_count
        self._lifetime = lifetime
        self._expiries: OrderedDict[bytes, float] = OrderedDict()

    @classmethod
    def from_limits(cls, limits: VerifierLimits) -> SeenKeys:
        # A timestamp ahead of our clock stays acceptable for up to twice the allowed skew.
        return cls(limits.max_cached_signatures, 2 * limits.max_clock_skew_seconds)

    def add(self, key: bytes, now: float) -> bool:
        """Return whether the key was new. ``now`` is in monotonic seconds."""
        expiries = self._expiries
        while expiries:
            if expiries[next(iter(expiries))] > now:
                break
            expiries.popitem(last=False)
        if key in expiries:
            return False
        if len(expiries) >= self._max_count:
            expiries.popitem(last=False)
        expiries[key] = now + self._lifetime
        return True


_MAX_LENGTH_DIGITS: Final = 20
_TIMESTAMP: Final = re.compile(rb"[0-9]{1,12}")
_SIGNATURE: Final = re.compile(rb"v0=[0-9a-f]{64}")
_ALLOWED_CONTENT_TYPE: Final = re.compile(
    rb"(?:application/x-www-form-urlencoded|(?P<json>application/json))"
    rb'(?:[ \t]*;[ \t]*charset="?utf-?8"?)?[ \t]*',
    re.IGNORECASE,
)
_CHECKED_HEADERS: Final = frozenset(
    {b"content-type", b"content-length", b"x-slack-request-timestamp", b"x-slack-signature"}
)


def _collect_headers(scope: Scope) -> dict[bytes, bytes]:
    """Return the checked headers. Repeated ones are joined with a comma, as HTTP specifies.

    None of them may contain a comma.
    """
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _CHECKED_HEADERS:
            found[name] = b"%b, %b" % (found[name], value) if name in found else value
    return found
