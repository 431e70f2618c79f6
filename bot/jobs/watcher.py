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
from bot.aio.wake_event import Bell
from bot.chakra.job import Job, JobEntry
from bot.db.rate_limits import Turns
from bot.durable.engine import Engine
from bot.errors import ChakraError, Missing
from bot.jobs import watch_message
from bot.jobs.aggregate import first_failed, together
from bot.jobs.polling import patience, pause
from bot.jobs.progress import Point, Progress
from bot.jobs.reader import MOST_LOOKED_THROUGH, JobLibrary
from bot.jobs.repository import Ask, Ending, Watch, Watches
from bot.outbox.outbox import Outbox
from bot.slack.commands.reply import Message

KIND = "watch"
A_SECOND = 19.0
"""Requests to Chakra, of all watches and all replicas together."""
AT_ONCE = 8
"""Looks of this process: a thousand that fall due together must neither fill the database's queue,
in which people's commands stand as well, nor meet a Chakra that hangs with a thousand requests."""
TOLD_OF_STALL = 900.0
"""Seconds without progress after which the one who asked is told, once a standstill."""
LONGEST = 7 * 86_400.0
"""Seconds that one job is watched for."""
GONE_FOR_SURE = 2
"""Times in a row that Chakra must not know a job; the first may have been a hiccup."""
SHOWN_FAILED = 5
ASK_FAILED = 20.0
"""Seconds between two looks for the first failed entries, which may take several requests."""
OURS = frozenset({"dropped"})
"""Refusals of the outbox that say nothing of the channel."""


@dataclass(slots=True)
class _Sight:
    """What one process has seen of a watch since it began to keep it."""

    silences: int = 0
    missing: int = 0
    failed: tuple[JobEntry, ...] = ()
    failed_at: int = -1
    asked_at: float = 0.0


