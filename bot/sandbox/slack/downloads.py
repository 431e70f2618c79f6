"""A file as an HTTP response that a browser saves and never displays or runs."""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response

_DOWNLOAD_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "no-store",
}


def download_response(name: str, content: bytes, content_type: str) -> Response:
    headers = {
        **_DOWNLOAD_HEADERS,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
    }
    return Response(content, media_type=content_type, headers=headers)
