"""Uploads of spreadsheets to Chakra: in batches, each sent once, with a report of the outcome.

A batch that Chakra certainly did not accept is retried for a while. One that it refused, or whose
response never arrived, stops the upload: the rest is sent only when the member continues it, and
what may have been accepted is never sent again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from bot.aio.clock import Clock, sleep
from bot.bulk.repository import Uploads
from bot.bulk.upload import Batch, BatchState, Upload, UploadStage
from bot.bulk.upload_message import render_stopped
from bot.chakra.job import Job
from bot.chakra.processes import ProcessChange, ProcessesApi
from bot.durable.runs import Reschedule, RunState
from bot.durable.workspace_engine import WorkspaceEngine
from bot.errors import (
    ChakraError,
    DatabaseUnavailable,
    InvalidResponse,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
)
from bot.jobs.watch import NewWatch, Watch, WatchStatus
from bot.jobs.watcher import Watcher
from bot.outbox.message import OutboxMessage
from bot.outbox.outbox import Outbox
from bot.privacy import mask_text
from bot.slack.copy.explain import Explainer

UPLOAD_WORKFLOW = "upload"
UPLOAD_PREFIX = "upload:"
"""What the subject of an upload's watch starts with; the upload's ID follows."""

RETRY_DELAY_SECONDS = 5.0
MAX_RETRY_DELAY_SECONDS = 60.0
DB_RETRY_DELAYS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
BATCH_RETRY_TIMEOUT_SECONDS = 900.0
"""Seconds for which one batch is retried while Chakra is busy or unreachable."""
GIVE_UP_AT = "give_up_at"
"""Key in the run's state: when the retries of its first batch end, in seconds since 1970."""
QUIET_SECONDS = 60.0
"""Seconds within which a finished upload is reported in one message."""
DRAFT_RETENTION_SECONDS = 3_600.0
UPLOAD_RETENTION_SECONDS = 7 * 86_400.0
"""Customers' data, in the rows that were not uploaded: stored only as long as a member may want to
continue."""

INTERRUPTED_MESSAGE = "This app restarted before Chakra responded."
FINAL_STAGES = (UploadStage.STOPPED, UploadStage.DONE)

BatchItems = Sequence[Mapping[str, Any]]
UPDATE_KEY = "update"


class _ChakraBusy(Exception):
    """The batch is pending again; try it in ``wait`` seconds."""

    def __init__(self, wait: float, give_up_at: float) -> None:
        super().__init__()
        self.wait = wait
        self.give_up_at = give_up_at


