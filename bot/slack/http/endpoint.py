"""``POST /slack/events`` as an ASGI app: the guarded body into Bolt, Bolt's answer out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from slack_bolt.async_app import AsyncApp, AsyncBoltRequest

from bot.slack.payloads import is_well_formed

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

FORWARDED_HEADERS = frozenset({b"content-type", b"x-slack-retry-num", b"x-slack-retry-reason"})

PLAIN_TEXT = "text/plain;charset=utf-8"


class BoltAdapter:
    """Stands behind the guard, which has read the whole body and hands it over in one piece."""

    def __init__(self, bolt: AsyncApp) -> None:
        self._bolt = bolt

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = (await receive())["body"]
        headers: dict[str, str | Sequence[str]] = {
            key.decode("latin-1"): value.decode("latin-1")
            for key, value in scope["headers"]
            if key in FORWARDED_HEADERS
        }
        request = _parse_request(body.decode(), headers)
        if request is None:
            await _send_response(send, 400, "This is no request of Slack's.", PLAIN_TEXT)
            return
        response = await self._bolt.async_dispatch(request)
        content_type = response.first_headers().get("content-type", PLAIN_TEXT)
        await _send_response(send, response.status, response.body, content_type)


def _parse_request(body: str, headers: dict[str, str | Sequence[str]]) -> AsyncBoltRequest | None:
    """Nothing where the payload has another shape than Slack's: Bolt trusts it, and so do we."""
    try:
        request = AsyncBoltRequest(body=body, headers=headers)
    except (TypeError, ValueError, LookupError, AttributeError, RecursionError):
        return None  # Bolt reads ids out of the payload as it builds the request
    return request if is_well_formed(request.body) else None


async def _send_response(send: Send, status: int, text: str, content_type: str) -> None:
    body = text.encode()
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", content_type.encode("latin-1")),
                (b"content-length", str(len(body)).encode()),
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})
