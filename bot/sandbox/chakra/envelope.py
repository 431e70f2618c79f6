"""The envelope of every answer: ``_data``, ``_meta`` and ``_errors``, and how a refusal is worded.

``_meta`` and ``_errors`` are left out where there is nothing to say, as in the documented examples.
Status codes are INFERRED: the API's pages name none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

BAD_TOKEN = "accessToken is not valid"  # noqa: S105 - the API's sentence, not a token
NO_SUCH_PATH = "Not Found"


def data(value: Any, *, meta: Mapping[str, Any] | None = None, status: int = 200) -> Response:
    """``{"_data": value}``, with ``_meta`` when there is one."""
    body = {"_data": value}
    if meta is not None:
        body["_meta"] = dict(meta)
    return JSONResponse(body, status)


def errors(status: int, *messages: str, headers: Mapping[str, str] | None = None) -> Response:
    """``{"_errors": [...]}``: the items are strings, as the vendor's SDK types them."""
    return JSONResponse({"_errors": list(messages)}, status, headers)


class Refused(HTTPException):
    """Raised by a resource to answer ``status`` with ``message`` as the one error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)


async def refusal(_: Request, error: Exception) -> Response:
    """The answer for ``Refused`` and for the router's own 404 and 405."""
    if not isinstance(error, HTTPException):
        raise error
    return errors(error.status_code, error.detail, headers=error.headers)


async def json_body(request: Request) -> Any:
    """Raises ``Refused`` (400) for what is no JSON."""
    try:
        return await request.json()
    except ValueError as unreadable:
        raise Refused(400, "the body is not JSON") from unreadable


async def json_object(request: Request) -> dict[str, Any]:
    """The JSON object of the body. Raises ``Refused`` (400) for anything else."""
    body = await json_body(request)
    if not isinstance(body, dict):
        raise Refused(400, "the body is not an object")
    return body
