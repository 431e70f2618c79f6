"""uvicorn's HTTP protocol with limits on what a client may use before its request is complete."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

MAX_CONNECTIONS = 500
"""Slack, Chakra and a proxy keep a few dozen; the usual limit on open files is 1,024."""
MAX_OVERHEAD_BYTES = 64 * 1024
"""Bytes of a request that are not its body: request line, headers, chunk sizes and trailers."""

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
_UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\n"
_CLOSE = b"content-length: 0\r\nconnection: close\r\n\r\n"


class _PipelinedRequest(Exception):
    """A client sent a request before the response to its previous one."""


class LimitedHttpProtocol(HttpToolsProtocol):
    """Limit the number of connections and the memory of each.

    Beyond ``max_connections`` the connection that has waited longest for its client is closed, so
    that idle and slow clients cannot keep others out. Pipelined requests, which no client of ours
    sends, are not read: the connection closes after the first response.
    """

    def __init__(self, *args: Any, max_connections: int = MAX_CONNECTIONS, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._max_connections = max_connections
        self.waiting_since = self.loop.time()
        self._overhead_bytes = 0
        self._is_pipelined = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept the connection, closing another one or itself if there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self._max_connections:
            waiting = [
                connection
                for connection in self.connections
                if isinstance(connection, LimitedHttpProtocol) and connection.is_waiting
            ]
            refused = min(waiting, key=lambda connection: connection.waiting_since)
            refused.refuse(_UNAVAILABLE, is_new=refused is self)

    @property
    def is_waiting(self) -> bool:
        """Whether the client must act: send the remaining request or the next, or read."""
        if self.transport.is_closing():
            return False
        cycle = self._find_current_cycle()
        if cycle is None or self.flow.write_paused:
            return True
        return cycle.response_complete or cycle.more_body

    def refuse(self, status: bytes, *, is_new: bool = False) -> None:
        """Close the connection, with ``status`` for a request that has arrived in part."""
        cycle = self._find_current_cycle()
        is_unanswered = cycle is None or not (cycle.response_started or cycle.response_complete)
        if is_new or (self._overhead_bytes and is_unanswered):
            self.transport.write(status + _CLOSE)
        self.connections.discard(self)
        if self.flow.write_paused:
            self.transport.abort()
        else:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Parse ``data``, which may hold the end of one request and the beginning of another."""
        if self._is_pipelined or self.transport.is_closing():
            return
        self._overhead_bytes += len(data)
        super().data_received(data)
        if self._overhead_bytes > MAX_OVERHEAD_BYTES and not self.transport.is_closing():
            self.refuse(_TOO_LARGE)

    # --- callbacks of the parser -----------------------------------------------------------------

    def on_message_begin(self) -> None:
        cycle = self._find_current_cycle()
        if cycle is not None and not cycle.response_complete:
            self._is_pipelined = True
            cycle.keep_alive = False
            self.flow.pause_reading()
            raise _PipelinedRequest  # ends the parsing, and is caught by the caller
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        self._overhead_bytes -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._overhead_bytes = 0

    def send_400_response(self, msg: str) -> None:
        """Answer an invalid request; the first of pipelined ones gets its own response."""
        if not self._is_pipelined:
            super().send_400_response(msg)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.waiting_since = self.loop.time()

    def _find_current_cycle(self) -> RequestResponseCycle | None:
        """Return the request that was received last. There is none before the first."""
        return self.cycle