class Uploader:
    """Sends batches and reports their outcome. Methods raise ``DatabaseUnavailable``."""

    def __init__(
        self,
        uploads: Uploads,
        processes: ProcessesApi,
        watcher: Watcher,
        outbox: Outbox,
        clock: Clock,
        engine: WorkspaceEngine,
    ) -> None:
        self.uploads = uploads
        self._processes = processes
        self._watcher = watcher
        self._outbox = outbox
        self._clock = clock
        self._engine = engine
        self._log = structlog.get_logger("uploads")

    async def start(self, upload: Upload, batches: Sequence[Batch], channel: str) -> bool:
        """Start a confirmed upload. Return False if it was started before."""
        now = self._clock.time()
        new = await self.uploads.confirm(upload, batches, channel, now)
        await self._engine.start(UPLOAD_WORKFLOW, _build_workflow_key(upload.id, 1))
        return new

    async def resume(self, upload_id: int) -> bool:
        """Continue a stopped upload with its remaining batches.

        Return False if it was not stopped.
        """
        upload = await self.uploads.resume(upload_id, self._clock.time())
        if upload is None:
            return False
        await self._engine.start(UPLOAD_WORKFLOW, _build_workflow_key(upload.id, upload.attempt))
        return True

    async def list_active_keys(self) -> list[str]:
        """Return the keys of all chains that must be alive."""
        running = await self.uploads.list_running()
        return [_build_workflow_key(upload.id, upload.attempt) for upload in running]

    async def purge(self) -> None:
        """Delete old drafts and uploads, with the customers' data in them."""
        now = self._clock.time()
        await self.uploads.purge(now - DRAFT_RETENTION_SECONDS, now - UPLOAD_RETENTION_SECONDS)

    async def run(self, key: str, state: RunState) -> Reschedule | None:
        """Send batches until none is left or one fails, and report either.

        While Chakra is busy, return when to try again.

        A run that starts while another one of the same upload executes (a replica wrongly presumed
        dead) never repeats a batch, and the last of them reports the outcome.
        """
        upload_id, attempt = (int(part) for part in key.split(":"))
        upload = await self.uploads.get(upload_id)
        if upload is None or upload.attempt != attempt:
            return None
        if upload.stage is UploadStage.RUNNING:
            try:
                await self._send_batches(upload, state)
            except _ChakraBusy as busy:
                return Reschedule(busy.wait, {GIVE_UP_AT: busy.give_up_at})
            upload = await self.uploads.get(upload_id)
        if upload is not None and upload.attempt == attempt and upload.stage in FINAL_STAGES:
            await self._ensure_watch(upload, complete=True)
        return None

    async def _send_batches(self, upload: Upload, state: RunState) -> None:
        interrupted = await self.uploads.mark_sending_unknown(upload.id)
        problem = INTERRUPTED_MESSAGE if interrupted else ""
        give_up_at = float(state.get(GIVE_UP_AT, 0.0))
        while not problem:
            batch = await self.uploads.claim(upload.id, upload.attempt)
            if batch is None:
                break
            problem = await self._send_batch(upload, batch, give_up_at)
            give_up_at = 0.0
            await self._ensure_watch(upload, complete=False)
        if problem:
            await self._notify_stopped(upload, problem)
        stage, now = UploadStage.STOPPED if problem else UploadStage.DONE, self._clock.time()
        if not await self.uploads.set_stage(upload.id, upload.attempt, stage, now, problem=problem):
            await self._report_again(upload)

    async def _report_again(self, upload: Upload) -> None:
        """Update the report of another run that stopped the upload.

        That run could not know the outcome of this run's batch.
        """
        now = await self.uploads.get(upload.id)
        if now is not None and now.stage is UploadStage.STOPPED and now.attempt == upload.attempt:
            await self._notify_stopped(upload, now.problem)

    async def _send_batch(self, upload: Upload, batch: Batch, give_up_at: float) -> str:
        """Send one batch. Return "" if Chakra accepted it, otherwise the problem in a sentence.

        Raise ``_ChakraBusy``, with the batch pending again, if Chakra certainly did not accept it
        and may do so later. ``give_up_at`` is when to stop retrying; 0 for a first try.
        """
        items: BatchItems = json.loads(batch.body)
        try:
            job = await self._post_items(upload, items)
        except (RateLimited, Unavailable) as busy:
            wait = min(busy.retry_after or RETRY_DELAY_SECONDS, MAX_RETRY_DELAY_SECONDS)
            now = self._clock.time()
            give_up_at = give_up_at or now + BATCH_RETRY_TIMEOUT_SECONDS
            if now + wait > give_up_at:
                return await self._record_failure(upload, batch, BatchState.PENDING, busy)
            await self._record_outcome(upload, batch, BatchState.PENDING)
            raise _ChakraBusy(wait, give_up_at) from busy
        except (OutcomeUnknown, InvalidResponse) as error:
            return await self._record_failure(upload, batch, BatchState.UNKNOWN, error)
        except ChakraError as error:
            return await self._record_failure(upload, batch, BatchState.REFUSED, error)
        await self._record_outcome(upload, batch, BatchState.SENT, job_id=job.id)
        return ""

    async def _post_items(self, upload: Upload, items: BatchItems) -> Job:
        if upload.kind == "create":
            return await self._processes.create_many(upload.procedure, items)
        return await self._processes.update_many(
            upload.procedure, [_to_change(item) for item in items]
        )

    async def _record_failure(
        self, upload: Upload, batch: Batch, state: BatchState, error: ChakraError
    ) -> str:
        self._log.warning("batch_failed", upload=upload.id, batch=batch.number, reason=error.kind)
        problem = mask_text(Explainer().explain_as_text(error))
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
        """Record an outcome, retrying while the database is unavailable.

        A known outcome must not become unknown.
        """
        for wait in DB_RETRY_DELAYS:
            try:
                await self.uploads.record_outcome(
                    upload.id, batch.number, state, job_id=job_id, problem=problem
                )
            except DatabaseUnavailable:
                await sleep(self._clock, wait)
            else:
                return
        raise DatabaseUnavailable(
            f"The outcome of batch {batch.number} of upload {upload.id} was not recorded."
        )

    async def _ensure_watch(self, upload: Upload, *, complete: bool) -> None:
        """Make one watch follow all jobs of the upload; the first job starts it."""
        batches = await self.uploads.list_batches(upload.id)
        jobs = tuple(batch.job_id for batch in batches if batch.job_id)
        if not jobs:
            return
        watch = await self._load_watch(upload)
        if watch is not None and (watch.is_active or watch.status is WatchStatus.STOPPED):
            await self._watcher.watches.set_jobs(watch.id, jobs, complete=complete)
            await self._watcher.poll_now(watch.id)
            return
        if watch is not None and watch.jobs == jobs:
            return  # all jobs were followed to their end
        new_watch = NewWatch(
            subject=f"{UPLOAD_PREFIX}{upload.id}",
            jobs=jobs,
            member=upload.member,
            channel=upload.channel,
            title=upload_title(upload),
        )
        started, _ = await self._watcher.start(
            new_watch, complete=complete, quiet_seconds=QUIET_SECONDS
        )
        await self.uploads.set_watch(upload.id, started.id)

    async def _load_watch(self, upload: Upload) -> Watch | None:
        fresh = await self.uploads.get(upload.id)
        if fresh is None or not fresh.watch_id:
            return None
        return await self._watcher.watches.get(fresh.watch_id)

    async def _notify_stopped(self, upload: Upload, problem: str) -> None:
        """Notify the member by direct message: only they can continue the upload."""
        batches = await self.uploads.list_batches(upload.id)
        await self._outbox.enqueue(
            OutboxMessage(
                f"upload:{upload.id}:stopped:{upload.attempt}",
                upload.member,
                render_stopped(upload, upload_title(upload), batches, problem),
                member=upload.member,
            )
        )


def upload_title(upload: Upload) -> str:
    """Return the title of an upload, such as "New leads from leads.csv"."""
    verb = "New" if upload.kind == "create" else "Changed"
    return f"{verb} {upload.procedure}s from {upload.filename}"


def _to_change(item: Mapping[str, Any]) -> ProcessChange:
    """Convert ``{"lead_id": "LEAD-7", "update": {…}}``, as ``bot.sheets`` builds it."""
    [attribute] = item.keys() - {UPDATE_KEY}
    return ProcessChange(str(item[attribute]), item[UPDATE_KEY], attribute)


def _build_workflow_key(upload_id: int, attempt: int) -> str:
    return f"{upload_id}:{attempt}"
