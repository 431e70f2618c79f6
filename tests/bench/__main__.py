"""``make bench``: the bot beside a bare Bolt echo, the same load on both in one sitting; then sends
with a Chakra that hangs, ten thousand events at once, a thousand watches, a hundred thousand rows.

``make bench ARGS="watches sheets"`` measures only those.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from tempfile import TemporaryDirectory

import uvloop

from bot import manifest
from bot.aio.clock import SystemClock
from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.slack import EmbeddedSlack
from bot.web.server import serve
from tests.bench import forms
from tests.bench.burst import burst
from tests.bench.child import BOT, child
from tests.bench.sheets import sheets
from tests.bench.speed import Bench
from tests.bench.table import Table
from tests.bench.uploads import upload
from tests.bench.watches import thousand
from tests.db.databases import KINDS

ECHO = ["tests.bench.echo"]


async def main(chosen: Sequence[str]) -> int:
    odd = [name for name in chosen if name not in PARTS]
    if odd:
        print(f"There is no {odd[0]} here, only: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    table = Table()
    async with AsyncExitStack() as stack:
        bench = await _bench(stack, table)
        for name in chosen or PARTS:
            await PARTS[name](bench)
    return 0 if table.well else 1


async def _bench(stack: AsyncExitStack, table: Table) -> Bench:
    clock = SystemClock()
    slack = EmbeddedSlack(manifest=manifest.load(), clock=clock, hints=[])
    chakra = EmbeddedChakra(clock)
    slack.set_base_url(await stack.enter_async_context(serve(slack.app)))
    await slack.start()
    stack.push_async_callback(slack.aclose)
    chakra.set_base_url(await stack.enter_async_context(serve(chakra.app)))
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
    return Bench(slack, chakra, env, table)


async def beside_echo(bench: Bench) -> None:
    async with child(ECHO, bench.env) as echo, child(BOT, bench.env) as bot:
        ready = f"{bot.ready_seconds:.2f} s"
        bench.table.add("serve is ready after", ready, "< 1.5 s", well=bot.ready_seconds < 1.5)
        idle = bot.resident_mb()
        bench.table.add("serve holds, idle", f"{idle:.0f} MB", "< 120 MB", well=idle < 120)
        await bench.speed(echo, bot)
        await bench.latency(echo, bot)
        await bench.hung(bot)
        held = bot.resident_mb()
        bench.table.add(
            "serve holds, after all that", f"{held:.0f} MB", "< 200 MB", well=held < 200
        )


async def lookups(bench: Bench) -> None:
    await bench.single_flight()


async def forms_hung(bench: Bench) -> None:
    await forms.hung(bench.slack, bench.chakra, bench.env, bench.table)


async def events(bench: Bench) -> None:
    for kind in KINDS:
        await burst(kind, bench.env, bench.table)


async def watches(bench: Bench) -> None:
    for kind in KINDS:
        await thousand(kind, bench.slack, bench.chakra, bench.env, bench.table)


async def tables(bench: Bench) -> None:
    await sheets(bench.table)
    await upload(bench.slack, bench.chakra, bench.env, bench.table)


PARTS: dict[str, Callable[[Bench], Awaitable[None]]] = {
    "echo": beside_echo,
    "lookups": lookups,
    "forms": forms_hung,
    "events": events,
    "watches": watches,
    "sheets": tables,
}


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(runner.run(main(sys.argv[1:])))
