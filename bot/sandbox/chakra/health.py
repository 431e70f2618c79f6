"""``GET /v1/health``: the probe with which the vendor's own n8n node tests a token."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.sandbox.chakra import envelope


def build_routes() -> list[Route]:
    return [Route("/v1/health", _get_health, methods=["GET"])]


async def _get_health(_: Request) -> Response:
    # The body is UNKNOWN; that a wrong token gets 401 (checked by the pipeline) is INFERRED from
    # the probe's use as a token test.
    return envelope.build_data_response({"status": "ok"})
