"""kill -9 during many watches: each job has one message, which is edited until the job finishes.

Its outcome is reported once, whichever process continues the watch.
"""

from __future__ import annotations

import asyncio
import math
import os
import re
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from bot.db.engine import open_database
from bot.durable.engine import RESUME_INTERVAL_SECONDS
from bot.jobs.repository import Watches
from bot.jobs.watch import NewWatch
from bot.sandbox.chakra.faults import Hang
from bot.sandbox.slack import VisibleMessage, collect_text
from tests.accelerated_clock import AcceleratedClock
from tests.db.databases import create_database_url
from tests.process import (
    EmbeddedServices,
    Process,
    build_events_url,
    start_embedded_services,
    start_python,
)

pytestmark = [pytest.mark.process, pytest.mark.killed]

ACCELERATED_BOT = ("-m", "tests.accelerated_clock")
SPEED = 12.0
WATCHES = 50 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 12
MEMBERS_AND_CHANNELS = (
    ("U0MEI", "C0SALES"),
    ("U0JOHN", "C0SUPPORT"),
    ("U0PRIYA", "C0LEADS"),
    ("U0MEI", "D0MEI"),
    ("U0JOHN", "D0JOHN"),
    ("U0PRIYA", "D0PRIYA"),
    ("U0OMAR", "D0OMAR"),
    ("U0LENA", "D0LENA"),
)
"""Members and the channels that they type in; the app posts to each channel once a second."""
TIMEOUT_SECONDS = 120.0
APP_USER = "U0CHAKRA"
JOB_ID = re.compile(r"ID `([0-9a-f-]{36})`")
FINISHED_JOB = re.compile(r"Job `([0-9a-f]{8})[0-9a-f-]*` has finished")
FETCH = "GET /v1/ext/background-job/{backgroundJobId}"
MAX_TAKEOVER_SECONDS = 30.0
"""Seconds within which another replica continues the work of a killed one."""


@dataclass
class WatchScenario:
    """Bots in processes, and their jobs by member and channel."""

    stand_ins: EmbeddedServices
    clock: AcceleratedClock
    database: str
    folder: Path
    jobs: dict[str, tuple[str, str]] = field(default_factory=dict)

    @asynccontextmanager
    async def start_bot(self) -> AsyncIterator[tuple[Process, str]]:
        environ = self.stand_ins.build_environ(DATABASE_URL=self.database) | self.clock.to_environ()
        async with start_python(*ACCELERATED_BOT, environ=environ, folder=self.folder) as process:
            yield process, await process.wait_until_ready()

    async def add_watches(self, count: int, *urls: str) -> None:
        """Start ``count`` more watches, on the bots in turn; jobs stall until `resume_jobs`."""
        for number in range(count):
            at = len(self.jobs)
            job = self.stand_ins.chakra.add_job(
                succeed=3, fail=at % 2, seconds=4, warmup=1, stalls_after=0
            )
            person, place = self.jobs[job.id] = MEMBERS_AND_CHANNELS[at % len(MEMBERS_AND_CHANNELS)]
            self.stand_ins.slack.set_request_url(build_events_url(urls[number % len(urls)]))
            await self.stand_ins.slack.type(person, place, f"/chakra watch {job.id}")
        await self.wait_until(lambda: self._count_confirmed() == len(self.jobs))

    async def resume_jobs(self) -> None:
        """Resume the jobs once each has its message, so that all messages are edited."""
        await self.wait_until(lambda: len(self.list_watch_messages()) == len(self.jobs))
        for job in self.jobs:
            self.stand_ins.chakra.resume_job(job)

    def _count_confirmed(self) -> int:
        """Return how many watches were confirmed to their members."""
        messages = [
            message
            for at in MEMBERS_AND_CHANNELS
            for message in self.stand_ins.slack.list_messages(*at)
        ]
        return sum(
            "notify you" in collect_text(message) for message in messages if message.ephemeral
        )

    def list_watch_messages(self) -> list[tuple[str, str, VisibleMessage]]:
        """Return the live messages: the job, its text, and the message."""
        return [
            (found[1], text, message)
            for text, message in self._list_app_messages()
            if (found := JOB_ID.search(text))
        ]

    def list_outcomes(self) -> list[tuple[str, VisibleMessage]]:
        """Return the start of each finished job's ID, and its message."""
        return [
            (found[1], message)
            for text, message in self._list_app_messages()
            if (found := FINISHED_JOB.search(text))
        ]

    def count_finished(self) -> int:
        return sum("Finished" in text for _, text, _ in self.list_watch_messages())

    def _list_app_messages(self) -> list[tuple[str, VisibleMessage]]:
        messages = [
            message
            for at in MEMBERS_AND_CHANNELS
            for message in self.stand_ins.slack.list_messages(*at)
        ]
        return [
            (collect_text(message), message)
            for message in messages
            if message.author == APP_USER and not message.ephemeral
        ]

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await self.stand_ins.slack.wait_until(condition)
        except TimeoutError:
            figures = (
                f"{len(self.list_watch_messages())} messages, {self.count_finished()} at their end"
            )
            raise AssertionError(f"{figures}, {len(self.list_outcomes())} outcomes") from None

    async def assert_all_reported(self) -> None:
        """Assert that every outcome is reported once, and nothing after that."""
        every = sorted(self.jobs)
        await self.wait_until(
            lambda: self.count_finished() >= len(every) <= len(self.list_outcomes())
        )
        await asyncio.sleep(1.0)
        messages = {job: message for job, _, message in self.list_watch_messages()}
        assert sorted(job for job, *_ in self.list_watch_messages()) == every
        assert sorted(job for job, _ in self.list_outcomes()) == [job[:8] for job in every]
        for job, text, _ in self.list_watch_messages():
            assert "Finished" in text, job
            assert "Stop watching" not in text, job
        for start, outcome in self.list_outcomes():
            [message] = [message for job, message in messages.items() if job.startswith(start)]
            assert outcome.thread_ts in (message.ts, None)
        assert all(message.edited for message in messages.values())
        assert self.stand_ins.slack.rejections == []


