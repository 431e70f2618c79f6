"""Following jobs to their end: one message a watch, kept up to date, then the outcome, said once.

Whatever the process goes through, a watch that began ends with its outcome told: the engine calls
``keep`` again, and everything that is said goes to the outbox under a key of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from bot.aio.clock import Clock, sleep
from bot.aio.priority_semaphore import Room
from bot.aio.wake_event import WakeEvent
from bot.chakra.job import Job, JobEntry
from bot.db.rate_limits import Turns
from bot.durable.engine import Engine
from bot.errors import ChakraError, ResourceNotFound
from bot.jobs import watch_message
from bot.jobs.aggregate import fetch_first_failed_entries, merge_jobs
from bot.jobs.polling import poll_interval, retry_delay
from bot.jobs.progress import Progress, ProgressPoint
from bot.jobs.reader import MAX_ENTRY_PAGES, JobReader
from bot.jobs.repository import NewWatch, Watch, Watches, WatchStatus
from bot.outbox.message import OutboxMessage
from bot.outbox.outbox import Outbox
from bot.slack.commands.reply import Message

WATCH_WORKFLOW = "watch"
MAX_REQUESTS_PER_SECOND = 19.0
"""Requests to Chakra, of all watches and all replicas together."""
MAX_CONCURRENT_POLLS = 8
"""Looks of this process: a thousand that fall due together must neither fill the database's queue,
in which people's commands stand as well, nor meet a Chakra that hangs with a thousand requests."""
STALL_NOTICE_AFTER_SECONDS = 900.0
"""Seconds without progress after which the one who asked is told, once a standstill."""
MAX_WATCH_SECONDS = 7 * 86_400.0
"""Seconds that one job is watched for."""
MISSES_BEFORE_GONE = 2
"""Times in a row that Chakra must not know a job; the first may have been a hiccup."""
MAX_FAILED_ENTRIES = 5
FAILED_ENTRIES_INTERVAL_SECONDS = 20.0
"""Seconds between two looks for the first failed entries, which may take several requests."""
OWN_ERROR_CODES = frozenset({"withdrawn"})
"""Refusals of the outbox that say nothing of the channel."""


@dataclass(slots=True)
class _WatchState:
    """What one process has seen of a watch since it began to keep it."""

    failures: int = 0
    misses: int = 0
    failed_entries: tuple[JobEntry, ...] = ()
    fetched_failed_count: int = -1
    fetched_failed_at: float = 0.0


