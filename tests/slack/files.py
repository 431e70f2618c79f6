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
from tests.slack.wire import Wire, client

MEGABYTE = 1024 * 1024
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
PAGE = "<!DOCTYPE html><html lang='en'><title>Sign in | Slack</title><body>…</body></html>"


async def fetched(files: SlackFiles, file_id: str = "F1", most: int = 5 * MEGABYTE) -> bytes:
    return await files.download(await files.get_info(file_id), max_bytes=most)


async def not_given(files: SlackFiles, file_id: str = "F1", most: int = 5 * MEGABYTE) -> str:
    with pytest.raises(FileUnavailable) as raised:
        await fetched(files, file_id, most)
    return raised.value.code


@asynccontextmanager
async def not_quite(clock: ManualClock, **shown: Any) -> AsyncIterator[tuple[Wire, SlackFiles]]:
    """It tells of one file, whose bytes are at ``/file``."""
    wire = Wire()
    async with wire.served() as url, client(f"{url}/api/", clock) as slack:
        file = {
            "name": "a.png",
            "mimetype": "image/png",
            "size": 1234,
            "url_private": f"{url}/file",
            **shown,
        }
        wire.at["/api/files.info"] = lambda: JSONResponse({"ok": True, "file": file})
        wire.at["/signin"] = lambda: HTMLResponse(PAGE)
        yield wire, slack.files


def paths(wire: Wire) -> list[str]:
    return [one.path for one in wire.asked]


def wire_address(files: SlackFiles) -> str:
    return str(files._api_url.origin())
