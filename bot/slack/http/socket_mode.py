"""Socket Mode: Bolt's async handler on one websocket, with the same dispatch as HTTP."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from bot.aio.clock import Clock, wait_for
from bot.aio.periodic import run_periodically
from bot.aio.tasks import background_tasks
from bot.errors import SlackError
from bot.slack.client.web_api import SlackClient
from bot.slack.http.connection import SocketConnection

OPEN_METHOD = "apps.connections.open"
CONNECT_TIMEOUT_SECONDS = 10.0
"""Seconds for the first connection. Later ones are retried until they succeed."""
ACK_GRACE_SECONDS = 1.0
"""Seconds that a stop waits for pending acks; each takes the router a fraction of a second."""


PING_SECONDS = 3.0
"""Seconds between pings; a socket that no longer answers is replaced after four of them."""
CHECK_SECONDS = 1.0
"""Seconds between checks of the socket."""
URL_SECONDS = 20.0
"""Seconds for which the client may try one URL of a socket again. Slack accepts each once."""

ATTEMPT_MESSAGES = (
    "Failed to connect",
    "Failed to check the current session",
    "Failed to retrieve WSS URL",
    "The old session",
    "The session",
)
"""The prefixes of the client's log lines for each reconnection attempt."""


@asynccontextmanager
async def socket_mode(
    bolt: AsyncApp,
    app_token: str,
    slack: SlackClient,
    clock: Clock,
    connection: SocketConnection,
    *,
    ping_seconds: float = PING_SECONDS,
) -> AsyncIterator[None]:
    """Stay connected while the block runs, reconnecting when Slack asks for it.

    ``connection`` gets the socket's state once a second.

    Raise ``SlackError`` if the app token is refused, or if there is no connection within
    ``CONNECT_TIMEOUT_SECONDS``: the handler itself would retry forever.
    """
    await slack.call(OPEN_METHOD, token=app_token)
    logger = logging.getLogger("slack_bolt.socket")
    logger.addFilter(_is_worth_a_line(connection))
    handler = _DrainingHandler(bolt, app_token, logger=logger, ping_interval=ping_seconds)
    if not slack.uses_proxy:
        handler.client.proxy = None
    try:
        await _connect(handler, clock)
        watch = _watch(handler, connection)
        await watch()
        async with background_tasks(run_periodically("socket", watch, CHECK_SECONDS, clock)):
            yield
    finally:
        await handler.drain_and_close()
        logger.filters.clear()


async def _connect(handler: AsyncSocketModeHandler, clock: Clock) -> None:
    try:
        await wait_for(clock, handler.connect_async(), CONNECT_TIMEOUT_SECONDS)  # type: ignore[no-untyped-call]
    except TimeoutError:
        raise SlackError(OPEN_METHOD, "unreachable") from None


def _is_worth_a_line(connection: SocketConnection) -> Callable[[logging.LogRecord], bool]:
    """Return a filter that drops all but the first failed attempt of the client in an outage."""

    def is_worth_a_line(record: logging.LogRecord) -> bool:
        is_attempt = record.getMessage().startswith(ATTEMPT_MESSAGES)
        return not (is_attempt and connection.is_lost)

    return is_worth_a_line


def _watch(
    handler: AsyncSocketModeHandler, connection: SocketConnection
) -> Callable[[], Awaitable[None]]:
    """Return the step that records the socket's state, and renews its URL while it is closed.

    The client tries the same URL until it succeeds, although Slack accepts each once.
    """
    renewals = 0

    async def watch() -> None:
        nonlocal renewals
        connection.update(is_open=await handler.client.is_connected())
        due = int(connection.closed_seconds / URL_SECONDS)
        if due > renewals:
            handler.client.wss_uri = None
        renewals = due

    return watch


class _DrainingHandler(AsyncSocketModeHandler):
    """Tracks requests in flight, which cannot be acknowledged once the socket is closed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._in_flight: set[asyncio.Future[None]] = set()
        super().__init__(*args, **kwargs)

    async def handle(self, client: Any, req: Any) -> None:
        handling = asyncio.ensure_future(super().handle(client, req))
        self._in_flight.add(handling)
        handling.add_done_callback(self._in_flight.discard)
        await handling

    async def drain_and_close(self) -> None:
        """Stop receiving, send the pending acks and close."""
        client = self.client
        pending = [
            task
            for task in (
                client.message_receiver,
                client.message_processor,
                client.current_session_monitor,
            )
            if task is not None
        ]
        if client.message_receiver is not None:
            client.message_receiver.cancel()
        if self._in_flight:
            await asyncio.wait(self._in_flight.copy(), timeout=ACK_GRACE_SECONDS)
        await self.close_async()  # type: ignore[no-untyped-call]
        await asyncio.gather(*pending, return_exceptions=True)
