"""Watches: each follows a job to its end in one message, then reports the outcome once.

One run of a watch's chain is one poll. Whatever happens to the process, a watch that started ends
with its outcome reported: every message goes to the outbox under a key of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import structlog
from pydantic import BaseModel

from bot.aio.clock import Clock, sleep
from bot.chakra.job import Job, JobEntry
from bot.durable.runs import Reschedule, RunState
from bot.durable.workspace_engine import WorkspaceEngine
from bot.errors import ChakraError, ResourceNotFound
from bot.jobs import watch_message
from bot.jobs.aggregate import fetch_first_failed_entries, merge_jobs
from bot.jobs.polling import poll_interval, retry_delay
from bot.jobs.progress import Progress, ProgressPoint
from bot.jobs.reader import MAX_ENTRY_PAGES, JobReader
from bot.jobs.refresh import compute_message_digest, is_worth_an_edit
from bot.jobs.repository import Watches
from bot.jobs.watch import NewWatch, Watch, WatchStatus
from bot.outbox.message import OutboxMessage
from bot.outbox.outbox import Outbox
from bot.privacy import mask_text
from bot.ratelimit import SharedRateLimiter
from bot.slack.commands.reply import Message

WATCH_WORKFLOW = "watch"
MAX_REQUESTS_PER_SECOND = 19.0
"""Requests to Chakra by all watches of all replicas together."""
CONGESTED_AFTER_SECONDS = 1.0
"""A longer wait for the rate limit means that other watches are waiting for it, too."""
STALL_NOTICE_AFTER_SECONDS = 900.0
"""Seconds without progress after which the member is notified, once per standstill."""
MAX_WATCH_SECONDS = 7 * 86_400.0
"""Seconds for which one job is watched."""
RETENTION_SECONDS = 30 * 86_400.0
"""Seconds for which finished watches are stored."""
MISSES_BEFORE_GONE = 2
"""Consecutive "not found" answers that end a watch; the first may be a hiccup."""
MAX_FAILED_ENTRIES = 5
FAILED_ENTRIES_INTERVAL_SECONDS = 20.0
"""Minimum seconds between two fetches of the first failed entries, each several requests."""
OWN_ERROR_CODES = frozenset({"withdrawn"})
"""Outbox error codes that say nothing about the channel."""


class _WatchState(BaseModel):
    """The state that a poll of a watch passes to the next one.

    ``failed_entries`` are masked, since the state is stored. Until ``quiet_until`` (seconds since
    1970; 0 for most watches) no message is posted: if the job ends before, its outcome is the only
    one.
    """

    failures: int = 0
    misses: int = 0
    failed_entries: tuple[JobEntry, ...] = ()
    fetched_failed_count: int = -1
    fetched_failed_at: float = 0.0
    posted_digest: str = ""
    posted_at: float = 0.0
    quiet_until: float = 0.0


class Watcher:
    """Starts, polls and ends watches. Methods raise ``DatabaseUnavailable``.

    Every request to Chakra waits for the shared rate limit, so that polls are spread out, however
    many are due at the same time.
    """

    def __init__(
        self,
        watches: Watches,
        jobs: JobReader,
        outbox: Outbox,
        rate_limiter: SharedRateLimiter,
        clock: Clock,
        engine: WorkspaceEngine,
    ) -> None:
        self.watches = watches
        self._jobs = jobs.limit_rate(self._wait_for_rate_limit)
        self._outbox = outbox
        self._rate_limiter = rate_limiter
        self._clock = clock
        self._engine = engine
        self._is_congested = False
        self._log = structlog.get_logger("watches")

    @property
    def active_count(self) -> int:
        """Active watches of all replicas."""
        return self._engine.count_active(WATCH_WORKFLOW)

    async def start(
        self, new_watch: NewWatch, *, complete: bool = True, quiet_seconds: float = 0.0
    ) -> tuple[Watch, bool]:
        """Start watching; a job that ends within ``quiet_seconds`` gets one message, its outcome.

        Return the watch, and whether it is new. Once this returns, the watch survives the process.
        """
        watch, new = await self.watches.get_or_create(
            new_watch, self._clock.time(), complete=complete
        )
        quiet = {"quiet_until": watch.started_at + quiet_seconds} if quiet_seconds else None
        await self._engine.start(WATCH_WORKFLOW, str(watch.id), quiet)
        return watch, new

    async def list_active_keys(self) -> list[str]:
        """Return the keys of all chains that must be alive."""
        return [str(watch_id) for watch_id in await self.watches.list_active_ids()]

    async def stop(self, watch: Watch) -> bool:
        """Stop a watch; its message follows with the next poll. Return False if it had ended."""
        stopped = await self.watches.end(watch.id, WatchStatus.STOPPED, self._clock.time())
        await self.poll_now(watch.id)
        return stopped

    async def enable_dm_notice(self, watch: Watch) -> None:
        """Report the outcome to the member in a direct message instead of the channel."""
        await self.watches.enable_dm_notice(watch.id)
        await self.poll_now(watch.id)

    async def poll_now(self, watch_id: int) -> None:
        """Make the next poll due immediately, on whichever replica."""
        await self._engine.run_now(WATCH_WORKFLOW, str(watch_id))

    async def purge(self) -> None:
        """Delete watches that ended long ago."""
        await self.watches.purge(self._clock.time() - RETENTION_SECONDS)

    async def run(self, key: str, run_state: RunState) -> Reschedule | None:
        """Poll once.

        Return when to poll again, or None once the watch has ended and its outcome is in the
        outbox.
        """
        watch_id, state = int(key), _WatchState.model_validate(run_state)
        watch = await self.watches.get(watch_id)
        if watch is not None and watch.is_active:
            if wait := await self._poll(watch, state):
                return Reschedule(wait, state.model_dump(mode="json", by_alias=True))
            watch = await self.watches.get(watch_id)
        if watch is not None:
            await self._finish(watch, state)
        return None

    async def _poll(self, watch: Watch, state: _WatchState) -> float:
        """Return the seconds until the next poll; 0 once the watch has ended."""
        now = self._clock.time()
        watch = await self._fall_back_to_dm(watch)
        if not watch.is_active:
            return 0.0
        if now - watch.started_at > MAX_WATCH_SECONDS:
            return await self._end(watch, WatchStatus.TIMED_OUT)
        try:
            jobs = await self._fetch_jobs(watch)
        except ResourceNotFound:
            return await self._record_miss(watch, state)
        except ChakraError as error:
            state.failures += 1
            self._log.info("job_fetch_failed", watch=watch.id, reason=error.kind)
            await self._update_message(watch, state, self._build_last_known_job(watch), now, error)
            return retry_delay(state.failures)
        state.failures = state.misses = 0
        job = merge_jobs(jobs)
        progress = Progress.from_points(_append_point(watch, job, now), job, now)
        await self.watches.record_progress(watch.id, now, job.counts, _to_pairs(progress))
        watch = replace(
            watch, progress_at=now, counts=job.counts, progress_points=_to_pairs(progress)
        )
        if watch.complete and all(part.finished for part in jobs):
            return await self._end(watch, WatchStatus.FINISHED)
        await self._update_message(watch, state, job, now)
        if await self._refresh_failed_entries(watch, job, state):
            await self._update_message(watch, state, job, now)
        await self._notify_stall(watch, progress)
        return poll_interval(progress, now - watch.started_at)

    async def _fetch_jobs(self, watch: Watch) -> Sequence[Job]:
        """Return the watch's jobs. Raises ``ChakraError``, also if only a stale copy is cached."""
        cached = [await self._jobs.get_job(job_id) for job_id in watch.jobs]
        for job in cached:
            if job.stale and job.reason is not None:
                raise job.reason
        return [job.value for job in cached]

    async def _wait_for_rate_limit(self) -> None:
        wait = await self._rate_limiter.reserve(self._clock.time())
        self._is_congested = wait > CONGESTED_AFTER_SECONDS
        if wait > 0:
            await sleep(self._clock, wait)

    async def _record_miss(self, watch: Watch, state: _WatchState) -> float:
        state.misses += 1
        if state.misses >= MISSES_BEFORE_GONE:
            return await self._end(watch, WatchStatus.JOB_NOT_FOUND)
        return retry_delay(state.misses)

    async def _end(self, watch: Watch, status: WatchStatus) -> float:
        await self.watches.end(watch.id, status, self._clock.time())
        return 0.0

    async def _fall_back_to_dm(self, watch: Watch) -> Watch:
        """Move the watch to the member's direct messages if the bot lost its channel.

        The outbox has notified the member.
        """
        if watch.channel == watch.member:
            return watch
        status = await self._outbox.get_status(_build_outbox_key(watch))
        if not status.error_code or status.error_code in OWN_ERROR_CODES:
            return watch
        return await self.watches.move_to(watch, watch.member)

    # --- messages --------------------------------------------------------------------------------

    async def _update_message(
        self,
        watch: Watch,
        state: _WatchState,
        job: Job,
        now: float,
        error: ChakraError | None = None,
    ) -> None:
        """Enqueue the watch's message if it is worth an edit."""
        if now < state.quiet_until:
            return
        if error is not None and state.posted_digest and not watch_message.is_outage(watch, now):
            return
        progress = Progress.from_points(_read_stored_points(watch), job, now)
        failed = state.failed_entries
        digest = compute_message_digest(
            watch, job, progress, now=now, error=error, failed_entries=failed
        )
        if not is_worth_an_edit(digest, state.posted_digest, progress, now - state.posted_at):
            return
        message = watch_message.render_progress(
            watch, job, progress, now=now, error=error, failed_entries=failed
        )
        await self._outbox.enqueue(
            OutboxMessage(_build_outbox_key(watch), watch.channel, message, member=watch.member)
        )
        state.posted_digest, state.posted_at = digest, now

    async def _refresh_failed_entries(self, watch: Watch, job: Job, state: _WatchState) -> bool:
        """Fetch the first failed entries if there are more of them. Return whether they changed.

        While other watches wait for the rate limit they are left for the final message.
        """
        now = self._clock.time()
        if (
            job.unsuccessful == state.fetched_failed_count
            or len(state.failed_entries) >= MAX_FAILED_ENTRIES
        ):
            return False
        if now - state.fetched_failed_at < FAILED_ENTRIES_INTERVAL_SECONDS or self._is_congested:
            return False
        state.fetched_failed_at = now
        previous, state.fetched_failed_count = state.failed_entries, job.unsuccessful
        entries = await fetch_first_failed_entries(self._jobs, watch.jobs, MAX_FAILED_ENTRIES)
        state.failed_entries = tuple(_mask_entry(entry) for entry in entries)
        return state.failed_entries != previous

    async def _notify_stall(self, watch: Watch, progress: Progress) -> None:
        stalled = progress.stalled_seconds > STALL_NOTICE_AFTER_SECONDS
        if stalled is watch.stall_notified:
            return
        if stalled:
            since = int(self._clock.time() - progress.stalled_seconds)
            await self._reply(
                watch,
                f"stalled:{since}",
                watch_message.stall_message(watch, progress, to_member=_is_private(watch)),
            )
        await self.watches.set_stall_notified(watch.id, notified=stalled)

    async def _finish(self, watch: Watch, state: _WatchState) -> None:
        """Post the final message and the outcome; of a quiet watch without a message, the outcome.

        Repeated after a crash, this posts nothing twice: each message has its key.
        """
        now = self._clock.time()
        job = self._build_last_known_job(watch)
        progress = Progress.from_points(_read_stored_points(watch), job, watch.progress_at or now)
        is_posted = (
            not state.quiet_until
            or (await self._outbox.get_status(_build_outbox_key(watch))).is_known
        )
        failed: tuple[JobEntry, ...] = ()
        if job.unsuccessful and is_posted:
            pages = 1 if self._is_congested else MAX_ENTRY_PAGES
            failed = await fetch_first_failed_entries(
                self._jobs, watch.jobs, MAX_FAILED_ENTRIES, max_pages=pages
            )
        if is_posted:
            final = watch_message.render_final(
                watch, job, progress, now=watch.ended_at, failed_entries=failed
            )
            await self._outbox.enqueue(
                OutboxMessage(
                    _build_outbox_key(watch), watch.channel, final, member=watch.member, urgent=True
                )
            )
        if watch.status is not WatchStatus.STOPPED:
            outcome = watch_message.render_outcome(watch, job, to_member=_is_private(watch))
            await self._reply(
                watch,
                "outcome",
                outcome,
                in_thread=is_posted,
                broadcast=is_posted and not state.quiet_until,
            )

    async def _reply(
        self,
        watch: Watch,
        key_suffix: str,
        message: Message,
        *,
        in_thread: bool = True,
        broadcast: bool = False,
    ) -> None:
        """Post to the thread of the watch's message or beside it, or to the member alone."""
        if _is_private(watch):
            await self._outbox.enqueue(
                OutboxMessage(
                    f"{_build_outbox_key(watch)}:{key_suffix}",
                    watch.member,
                    message,
                    member=watch.member,
                )
            )
            return
        await self._outbox.enqueue(
            OutboxMessage(
                f"{_build_outbox_key(watch)}:{key_suffix}",
                watch.channel,
                message,
                member=watch.member,
                thread_key=_build_outbox_key(watch) if in_thread else "",
                broadcast=broadcast,
            )
        )

    def _build_last_known_job(self, watch: Watch) -> Job:
        """Return the job as of the last poll."""
        return Job(id=watch.jobs[0] if watch.jobs else watch.subject, counts=watch.counts)


def _mask_entry(entry: JobEntry) -> JobEntry:
    """Return the parts that a watch's message shows, masked."""
    return JobEntry(
        completion_status=mask_text(entry.completion_status), reason=mask_text(entry.reason)
    )


def _build_outbox_key(watch: Watch) -> str:
    return f"watch:{watch.id}:{watch.channel}"


def _is_private(watch: Watch) -> bool:
    """Return whether only the member reads the replies."""
    return watch.notify_by_dm or watch.channel == watch.member


def _read_stored_points(watch: Watch) -> tuple[ProgressPoint, ...]:
    return tuple(ProgressPoint(at, done) for at, done in watch.progress_points)


def _append_point(watch: Watch, job: Job, now: float) -> tuple[ProgressPoint, ...]:
    return (*_read_stored_points(watch), ProgressPoint(now, job.done))


def _to_pairs(progress: Progress) -> tuple[tuple[float, int], ...]:
    return tuple((point.timestamp, point.done) for point in progress.points)
