"""Process stored deliveries: parse them and call the handlers in the claiming transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import structlog
from cachetools import TTLCache
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.aio.clock import Clock, sleep
from bot.aio.periodic import run_periodically
from bot.aio.wake_event import WakeEvent
from bot.errors import DatabaseUnavailable
from bot.webhooks.events import UnknownEvent, WebhookEvent, choose_metric_label
from bot.webhooks.parser import parse_events
from bot.webhooks.recorder import Recorder
from bot.webhooks.repository import Events, ProcessedBatch, StoredEvent

BATCH_SIZE = 500
POLL_INTERVAL_SECONDS = 5.0
"""Seconds between polls for deliveries that a replica stored before it died."""
IDLE_SECONDS = 60.0
"""The same without replicas: what this process stores wakes it, so there is nothing to find."""
BURST_SIZE = 20
"""Deliveries from which a batch counts as part of a burst."""
GATHER_SECONDS = 0.1
"""Pause after a batch of a burst: one transaction for many deliveries, and time for their acks."""
MAX_LAG_SECONDS = 5.0
"""Age of a delivery that means that they arrive faster than they are processed.

There is no pause then, and batches are stored and processed in turn, so that senders slow down.
"""
LOG_INTERVAL_SECONDS = 60.0
MAX_LOGGED_KINDS = 100

AfterCommit = Callable[[], None]
EventHandler = Callable[[AsyncConnection, Sequence[Any], float], Awaitable[AfterCommit | None]]
"""Apply all events of its type within the transaction, given the current time.

Return what to call once it is committed. An exception rolls the transaction back; the batch is then
applied one delivery at a time.
"""
EventHandlers = Mapping[type[WebhookEvent], EventHandler]


class EventProcessor:
    """Process stored deliveries in batches.

    ``wake_event`` is set when deliveries are stored; ``write_lock`` is taken while they are stored
    or wait for that, and while late ones are processed. ``on_event`` gets each event's label. A
    batch is one transaction, so a crash at any point loses nothing and applies nothing twice.
    Deliveries with an unreadable event keep their body until they are purged.
    ``is_shared`` is whether other processes store deliveries, too.
    """

    def __init__(
        self,
        events: Events,
        clock: Clock,
        *,
        handlers: EventHandlers,
        recorder: Recorder | None = None,
        on_event: Callable[[str], None] = lambda _: None,
        is_shared: bool = True,
    ) -> None:
        self._poll_seconds = POLL_INTERVAL_SECONDS if is_shared else IDLE_SECONDS
        self._recorder = recorder
        self._events = events
        self._clock = clock
        self._handlers = handlers
        self._on_event = on_event
        self._logged_kinds: TTLCache[str, None] = TTLCache(
            MAX_LOGGED_KINDS, LOG_INTERVAL_SECONDS, timer=clock.monotonic
        )
        self.wake_event = WakeEvent(clock)
        self.write_lock = asyncio.Lock()
        self._is_late = False
        self._log = structlog.get_logger("events")

    async def run(self) -> None:
        """Process deliveries until cancelled."""
        await run_periodically(
            "events", self._step, self._poll_seconds, self._clock, self.wake_event
        )

    async def run_once(self) -> int:
        """Process the oldest deliveries; return how many, at most `BATCH_SIZE`."""
        return (await self._process_batch()).count

    async def _process_batch(self) -> ProcessedBatch:
        try:
            return await self._process(isolate=False)
        except DatabaseUnavailable:
            raise
        except Exception:  # noqa: BLE001 - one delivery must not block the others
            self._log.exception("events_retried_one_by_one")
            return await self._process(isolate=True)

    async def _step(self) -> float | None:
        """Process a batch; return the seconds until the next, None for the usual time.

        While deliveries arrive in a burst, acks come first: a sender waits for those.
        """
        async with self.write_lock if self._is_late else nullcontext():
            batch = await self._process_batch()
        self._is_late = self._clock.time() - batch.oldest_at >= MAX_LAG_SECONDS
        has_more_arrived = self.wake_event.is_set() or self.write_lock.locked()
        if batch.count >= BURST_SIZE and has_more_arrived and not self._is_late:
            await sleep(self._clock, GATHER_SECONDS)
        return 0.0 if batch.has_more else None

    async def _process(self, *, isolate: bool) -> ProcessedBatch:
        now = self._clock.time()
        batch = _Batch(self._handlers, now, self._recorder)
        processed = await self._events.process(BATCH_SIZE, now, batch.apply, isolate=isolate)
        for event in batch.events:
            self._on_event(choose_metric_label(event))
            self._log_unknown(event)
        for notify in batch.after_commit:
            notify()
        return processed

    def _log_unknown(self, event: WebhookEvent) -> None:
        if isinstance(event, UnknownEvent) and event.kind not in self._logged_kinds:
            self._logged_kinds[event.kind] = None
            self._log.warning("event_unknown", kind=event.kind)


@dataclass
class _Batch:
    """What one transaction applied, and what to call after its commit."""

    handlers: EventHandlers
    now: float
    recorder: Recorder | None = None
    events: list[WebhookEvent] = field(default_factory=list)
    after_commit: list[AfterCommit] = field(default_factory=list)

    async def apply(self, connection: AsyncConnection, stored: Sequence[StoredEvent]) -> set[int]:
        """Call the handlers with their events; return the deliveries that were not understood."""
        in_order: list[WebhookEvent] = []
        by_type: dict[type[WebhookEvent], list[WebhookEvent]] = {}
        not_understood: set[int] = set()
        for delivery in stored:
            for event in parse_events(delivery.body):
                in_order.append(event)
                by_type.setdefault(type(event), []).append(event)
                if isinstance(event, UnknownEvent):
                    not_understood.add(delivery.id)
        for event_type, events in by_type.items():
            self.events += events
            handle = self.handlers.get(event_type)
            if handle and (notify := await handle(connection, events, self.now)):
                self.after_commit.append(notify)
        if self.recorder is not None and in_order:
            self.after_commit.append(await self.recorder.record(connection, in_order, self.now))
        return not_understood
