"""A thousand watches in one process: requests to Chakra, blocks of the loop, memory per watch, and
the time until every job is polled again after kill -9."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import create_engine, select

from bot.chakra.jobs import JOB_PATH
from bot.db.engine import open_database
from bot.db.tables import watches
from bot.jobs.polling import MAX_POLL_SECONDS
from bot.jobs.repository import Watches
from bot.jobs.watch import NewWatch
from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.chakra.exchange import Exchange
from bot.sandbox.slack import EmbeddedSlack
from bot.sandbox.world import SLACK_EVENTS_PATH
from tests.bench.bench_process import start_process
from tests.bench.loop_monitor import MAX_BLOCK_MS
from tests.bench.monitored_bot import MONITORED_BOT, OUTPUT_VARIABLE, find_longest_block
from tests.bench.result_table import ResultTable
from tests.db.databases import create_database_url

WATCHES = 1_000
ENTRIES_PER_JOB, JOB_SECONDS = 100, 1_800
"""Entries of each job and its duration: none ends during the benchmark."""
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
    MAX_FIRST_POLL_SECONDS,
) = 20, 10, 0.1, 30, 5, 1
"""The targets. Recovery lasts from the new start to the first poll."""
MAX_ROUND_SECONDS = MAX_POLL_SECONDS + MAX_RECOVERY_SECONDS
"""From the new start until every job was polled: each is due within ``MAX_POLL_SECONDS``."""


@dataclass
class RequestTimes:
    """No fault: it records the time of each request."""

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
            "DATABASE_URL": create_database_url(kind, Path(folder), fsync=True),
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
        database = {"sqlite": "SQLite", "postgres": "Postgres"}[self.kind]
        self.table.add(
            f"{database}, {WATCHES:,} watches: {name}",
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
        """Measure the polls of all watches, then kill the process."""
        async with start_process(MONITORED_BOT, self.env) as bot:
            before, began = bot.measure_resident_mb(), time.time()
            self.slack.set_request_url(bot.url + SLACK_EVENTS_PATH)
            await self._wait_until_polled(WATCHES)
            self._add_longest_block("while they start", began)
            await self._measure_requests()
            await self._measure_new_watch()
            memory_mb = (bot.measure_resident_mb() - before) / WATCHES
            self.table.add("memory of each", memory_mb, " MB", MAX_MB_PER_WATCH, 3)
            bot.process.send_signal(signal.SIGKILL)

    async def measure_recovery(self) -> None:
        """Count polls, not rows: a row exists whether or not its job is polled."""
        self.chakra.requests.clear()
        since = time.monotonic()
        async with start_process(MONITORED_BOT, self.env):
            began = time.time()  # requests are served from now on
            first = await self._wait_until_polled(1) - since
            every = await self._wait_until_polled(WATCHES) - since
            self._add_longest_block("while they resume", began)
            self.table.add("first poll after kill -9", first, " s", MAX_RECOVERY_SECONDS, 1)
            self.table.add("every job polled after kill -9", every, " s", MAX_ROUND_SECONDS, 1)
            since = time.monotonic()
        self.table.add(
            "stopped, after SIGTERM", time.monotonic() - since, " s", MAX_STOP_SECONDS, 1
        )

    async def create_watches(self) -> None:
        """Insert the watches, as if the last process was killed before it started their chains:
        Slack allows only fifty commands a minute that look up a channel."""
        async with open_database(self.env["DATABASE_URL"]) as database:
            repository = Watches(database)
            for number in range(WATCHES):
                job = self.chakra.add_job(succeed=ENTRIES_PER_JOB, seconds=JOB_SECONDS).id
                member, channel = MEMBERS_AND_CHANNELS[number % len(MEMBERS_AND_CHANNELS)]
                await repository.get_or_create(NewWatch(job, (job,), member, channel), time.time())

    async def _measure_requests(self) -> None:
        noted, began = RequestTimes(), time.time()
        self.chakra.fail("*", noted)
        await asyncio.sleep(POLLING_SECONDS)
        self.chakra.clear_faults()
        self.table.add(
            "requests to Chakra per second",
            len(noted.at) / POLLING_SECONDS,
            "",
            MAX_REQUESTS_PER_SECOND,
            1,
        )
        self.table.add(
            "most requests in 250 ms",
            count_most_in_window(noted.at, WINDOW_SECONDS),
            "",
            MAX_REQUESTS_PER_WINDOW,
        )
        self._add_longest_block("while they are polled", began)

    async def _measure_new_watch(self) -> None:
        """Measure how long the job of a new watch waits behind the others for its first poll."""
        job = self.chakra.add_job(succeed=ENTRIES_PER_JOB, seconds=JOB_SECONDS).id
        await self.slack.type("U0OMAR", "D0OMAR", f"/chakra watch {job}")
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while (  # noqa: ASYNC110
                waited := await asyncio.to_thread(self._read_first_poll_seconds, job)
            ) is None:
                await asyncio.sleep(0.1)
        self.table.add("first poll of a new one", waited, " s", MAX_FIRST_POLL_SECONDS, 2)

    def _read_first_poll_seconds(self, job: str) -> float | None:
        """Return how long a job's watch waited, read beside the bot that holds the database."""
        url = self.env["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
        times = select(watches.c.started_at, watches.c.progress_at).where(watches.c.subject == job)
        engine = create_engine(url)
        try:
            with engine.connect() as connection:
                row = connection.execute(times).one_or_none()
        finally:
            engine.dispose()
        return row.progress_at - row.started_at if row and row.progress_at else None

    async def _wait_until_polled(self, count: int) -> float:
        """Return when ``count`` jobs had been polled since the requests were cleared."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while len(self._list_polled_paths()) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        return time.monotonic()

    def _list_polled_paths(self) -> set[str]:
        requests = self.chakra.requests
        return {request.path for request in requests if request.endpoint == JOB_PATH}

    def _add_longest_block(self, phase: str, since: float) -> None:
        block = find_longest_block(self.ticks, since, time.time())
        self.table.add(f"block of the loop {phase}", block, " ms", MAX_BLOCK_MS)


def count_most_in_window(moments: Sequence[float], seconds: float) -> int:
    """Return how many of these ascending moments are within one span of ``seconds`` at most."""
    most, window = 0, deque[float]()
    for at in moments:
        window.append(at)
        while window[0] <= at - seconds:
            window.popleft()
        most = max(most, len(window))
    return most