def measure_first_poll(database: str, job: str) -> float:
    """Return the seconds from the start of a watch to its first poll; infinity if there is none."""
    with closing(sqlite3.connect(database.removeprefix("sqlite:///"), timeout=5)) as connection:
        row = connection.execute(
            "SELECT started_at, progress_at FROM watches WHERE subject = ?", [job]
        ).fetchone()
    return float(row[1] - row[0]) if row and row[1] else math.inf


def count_polled(database: str) -> int:
    """Return how many jobs have been polled."""
    with closing(sqlite3.connect(database.removeprefix("sqlite:///"), timeout=5)) as connection:
        polled = connection.execute("SELECT count(*) FROM watches WHERE progress_at > 0")
        return int(polled.fetchone()[0])


def list_executors(database: str) -> set[str]:
    """Return the replicas with a run in flight, according to DBOS's table."""
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "SELECT DISTINCT executor_id FROM dbos.workflow_status WHERE status = 'PENDING'"
        ).fetchall()
    return {str(row[0]) for row in rows}


async def no_run_belongs_to_two(database: str, since: float) -> None:
    """Return once no run of the killed replica is left.

    That is when at most one replica has runs in flight, three times in a row.
    """
    quiet = 0
    while quiet < 3:
        assert time.monotonic() - since < MAX_TAKEOVER_SECONDS
        quiet = quiet + 1 if len(list_executors(database)) <= 1 else 0
        await asyncio.sleep(0.3)


@asynccontextmanager
async def open_scenario(
    kind: str, folder: Path, *, speed: float = SPEED
) -> AsyncIterator[WatchScenario]:
    clock = AcceleratedClock(time.time(), speed)
    async with start_embedded_services(clock) as services:
        yield WatchScenario(services, clock, create_database_url(kind, folder), folder)


async def kill_bot(bot: Process) -> None:
    assert await bot.wait_for_exit(signal.SIGKILL) == -signal.SIGKILL


