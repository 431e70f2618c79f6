"""A person's actions on the page: JSON in, ``{"ok": ...}`` out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sandbox.slack.errors import ActionNotPossible
from bot.sandbox.slack.exchange_log import ExchangeLog

Json = dict[str, Any]

_BAD_REQUEST, _UNSUPPORTED = 400, 415


class PageActions:
    """Performs actions, and tracks in which page of a person a form was opened.

    Slack opens a form only where it was requested: not in a second window, nor after a reload.
    """

    def __init__(self, exchange_log: ExchangeLog) -> None:
        self._exchange_log = exchange_log
        self._used_pages: dict[str, str] = {}
        self._page_by_stack: dict[str, str] = {}

    def build_route(self, path: str, action: Callable[[Json], Awaitable[Json]]) -> Route:
        """Read the JSON body (only JSON: other sites' forms can't send it) and perform the action.

        Its ``page`` identifies the open page, which changes with each reload.
        """

        async def answer_request(request: Request) -> Response:
            if request.headers.get("content-type", "").partition(";")[0] != "application/json":
                return JSONResponse({"ok": False, "error": "Send JSON."}, _UNSUPPORTED)
            try:
                body = await request.json()
                if body.get("page") and "as" in body:
                    self._used_pages[body["as"]] = body["page"]
                with self._exchange_log.track():
                    return JSONResponse({"ok": True, **await action(body)})
            except ActionNotPossible as refusal:
                return JSONResponse({"ok": False, "error": str(refusal)})
            except (KeyError, TypeError, ValueError, AttributeError):
                error = {"ok": False, "error": "The request is not as it should be."}
                return JSONResponse(error, _BAD_REQUEST)

        return Route(path, answer_request, methods=["POST"])

    def shows_forms(self, person: str, page: str, stack: Sequence[Json]) -> bool:
        """Return whether this page shows a person's forms: those that were opened from it."""
        if not stack:
            return True
        used = self._used_pages.get(person, "")
        return self._page_by_stack.setdefault(stack[0]["root_view_id"], used) in ("", page)
