"""``make bench``: the bot beside a bare Bolt echo, the same load on both in one sitting; then sends
with a Chakra that hangs, and ten thousand events at once."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from tempfile import TemporaryDirectory

import uvloop

from bot import manifest
from bot.clock import SystemClock
from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.slack import EmbeddedSlack
from bot.serving import serve
from tests.bench import forms
from tests.bench.burst import burst
from tests.bench.child import BOT, child
from tests.bench.speed import Bench
from tests.bench.table import Table
from tests.store.databases import KINDS

ECHO = ["tests.bench.echo"]


async def main() -> int:
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        slack = EmbeddedSlack(manifest=manifest.load(), clock=clock, hints=[])
        chakra = EmbeddedChakra(clock)
        slack.served_at(await stack.enter_async_context(serve(slack.app)))
        await slack.start()
        stack.push_async_callback(slack.aclose)
        chakra.served_at(await stack.enter_async_context(serve(chakra.app)))
        stack.push_async_callback(chakra.aclose)
        env = {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
            "SLACK_API_URL": slack.api_url,
            "CHAKRA_ACCESS_TOKEN": chakra.access_token,
            "CHAKRA_API_URL": chakra.base_url,
            "DATABASE_URL": f"sqlite:///{stack.enter_context(TemporaryDirectory())}/bench.db",
        }
        async with child(BOT, env):
            pass  # the first start makes the tables; what is measured is any other
        bench = Bench(slack, chakra, env, Table())
        await beside_echo(bench)
        await bench.single_flight()
        await forms.hung(slack, chakra, env, bench.table)
        for kind in KINDS:
            await burst(kind, env, bench.table)
        return 0 if bench.table.well else 1


async def beside_echo(bench: Bench) -> None:
    async with child(ECHO, bench.env) as echo, child(BOT, bench.env) as bot:
        ready = f"{bot.ready_seconds:.2f} s"
        bench.table.add("serve is ready after", ready, "< 3 s", well=bot.ready_seconds < 3)
        await bench.speed(echo, bot)
        await bench.latency(echo, bot)
        await bench.hung(bot)
        held = bot.resident_mb()
        bench.table.add(
            "serve holds, after all that", f"{held:.0f} MB", "< 200 MB", well=held < 200
        )


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(runner.run(main()))
