"""Post saved queries when they are due, in one process at a time.

A due time is posted once: its message has its own key in the outbox, and the row advances to the
next time only if no one advanced it before. After an outage only the latest due time is posted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

import structlog

from bot.aio.clock import Clock, wait_for
from bot.aio.periodic import RETRY_MAX_SECONDS
from bot.db.engine import Database
from bot.db.leader_loop import run_as_leader
from bot.db.locks import LeaderLock
from bot.errors import (
    ChakraError,
    DatabaseUnavailable,
    NotInChannel,
    SlackError,
    UserError,
)
from bot.notifications.schedule import find_zone
from bot.outbox.message import OutboxMessage
from bot.outbox.outbox import Outbox
from bot.processes.record_pages import read_records
from bot.processes.search import RecordSearch, find_type
from bot.processes.sorting import sort_records
from bot.record_queries import RecordQueries
from bot.saved_queries.post import (
    MAX_MISSED,
    QueryResult,
    render_ended,
    render_post,
    render_problem,
)
from bot.saved_queries.saved_query import STOPPED, Problem, SavedQuery, build_post_key
from bot.saved_queries.schedule import count_missed, find_next
from bot.saved_queries.service import SavedQueries
from bot.slack.channel_mask import is_private
from bot.slack.channels import Channels, Destination
from bot.slack.commands.command import Actor
from bot.slack.commands.permissions import AccessDecision, Permission
from bot.slack.member import Member, MemberKind

IDLE_SECONDS: Final = 60.0
"""The longest wait: the system clock may be changed while nothing is due."""
SHARED_POLL_SECONDS: Final = 15.0
"""Seconds between searches for what another process scheduled."""
BATCH_SIZE: Final = 20
MAX_CONCURRENT: Final = 4
READ_TIMEOUT_SECONDS: Final = 60.0
RETRY_SECONDS: Final = 60.0
MAX_RETRY_INTERVAL_SECONDS: Final = 600.0
MAX_RETRY_SECONDS: Final = 3_600.0
RESOLVED_SECONDS: Final = 30.0
"""Seconds for which Slack's answer about a channel is used for other queries."""
MAX_RESOLVED: Final = 1_000
MAX_COUNTED: Final = 1_000
"""Records that are read to count them: ten requests."""

CheckAccess = Callable[[Actor], Awaitable[AccessDecision]]


