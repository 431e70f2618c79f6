"""Deliver recorded events to the channels that asked for them, in one process at a time."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from bot.aio.clock import Clock
from bot.aio.periodic import FIRST_PURGE_SECONDS, RETRY_MAX_SECONDS
from bot.aio.wake_event import WakeEvent
from bot.db.engine import Database
from bot.db.leader_loop import run_as_leader
from bot.db.locks import LeaderLock
from bot.errors import DatabaseUnavailable
from bot.notifications.deliveries import Deliveries
from bot.notifications.dispatch import MAX_QUEUED, ChannelWork, DeliveryDispatcher
from bot.notifications.event_source import EventSource
from bot.notifications.facts import Facts, FactsReader
from bot.notifications.matching import find_filters_to_ask
from bot.notifications.planner import group_by_channel, plan_deliveries
from bot.notifications.problems import ChannelProblems
from bot.notifications.repository import RuleRepository
from bot.notifications.rule import Rule
from bot.notifications.settlement import Settlement
from bot.notifications.waiting_events import IDLE_SECONDS, WaitingEvents
from bot.webhooks.amendments import AMENDING_KINDS
from bot.webhooks.recorded_event import AfterCommit, RecordedEvent

PLAN_BATCH_SIZE = 500
MAX_BATCHES = 4
"""Batches that are planned before channels get their turn."""
QUEUED_POLL_SECONDS = 1.0
"""Seconds between checks whether the outbox has posted what it got."""
POLL_SECONDS = 3.0
"""Seconds between searches for events that another process recorded."""
PURGE_INTERVAL_SECONDS = 3_600.0
PURGE_BATCH_SIZE = 1_000
DONE_RETENTION_SECONDS, RETENTION_SECONDS = 7 * 86_400.0, 30 * 86_400.0


class Notifier:
    """`run` works in one process at a time; any process may `wake` its own."""

    def __init__(
        self,
        database: Database,
        deliveries: Deliveries,
        rules: RuleRepository,
        events: EventSource,
        facts: FactsReader,
        dispatcher: DeliveryDispatcher,
        settlement: Settlement,
        problems: ChannelProblems,
        clock: Clock,
        *,
        workspace: str = "",
    ) -> None:
        self._database = database
        self._workspace = workspace
        self._deliveries = deliveries
        self._rules = rules
        self._events = events
        self._facts = facts
        self._dispatcher = dispatcher
        self._settlement = settlement
        self._problems = problems
        self._clock = clock
        self._waiting = WaitingEvents()
        self._wake_event = WakeEvent(clock)
        self._next_purge_at = clock.monotonic() + FIRST_PURGE_SECONDS
        self._log = structlog.get_logger("notifier")

    async def handle(
        self,
        connection: object,  # noqa: ARG002 - the events are read once they are committed
        recorded: Sequence[RecordedEvent],
        now: float,  # noqa: ARG002
    ) -> AfterCommit | None:
        """Wake after events were recorded; see `RecordedHandler`."""
        return self.wake if recorded else None

    def wake(self) -> None:
        """Look for work immediately."""
        self._wake_event.set()

    def retry_channel(self, channel: str) -> None:
        """Retry a channel that refused messages: the app was invited, or a rule changed."""
        self._problems.retry(channel)
        self.wake()

    async def may_show_words(self, channel: str) -> bool:
        """Return whether customers' words and files may go to a channel now; else ask the author.

        Raise ``DatabaseUnavailable``.
        """
        return not await self._problems.find_held(channel, await self._rules.list_channel(channel))

    async def count_waiting(self) -> int:
        """Return how many deliveries are not posted yet. Raise ``DatabaseUnavailable``."""
        return await self._deliveries.count_waiting()

    async def run(self) -> None:
        """Work while this process is the leader, until cancelled."""
        await run_as_leader(
            self._database, "notifier", self._workspace, self._step, self._wake_event, self._clock
        )

    async def _step(self, lock: LeaderLock) -> float:
        """Do what can be done now; return the seconds until there is more."""
        await lock.ensure_held()
        waits = [await self._purge_if_due(), IDLE_SECONDS]
        if not self._database.single_process:
            waits.append(POLL_SECONDS)
        wait = await self._deliveries.compute_seconds_until_work(self._clock.time())
        return min(*waits, wait if wait > 0 else await self._work(lock))

    async def _work(self, lock: LeaderLock) -> float:
        """Plan and deliver; return the seconds until there is more to do."""
        rules = await self._rules.list_all()
        queued = await self._settlement.settle(rules)
        if self._problems.take_changed():
            rules = await self._rules.list_all()
        waits = [await self._plan(rules)]
        if queued:
            waits.append(QUEUED_POLL_SECONDS)
        now = self._clock.time()
        by_channel = group_by_channel(rules)
        for channel in await self._deliveries.count_due(now):
            await lock.ensure_held()
            own = by_channel.get(channel, [])
            waits.append(await self._deliver(channel, own, queued.get(channel, 0), now))
        until_due = await self._deliveries.compute_seconds_until_due(now)
        return min(waits if until_due is None else [*waits, until_due])

    # --- planning ---------------------------------------------------------------------------------

    async def _plan(self, rules: Sequence[Rule]) -> float:
        """Decide the channels of recorded events; return the seconds until the next search."""
        if not rules:
            return await self._skip_pending()
        waiting = self._waiting
        waiting.retry_if_due(self._clock.monotonic())
        for _ in range(MAX_BATCHES):
            listed = await self._events.list_pending(PLAN_BATCH_SIZE, after=waiting.last_event_id)
            if not listed:
                return waiting.compute_seconds_until_retry(self._clock.monotonic())
            now, by_channel = self._clock.time(), group_by_channel(rules)
            known = await self._read_facts(listed, rules)
            pending = waiting.take_decided(listed, known, by_channel, self._clock)
            await self._problems.report_undecided(waiting.given_up, by_channel)
            waiting.given_up.clear()
            readable = [item for item in pending if item.id in known]
            facts = [known[item.id] for item in readable]
            planned = plan_deliveries(readable, facts, by_channel, now)
            await self._revise(readable, rules)
            await self._deliveries.add(planned, [item.id for item in pending], now)
            waiting.pass_by(listed[-1].id)
        return 0.0

    async def _skip_pending(self) -> float:
        """Mark the recorded events as decided: without rules, no channel receives them."""
        for _ in range(MAX_BATCHES):
            ids = await self._events.list_pending_ids(PLAN_BATCH_SIZE)
            if not ids:
                return IDLE_SECONDS
            if await self._rules.list_all():
                return 0.0  # the first rule may be older than these events
            await self._deliveries.add([], ids, self._clock.time())
        return 0.0

    async def _revise(self, pending: Sequence[RecordedEvent], rules: Sequence[Rule]) -> None:
        """Show edits and deletions in the messages of several events, including digests."""
        by_id = {rule.id: rule for rule in rules}
        for recorded in pending:
            if recorded.event.kind in AMENDING_KINDS:
                try:
                    await self._dispatcher.revise(recorded, by_id, self.may_show_words)
                except DatabaseUnavailable:
                    raise
                except Exception:  # noqa: BLE001 - one event must not stop the others
                    self._log.exception("event_not_revised", event_id=recorded.id)

    async def _read_facts(
        self, pending: Sequence[RecordedEvent], rules: Sequence[Rule]
    ) -> dict[int, Facts]:
        """Return the facts of each event; one whose facts can't be read goes to no channel."""
        filters = find_filters_to_ask(rules)
        try:
            facts = await self._facts.read(pending, filters=filters)
            return {item.id: known for item, known in zip(pending, facts, strict=True)}
        except DatabaseUnavailable:
            raise
        except Exception:  # noqa: BLE001 - one event must not stop the others
            self._log.exception("events_planned_one_by_one")
        found = {}
        for item in pending:
            try:
                [found[item.id]] = await self._facts.read([item], filters=filters)
            except DatabaseUnavailable:
                raise
            except Exception:  # noqa: BLE001
                self._log.exception("event_not_planned", event_id=item.id)
        return found

    # --- delivery ---------------------------------------------------------------------------------

    async def _deliver(self, channel: str, rules: Sequence[Rule], queued: int, now: float) -> float:
        """Deliver what is due in a channel; return the seconds until it is checked again."""
        try:
            if (paused := await self._problems.compute_seconds_paused(channel, rules)) > 0:
                return paused
            held = await self._problems.find_held(channel, rules)
            work = ChannelWork(
                channel, {rule.id: rule for rule in rules}, held, MAX_QUEUED - queued, now
            )
            wait = await self._dispatcher.deliver(work)
        except DatabaseUnavailable:
            raise
        except Exception:  # noqa: BLE001 - one channel must not stop the others
            self._log.exception("channel_not_delivered", channel=channel)
            return RETRY_MAX_SECONDS
        return wait

    async def _purge_if_due(self) -> float:
        """Purge old deliveries now and then; return the seconds until the next time."""
        if (left := self._next_purge_at - self._clock.monotonic()) > 0:
            return left
        now = self._clock.time()
        deleted = await self._deliveries.purge(
            now - DONE_RETENTION_SECONDS, now - RETENTION_SECONDS, PURGE_BATCH_SIZE
        )
        wait = PURGE_INTERVAL_SECONDS if deleted < PURGE_BATCH_SIZE else QUEUED_POLL_SECONDS
        self._next_purge_at = self._clock.monotonic() + wait
        return wait
