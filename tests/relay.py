"""A line between the bot and a stand-in that can lose what goes one way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Literal
from urllib.parse import urlsplit

CHUNK = 65_536

Way = Literal["requests", "answers"]


class Line:
    """``url`` is the stand-in's as the bot is told it. ``lost`` is set as soon as bytes were."""

    def __init__(self) -> None:
        self.url = ""
        self.lost = asyncio.Event()
        self._losing: Way | None = None

    def lose(self, way: Way | None) -> None:
        """From now on what goes that way vanishes; with ``None`` everything arrives again."""
        self._losing = way
        self.lost.clear()

    async def carry(
        self, way: Way, source: asyncio.StreamReader, into: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError):
            while part := await source.read(CHUNK):
                if way == self._losing:
                    self.lost.set()
                    continue
                into.write(part)
                await into.drain()


@asynccontextmanager
async def relayed(to: str) -> AsyncIterator[Line]:
    """``to`` is the stand-in's base URL."""
    line = Line()
    parts = urlsplit(to)

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until either side hangs up."""
        far_reader, far_writer = await asyncio.open_connection(parts.hostname, parts.port)
        ways = [
            asyncio.ensure_future(line.carry("requests", reader, far_writer)),
            asyncio.ensure_future(line.carry("answers", far_reader, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in ways:
                one.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            writer.close()
            far_writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    line.url = f"http://{host}:{port}"
    try:
        yield line
    finally:
        server.close()
        await server.wait_closed()
