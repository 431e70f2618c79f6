"""The yardstick: a bare Bolt echo, in the same mode and on the same server as the bot."""

from __future__ import annotations

import asyncio
import os
import signal

import uvloop
from slack_bolt.adapter.asgi.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.web.server import serve


async def main() -> None:
    web = AsyncWebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"])
    app = AsyncApp(
        client=web,
        signing_secret=os.environ["SLACK_SIGNING_SECRET"],
        process_before_response=True,
    )

    @app.command("/chakra")
    async def echo(ack: AsyncAck, body: dict[str, str]) -> None:
        await ack(body["text"])

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    handler = AsyncSlackRequestHandler(app, path="/slack/events")
    async with serve(handler, int(os.environ["PORT"])):
        await stop.wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