class CannotPost(Exception):
    """Why a query isn't posted this time; ``detail`` is a sentence about the case."""

    def __init__(self, problem: str, detail: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.detail = detail


class TryLater(Exception):
    """Slack or Chakra isn't answering at the moment; ``problem`` says which."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


class Scheduler:
    """`run` posts what is due. ``check_access`` returns what a member may do at this moment."""

    def __init__(
        self,
        database: Database,
        saved: SavedQueries,
        records: RecordSearch,
        queries: RecordQueries,
        channels: Channels,
        outbox: Outbox,
        check_access: CheckAccess,
        clock: Clock,
        *,
        workspace: str = "",
    ) -> None:
        self._database = database
        self._saved = saved
        self._repository = saved.repository
        self._records = records
        self._queries = queries
        self._channels = channels
        self._outbox = outbox
        self._check_access = check_access
        self._clock = clock
        self._workspace = workspace
        self._resolved: dict[tuple[str, str], tuple[float, Destination]] = {}
        self._log = structlog.get_logger("saved_queries")

    async def run(self) -> None:
        """Work while this process is the leader, until cancelled."""
        await run_as_leader(
            self._database,
            "saved_queries",
            self._workspace,
            self.run_once,
            self._saved.changed,
            self._clock,
        )

    async def run_once(self, lock: LeaderLock) -> float:
        """Post what is due; return the seconds until more is."""
        await lock.ensure_held()
        longest = IDLE_SECONDS if self._database.single_process else SHARED_POLL_SECONDS
        now, next_time = self._clock.time(), await self._repository.find_next_time()
        if not next_time or next_time > now:
            return min(longest, next_time - now) if next_time else longest
        due = await self._repository.list_due(now, BATCH_SIZE)
        for start in range(0, len(due), MAX_CONCURRENT):
            group = due[start : start + MAX_CONCURRENT]
            runs = (self._run_safely(query, lock) for query in group)
            for failure in await asyncio.gather(*runs, return_exceptions=True):
                if failure is not None:
                    raise failure
        if len(due) == BATCH_SIZE:
            return 0.0
        next_time = await self._repository.find_next_time()
        left = next_time - self._clock.time() if next_time else longest
        return min(longest, max(left, RETRY_MAX_SECONDS if due else 0.0))

    async def _run_safely(self, query: SavedQuery, lock: LeaderLock) -> None:
        try:
            await self._run(query, lock)
        except DatabaseUnavailable:
            raise
        except Exception:  # noqa: BLE001 - one query must not stop the others
            self._log.exception("saved_query_failed", query=query.id)
            await self._try_later(query, Problem.CHAKRA)

    async def _run(self, query: SavedQuery, lock: LeaderLock) -> None:
        try:
            member = await self._check_scheduler(query)
            await self._check_channel(query)
            result = await self._read(query, member)
        except TryLater as reason:
            await self._try_later(query, reason.problem)
            return
        except CannotPost as reason:
            await self._report(query, reason.problem, reason.detail)
            return
        await lock.ensure_held()
        if not await self._is_unchanged(query):
            return
        now = self._clock.time()
        zone = find_zone(query.schedule.time_zone) if query.schedule else member.zone
        message = render_post(query, result, zone, member.name, now)
        key = build_post_key(query.id, query.due_at)
        await self._outbox.enqueue(OutboxMessage(key, query.channel, message, query.scheduler))
        await self._repository.settle(
            query,
            _compute_next_due(query, now),
            posted_due_at=query.due_at,
            problem="",
            problem_at=0.0,
        )

    # --- checks -----------------------------------------------------------------------------------

    async def _check_scheduler(self, query: SavedQuery) -> Member:
        """Return the member who scheduled it. Raise ``CannotPost`` and ``TryLater``."""
        decision = await self._check_access(Actor(query.scheduler, self._workspace))
        member = decision.member
        if decision.is_unverified:
            raise TryLater(Problem.SLACK)
        if member is None or member.kind is MemberKind.DEACTIVATED:
            raise CannotPost(Problem.LEFT)
        if not decision.allows(Permission.NOTIFY):
            raise CannotPost(Problem.NO_ACCESS)
        return member

    async def _check_channel(self, query: SavedQuery) -> None:
        """Raise ``CannotPost`` unless the channel accepts it, and ``TryLater``."""
        if is_private(query.channel):
            return
        try:
            destination = await self._resolve(query.channel, query.scheduler)
        except NotInChannel as error:
            raise CannotPost(error.code) from None
        except SlackError as error:
            self._log.warning("channel_not_checked", query=query.id, code=error.code)
            raise TryLater(Problem.SLACK) from None
        except UserError:
            raise CannotPost(Problem.LEFT_CHANNEL) from None
        if destination.is_direct_message:
            raise CannotPost("missing_scope")
        if destination.has_outsiders and not query.allows_outsiders:
            raise CannotPost(Problem.OUTSIDERS)

    async def _resolve(self, channel: str, member: str) -> Destination:
        """Return where it is posted; Slack is asked once for all queries due together."""
        now = self._clock.monotonic()
        resolved_at, known = self._resolved.get((channel, member), (0.0, None))
        if known is not None and now - resolved_at < RESOLVED_SECONDS:
            return known
        found = await self._channels.resolve_destination(channel, member, is_known_member=False)
        if len(self._resolved) >= MAX_RESOLVED:
            self._resolved.clear()
        self._resolved[channel, member] = (now, found)
        return found

    async def _read(self, query: SavedQuery, member: Member) -> QueryResult:
        """Return the query's result. Raise ``CannotPost`` and ``TryLater``."""
        if query.text is None or query.schedule is None:
            raise CannotPost(Problem.QUERY, "It was encrypted with another access token.")
        try:
            return await wait_for(
                self._clock, self._find(query, query.text, member), READ_TIMEOUT_SECONDS
            )
        except (ChakraError, SlackError, TimeoutError) as error:
            self._log.warning("saved_query_deferred", query=query.id, reason=type(error).__name__)
            problem = Problem.SLACK if isinstance(error, SlackError) else Problem.CHAKRA
            raise TryLater(problem) from None
        except UserError as error:
            raise CannotPost(Problem.QUERY, error.message) from None

    async def _find(self, query: SavedQuery, text: str, member: Member) -> QueryResult:
        record_type = find_type(await self._records.list_types(), query.record_type)
        if record_type is None:
            detail = f'There are no records called "{query.record_type}" any more.'
            raise CannotPost(Problem.QUERY, detail)
        now = self._clock.time()
        reader = replace(member, timezone=query.schedule.time_zone if query.schedule else "")
        typed = await self._queries.read(record_type, text, reader, now, for_others=True)
        found, more = await read_records(self._records, record_type, typed.where, MAX_COUNTED)
        if typed.sort:
            found = sort_records(found, typed.sort)
        missed = 0
        if query.schedule:
            missed = count_missed(query.schedule, query.due_at, now, MAX_MISSED)
        return QueryResult(record_type, found, len(found), more, typed.echo, typed.fields, missed)

    async def _is_unchanged(self, query: SavedQuery) -> bool:
        """Return whether it is still due: someone may have stopped it."""
        current = await self._repository.get(query.id)
        known = (query.due_at, query.channel, query.schedule, query.scheduler)
        return current is not None and known == (
            current.due_at, current.channel, current.schedule, current.scheduler
        )  # fmt: skip

    # --- failures ---------------------------------------------------------------------------------

    async def _try_later(self, query: SavedQuery, problem: Problem) -> None:
        """Try again with growing delays; after an hour skip this time, and say so."""
        now = self._clock.time()
        since = query.failing_since or now
        if now - since >= MAX_RETRY_SECONDS:
            await self._report(query, problem)
        else:
            wait = min(max(RETRY_SECONDS, now - since), MAX_RETRY_INTERVAL_SECONDS)
            await self._repository.retry(query, now + wait, since)

    async def _report(self, query: SavedQuery, problem: str, detail: str = "") -> None:
        """Skip a due time, or end the schedule; the member is sent each new problem once."""
        now = self._clock.time()
        next_due_at = 0.0 if problem in STOPPED else _compute_next_due(query, now)
        failed = replace(query, problem=problem, problem_at=now)
        if problem != query.problem and await self._is_unchanged(query):
            await self._enqueue_notice(failed, detail)
        await self._repository.settle(query, next_due_at, problem=problem, problem_at=now)
        self._log.info("saved_query_not_posted", query=query.id, reason=str(problem))

    async def _enqueue_notice(self, query: SavedQuery, detail: str) -> None:
        key = f"saved:{query.id}:{query.problem}:{int(query.due_at)}"
        if query.problem != Problem.LEFT:
            message = render_problem(query, detail)
            await self._outbox.enqueue(
                OutboxMessage(key, query.scheduler, message, query.scheduler)
            )
        elif not is_private(query.channel):
            await self._outbox.enqueue(OutboxMessage(key, query.channel, render_ended(query), ""))


def _compute_next_due(query: SavedQuery, now: float) -> float:
    return find_next(query.schedule, max(now, query.due_at)) if query.schedule else 0.0
