"""Files that a test asks for, of the embedded Slack and of something that is not quite Slack."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.responses import HTMLResponse, JSONResponse

from bot.errors import FileUnavailable
from bot.slack.client.files import SlackFiles
from tests.clock import ManualClock
from tests.slack.stub_server import StubServer, open_client

MEGABYTE = 1024 * 1024
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
SIGN_IN_PAGE = "<!DOCTYPE html><html lang='en'><title>Sign in | Slack</title><body>…</body></html>"


async def download(files: SlackFiles, file_id: str = "F1", max_bytes: int = 5 * MEGABYTE) -> bytes:
    return await files.download(await files.get_info(file_id), max_bytes=max_bytes)


async def catch_unavailable(
    files: SlackFiles, file_id: str = "F1", max_bytes: int = 5 * MEGABYTE
) -> str:
    with pytest.raises(FileUnavailable) as raised:
        await download(files, file_id, max_bytes)
    return raised.value.code


@asynccontextmanager
async def serve_stub_files(
    clock: ManualClock, **fields: Any
) -> AsyncIterator[tuple[StubServer, SlackFiles]]:
    """It tells of one file, whose bytes are at ``/file``."""
    wire = StubServer()
    async with wire.serve() as url, open_client(f"{url}/api/", clock) as slack:
        file = {
            "name": "a.png",
            "mimetype": "image/png",
            "size": 1234,
            "url_private": f"{url}/file",
            **fields,
        }
        wire.path_responses["/api/files.info"] = lambda: JSONResponse({"ok": True, "file": file})
        wire.path_responses["/signin"] = lambda: HTMLResponse(SIGN_IN_PAGE)
        yield wire, slack.files


def list_requested_paths(wire: StubServer) -> list[str]:
    return [request.path for request in wire.requests]


def get_files_origin(files: SlackFiles) -> str:
    return str(files._api_url.origin())
