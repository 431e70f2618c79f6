"""Socket Mode: Bolt's async handler on one websocket, leading to the same listeners as HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from bot.slack.client import SlackClient


@asynccontextmanager
async def socket_mode(bolt: AsyncApp, app_token: str, slack: SlackClient) -> AsyncIterator[None]:
    """Connected while the block runs; Slack's requests for another connection are followed.

    Raises ``SlackError`` when the app token is refused: the handler itself would try for ever.
    """
    await slack.call("apps.connections.open", token=app_token)
    handler = AsyncSocketModeHandler(
        bolt, app_token, logger=logging.getLogger("slack_bolt"), web_client=slack.web
    )
    if not slack.proxied:
        handler.client.proxy = None
    await handler.connect_async()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        client = handler.client
        pending = [
            task
            for task in (
                client.message_processor,
                client.current_session_monitor,
                client.message_receiver,
            )
            if task is not None
        ]
        await handler.close_async()  # type: ignore[no-untyped-call]
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*pending, return_exceptions=True)
