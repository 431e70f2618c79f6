"""The checks of a request in Socket Mode: those of HTTP that don't depend on the transport."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Final

from bot.aio.clock import Clock
from bot.slack.commands.command import Payload
from bot.slack.http.parsing import FORM_FIELDS, INVALID_PAYLOAD, NOT_JSON, ParsedRequest
from bot.slack.http.verification import (
    BODY_TOO_LARGE,
    REPLAYED_REQUEST,
    RequestRejected,
    SeenKeys,
    VerifierLimits,
)
from bot.slack.payloads import is_well_formed
from bot.slack.surfaces import Ack

REPEATABLE_TYPES: Final = frozenset(
    {"app_rate_limited", "block_suggestion", "event_callback", "url_verification"}
)
"""Slack retries events, and options may be asked for twice within a second."""


class EnvelopeChecker:
    """Passes each readable payload on, and each command and interaction once.

    The socket is authenticated by its own URL, so there is no signature to remember: a payload is
    known by its content, which has the trigger ID of the person's action.
    """

    def __init__(
        self,
        dispatch: Callable[[Payload], Awaitable[Ack | None]],
        clock: Clock,
        *,
        on_rejected: Callable[[str], None],
        limits: VerifierLimits | None = None,
    ) -> None:
        self._dispatch = dispatch
        self._clock = clock
        self._on_rejected = on_rejected
        self._limits = limits or VerifierLimits()
        self._seen = SeenKeys.from_limits(self._limits)

    async def dispatch(self, payload: object) -> Ack | None:
        """Return the ack. Raise ``RequestRejected``."""
        try:
            accepted = self._check(payload)
        except RequestRejected as rejected:
            self._on_rejected(rejected.response.reason)
            raise
        return await self._dispatch(accepted)

    def _check(self, payload: object) -> Payload:
        request = parse_envelope(payload)
        try:
            content = json.dumps(request.payload, ensure_ascii=False).encode()
        except ValueError:  # half a surrogate pair, which could not be stored
            raise RequestRejected(NOT_JSON) from None
        if len(content) > self._limits.max_body_bytes:
            raise RequestRejected(BODY_TOO_LARGE)
        key = sha256(content).digest()
        if not request.may_repeat and not self._seen.add(key, self._clock.monotonic()):
            raise RequestRejected(REPLAYED_REQUEST)
        return request.payload


def parse_envelope(payload: object) -> ParsedRequest:
    """Return the request of an envelope. Raise ``RequestRejected`` for any other shape."""
    if not isinstance(payload, dict):
        raise RequestRejected(NOT_JSON)
    if "command" in payload and "type" not in payload:
        fields = {name: payload[name] for name in FORM_FIELDS if name in payload}
        if not all(isinstance(value, str) for value in fields.values()):
            raise RequestRejected(INVALID_PAYLOAD)
        return ParsedRequest(fields, may_repeat=False)
    if not is_well_formed(payload):
        raise RequestRejected(INVALID_PAYLOAD)
    return ParsedRequest(payload, payload.get("type") in REPEATABLE_TYPES)
