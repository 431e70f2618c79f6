"""One process at a time does the work of a name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from bot.db import engine
from bot.db import locks as leads
from bot.db.engine import Database, open_database
from bot.db.locks import CHECK_INTERVAL_SECONDS
from bot.errors import DatabaseUnavailable
from tests.clock import ManualClock
from tests.db.databases import create_database_url, start_postgres, watched_database


@pytest.fixture
async def second_database(tmp_path: Path, database: Database) -> AsyncIterator[Database]:
    """Another process's view of the same database, where there can be one."""
    if database.single_process:
        yield database
        return
    async with open_database(start_postgres()) as second:
        yield second


async def end_sessions(database: Database) -> None:
    async with database.begin() as connection:
        await connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks "
                "WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()"
            )
        )


async def test_single_leader_until_release(database: Database, second_database: Database) -> None:
    clock = ManualClock()
    async with database.try_lead("outbox", clock) as lead:
        assert lead is not None
        await lead.ensure_held()
        async with (
            second_database.try_lead("outbox", clock) as other,
            second_database.try_lead("watches", clock) as watches,
        ):
            assert other is None
            assert watches is not None
        assert not lead.lost.is_set()
    async with second_database.try_lead("outbox", clock) as lead:
        assert lead is not None


async def test_one_leader_among_concurrent_candidates(
    database: Database, second_database: Database
) -> None:
    clock, done = ManualClock(), asyncio.Event()
    led: list[bool] = []

    async def run(at: Database) -> None:
        async with at.try_lead("outbox", clock) as lead:
            led.append(lead is not None)
            if len(led) == 10:
                done.set()
            await done.wait()

    await asyncio.gather(*(run(database if turn % 2 else second_database) for turn in range(10)))
    assert led.count(True) == 1


async def test_cancelled_candidate_leaves_the_lock_free(
    database: Database, second_database: Database
) -> None:
    clock = ManualClock()
    with pytest.raises(ZeroDivisionError):
        async with database.try_lead("outbox", clock):
            raise ZeroDivisionError
    async with second_database.try_lead("outbox", clock) as lead:
        assert lead is not None


async def test_leader_notices_a_terminated_session(tmp_path: Path) -> None:
    clock = ManualClock()
    url = create_database_url("postgres", tmp_path)
    async with open_database(url) as first, open_database(url) as second_database:
        async with first.try_lead("outbox", clock) as lead:
            assert lead is not None
            await end_sessions(second_database)
            async with second_database.try_lead("outbox", clock) as other:
                assert other is not None
                with pytest.raises(DatabaseUnavailable, match="has ended"):
                    await lead.ensure_held()
                with pytest.raises(DatabaseUnavailable):
                    await lead.ensure_held()
            assert lead.lost.is_set()
        async with first.try_lead("outbox", clock) as lead:
            assert lead is not None


async def test_idle_leader_notices_lost_session_within_seconds(tmp_path: Path) -> None:
    clock = ManualClock()
    url = create_database_url("postgres", tmp_path)
    async with (
        watched_database(url) as first,
        watched_database(url) as second_database,
        first.try_lead("outbox", clock) as lead,
    ):
        assert lead is not None
        await clock.wait_for_sleep(CHECK_INTERVAL_SECONDS)
        await clock.advance(CHECK_INTERVAL_SECONDS)
        await clock.wait_for_sleep(CHECK_INTERVAL_SECONDS)
        assert not lead.lost.is_set()
        await end_sessions(second_database)
        await clock.advance(CHECK_INTERVAL_SECONDS)
        await asyncio.wait_for(lead.lost.wait(), 5)


async def test_abandoned_session_is_ended_by_postgres(tmp_path: Path) -> None:
    """Its process is frozen, or cut off: here its clock is never moved."""
    async with (
        open_database(create_database_url("postgres", tmp_path)) as database,
        database.try_lead("outbox", ManualClock()) as lead,
        database.begin() as connection,
    ):
        assert lead is not None
        found = text(
            "SELECT count(*) FROM pg_stat_activity JOIN pg_locks USING (pid) "
            "WHERE locktype = 'advisory'"
        )
        assert (await connection.execute(found)).scalar_one() == 1
        assert lead._connection is not None
        setting = await lead._connection.execute(text("SHOW idle_session_timeout"))
        assert setting.scalar_one() == f"{leads.SESSION_TIMEOUT_SECONDS}s"


async def test_exhausted_postgres_elects_no_leader(tmp_path: Path) -> None:
    nowhere = engine._create_session_engine(make_url("postgresql+psycopg://bot@127.0.0.1:1/bot"))
    async with open_database(create_database_url("postgres", tmp_path)) as database:
        without = Database(database._engine, nowhere)
        with pytest.raises(DatabaseUnavailable):
            async with without.try_lead("outbox", ManualClock()):
                pass
        await nowhere.dispose()