async def test_two_kills_during_many_watches_report_every_outcome_once(
    tmp_path: Path,
) -> None:
    async with open_scenario("sqlite", tmp_path) as scenario:
        async with scenario.start_bot() as (bot, url):
            await scenario.add_watches(WATCHES, url)
            await scenario.wait_until(lambda: len(scenario.list_watch_messages()) > WATCHES / 2)
            await kill_bot(bot)
        async with scenario.start_bot() as (bot, url):
            await scenario.resume_jobs()
            await scenario.wait_until(lambda: len(scenario.list_outcomes()) > WATCHES / 5)
            await kill_bot(bot)
        async with scenario.start_bot() as (bot, url):
            await scenario.assert_all_reported()
            assert await bot.wait_for_exit(signal.SIGTERM) == 0


async def test_surviving_replica_takes_over_watches_of_a_killed_one(
    tmp_path: Path,
) -> None:
    async with (
        open_scenario("postgres", tmp_path) as scenario,
        scenario.start_bot() as one,
        scenario.start_bot() as other,
    ):
        (killed, first), (left, second) = one, other
        await scenario.add_watches(WATCHES, first, second)
        await scenario.wait_until(lambda: len(scenario.list_watch_messages()) > WATCHES / 2)
        start = time.monotonic()
        await kill_bot(killed)
        await no_run_belongs_to_two(scenario.database, since=start)
        # The check may have run just before the kill, so a whole interval is added.
        assert time.monotonic() - start + RESUME_INTERVAL_SECONDS < MAX_TAKEOVER_SECONDS
        await scenario.resume_jobs()
        await scenario.assert_all_reported()
        assert await left.wait_for_exit(signal.SIGTERM) == 0


async def test_poll_in_flight_at_the_kill_is_done_again_by_the_other_replica(
    tmp_path: Path,
) -> None:
    async with (
        open_scenario("postgres", tmp_path) as scenario,
        scenario.start_bot() as one,
        scenario.start_bot() as other,
    ):
        (killed, first), (left, _) = one, other
        for number in range(4):
            job = scenario.stand_ins.chakra.add_job(succeed=3, seconds=4, warmup=1, stalls_after=0)
            person, place = scenario.jobs[job.id] = MEMBERS_AND_CHANNELS[number]
            scenario.stand_ins.slack.set_request_url(build_events_url(first))
            await scenario.stand_ins.slack.type(person, place, f"/chakra watch {job.id}")
        await scenario.wait_until(lambda: scenario._count_confirmed() == 4)
        asked = scenario.stand_ins.chakra.count(FETCH)
        scenario.stand_ins.chakra.fail(FETCH, Hang())
        await scenario.wait_until(lambda: scenario.stand_ins.chakra.count(FETCH) >= asked + 2)
        start = time.monotonic()
        await kill_bot(killed)
        scenario.stand_ins.chakra.clear_faults()
        await no_run_belongs_to_two(scenario.database, since=start)
        await scenario.resume_jobs()
        await scenario.assert_all_reported()
        assert await left.wait_for_exit(signal.SIGTERM) == 0


async def test_new_watch_is_polled_before_most_of_two_hundred_that_are_overdue(
    tmp_path: Path,
) -> None:
    async with open_scenario("sqlite", tmp_path, speed=1.0) as scenario:
        async with open_database(scenario.database) as database:
            watches = Watches(database)
            for number in range(200):
                job = scenario.stand_ins.chakra.add_job(succeed=100, seconds=1_800)
                person, place = MEMBERS_AND_CHANNELS[number % len(MEMBERS_AND_CHANNELS)]
                await watches.get_or_create(NewWatch(job.id, (job.id,), person, place), time.time())
        async with scenario.start_bot() as (bot, url):
            # The repair has started all of them by now: they are due at the same time.
            await scenario.wait_until(lambda: scenario.stand_ins.chakra.count(FETCH) > 20)
            job = scenario.stand_ins.chakra.add_job(succeed=100, seconds=1_800)
            scenario.stand_ins.slack.set_request_url(build_events_url(url))
            await scenario.stand_ins.slack.type("U0OMAR", "D0OMAR", f"/chakra watch {job.id}")
            await scenario.wait_until(
                lambda: measure_first_poll(scenario.database, job.id) < math.inf
            )
            # `make bench` measures the seconds, which depend on how busy the machine is.
            assert count_polled(scenario.database) < 100
            assert await bot.wait_for_exit(signal.SIGTERM) == 0
