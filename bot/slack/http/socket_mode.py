"""Socket Mode: Bolt's async handler on one websocket, with the same dispatch as HTTP."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from bot.aio.clock import Clock, wait_for
from bot.errors import SlackError
from bot.slack.client.web_api import SlackClient

OPEN_METHOD = "apps.connections.open"
CONNECT_TIMEOUT_SECONDS = 10.0
"""Seconds for the first connection. Later ones are retried until they succeed."""
ACK_GRACE_SECONDS = 1.0
"""Seconds that a stop waits for pending acks; each takes the router a fraction of a second."""


@asynccontextmanager
async def socket_mode(
    bolt: AsyncApp, app_token: str, slack: SlackClient, clock: Clock
) -> AsyncIterator[None]:
    """Stay connected while the block runs, reconnecting when Slack asks for it.

    Raise ``SlackError`` if the app token is refused, or if there is no connection within
    ``CONNECT_TIMEOUT_SECONDS``: the handler itself would retry forever.
    """
    await slack.call(OPEN_METHOD, token=app_token)
    handler = _DrainingHandler(
        bolt, app_token, logger=logging.getLogger("slack_bolt"), web_client=slack.web
    )
    if not slack.uses_proxy:
        handler.client.proxy = None
    try:
        await _connect(handler, clock)
        yield
    finally:
        await handler.drain_and_close()


async def _connect(handler: AsyncSocketModeHandler, clock: Clock) -> None:
    try:
        await wait_for(clock, handler.connect_async(), CONNECT_TIMEOUT_SECONDS)  # type: ignore[no-untyped-call]
    except TimeoutError:
        raise SlackError(OPEN_METHOD, "unreachable") from None


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
