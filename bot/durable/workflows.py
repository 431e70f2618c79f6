"""What the commands ask of the durable work: watch this, stop, upload this, go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.aio.clock import Clock
from bot.bulk.repository import Batch, Upload, Uploads
from bot.bulk.uploader import UPLOAD_PREFIX, Uploader, upload_title
from bot.durable.engine import Engine
from bot.errors import NotFound
from bot.jobs.repository import NewWatch, Watch, Watches
from bot.jobs.watcher import Watcher

RECENT = 7 * 86_400.0
"""Seconds for which ended watches are listed."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What a subject stands for: Chakra's jobs, and what they are called together."""

    subject: str
    jobs: tuple[str, ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """Raises ``DatabaseUnavailable`` from every method."""

    engine: Engine
    watching: Watcher
    uploading: Uploader
    clock: Clock

    @property
    def watches(self) -> Watches:
        return self.watching.watches

    @property
    def uploads(self) -> Uploads:
        return self.uploading.uploads

    async def launch(self) -> None:
        """Goes on with everything that was promised before this process began."""
        await self.engine.launch()

    async def pick_up(self) -> None:
        """What somebody began and did not come to promise, or is promised and kept by nobody."""
        await self.watching.requeue_orphans(self.engine)
        await self.uploading.requeue_orphans(self.engine)
        await self.engine.look_after()

    async def followed(self, subject: str) -> Followed:
        """``subject`` is a job's id, or an upload's. Raises ``NotFound``."""
        if not subject.startswith(UPLOAD_PREFIX):
            return Followed(subject, (subject,))
        upload = await self.uploads.get(_number(subject.removeprefix(UPLOAD_PREFIX)))
        if upload is None:
            raise NotFound("upload", subject, hint="It was forgotten: uploads are kept for a week.")
        jobs = tuple(one.job_id for one in await self.uploads.list_batches(upload.id) if one.job_id)
        return Followed(subject, jobs, upload_title(upload))

    async def watch(self, followed: Followed, *, member: str, channel: str) -> tuple[Watch, bool]:
        """The watch, and whether it is new."""
        ask = NewWatch(followed.subject, followed.jobs, member, channel, followed.title)
        return await self.watching.start(self.engine, ask)

    async def upload(self, upload: Upload, pieces: Sequence[Batch], channel: str) -> bool:
        """Whether it begins with this."""
        return await self.uploading.start(self.engine, upload, pieces, channel)

    async def continue_upload(self, upload_id: int) -> bool:
        """Whether it had stopped, and goes on now."""
        return await self.uploading.resume(self.engine, upload_id)

    async def recent(self, limit: int) -> list[Watch]:
        return await self.watches.list_recent(self.clock.time() - RECENT, limit)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
