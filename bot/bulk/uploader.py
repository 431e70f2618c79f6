"""Spreadsheets on their way to Chakra: in pieces, each sent once, and what became of each told.

A piece that Chakra certainly did not take is tried again for a while. One that it refused, or whose
answer never came, stops the upload: nothing after it goes up until the person says so, and what may
have been taken is never sent again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from bot.aio.clock import Clock, sleep
from bot.bulk.repository import Batch, BatchState, Upload, Uploads, UploadStage
from bot.bulk.upload_message import stopped_message
from bot.chakra.job import Job
from bot.chakra.processes import ProcessChange, ProcessesApi
from bot.durable.engine import Engine
from bot.errors import (
    ChakraError,
    DatabaseUnavailable,
    InvalidResponse,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
)
from bot.jobs.repository import NewWatch, Watch, WatchStatus
from bot.jobs.watcher import Watcher
from bot.outbox.message import OutboxMessage
from bot.outbox.outbox import Outbox
from bot.privacy import redact
from bot.slack.copy.explain import Explainer

UPLOAD_WORKFLOW = "upload"
UPLOAD_PREFIX = "upload:"
"""What the subject of an upload's watch begins with; its number follows."""

RETRY_DELAY_SECONDS = 5.0
MAX_RETRY_DELAY_SECONDS = 60.0
DB_RETRY_DELAYS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
BATCH_RETRY_TIMEOUT_SECONDS = 900.0
"""Seconds for which Chakra is asked again for one piece while it is busy or away."""

INTERRUPTED_MESSAGE = "This app was interrupted before Chakra's answer came."
FINAL_STAGES = (UploadStage.STOPPED, UploadStage.DONE)

BatchItems = Sequence[Mapping[str, Any]]
UPDATE_KEY = "update"


