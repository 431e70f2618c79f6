"""The durable work of one workspace in one object: watches, uploads and purging."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.aio.clock import Clock
from bot.bulk.repository import Uploads
from bot.bulk.upload import Batch, Upload
from bot.bulk.uploader import UPLOAD_PREFIX, UPLOAD_WORKFLOW, Uploader, upload_title
from bot.chakra.client import Chakra
from bot.db.engine import Database
from bot.durable.engine import Engine
from bot.durable.purge import register_purge
from bot.durable.workspace_engine import WorkspaceEngine, open_workspace_engine
from bot.errors import NotFound
from bot.exports.delivery import FileDelivery
from bot.exports.exporter import EXPORT_WORKFLOW, CheckAccess, Exporter
from bot.exports.exporter import MAX_REQUESTS_PER_SECOND as MAX_PAGES_PER_SECOND
from bot.exports.repository import Exports
from bot.jobs.reader import JobReader
from bot.jobs.repository import Watches
from bot.jobs.watch import NewWatch, Watch
from bot.jobs.watcher import MAX_REQUESTS_PER_SECOND, WATCH_WORKFLOW, Watcher
from bot.outbox.outbox import Outbox
from bot.ratelimit import SharedRateLimiter
from bot.slack.client.web_api import SlackClient

MAX_CONCURRENT_POLLS = 16
"""Watches of a workspace that this process polls at the same time.

A thousand that are due together must neither fill the database's pool nor send a thousand requests
to a Chakra that hangs. With the engine's poll of 0.5 s, fewer would not reach 19 requests a second.
"""
MAX_CONCURRENT_UPLOADS = 8
MAX_CONCURRENT_EXPORTS = 4
RECENT_SECONDS = 7 * 86_400.0
"""Seconds for which finished watches are listed."""


@dataclass(frozen=True, slots=True)
class WatchTarget:
    """The Chakra jobs that a subject refers to, and their common name."""

    subject: str
    jobs: tuple[str, ...]
    title: str = ""
    uploader: str = ""
    """The member who uploaded it; "" if Chakra started the job on its own."""


@dataclass(frozen=True, slots=True)
class Workflows:
    """What commands can do with durable work. Methods raise ``DatabaseUnavailable``."""

    engine: WorkspaceEngine
    watcher: Watcher
    uploader: Uploader
    exporter: Exporter
    clock: Clock

    @property
    def watches(self) -> Watches:
        """The repository of the watches."""
        return self.watcher.watches

    @property
    def uploads(self) -> Uploads:
        """The repository of the uploads."""
        return self.uploader.uploads

    async def resolve_target(self, subject: str) -> WatchTarget:
        """Return the target that ``subject`` refers to: a job's ID or ``upload:<number>``.

        Raise ``NotFound``.
        """
        if not subject.startswith(UPLOAD_PREFIX):
            return WatchTarget(subject, (subject,))
        upload = await self.uploads.get(_parse_number(subject.removeprefix(UPLOAD_PREFIX)))
        if upload is None:
            raise NotFound("upload", "", hint="Uploads are stored for a week.")
        batches = await self.uploads.list_batches(upload.id)
        jobs = tuple(batch.job_id for batch in batches if batch.job_id)
        return WatchTarget(subject, jobs, upload_title(upload), upload.member)

    async def watch(self, target: WatchTarget, *, member: str, channel: str) -> tuple[Watch, bool]:
        """Watch a target. Return the watch, and whether it is new."""
        new_watch = NewWatch(target.subject, target.jobs, member, channel, target.title)
        return await self.watcher.start(new_watch)

    async def upload(self, upload: Upload, batches: Sequence[Batch], channel: str) -> bool:
        """Start an upload. Return False if it was started before."""
        return await self.uploader.start(upload, batches, channel)

    async def continue_upload(self, upload_id: int) -> bool:
        """Resume an upload. Return False if it was not stopped."""
        return await self.uploader.resume(upload_id)

    async def list_recent_watches(self, limit: int) -> list[Watch]:
        """Return active watches and those that finished this week, the latest first."""
        return await self.watches.list_recent(self.clock.time() - RECENT_SECONDS, limit)


@asynccontextmanager
async def open_workflows(
    engine: Engine,
    database: Database,
    chakra: Chakra,
    jobs: JobReader,
    outbox: Outbox,
    clock: Clock,
    slack: SlackClient,
    *,
    key: bytes,
    can_upload: Callable[[], bool],
    check_access: CheckAccess,
    workspace: str = "",
) -> AsyncIterator[Workflows]:
    """Register the durable work of a workspace with the process's engine until the block ends.

    ``key`` is the secret for what is stored encrypted.
    """
    rate_limiter = SharedRateLimiter(database, WATCH_WORKFLOW, MAX_REQUESTS_PER_SECOND, workspace)
    async with open_workspace_engine(engine, workspace) as own_engine:
        watches = Watches(database, workspace)
        watcher = Watcher(watches, jobs, outbox, rate_limiter, clock, own_engine)
        uploads = Uploads(database, workspace)
        uploader = Uploader(uploads, chakra.processes, watcher, outbox, clock, own_engine)
        own_engine.register(
            WATCH_WORKFLOW,
            watcher.run,
            list_active_keys=watcher.list_active_keys,
            concurrency=MAX_CONCURRENT_POLLS,
        )
        own_engine.register(
            UPLOAD_WORKFLOW,
            uploader.run,
            list_active_keys=uploader.list_active_keys,
            concurrency=MAX_CONCURRENT_UPLOADS,
        )
        exports = Exports(database, key, workspace)
        exporter = Exporter(
            exports,
            chakra.processes,
            FileDelivery(exports, slack, outbox, clock, can_upload=can_upload),
            outbox,
            SharedRateLimiter(database, EXPORT_WORKFLOW, MAX_PAGES_PER_SECOND, workspace),
            check_access,
            clock,
            own_engine,
        )
        own_engine.register(
            EXPORT_WORKFLOW,
            exporter.run,
            list_active_keys=exporter.list_active_keys,
            concurrency=MAX_CONCURRENT_EXPORTS,
        )
        register_purge(own_engine, (watcher.purge, uploader.purge, exporter.purge))
        yield Workflows(own_engine, watcher, uploader, exporter, clock)


def _parse_number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
