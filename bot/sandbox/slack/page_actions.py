"""A person's actions on the page: JSON in, ``{"ok": ...}`` out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.sandbox.slack.errors import ActionNotPossible
from bot.sandbox.slack.exchange_log import ExchangeLog

Json = dict[str, Any]

_BAD_REQUEST, _UNSUPPORTED = 400, 415


def json_endpoint(
    exchange_log: ExchangeLog, action: Callable[[Json], Awaitable[Json]]
) -> Callable[[Request], Awaitable[Response]]:
    """Read the JSON body (only JSON: other sites' forms can't send it) and perform the action."""

    async def endpoint(request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return JSONResponse({"ok": False, "error": "Send JSON."}, _UNSUPPORTED)
        try:
            with exchange_log.track():
                return JSONResponse({"ok": True, **await action(await request.json())})
        except ActionNotPossible as refusal:
            return JSONResponse({"ok": False, "error": str(refusal)})
        except (KeyError, TypeError, ValueError, AttributeError):
            error = {"ok": False, "error": "The request is not as it should be."}
            return JSONResponse(error, _BAD_REQUEST)

    return endpoint