class Uploader:
    """Raises ``DatabaseUnavailable`` from every method."""

    def __init__(
        self,
        uploads: Uploads,
        processes: ProcessesApi,
        watcher: Watcher,
        outbox: Outbox,
        clock: Clock,
    ) -> None:
        self.uploads = uploads
        self._processes = processes
        self._watcher = watcher
        self._outbox = outbox
        self._clock = clock
        self._log = structlog.get_logger("uploads")

    async def start(
        self, engine: Engine, upload: Upload, batches: Sequence[Batch], channel: str
    ) -> bool:
        """Whether it begins with this: confirmed twice, it goes up once."""
        now = self._clock.time()
        new = await self.uploads.confirm(upload.id, batches, channel, now)
        await engine.promise(UPLOAD_WORKFLOW, _workflow_key(upload.id, 1))
        return new

    async def resume(self, engine: Engine, upload_id: int) -> bool:
        """With the rest of one that stopped. Whether it had."""
        upload = await self.uploads.resume(upload_id, self._clock.time())
        if upload is None:
            return False
        await engine.promise(UPLOAD_WORKFLOW, _workflow_key(upload.id, upload.attempt))
        return True

    async def requeue_orphans(self, engine: Engine) -> None:
        """Those that somebody set going and did not come to promise."""
        going = [_workflow_key(one.id, one.attempt) for one in await self.uploads.list_running()]
        promised = await engine.promised(UPLOAD_WORKFLOW) if going else frozenset()
        for turn in going:
            if turn not in promised:
                await engine.promise(UPLOAD_WORKFLOW, turn)

    async def run(self, engine: Engine, key: str) -> None:
        """Until all pieces are up, or something is in the way; either is told.

        While a replica that was taken for gone is not, two may be at it for a moment: each piece is
        still sent once, and the one that ends it is the one that says so.
        """
        upload_id, turn = (int(part) for part in key.split(":"))
        upload = await self.uploads.get(upload_id)
        if upload is not None and upload.attempt == turn and upload.stage is UploadStage.RUNNING:
            await self._send_batches(engine, upload)
            upload = await self.uploads.get(upload_id)
        if upload is not None and upload.attempt == turn and upload.stage in FINAL_STAGES:
            await self._ensure_watch(engine, upload, complete=True)

    async def _send_batches(self, engine: Engine, upload: Upload) -> None:
        lost = await self.uploads.mark_sending_unknown(upload.id)
        problem = INTERRUPTED_MESSAGE if lost else ""
        while not problem:
            piece = await self.uploads.claim(upload.id, upload.attempt)
            if piece is None:
                break
            problem = await self._send_batch(upload, piece)
            await self._ensure_watch(engine, upload, complete=False)
        if problem:
            await self._notify_stopped(upload, problem)
        stage, now = UploadStage.STOPPED if problem else UploadStage.DONE, self._clock.time()
        if not await self.uploads.set_stage(upload.id, upload.attempt, stage, now, problem=problem):
            await self._report_again(upload)

    async def _report_again(self, upload: Upload) -> None:
        """Somebody else has said that it stopped, and did not know yet what became of our piece."""
        now = await self.uploads.get(upload.id)
        if now is not None and now.stage is UploadStage.STOPPED and now.attempt == upload.attempt:
            await self._notify_stopped(upload, now.problem)

    async def _send_batch(self, upload: Upload, batch: Batch) -> str:
        """What is in the way, "" where Chakra took it."""
        items: BatchItems = json.loads(batch.body)
        until = self._clock.monotonic() + BATCH_RETRY_TIMEOUT_SECONDS
        while True:
            try:
                job = await self._post_items(upload, items)
            except (RateLimited, Unavailable) as busy:
                wait = min(busy.retry_after or RETRY_DELAY_SECONDS, MAX_RETRY_DELAY_SECONDS)
                if self._clock.monotonic() + wait > until:
                    return await self._record_failure(upload, batch, BatchState.PENDING, busy)
                await sleep(self._clock, wait)
                if not await self.uploads.still_claimed(upload.id, upload.attempt, batch.number):
                    return ""  # somebody has given it up, and said so
            except (OutcomeUnknown, InvalidResponse) as lost:
                return await self._record_failure(upload, batch, BatchState.UNKNOWN, lost)
            except ChakraError as refused:
                return await self._record_failure(upload, batch, BatchState.REFUSED, refused)
            else:
                await self._record_outcome(upload, batch, BatchState.SENT, job_id=job.id)
                return ""

    async def _post_items(self, upload: Upload, items: BatchItems) -> Job:
        if upload.kind == "create":
            return await self._processes.bulk_create(upload.procedure, items)
        return await self._processes.bulk_update(
            upload.procedure, [_to_change(one) for one in items]
        )

    async def _record_failure(
        self, upload: Upload, batch: Batch, state: BatchState, error: ChakraError
    ) -> str:
        self._log.warning("batch_failed", upload=upload.id, piece=batch.number, reason=error.kind)
        problem = redact(Explainer().explain_as_text(error))
        await self._record_outcome(upload, batch, state, problem=problem)
        return problem

    async def _record_outcome(
        self,
        upload: Upload,
        batch: Batch,
        state: BatchState,
        *,
        job_id: str = "",
        problem: str = "",
    ) -> None:
        """A database that is away for a moment must not make unknown what is known."""
        for wait in DB_RETRY_DELAYS:
            try:
                await self.uploads.record_outcome(
                    upload.id, batch.number, state, job_id=job_id, problem=problem
                )
            except DatabaseUnavailable:
                await sleep(self._clock, wait)
            else:
                return
        raise DatabaseUnavailable(f"piece {batch.number} of upload {upload.id} could not be noted")

    async def _ensure_watch(self, engine: Engine, upload: Upload, *, complete: bool) -> None:
        """Its watch follows all jobs that there are; the first of them begins it."""
        jobs = tuple(one.job_id for one in await self.uploads.list_batches(upload.id) if one.job_id)
        if not jobs:
            return
        watch = await self._load_watch(upload)
        if watch is not None and (watch.is_active or watch.status is WatchStatus.STOPPED):
            await self._watcher.watches.set_jobs(watch.id, jobs, complete=complete)
            self._watcher.poll_now(watch.id)
            return
        if watch is not None and watch.jobs == jobs:
            return  # all that there is was followed to its end
        ask = NewWatch(
            subject=f"{UPLOAD_PREFIX}{upload.id}",
            jobs=jobs,
            member=upload.member,
            channel=upload.channel,
            title=upload_title(upload),
        )
        begun, _ = await self._watcher.start(engine, ask, complete=complete)
        await self.uploads.set_watch(upload.id, begun.id)

    async def _load_watch(self, upload: Upload) -> Watch | None:
        fresh = await self.uploads.get(upload.id)
        if fresh is None or not fresh.watch_id:
            return None
        return await self._watcher.watches.get(fresh.watch_id)

    async def _notify_stopped(self, upload: Upload, problem: str) -> None:
        """In the messages with the app: only the person who began it can go on with it."""
        pieces = await self.uploads.list_batches(upload.id)
        await self._outbox.enqueue(
            OutboxMessage(
                f"upload:{upload.id}:stopped:{upload.attempt}",
                upload.member,
                stopped_message(upload, upload_title(upload), pieces, problem),
                member=upload.member,
            )
        )


def upload_title(upload: Upload) -> str:
    """``Create leads from leads.csv``."""
    verb = "New" if upload.kind == "create" else "Changed"
    return f"{verb} {upload.procedure}s from {upload.filename}"


def _to_change(item: Mapping[str, Any]) -> ProcessChange:
    """``{"lead_id": "LEAD-7", "update": {…}}``, as ``bot.sheets`` makes it."""
    [attribute] = item.keys() - {UPDATE_KEY}
    return ProcessChange(str(item[attribute]), item[UPDATE_KEY], attribute)


def _workflow_key(upload_id: int, attempt: int) -> str:
    return f"{upload_id}:{attempt}"
