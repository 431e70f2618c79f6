"""Claim each event once: in this process, and in the database for restarts and replicas."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from cachetools import TTLCache

from bot.aio.clock import Clock, wait_for
from bot.aio.periodic import FIRST_PURGE_SECONDS, run_periodically
from bot.aio.tasks import background_tasks
from bot.db.engine import Database
from bot.errors import DatabaseUnavailable
from bot.slack.event_repository import SlackEventRepository
from bot.slack.events import SlackEvent

CLAIM_TIMEOUT_SECONDS = 1.0
"""Seconds: Slack wants an ack within 3; after this the event is handled without the database."""
RETENTION_SECONDS = 7 * 86_400.0
"""Slack retries for minutes, and after an outage delivers events hours late."""
RECENT_SECONDS = 900.0
"""Longer than until Slack's last retry, which comes 5 minutes after the previous one."""
MAX_RECENT_EVENTS = 10_000
PURGE_INTERVAL_SECONDS = 3_600.0


class EventClaims:
    def __init__(self, repository: SlackEventRepository, clock: Clock) -> None:
        self._repository = repository
        self._clock = clock
        self._recent: TTLCache[tuple[str, str], None] = TTLCache(
            MAX_RECENT_EVENTS, RECENT_SECONDS, timer=clock.monotonic
        )
        self._log = structlog.get_logger("slack_events")

    async def claim(self, event: SlackEvent) -> bool:
        """Return whether the event is new. Never raise.

        Without the database only this process's memory decides: a person who writes to the app then
        gets an answer twice rather than none.
        """
        key = (event.workspace, event.id)
        if key in self._recent:
            return False
        self._recent[key] = None
        claiming = self._repository.claim(event, self._clock.time())
        try:
            return await wait_for(self._clock, claiming, CLAIM_TIMEOUT_SECONDS)
        except (DatabaseUnavailable, TimeoutError) as error:
            reason = error.message if isinstance(error, DatabaseUnavailable) else "timeout"
            self._log.warning("event_claim_failed", event_type=event.name, reason=reason)
            return True

    async def purge(self) -> None:
        """Delete the events that Slack will not deliver again. Raise ``DatabaseUnavailable``."""
        await self._repository.purge(self._clock.time() - RETENTION_SECONDS)


@asynccontextmanager
async def open_event_claims(database: Database, clock: Clock) -> AsyncIterator[EventClaims]:
    """Yield the claims, and purge old ones from time to time until the block ends."""
    claims = EventClaims(SlackEventRepository(database), clock)
    purge = run_periodically(
        "slack_event_purge",
        claims.purge,
        PURGE_INTERVAL_SECONDS,
        clock,
        first_after=FIRST_PURGE_SECONDS,
    )
    async with background_tasks(purge):
        yield claims