class Watching:
    """Raises ``StoreUnavailable`` from every method.

    Every look waits for a place in the room, and every request for its turn: so they are spread
    however many fall due at once, and what is asked of Chakra is bounded for all together.
    """

    def __init__(
        self, watches: Watches, jobs: JobLibrary, outbox: Outbox, turns: Turns, clock: Clock
    ) -> None:
        self.watches = watches
        self._jobs = jobs.in_turns(self._turn)
        self._outbox = outbox
        self._turns = turns
        self._clock = clock
        self._room = Room(AT_ONCE)
        self._bells: dict[int, Bell] = {}
        self._log = structlog.get_logger("watches")

    @property
    def kept(self) -> int:
        """How many watches this process follows right now."""
        return len(self._bells)

    async def begin(self, engine: Engine, ask: Ask, *, whole: bool = True) -> tuple[Watch, bool]:
        """The watch, and whether it is new. Once this returns it is followed to its end."""
        watch, new = await self.watches.begin(ask, self._clock.time(), whole=whole)
        await engine.promise(KIND, str(watch.id))
        return watch, new

    async def go_on(self, engine: Engine) -> None:
        """With each that somebody began and did not come to promise."""
        live = await self.watches.live_ids()
        promised = await engine.promised(KIND) if live else frozenset()
        for watch_id in live:
            if str(watch_id) not in promised:
                await engine.promise(KIND, str(watch_id))

    async def stop(self, watch: Watch) -> bool:
        """Whether it went on until now. Its message says so when its keeper next looks."""
        stopped = await self.watches.end(watch.id, Ending.STOPPED, self._clock.time())
        self.look_now(watch.id)
        return stopped

    async def privately(self, watch: Watch) -> None:
        await self.watches.privately(watch.id)
        self.look_now(watch.id)

    def look_now(self, watch_id: int) -> None:
        """Where this process keeps it; another replica sees it at its own next look."""
        bell = self._bells.get(watch_id)
        if bell is not None:
            bell.ring()
            self._room.hurry(watch_id)

    async def keep(self, key: str) -> None:
        """Until the watch has ended, and that is said."""
        watch_id = int(key)
        bell = self._bells.setdefault(watch_id, Bell(self._clock))
        sight = _Sight()
        try:
            while wait := await self._step(watch_id, sight):
                await bell.wait(wait)
        finally:
            self._bells.pop(watch_id, None)

    async def _step(self, watch_id: int, sight: _Sight) -> float:
        """Seconds until the next one; 0 once the watch has ended and that is said."""
        async with self._room.place(watch_id):
            watch = await self.watches.get(watch_id)
            if watch is not None and watch.watched:
                if wait := await self._look(watch, sight):
                    return wait
                watch = await self.watches.get(watch_id)
            if watch is not None:
                await self._conclude(watch)
            return 0.0

    async def _look(self, watch: Watch, sight: _Sight) -> float:
        """Seconds until the next look; 0 once it has ended."""
        now = self._clock.time()
        watch = await self._where_it_can_stand(watch)
        if not watch.watched:
            return 0.0
        if now - watch.started_at > LONGEST:
            return await self._end(watch, Ending.TOO_LONG)
        try:
            jobs = await self._seen(watch)
        except Missing:
            return await self._not_there(watch, sight)
        except ChakraError as silent:
            sight.silences += 1
            self._log.info("job_not_seen", watch=watch.id, reason=silent.kind)
            await self._say(watch, sight, self._last(watch), now, silent)
            return patience(sight.silences)
        sight.silences = sight.missing = 0
        job = together(jobs)
        progress = Progress.of(_points(watch, job, now), job, now)
        await self.watches.saw(watch.id, now, job.counts, _kept(progress))
        watch = replace(watch, seen_at=now, counts=job.counts, points=_kept(progress))
        if watch.whole and all(one.finished for one in jobs):
            return await self._end(watch, Ending.FINISHED)
        await self._say(watch, sight, job, now)
        if await self._note_failed(watch, job, sight):
            await self._say(watch, sight, job, now)
        await self._tell_of_stall(watch, progress)
        return pause(progress, now - watch.started_at)

    async def _seen(self, watch: Watch) -> Sequence[Job]:
        """Raises the errors of Chakra; an old answer that stands in for none is none."""
        seen = [await self._jobs.job(one) for one in watch.jobs]
        for one in seen:
            if one.stale and one.reason is not None:
                raise one.reason
        return [one.value for one in seen]

    async def _turn(self) -> None:
        wait = await self._turns.take(self._clock.time())
        if wait > 0:
            await sleep(self._clock, wait)

    async def _not_there(self, watch: Watch, sight: _Sight) -> float:
        sight.missing += 1
        if sight.missing >= GONE_FOR_SURE:
            return await self._end(watch, Ending.VANISHED)
        return patience(sight.missing)

    async def _end(self, watch: Watch, ending: Ending) -> float:
        await self.watches.end(watch.id, ending, self._clock.time())
        return 0.0

    async def _where_it_can_stand(self, watch: Watch) -> Watch:
        """A channel that was closed to the bot is left for the messages with the member, who has
        been told of it by the outbox."""
        if watch.channel == watch.member:
            return watch
        standing = await self._outbox.standing(_key(watch))
        if not standing.refusal or standing.refusal in OURS:
            return watch
        return await self.watches.move(watch, watch.member)

    # --- what is said ----------------------------------------------------------------------------

    async def _say(
        self,
        watch: Watch,
        sight: _Sight,
        job: Job,
        now: float,
        trouble: ChakraError | None = None,
    ) -> None:
        progress = Progress.of(_as_points(watch), job, now)
        message = watch_message.kept_up(
            watch, job, progress, now=now, trouble=trouble, failed=sight.failed
        )
        await self._outbox.put(_key(watch), watch.channel, message, member=watch.member)

    async def _note_failed(self, watch: Watch, job: Job, sight: _Sight) -> bool:
        """The first failed entries, asked for again only when there are more of them, and left for
        the end while others wait for a look. Whether there is news of them."""
        now = self._clock.time()
        if job.unsuccessful == sight.failed_at or len(sight.failed) >= SHOWN_FAILED:
            return False
        if now - sight.asked_at < ASK_FAILED or self._room.waiting:
            return False
        sight.asked_at = now
        before, sight.failed_at = sight.failed, job.unsuccessful
        sight.failed = await first_failed(self._jobs, watch.jobs, SHOWN_FAILED)
        return sight.failed != before

    async def _tell_of_stall(self, watch: Watch, progress: Progress) -> None:
        stalled = progress.stalled_for > TOLD_OF_STALL
        if stalled is watch.stall_told:
            return
        if stalled:
            since = int(self._clock.time() - progress.stalled_for)
            await self._reply(
                watch,
                f"stalled:{since}",
                watch_message.standstill(watch, progress, to_member=_alone(watch)),
            )
        await self.watches.told_of_stall(watch.id, told=stalled)

    async def _conclude(self, watch: Watch) -> None:
        """Said again after a crash it is the same: each message has its key."""
        now = self._clock.time()
        job = self._last(watch)
        progress = Progress.of(_as_points(watch), job, watch.seen_at or now)
        failed: tuple[JobEntry, ...] = ()
        if job.unsuccessful:
            pages = 1 if self._room.waiting else MOST_LOOKED_THROUGH
            failed = await first_failed(self._jobs, watch.jobs, SHOWN_FAILED, pages=pages)
        final = watch_message.ended(watch, job, progress, now=watch.ended_at, failed=failed)
        await self._outbox.put(_key(watch), watch.channel, final, member=watch.member, urgent=True)
        if watch.ending is not Ending.STOPPED:
            told = watch_message.outcome(watch, job, to_member=_alone(watch))
            await self._reply(watch, "outcome", told, broadcast=True)

    async def _reply(
        self, watch: Watch, what: str, message: Message, *, broadcast: bool = False
    ) -> None:
        """In the thread of the watch's message; to the member where that is who shall read it."""
        if _alone(watch):
            await self._outbox.put(
                f"{_key(watch)}:{what}", watch.member, message, member=watch.member
            )
            return
        await self._outbox.put(
            f"{_key(watch)}:{what}",
            watch.channel,
            message,
            member=watch.member,
            thread_of=_key(watch),
            broadcast=broadcast,
        )

    def _last(self, watch: Watch) -> Job:
        """As it was last seen."""
        return Job(id=watch.jobs[0] if watch.jobs else watch.subject, counts=watch.counts)


def _key(watch: Watch) -> str:
    return f"watch:{watch.id}:{watch.channel}"


def _alone(watch: Watch) -> bool:
    """Whether only the member reads what is told."""
    return watch.privately or watch.channel == watch.member


def _as_points(watch: Watch) -> tuple[Point, ...]:
    return tuple(Point(at, done) for at, done in watch.points)


def _points(watch: Watch, job: Job, now: float) -> tuple[Point, ...]:
    return (*_as_points(watch), Point(now, job.done))


def _kept(progress: Progress) -> tuple[tuple[float, int], ...]:
    return tuple((one.at, one.done) for one in progress.points)
