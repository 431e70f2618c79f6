"""Two replicas on one Postgres: each due time is posted once, whichever process does it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import update

from bot.access.policy import AccessPolicy
from bot.db.engine import Database
from bot.db.locks import LeaderLock
from bot.db.record_tables import saved_queries
from bot.outbox.outbox import Outbox
from bot.sandbox.slack import collect_text
from bot.saved_queries.repository import NameTaken, SavedQueryRepository
from bot.saved_queries.scheduler import Scheduler
from bot.saved_queries.service import SavedQueries
from bot.sealing import Sealer
from bot.slack.commands.command import Actor
from bot.slack.commands.permissions import AccessDecision
from tests.conftest import OpenSandbox
from tests.db.databases import create_database_url, watched_database
from tests.people import JOHN, SALES
from tests.world import World

DAY = 86_400.0


@asynccontextmanager
async def open_replicas(
    open_sandbox: OpenSandbox, folder: Path
) -> AsyncIterator[tuple[World, Database]]:
    """Yield a world on a Postgres, and another connection to that database."""
    url = create_database_url("postgres", folder)
    async with (
        open_sandbox(other={"database_url": SecretStr(url)}) as acme,
        watched_database(url) as second,
    ):
        yield acme, second


def build_scheduler(acme: World, database: Database) -> Scheduler:
    """Return the scheduler of a replica, with an outbox that another replica delivers."""
    workspace = acme.bot.workspace
    context = workspace.context
    own = context.saved_queries
    repository = SavedQueryRepository(database, own.repository._sealer, own.workspace)
    outbox = Outbox(
        database, workspace.slack, acme.clock, process_id="other", workspace=own.workspace
    )
    policy = AccessPolicy(context.members, (JOHN,))

    async def check_access(actor: Actor) -> AccessDecision:
        return await policy.check(actor, to_act=True)

    return Scheduler(
        database,
        SavedQueries(repository, acme.clock, own.changed, own.get_statuses, own.workspace),
        context.records,
        context.record_queries,
        context.channels,
        outbox,
        check_access,
        acme.clock,
        workspace=own.workspace,
    )


def list_posts(acme: World) -> list[str]:
    found = acme.slack.list_messages(JOHN, SALES)
    return [
        collect_text(item) for item in found if item.author == "U0CHAKRA" and not item.ephemeral
    ]


async def deliver(acme: World) -> None:
    """Let the loops that poll a shared database come round."""
    for _ in range(3):
        await acme.clock.jump(16)


async def schedule(acme: World) -> None:
    await acme.type("/chakra process save hot state:NEW")
    await acme.type("/chakra process schedule hot every day 9:00")


async def test_replica_that_does_not_lead_posts_nothing(
    open_sandbox: OpenSandbox, tmp_path: Path
) -> None:
    async with open_replicas(open_sandbox, tmp_path) as (acme, second):
        other = asyncio.create_task(build_scheduler(acme, second).run())
        await schedule(acme)
        for _ in range(2):
            await acme.clock.jump(DAY)
            await deliver(acme)
        other.cancel()
        await asyncio.gather(other, return_exceptions=True)
        assert len(list_posts(acme)) == 2


async def test_two_processes_that_believe_to_lead_post_each_time_once(
    open_sandbox: OpenSandbox, tmp_path: Path
) -> None:
    async with open_replicas(open_sandbox, tmp_path) as (acme, second):
        await schedule(acme)
        schedulers = [build_scheduler(acme, second) for _ in range(3)]
        await acme.clock.jump(DAY)
        await asyncio.gather(*(scheduler.run_once(LeaderLock(None)) for scheduler in schedulers))
        await deliver(acme)
        assert len(list_posts(acme)) == 1


async def test_post_is_not_repeated_after_a_crash_before_it_was_recorded(
    open_sandbox: OpenSandbox, tmp_path: Path
) -> None:
    async with open_replicas(open_sandbox, tmp_path) as (acme, second):
        await schedule(acme)
        repository = acme.bot.workspace.context.saved_queries.repository
        before = await repository.find("hot")
        assert before
        await acme.clock.jump(before.due_at - acme.clock.time())
        await deliver(acme)
        assert len(list_posts(acme)) == 1
        async with second.begin() as connection:
            earlier = update(saved_queries).values(due_at=before.due_at)
            await connection.execute(earlier)
        await acme.clock.jump(600)
        await deliver(acme)
        [posted] = list_posts(acme)
        assert "couldn't be posted then" in posted
        after = await repository.find("hot")
        assert after
        assert after.due_at == before.due_at + DAY


async def test_claim_of_a_stopped_query_changes_nothing(
    open_sandbox: OpenSandbox, tmp_path: Path
) -> None:
    async with open_replicas(open_sandbox, tmp_path) as (acme, _):
        await schedule(acme)
        workspace = acme.bot.workspace
        repository = workspace.context.saved_queries.repository
        before = await repository.find("hot")
        assert before
        assert await repository.settle(before, before.due_at + DAY)
        assert not await repository.settle(before, before.due_at + DAY)
        await repository.unschedule(before.id)
        moved = replace(before, due_at=before.due_at + DAY)
        assert not await repository.settle(moved, before.due_at + 2 * DAY)
        assert not await repository.retry(moved, 1.0, 1.0)


@pytest.mark.parametrize("count", [6])
async def test_name_is_given_once_however_many_ask_together(database: Database, count: int) -> None:
    repository = SavedQueryRepository(database, Sealer(b"key", "test"))
    adds = (
        repository.add(name, f"U{index}", "lead", "state:NEW", 1.0, is_shared=False)
        for index, name in enumerate(["Hot", "hot", "HOT", " hot", "hoT", "Hot "][:count])
    )
    results = await asyncio.gather(*adds, return_exceptions=True)
    assert sum(isinstance(result, NameTaken) for result in results) == count - 1
    found = await repository.find("hOt")
    assert found
    assert found.text == "state:NEW"
    stranger = SavedQueryRepository(database, Sealer(b"another key", "test"))
    unreadable = await stranger.find("hot")
    assert unreadable
    assert unreadable.text is None
