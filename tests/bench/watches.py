"""A thousand watches in one process: how often Chakra is asked, and how evenly; how long the loop
stands still; what a watch holds; how soon all are kept again after kill -9."""

from __future__ import annotations

import asyncio
import re
import signal
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp

from bot.db.engine import open_database
from bot.jobs.repository import Watches
from bot.jobs.watch import NewWatch
from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.chakra.exchange import Exchange
from bot.sandbox.slack import EmbeddedSlack
from bot.sandbox.world import SLACK_EVENTS_PATH
from tests.bench.bench_process import BenchProcess, start_process
from tests.bench.loop_monitor import MAX_BLOCK_MS
from tests.bench.monitored_bot import MONITORED_BOT, OUTPUT_VARIABLE, longest_block
from tests.bench.result_table import ResultTable
from tests.db.databases import create_database_url

WATCHES = 1_000
ENTRIES_PER_JOB, JOB_SECONDS = 100, 1_800
"""Of each job, and seconds that it takes: none ends meanwhile."""
POLLING_SECONDS = 30.0
TIMEOUT_SECONDS = 120.0
MEMBERS_AND_CHANNELS = (("U0MEI", "C0SALES"), ("U0JOHN", "C0SUPPORT"), ("U0PRIYA", "C0LEADS"))
WINDOW_SECONDS = 0.25
(
    MAX_REQUESTS_PER_SECOND,
    MAX_REQUESTS_PER_WINDOW,
    MAX_MB_PER_WATCH,
    MAX_RECOVERY_SECONDS,
    MAX_STOP_SECONDS,
) = 20, 10, 0.1, 30, 5
"""What is wanted: requests to Chakra in a second on the average, and in any quarter of one;
megabytes a watch; seconds from the new start until all are kept again, and for a stop."""
WATCHES_GAUGE = re.compile(rb"^chakra_bot_active_watches (\S+)$", re.MULTILINE)


@dataclass
class RequestTimes:
    """No fault at all: it notes when each request came."""

    at: list[float] = field(default_factory=list)

    async def apply(self, exchange: Exchange) -> None:
        self.at.append(time.monotonic())
        await exchange.reply(await exchange.run_app())


async def bench_watches(
    kind: str,
    slack: EmbeddedSlack,
    chakra: EmbeddedChakra,
    env: Mapping[str, str],
    table: ResultTable,
) -> None:
    with TemporaryDirectory() as folder:
        ticks = Path(folder) / "ticks"
        own = {
            **env,
            "DATABASE_URL": create_database_url(kind, Path(folder)),
            OUTPUT_VARIABLE: str(ticks),
        }
        bench = _WatchBench(slack, chakra, own, ticks, _WatchTable(kind, table))
        await bench.create_watches()
        await bench.measure_polling()
        await bench.measure_recovery()


@dataclass(frozen=True)
class _WatchTable:
    kind: str
    table: ResultTable

    def add(self, name: str, measured: float, unit: str, limit: float, digits: int = 0) -> None:
        name = {"sqlite": "SQLite", "postgres": "Postgres"}[self.kind]
        self.table.add(
            f"{name}, {WATCHES:,} watches: {name}",
            f"{measured:.{digits}f}{unit}",
            f"≤ {limit:g}{unit}",
            is_met=measured <= limit,
        )


@dataclass(frozen=True)
class _WatchBench:
    slack: EmbeddedSlack
    chakra: EmbeddedChakra
    env: dict[str, str]
    ticks: Path
    table: _WatchTable

    async def measure_polling(self) -> None:
        """Then it is killed."""
        async with start_process(MONITORED_BOT, self.env) as bot:
            before, began = bot.resident_mb(), time.time()
            self.slack.set_request_url(bot.url + SLACK_EVENTS_PATH)
            await _wait_until_watching(bot, WATCHES)
            self._add_longest_block("while they begin", began)
            await self._measure_requests()
            memory_mb = (bot.resident_mb() - before) / WATCHES
            self.table.add("each holds", memory_mb, " MB", MAX_MB_PER_WATCH, 3)
            bot.process.send_signal(signal.SIGKILL)

    async def measure_recovery(self) -> None:
        since = time.monotonic()
        async with start_process(MONITORED_BOT, self.env) as bot:
            began = time.time()  # from here on somebody may be waiting for an answer
            await _wait_until_watching(bot, WATCHES)
            again = time.monotonic() - since
            self._add_longest_block("while they are taken up again", began)
            self.table.add("all kept again, after kill -9", again, " s", MAX_RECOVERY_SECONDS, 1)
            since = time.monotonic()
        self.table.add(
            "stopped, after SIGTERM", time.monotonic() - since, " s", MAX_STOP_SECONDS, 1
        )

    async def create_watches(self) -> None:
        """In the database, as if the process before had been killed before it promised any: Slack
        takes no more than fifty commands a minute that look at a channel."""
        async with open_database(self.env["DATABASE_URL"]) as database:
            watches = Watches(database)
            for number in range(WATCHES):
                job = self.chakra.add_job(succeed=ENTRIES_PER_JOB, seconds=JOB_SECONDS).id
                member, channel = MEMBERS_AND_CHANNELS[number % len(MEMBERS_AND_CHANNELS)]
                await watches.get_or_create(NewWatch(job, (job,), member, channel), time.time())

    async def _measure_requests(self) -> None:
        noted, began = RequestTimes(), time.time()
        self.chakra.fail("*", noted)
        await asyncio.sleep(POLLING_SECONDS)
        self.chakra.clear_faults()
        self.table.add(
            "asked of Chakra, a second",
            len(noted.at) / POLLING_SECONDS,
            "",
            MAX_REQUESTS_PER_SECOND,
            1,
        )
        self.table.add(
            "at most in 250 ms",
            max_in_window(noted.at, WINDOW_SECONDS),
            "",
            MAX_REQUESTS_PER_WINDOW,
        )
        self._add_longest_block("while they are followed", began)

    def _add_longest_block(self, phase: str, since: float) -> None:
        block = longest_block(self.ticks, since, time.time())
        self.table.add(f"the loop stood still {phase}", block, " ms", MAX_BLOCK_MS)


async def _wait_until_watching(bot: BenchProcess, count: int) -> None:
    """Until the process follows so many."""
    async with asyncio.timeout(TIMEOUT_SECONDS), aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"{bot.url}/metrics") as answer:
                found = WATCHES_GAUGE.search(await answer.read())
            if found is not None and float(found[1]) >= count:
                return
            await asyncio.sleep(0.1)


def max_in_window(moments: Sequence[float], seconds: float) -> int:
    """How many of these ascending moments lie within any such span."""
    most, window = 0, deque[float]()
    for at in moments:
        window.append(at)
        while window[0] <= at - seconds:
            window.popleft()
        most = max(most, len(window))
    return most
