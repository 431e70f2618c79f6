"""All of the durable work in one object, opened and closed with the process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from bot.aio.clock import Clock, sleep
from bot.aio.tasks import cancel_and_wait
from bot.bulk import uploader as uploading
from bot.bulk.repository import Uploads
from bot.bulk.uploader import Uploader
from bot.chakra.client import Chakra
from bot.db.engine import Database
from bot.db.rate_limits import Turns
from bot.durable.database import workflow_database_url
from bot.durable.engine import open_engine
from bot.durable.executors import OnlySlot, Replicas, SharedSlot
from bot.durable.workflows import Work
from bot.errors import DatabaseUnavailable
from bot.jobs import watcher as watching
from bot.jobs.reader import JobReader
from bot.jobs.repository import Watches
from bot.jobs.watcher import MAX_REQUESTS_PER_SECOND, Watcher
from bot.outbox.outbox import Outbox

LOOK_SECONDS = 5.0
"""Between looks for replicas that are gone: their promises go on within half a minute."""
PICK_UP_SECONDS = 30.0
"""Between looks for what was begun, and is not kept by anybody."""
TIDY_SECONDS = 3_600.0
KEEP_KEPT = 86_400.0
"""Seconds for which the engine remembers what it has kept."""
KEEP_WATCHES = 30 * 86_400.0
KEEP_DRAFTS = 3_600.0
KEEP_UPLOADS = 7 * 86_400.0
"""Customers' data, in the rows that did not go up: no longer than somebody may want to go on."""
TROUBLE_SECONDS = 5.0


@asynccontextmanager
async def open_work(
    url: str, database: Database, chakra: Chakra, jobs: JobReader, outbox: Outbox, clock: Clock
) -> AsyncIterator[Work]:
    """``url`` is that of ``database``. Nothing is kept before ``Work.launch``, or before the first
    promise. Raises ``DatabaseUnavailable``."""
    watches = Watcher(
        Watches(database),
        jobs,
        outbox,
        Turns(database, watching.WATCH_WORKFLOW, MAX_REQUESTS_PER_SECOND),
        clock,
    )
    uploads = Uploader(Uploads(database), chakra.processes, watches, outbox, clock)

    async def keep_upload(key: str) -> None:
        await uploads.run(engine, key)

    kinds = {watching.WATCH_WORKFLOW: watches.run, uploading.UPLOAD_WORKFLOW: keep_upload}
    shared = None if database.single_process else SharedSlot(database, clock)
    with workflow_database_url(url) as own:
        async with open_engine(own, kinds, shared or OnlySlot(), clock) as engine:
            work = Work(engine, watches, uploads, clock)
            rounds = [
                lambda: _again(Tidying(work, clock).go, TIDY_SECONDS, clock),
                lambda: _picking_up(work, clock),
            ]
            if shared is not None:
                replicas = Replicas(shared, engine, clock)
                rounds += [replicas.stand, lambda: _again(replicas.look, LOOK_SECONDS, clock)]
            async with _running(rounds, engine.launched):
                yield work


async def _picking_up(work: Work, clock: Clock) -> None:
    """Not at once: the engine first goes on by itself with all that it knows."""
    await sleep(clock, PICK_UP_SECONDS)
    await _again(work.pick_up, PICK_UP_SECONDS, clock)


@dataclass(frozen=True, slots=True)
class Tidying:
    """Lets go of what is old."""

    work: Work
    clock: Clock

    async def go(self) -> None:
        now = self.clock.time()
        await self.work.engine.forget(now - KEEP_KEPT)
        await self.work.watches.purge(now - KEEP_WATCHES)
        await self.work.uploads.purge(now - KEEP_DRAFTS, now - KEEP_UPLOADS)


async def _again(
    go: Callable[[], Coroutine[None, None, None]], seconds: float, clock: Clock
) -> None:
    while True:
        wait = seconds
        try:
            await go()
        except DatabaseUnavailable as down:
            structlog.get_logger("work").warning("reconcile_skipped", reason=down.message)
            wait = TROUBLE_SECONDS
        except Exception:  # noqa: BLE001 - a fault in one round must not end all that follow
            structlog.get_logger("work").exception("round_failed")
        await sleep(clock, wait)


@asynccontextmanager
async def _running(
    runs: list[Callable[[], Coroutine[None, None, None]]],
    ready: asyncio.Event,
) -> AsyncIterator[None]:
    async def run_once_ready(run: Callable[[], Coroutine[None, None, None]]) -> None:
        await ready.wait()
        await run()

    tasks = [asyncio.create_task(run_once_ready(run)) for run in runs]
    try:
        yield
    finally:
        await cancel_and_wait(tasks)