class Watcher:
    """Raises ``DatabaseUnavailable`` from every method.

    Every look waits for a place in the room, and every request for its turn: so they are spread
    however many fall due at once, and what is asked of Chakra is bounded for all together.
    """

    def __init__(
        self, watches: Watches, jobs: JobReader, outbox: Outbox, rate_limiter: Turns, clock: Clock
    ) -> None:
        self.watches = watches
        self._jobs = jobs.rate_limited(self._wait_for_rate_limit)
        self._outbox = outbox
        self._rate_limiter = rate_limiter
        self._clock = clock
        self._semaphore = Room(MAX_CONCURRENT_POLLS)
        self._wake_events: dict[int, WakeEvent] = {}
        self._log = structlog.get_logger("watches")

    @property
    def active_count(self) -> int:
        """How many watches this process follows right now."""
        return len(self._wake_events)

    async def start(
        self, engine: Engine, new_watch: NewWatch, *, complete: bool = True
    ) -> tuple[Watch, bool]:
        """The watch, and whether it is new. Once this returns it is followed to its end."""
        watch, new = await self.watches.get_or_create(
            new_watch, self._clock.time(), complete=complete
        )
        await engine.promise(WATCH_WORKFLOW, str(watch.id))
        return watch, new

    async def requeue_orphans(self, engine: Engine) -> None:
        """With each that somebody began and did not come to promise."""
        live = await self.watches.list_active_ids()
        promised = await engine.promised(WATCH_WORKFLOW) if live else frozenset()
        for watch_id in live:
            if str(watch_id) not in promised:
                await engine.promise(WATCH_WORKFLOW, str(watch_id))

    async def stop(self, watch: Watch) -> bool:
        """Whether it went on until now. Its message says so when its keeper next looks."""
        stopped = await self.watches.end(watch.id, WatchStatus.STOPPED, self._clock.time())
        self.poll_now(watch.id)
        return stopped

    async def enable_dm_notice(self, watch: Watch) -> None:
        await self.watches.enable_dm_notice(watch.id)
        self.poll_now(watch.id)

    def poll_now(self, watch_id: int) -> None:
        """Where this process keeps it; another replica sees it at its own next look."""
        bell = self._wake_events.get(watch_id)
        if bell is not None:
            bell.set()
            self._semaphore.hurry(watch_id)

    async def run(self, key: str) -> None:
        """Until the watch has ended, and that is said."""
        watch_id = int(key)
        bell = self._wake_events.setdefault(watch_id, WakeEvent(self._clock))
        sight = _WatchState()
        try:
            while wait := await self._step(watch_id, sight):
                await bell.wait(wait)
        finally:
            self._wake_events.pop(watch_id, None)

    async def _step(self, watch_id: int, state: _WatchState) -> float:
        """Seconds until the next one; 0 once the watch has ended and that is said."""
        async with self._semaphore.place(watch_id):
            watch = await self.watches.get(watch_id)
            if watch is not None and watch.is_active:
                if wait := await self._poll(watch, state):
                    return wait
                watch = await self.watches.get(watch_id)
            if watch is not None:
                await self._finish(watch)
            return 0.0

    async def _poll(self, watch: Watch, state: _WatchState) -> float:
        """Seconds until the next look; 0 once it has ended."""
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
        except ChakraError as silent:
            state.failures += 1
            self._log.info("job_fetch_failed", watch=watch.id, reason=silent.kind)
            await self._update_message(watch, state, self._last_known_job(watch), now, silent)
            return retry_delay(state.failures)
        state.failures = state.misses = 0
        job = merge_jobs(jobs)
        progress = Progress.from_points(_append_point(watch, job, now), job, now)
        await self.watches.record_progress(watch.id, now, job.counts, _to_pairs(progress))
        watch = replace(
            watch, progress_at=now, counts=job.counts, progress_points=_to_pairs(progress)
        )
        if watch.complete and all(one.finished for one in jobs):
            return await self._end(watch, WatchStatus.FINISHED)
        await self._update_message(watch, state, job, now)
        if await self._refresh_failed_entries(watch, job, state):
            await self._update_message(watch, state, job, now)
        await self._notify_stall(watch, progress)
        return poll_interval(progress, now - watch.started_at)

    async def _fetch_jobs(self, watch: Watch) -> Sequence[Job]:
        """Raises the errors of Chakra; an old answer that stands in for none is none."""
        seen = [await self._jobs.get_job(one) for one in watch.jobs]
        for one in seen:
            if one.stale and one.reason is not None:
                raise one.reason
        return [one.value for one in seen]

    async def _wait_for_rate_limit(self) -> None:
        wait = await self._rate_limiter.take(self._clock.time())
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
        """A channel that was closed to the bot is left for the messages with the member, who has
        been told of it by the outbox."""
        if watch.channel == watch.member:
            return watch
        standing = await self._outbox.get_status(_outbox_key(watch))
        if not standing.error_code or standing.error_code in OWN_ERROR_CODES:
            return watch
        return await self.watches.move_to(watch, watch.member)

    # --- what is said ----------------------------------------------------------------------------

    async def _update_message(
        self,
        watch: Watch,
        state: _WatchState,
        job: Job,
        now: float,
        error: ChakraError | None = None,
    ) -> None:
        progress = Progress.from_points(_stored_points(watch), job, now)
        message = watch_message.progress_message(
            watch, job, progress, now=now, error=error, failed_entries=state.failed_entries
        )
        await self._outbox.enqueue(
            OutboxMessage(_outbox_key(watch), watch.channel, message, member=watch.member)
        )

    async def _refresh_failed_entries(self, watch: Watch, job: Job, state: _WatchState) -> bool:
        """The first failed entries, asked for again only when there are more of them, and left for
        the end while others wait for a look. Whether there is news of them."""
        now = self._clock.time()
        if (
            job.unsuccessful == state.fetched_failed_count
            or len(state.failed_entries) >= MAX_FAILED_ENTRIES
        ):
            return False
        if (
            now - state.fetched_failed_at < FAILED_ENTRIES_INTERVAL_SECONDS
            or self._semaphore.waiting
        ):
            return False
        state.fetched_failed_at = now
        before, state.fetched_failed_count = state.failed_entries, job.unsuccessful
        state.failed_entries = await fetch_first_failed_entries(
            self._jobs, watch.jobs, MAX_FAILED_ENTRIES
        )
        return state.failed_entries != before

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

    async def _finish(self, watch: Watch) -> None:
        """Said again after a crash it is the same: each message has its key."""
        now = self._clock.time()
        job = self._last_known_job(watch)
        progress = Progress.from_points(_stored_points(watch), job, watch.progress_at or now)
        failed: tuple[JobEntry, ...] = ()
        if job.unsuccessful:
            pages = 1 if self._semaphore.waiting else MAX_ENTRY_PAGES
            failed = await fetch_first_failed_entries(
                self._jobs, watch.jobs, MAX_FAILED_ENTRIES, max_pages=pages
            )
        final = watch_message.final_message(
            watch, job, progress, now=watch.ended_at, failed_entries=failed
        )
        await self._outbox.enqueue(
            OutboxMessage(
                _outbox_key(watch), watch.channel, final, member=watch.member, urgent=True
            )
        )
        if watch.status is not WatchStatus.STOPPED:
            told = watch_message.outcome_message(watch, job, to_member=_is_private(watch))
            await self._reply(watch, "outcome", told, broadcast=True)

    async def _reply(
        self, watch: Watch, key_suffix: str, message: Message, *, broadcast: bool = False
    ) -> None:
        """In the thread of the watch's message; to the member where that is who shall read it."""
        if _is_private(watch):
            await self._outbox.enqueue(
                OutboxMessage(
                    f"{_outbox_key(watch)}:{key_suffix}", watch.member, message, member=watch.member
                )
            )
            return
        await self._outbox.enqueue(
            OutboxMessage(
                f"{_outbox_key(watch)}:{key_suffix}",
                watch.channel,
                message,
                member=watch.member,
                thread_key=_outbox_key(watch),
                broadcast=broadcast,
            )
        )

    def _last_known_job(self, watch: Watch) -> Job:
        """As it was last seen."""
        return Job(id=watch.jobs[0] if watch.jobs else watch.subject, counts=watch.counts)


def _outbox_key(watch: Watch) -> str:
    return f"watch:{watch.id}:{watch.channel}"


def _is_private(watch: Watch) -> bool:
    """Whether only the member reads what is told."""
    return watch.notify_by_dm or watch.channel == watch.member


def _stored_points(watch: Watch) -> tuple[ProgressPoint, ...]:
    return tuple(ProgressPoint(at, done) for at, done in watch.progress_points)


def _append_point(watch: Watch, job: Job, now: float) -> tuple[ProgressPoint, ...]:
    return (*_stored_points(watch), ProgressPoint(now, job.done))


def _to_pairs(progress: Progress) -> tuple[tuple[float, int], ...]:
    return tuple((one.timestamp, one.done) for one in progress.points)
