"""The webhook of a workspace: its receiver and its processor, opened and closed together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from bot.aio.clock import Clock
from bot.aio.periodic import FIRST_PURGE_SECONDS, run_periodically
from bot.aio.tasks import background_tasks
from bot.db.engine import Database
from bot.web.body import BodyReader
from bot.webhooks.processor import EventHandlers, EventProcessor
from bot.webhooks.receiver import WebhookReceiver
from bot.webhooks.recorder import Recorder
from bot.webhooks.repository import Events

EVENT_RETENTION_SECONDS = 30 * 86_400.0
"""Seconds for which a repeated delivery is recognized, and an unknown event stored."""
PURGE_INTERVAL_SECONDS = 60.0


@asynccontextmanager
async def open_webhooks(
    database: Database,
    clock: Clock,
    bodies: BodyReader,
    *,
    secret: str | None,
    handlers: EventHandlers,
    recorder: Recorder | None = None,
    on_event: Callable[[str], None] = lambda _: None,
    workspace: str = "",
) -> AsyncIterator[WebhookReceiver]:
    """Yield the receiver, to be mounted at ``/chakra/events``; process what it stores.

    ``handlers`` apply the events, by their type, and ``recorder`` records them. ``on_event`` gets a
    word for each event, see `choose_metric_label`. Without a ``secret`` every delivery is refused.
    """
    events = Events(database, workspace)
    processor = EventProcessor(
        events,
        clock,
        handlers=handlers,
        recorder=recorder,
        on_event=on_event,
        is_shared=not database.single_process,
    )
    receiver = WebhookReceiver(
        events,
        clock,
        bodies,
        secret=secret,
        write_lock=processor.write_lock,
        on_stored=processor.wake_event.set,
    )
    purge = run_periodically(
        "event_purge",
        partial(_purge, events, clock),
        PURGE_INTERVAL_SECONDS,
        clock,
        first_after=FIRST_PURGE_SECONDS,
    )
    async with background_tasks(receiver.run(), processor.run(), purge):
        yield receiver


async def _purge(events: Events, clock: Clock) -> None:
    await events.purge(clock.time() - EVENT_RETENTION_SECONDS)
