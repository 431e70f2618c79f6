"""Each event once: across processes that share a database, and as well as possible without one."""

from __future__ import annotations

import asyncio

from sqlalchemy import text
from structlog.testing import capture_logs

from bot.db.engine import Database
from bot.slack.event_claims import RETENTION_SECONDS, EventClaims
from bot.slack.event_repository import SlackEventRepository
from bot.slack.events import SlackEvent
from tests.clock import ManualClock


def build_event(event_id: str = "Ev1", workspace: str = "T0ACME") -> SlackEvent:
    return SlackEvent(event_id, "app_mention", workspace, 0.0, {})


def build_claims(database: Database, clock: ManualClock) -> EventClaims:
    """As of a process of its own: it remembers nothing."""
    return EventClaims(SlackEventRepository(database), clock)


async def test_one_of_several_replicas_gets_an_event(
    database: Database, clock: ManualClock
) -> None:
    replicas = [build_claims(database, clock) for _ in range(5)]
    results = await asyncio.gather(*(replica.claim(build_event()) for replica in replicas))
    assert sorted(results) == [False, False, False, False, True]


async def test_an_event_is_claimed_for_its_workspace(
    database: Database, clock: ManualClock
) -> None:
    assert await build_claims(database, clock).claim(build_event(workspace="T1"))
    assert await build_claims(database, clock).claim(build_event(workspace="T2"))
    assert not await build_claims(database, clock).claim(build_event(workspace="T2"))


async def test_claims_are_purged_once_slack_repeats_nothing(
    database: Database, clock: ManualClock
) -> None:
    await build_claims(database, clock).claim(build_event("Ev1"))
    await clock.advance(RETENTION_SECONDS / 2)
    await build_claims(database, clock).claim(build_event("Ev2"))
    await clock.advance(RETENTION_SECONDS / 2 + 1)
    await build_claims(database, clock).purge()
    assert await build_claims(database, clock).claim(build_event("Ev1"))
    assert not await build_claims(database, clock).claim(build_event("Ev2"))


async def test_without_the_database_a_process_relies_on_its_memory(
    sqlite: Database, clock: ManualClock
) -> None:
    async with sqlite.begin() as connection:
        await connection.execute(text("DROP TABLE slack_events"))
    process = build_claims(sqlite, clock)
    with capture_logs() as lines:
        assert await process.claim(build_event())
    assert not await process.claim(build_event())
    [line] = lines
    assert (line["event"], line["event_type"]) == ("event_claim_failed", "app_mention")
