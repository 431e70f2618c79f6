"""The envelope of every response (``_data``, ``_meta``, ``_errors``), and error responses.

Empty ``_meta`` and ``_errors`` are omitted, as in the documented examples. Status codes are
INFERRED: the documentation names none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

INVALID_TOKEN_MESSAGE = "accessToken is not valid"
NOT_FOUND_MESSAGE = "Not Found"
MAX_JSON_BYTES = 1024 * 1024
"""UNKNOWN: what nginx, as it is installed, lets through in front of an API."""
TOO_LARGE_PAGE = "<html><head><title>413 Request Entity Too Large</title></head></html>"


def build_data_response(
    value: Any, *, meta: Mapping[str, Any] | None = None, status: int = 200
) -> Response:
    """Return ``{"_data": value}``, with ``_meta`` when there is one."""
    body = {"_data": value}
    if meta is not None:
        body["_meta"] = dict(meta)
    return JSONResponse(body, status)


def build_error_response(
    status: int, *messages: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Return ``{"_errors": [...]}``: the items are strings, as the vendor's SDK types them."""
    return JSONResponse({"_errors": list(messages)}, status, headers)


class RequestError(HTTPException):
    """Raised by a resource to respond with ``status`` and ``message`` as the only error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)


class BodyRefused(HTTPException):
    """Raised for a body that a proxy in front of the API refuses, with a page of its own."""


async def handle_http_error(_: Request, error: Exception) -> Response:
    """Return the response for ``RequestError``, and for the router's own 404 and 405."""
    if not isinstance(error, HTTPException):
        raise error
    if isinstance(error, BodyRefused):
        return HTMLResponse(TOO_LARGE_PAGE, error.status_code)
    return build_error_response(error.status_code, error.detail, headers=error.headers)


async def read_json(request: Request) -> Any:
    """Return the parsed body. Raise ``RequestError`` (400) for invalid JSON, or ``BodyRefused``."""
    if len(await request.body()) > MAX_JSON_BYTES:
        raise BodyRefused(413)
    try:
        return await request.json()
    except ValueError as unreadable:
        raise RequestError(400, "the body is not JSON") from unreadable


async def read_json_object(request: Request) -> dict[str, Any]:
    """Return the body's JSON object. Raise ``RequestError`` (400) for anything else."""
    body = await read_json(request)
    if not isinstance(body, dict):
        raise RequestError(400, "the body is not an object")
    return body
