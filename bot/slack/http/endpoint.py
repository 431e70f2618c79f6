"""``POST /slack/events`` as an ASGI app: verify, read, parse, dispatch, acknowledge."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.types import Receive, Scope, Send

from bot.slack.commands.command import Payload
from bot.slack.http.parsing import parse_form, parse_json
from bot.slack.http.ssl_check import is_ssl_check
from bot.slack.http.verification import (
    BODY_TIMEOUT,
    BODY_TOO_LARGE,
    METHOD_NOT_ALLOWED,
    MISSING_SIGNATURE,
    RequestRejected,
    RequestVerifier,
)
from bot.slack.surfaces import Ack
from bot.web.body import (
    JSON,
    OVER_BUDGET,
    TEXT,
    BodyBudgetExceeded,
    BodyReader,
    BodyTooLarge,
    TextResponse,
    send_response,
    send_text,
)

ACCEPTED: Final = "passed"
DISCONNECTED: Final = "disconnected"

UNKNOWN_REQUEST: Final = TextResponse(
    "unknown", 404, "This app does not know this kind of request."
)


class SlackEndpoint:
    """Only requests that Slack signed reach ``dispatch``; ``ssl_check`` gets an empty 200.

    Commands and interactions reach it only once, as far as this process remembers. ``on_result``
    gets one word per request: ``ACCEPTED``, ``DISCONNECTED`` or the reason of the rejection.
    An exception of ``dispatch`` is left to the server.
    """

    def __init__(
        self,
        dispatch: Callable[[Payload], Awaitable[Ack | None]],
        verifier: RequestVerifier,
        bodies: BodyReader,
        *,
        on_result: Callable[[str], None],
    ) -> None:
        self._dispatch = dispatch
        self._verifier = verifier
        self._bodies = bodies
        self._on_result = on_result

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            payload = await self._receive_payload(scope, receive)
        except RequestRejected as rejected:
            if await self._is_ssl_check(rejected.response, scope, receive):
                self._on_result(ACCEPTED)
                await send_response(send, 200, b"", TEXT)
                return
            self._on_result(rejected.response.reason)
            await send_text(send, rejected.response)
            return
        if payload is None:
            self._on_result(DISCONNECTED)
            return
        self._on_result(ACCEPTED)
        ack = await self._dispatch(payload)
        if ack is None:
            await send_text(send, UNKNOWN_REQUEST)
        else:
            await send_response(send, 200, ack, JSON if ack else TEXT)

    async def _is_ssl_check(self, rejection: TextResponse, scope: Scope, receive: Receive) -> bool:
        if rejection is not MISSING_SIGNATURE and rejection is not METHOD_NOT_ALLOWED:
            return False
        seconds = self._verifier.limits.body_timeout_seconds
        return await is_ssl_check(scope, receive, self._bodies, seconds)

    async def _receive_payload(self, scope: Scope, receive: Receive) -> Payload | None:
        """Return the payload; ``None`` if the client disconnected. Raise ``RequestRejected``."""
        headers = self._verifier.check_headers(scope)
        body = await self._read_body(receive)
        if body is None:
            return None
        self._verifier.check_signature(headers, body)
        request = parse_json(body) if headers.is_json else parse_form(body)
        if not request.may_repeat:
            self._verifier.check_replay(headers)
        return request.payload

    async def _read_body(self, receive: Receive) -> bytes | None:
        limits = self._verifier.limits
        try:
            return await self._bodies.read(
                receive,
                max_bytes=limits.max_body_bytes,
                timeout_seconds=limits.body_timeout_seconds,
            )
        except BodyTooLarge:
            raise RequestRejected(BODY_TOO_LARGE) from None
        except BodyBudgetExceeded:
            raise RequestRejected(OVER_BUDGET) from None
        except TimeoutError:
            raise RequestRejected(BODY_TIMEOUT) from None
