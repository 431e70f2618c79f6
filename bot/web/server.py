"""An ASGI app served by uvicorn in the running loop: for serve, the demo and the tests."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, cast

import uvicorn

from bot.web.protocol import MAX_CONNECTIONS, LimitedHttpProtocol

LOOPBACK = "127.0.0.1"
BACKLOG = 2048
KEEP_ALIVE_SECONDS = 75
"""Longer than our clients keep idle connections, so that none writes to a closing one."""
CLOSE_TIMEOUT_SECONDS = 0.5
"""How long an aborted connection may take to end its request."""


@asynccontextmanager
async def serve(
    app: Callable[..., Any],
    port: int = 0,
    *,
    host: str = LOOPBACK,
    grace_seconds: float = 2.0,
    max_connections: int = MAX_CONNECTIONS,
) -> AsyncIterator[str]:
    """Serve ``app`` while the block runs, and yield the base URL ("http://127.0.0.1:49152").

    Port 0 takes a free one. On exit, requests in flight get ``grace_seconds`` to finish and are
    then aborted. Raise ``OSError`` if the port is in use and ``RuntimeError`` if the app's own
    start-up fails.
    """
    listener = _listen(host, port)
    url_host = f"[{host}]" if ":" in host else host
    url = f"http://{url_host}:{listener.getsockname()[1]}"
    server = _Server(_build_config(app, max_connections), grace_seconds)
    try:
        await server.open(listener)
    except BaseException:
        listener.close()
        raise
    try:
        yield url
    finally:
        await server.shutdown([listener])


def _listen(host: str, port: int) -> socket.socket:
    # Named as TCP, or asyncio leaves Nagle on for what is accepted: 40 ms an answer.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener


def _build_config(app: Callable[..., Any], max_connections: int) -> uvicorn.Config:
    protocol = partial(LimitedHttpProtocol, max_connections=max_connections)
    return uvicorn.Config(
        app,
        http=cast("type[asyncio.Protocol]", protocol),
        log_config=None,
        access_log=False,
        date_header=False,
        server_header=False,
        proxy_headers=False,  # nothing here asks for the client's address
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        ws=cast("type[asyncio.Protocol]", _build_websocket_protocol),
    )


def _build_websocket_protocol(**arguments: Any) -> asyncio.Protocol:
    """Import websockets for the first connection: only the demo has any, and ``serve`` has none."""
    from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

    return WebSocketsSansIOProtocol(**arguments)


class _Server(uvicorn.Server):
    """uvicorn without signal handlers, without its polling loop, and with a prompt end."""

    def __init__(self, config: uvicorn.Config, grace_seconds: float) -> None:
        super().__init__(config)
        self._grace_seconds = grace_seconds

    async def open(self, listener: socket.socket) -> None:
        self.config.load()
        self.lifespan = self.config.lifespan_class(self.config)
        try:
            await self.startup(sockets=[listener])
        except SystemExit as failed:
            raise RuntimeError("The app's start-up failed; the log says why.") from failed

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await self._finish_requests()
        for server in self.servers:
            await server.wait_closed()
        for listener in sockets or []:
            listener.close()
        await self.lifespan.shutdown()

    async def _finish_requests(self) -> None:
        if not await self._wait_for_requests(self._grace_seconds):
            for connection in list(self.server_state.connections):
                connection.transport.abort()
            if not await self._wait_for_requests(CLOSE_TIMEOUT_SECONDS):
                for task in list(self.server_state.tasks):
                    task.cancel()
                await self._wait_for_requests(CLOSE_TIMEOUT_SECONDS)
        for connection in list(self.server_state.connections):
            connection.transport.close()

    async def _wait_for_requests(self, seconds: float) -> bool:
        tasks = set(self.server_state.tasks)
        if not tasks:
            return True
        _, late = await asyncio.wait(tasks, timeout=seconds)
        return not late
