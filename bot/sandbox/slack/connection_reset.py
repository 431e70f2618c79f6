"""Break a connection as a bad network would: a TCP reset, with nothing sent."""

from __future__ import annotations

import socket
import struct

from starlette.requests import Request

_SO_LINGER_ZERO = struct.pack("ii", 1, 0)
"""SO_LINGER on, with no linger time: closing the socket resets the connection (socket(7))."""


async def reset_connection(request: Request) -> None:
    """Reset the request's connection, and return once it is closed.

    ASGI has no message for this, so it takes the transport from uvicorn's request, to which
    ``receive`` belongs. Raise ``RuntimeError`` on any other server.
    """
    transport = getattr(getattr(request.receive, "__self__", None), "transport", None)
    if transport is None:
        raise RuntimeError("Connections can be broken under uvicorn only.")
    connection = transport.get_extra_info("socket")
    if connection is not None and not transport.is_closing():
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _SO_LINGER_ZERO)
    transport.abort()
    while (await request.receive())["type"] != "http.disconnect":
        pass
