"""The ASGI app: Slack's endpoint, Chakra's webhooks, and the routes for operators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.health import HealthChecker
from bot.logs import bind_request_id, generate_request_id
from bot.metrics import CONTENT_TYPE, Metrics

SLACK_EVENTS_PATH = "/slack/events"
CHAKRA_EVENTS_PATH = "/chakra/events"


class WebApp:
    """Dispatch by path, without the cost of a web framework on the path of every command.

    ``slack`` is ``None`` in Socket Mode, which answers 404 there. ``events`` receives Chakra's
    webhooks.
    """

    def __init__(
        self,
        *,
        slack: ASGIApp | None,
        events: ASGIApp,
        health: HealthChecker,
        metrics: Metrics,
    ) -> None:
        self._mounts = {
            path: app
            for path, app in ((SLACK_EVENTS_PATH, slack), (CHAKRA_EVENTS_PATH, events))
            if app is not None
        }
        self._health = health
        self._metrics = metrics
        self._log = structlog.get_logger("web")
        self._routes: Mapping[str, Any] = {
            "/healthz": self._answer_healthz,
            "/readyz": self._answer_readyz,
            "/metrics": self._render_metrics,
        }
        self.draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close"})  # before accepting, which makes it a 403
            return
        try:
            mount = self._mounts.get(scope["path"])
            if mount is not None:
                await mount(scope, receive, send)
            else:
                response = await self._dispatch(Request(scope, receive))
                await response(scope, receive, send)
        except Exception as failed:
            reference = generate_request_id()
            bind_request_id(reference)
            self._log.exception("request_failed", path=scope["path"], kind=type(failed).__name__)
            raise

    async def _dispatch(self, request: Request) -> Response:
        route = self._routes.get(request.scope["path"])
        if route is None:
            return PlainTextResponse("Not found.\n", 404)
        if request.method not in ("GET", "HEAD"):
            return PlainTextResponse("Only GET.\n", 405, headers={"allow": "GET, HEAD"})
        response: Response = await route()
        return response

    async def _answer_healthz(self) -> Response:
        """Answer that the process is running."""
        return JSONResponse({"status": "ok"})

    async def _answer_readyz(self) -> Response:
        """Answer whether it can serve. Without Chakra it is degraded: a restart would not help."""
        if self.draining:
            return JSONResponse({"status": "stopping"}, 503)
        slack = await self._health.check_slack()
        if slack.is_token_rejected or slack.is_unreachable:
            return JSONResponse({"status": "failing", "reason": f"Slack: {slack.problem}"}, 503)
        database = await self._health.check_database()
        if not database.is_healthy:
            return JSONResponse(
                {"status": "failing", "reason": f"Database: {database.problem}"}, 503
            )
        problems = [
            f"{reading.service}: {reading.problem}"
            for reading in (slack, await self._health.check_chakra())
            if not reading.is_healthy
        ]
        if problems:
            return JSONResponse({"status": "degraded", "reason": "; ".join(problems)})
        return JSONResponse({"status": "ok"})

    async def _render_metrics(self) -> Response:
        return Response(self._metrics.render(), headers={"content-type": CONTENT_TYPE})
