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
from tests.bench.child import Child, child
from tests.bench.table import Table
from tests.bench.ticker import LONGEST_BLOCK
from tests.bench.ticking import INTO, TICKING, longest_block
from tests.db.databases import address

WATCHES = 1_000
ENTRIES, HALF_AN_HOUR = 100, 1_800
"""Of each job, and seconds that it takes: none ends meanwhile."""
SECONDS = 30.0
PATIENCE = 120.0
PLACES = (("U0MEI", "C0SALES"), ("U0JOHN", "C0SUPPORT"), ("U0PRIYA", "C0LEADS"))
WINDOW = 0.25
A_SECOND, IN_A_WINDOW, HELD_MB, AGAIN_SECONDS, STOP_SECONDS = 20, 10, 0.1, 30, 5
"""What is wanted: requests to Chakra in a second on the average, and in any quarter of one;
megabytes a watch; seconds from the new start until all are kept again, and for a stop."""
GAUGE = re.compile(rb"^chakra_bot_active_watches (\S+)$", re.MULTILINE)


@dataclass
class Noted:
    """No fault at all: it notes when each request came."""

    at: list[float] = field(default_factory=list)

    async def apply(self, exchange: Exchange) -> None:
        self.at.append(time.monotonic())
        await exchange.reply(await exchange.run_app())


async def thousand(
    kind: str, slack: EmbeddedSlack, chakra: EmbeddedChakra, env: Mapping[str, str], table: Table
) -> None:
    with TemporaryDirectory() as folder:
        ticks = Path(folder) / "ticks"
        own = {**env, "DATABASE_URL": address(kind, Path(folder)), INTO: str(ticks)}
        bench = _Thousand(slack, chakra, own, ticks, _Named(kind, table))
        await bench.begun()
        await bench.follow()
        await bench.killed()


@dataclass(frozen=True)
class _Named:
    kind: str
    table: Table

    def add(self, what: str, measured: float, unit: str, most: float, digits: int = 0) -> None:
        name = {"sqlite": "SQLite", "postgres": "Postgres"}[self.kind]
        self.table.add(
            f"{name}, {WATCHES:,} watches: {what}",
            f"{measured:.{digits}f}{unit}",
            f"≤ {most:g}{unit}",
            well=measured <= most,
        )


@dataclass(frozen=True)
class _Thousand:
    slack: EmbeddedSlack
    chakra: EmbeddedChakra
    env: dict[str, str]
    ticks: Path
    table: _Named

    async def follow(self) -> None:
        """Then it is killed."""
        async with child(TICKING, self.env) as bot:
            before, began = bot.resident_mb(), time.time()
            self.slack.set_request_url(bot.url + SLACK_EVENTS_PATH)
            await _kept(bot, WATCHES)
            self._add_block("while they begin", began)
            await self._polls()
            held = (bot.resident_mb() - before) / WATCHES
            self.table.add("each holds", held, " MB", HELD_MB, 3)
            bot.process.send_signal(signal.SIGKILL)

    async def killed(self) -> None:
        since = time.monotonic()
        async with child(TICKING, self.env) as bot:
            began = time.time()  # from here on somebody may be waiting for an answer
            await _kept(bot, WATCHES)
            again = time.monotonic() - since
            self._add_block("while they are taken up again", began)
            self.table.add("all kept again, after kill -9", again, " s", AGAIN_SECONDS, 1)
            since = time.monotonic()
        self.table.add("stopped, after SIGTERM", time.monotonic() - since, " s", STOP_SECONDS, 1)

    async def begun(self) -> None:
        """In the database, as if the process before had been killed before it promised any: Slack
        takes no more than fifty commands a minute that look at a channel."""
        async with open_database(self.env["DATABASE_URL"]) as database:
            watches = Watches(database)
            for number in range(WATCHES):
                job = self.chakra.add_job(succeed=ENTRIES, seconds=HALF_AN_HOUR).id
                member, channel = PLACES[number % len(PLACES)]
                await watches.get_or_create(NewWatch(job, (job,), member, channel), time.time())

    async def _polls(self) -> None:
        noted, began = Noted(), time.time()
        self.chakra.fail("*", noted)
        await asyncio.sleep(SECONDS)
        self.chakra.clear_faults()
        self.table.add("asked of Chakra, a second", len(noted.at) / SECONDS, "", A_SECOND, 1)
        self.table.add("at most in 250 ms", most_within(noted.at, WINDOW), "", IN_A_WINDOW)
        self._add_block("while they are followed", began)

    def _add_block(self, when: str, since: float) -> None:
        block = longest_block(self.ticks, since, time.time())
        self.table.add(f"the loop stood still {when}", block, " ms", LONGEST_BLOCK)


async def _kept(bot: Child, count: int) -> None:
    """Until the process follows so many."""
    async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"{bot.url}/metrics") as answer:
                found = GAUGE.search(await answer.read())
            if found is not None and float(found[1]) >= count:
                return
            await asyncio.sleep(0.1)


def most_within(moments: Sequence[float], seconds: float) -> int:
    """How many of these ascending moments lie within any such span."""
    most, window = 0, deque[float]()
    for at in moments:
        window.append(at)
        while window[0] <= at - seconds:
            window.popleft()
        most = max(most, len(window))
    return most
