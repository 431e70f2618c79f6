"""A line between the bot and a stand-in that can lose what goes one way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Literal
from urllib.parse import urlsplit

CHUNK_SIZE = 65_536

Direction = Literal["requests", "answers"]


class LossyProxy:
    """``url`` is the stand-in's address for the bot. ``lost`` is set once bytes were lost."""

    def __init__(self) -> None:
        self.url = ""
        self.dropped = asyncio.Event()
        self._dropped_direction: Direction | None = None

    def drop(self, direction: Direction | None) -> None:
        """From now on what goes that way vanishes; with ``None`` everything arrives again."""
        self._dropped_direction = direction
        self.dropped.clear()

    async def forward(
        self, direction: Direction, source: asyncio.StreamReader, into: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError):
            while part := await source.read(CHUNK_SIZE):
                if direction == self._dropped_direction:
                    self.dropped.set()
                    continue
                into.write(part)
                await into.drain()


@asynccontextmanager
async def start_proxy(upstream_url: str) -> AsyncIterator[LossyProxy]:
    """``to`` is the stand-in's base URL."""
    line = LossyProxy()
    parts = urlsplit(upstream_url)

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until either side hangs up."""
        far_reader, far_writer = await asyncio.open_connection(parts.hostname, parts.port)
        ways = [
            asyncio.ensure_future(line.forward("requests", reader, far_writer)),
            asyncio.ensure_future(line.forward("answers", far_reader, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
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
