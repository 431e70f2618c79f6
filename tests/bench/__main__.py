"""Measure the bot beside a bare Bolt echo, under the same load; then further cases, one by one.

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
from tests.bench.bench_process import BOT_MODULE, start_process
from tests.bench.event_burst import bench_event_burst
from tests.bench.exports import bench_export
from tests.bench.mixed import bench_mixed_load
from tests.bench.notification_burst import bench_notification_burst
from tests.bench.planning import bench_planning
from tests.bench.result_table import ResultTable
from tests.bench.sheets import bench_sheets
from tests.bench.speed import Bench
from tests.bench.sustained import bench_sustained_events
from tests.bench.uploads import bench_upload
from tests.bench.watches import bench_watches
from tests.db.databases import KINDS

ECHO = ["tests.bench.echo"]


async def main(chosen: Sequence[str]) -> int:
    odd = [name for name in chosen if name not in BENCHMARKS]
    if odd:
        print(f"There is no {odd[0]} here, only: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    table = ResultTable()
    async with AsyncExitStack() as stack:
        bench = await _build_bench(stack, table)
        for name in chosen or BENCHMARKS:
            await BENCHMARKS[name](bench)
    return 0 if table.all_met else 1


async def _build_bench(stack: AsyncExitStack, table: ResultTable) -> Bench:
    clock = SystemClock()
    slack = EmbeddedSlack(manifest=manifest.load(), clock=clock)
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
    async with start_process(BOT_MODULE, env):
        pass  # the first start makes the tables; what is measured is any other
    return Bench(slack, chakra, env, table)


async def run_echo_comparison(bench: Bench) -> None:
    async with start_process(ECHO, bench.env) as echo, start_process(BOT_MODULE, bench.env) as bot:
        ready = f"{bot.ready_seconds:.2f} s"
        bench.table.add("serve is ready after", ready, "< 1.5 s", is_met=bot.ready_seconds < 1.5)
        idle = bot.measure_resident_mb()
        bench.table.add("memory of serve, idle", f"{idle:.0f} MB", "< 120 MB", is_met=idle < 120)
        await bench.compare_throughput(echo, bot)
        await bench.compare_latency(echo, bot)
        await bench.measure_hung_chakra(bot)
        memory_mb = bot.measure_resident_mb()
        bench.table.add(
            "memory of serve, after all that",
            f"{memory_mb:.0f} MB",
            "< 200 MB",
            is_met=memory_mb < 200,
        )


async def run_lookups(bench: Bench) -> None:
    await bench.measure_single_flight()


async def run_forms(bench: Bench) -> None:
    await forms.bench_forms_while_hung(bench.slack, bench.chakra, bench.env, bench.table)


async def run_events(bench: Bench) -> None:
    for kind in KINDS:
        await bench_event_burst(kind, bench.env, bench.table)


async def run_sustained(bench: Bench) -> None:
    for kind in KINDS:
        await bench_sustained_events(kind, bench.env, bench.table)


async def run_notifications(bench: Bench) -> None:
    await bench_notification_burst(bench.slack, bench.env, bench.table)


async def run_planning(bench: Bench) -> None:
    """Give each kind a workspace of its own: Slack limits the posts a minute of one."""
    for kind in KINDS:
        async with AsyncExitStack() as stack:
            own = await _build_bench(stack, bench.table)
            await bench_planning(kind, own.slack, own.env, own.table)


async def run_mixed(bench: Bench) -> None:
    for kind in KINDS:
        await bench_mixed_load(kind, bench.slack, bench.chakra, bench.env, bench.table)


async def run_watches(bench: Bench) -> None:
    for kind in KINDS:
        await bench_watches(kind, bench.slack, bench.chakra, bench.env, bench.table)


async def run_sheets(bench: Bench) -> None:
    await bench_sheets(bench.table)
    await bench_upload(bench.slack, bench.chakra, bench.env, bench.table)


async def run_exports(bench: Bench) -> None:
    await bench_export(bench.slack, bench.chakra, bench.env, bench.table)


BENCHMARKS: dict[str, Callable[[Bench], Awaitable[None]]] = {
    "echo": run_echo_comparison,
    "lookups": run_lookups,
    "forms": run_forms,
    "events": run_events,
    "sustained": run_sustained,
    "notifications": run_notifications,
    "planning": run_planning,
    "mixed": run_mixed,
    "watches": run_watches,
    "sheets": run_sheets,
    "exports": run_exports,
}


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(runner.run(main(sys.argv[1:])))
