"""Replicas on one Postgres: each has a name, keeps it, and goes on with the work of those gone."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from bot.aio.tasks import cancel_and_wait
from bot.db import engine
from bot.db.engine import Database
from bot.db.locks import CHECK_INTERVAL_SECONDS
from bot.durable.engine import open_engine
from bot.durable.executors import WAIT_SECONDS, Replicas, SharedSlot
from tests.clock import ManualClock
from tests.db.databases import address, postgres, watched_database

PATIENCE = 20.0

CUT = text(
    "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND granted "
    "AND classid::bigint << 32 | objid::bigint = hashtextextended(:name, 0)"
)

Promises = defaultdict[str, set[str]]
"""What stands in the engines' database: by the name of the replica that has promised it."""


@dataclass
class Shift:
    """An engine as the replicas see it: what it keeps now, and what they asked of it."""

    slot: SharedSlot
    promises: Promises
    kept: set[str] = field(default_factory=set)
    let_go_of: int = 0

    async def promise(self, key: str) -> None:
        await self.slot.ours()
        self.promises[self.slot.executor].add(key)
        self.kept.add(key)

    async def promised_by_others(self) -> frozenset[str]:
        return frozenset(name for name, keys in self.promises.items() if keys) - {
            self.slot.executor
        }

    async def take_over(self, executor: str) -> int:
        gone = self.promises.pop(executor, set())
        self.promises[self.slot.executor] |= gone
        self.kept |= gone
        return len(gone)

    async def let_go(self) -> None:
        self.let_go_of += 1
        self.kept.clear()


@dataclass
class Replica:
    database: Database
    slot: SharedSlot
    shift: Shift
    replicas: Replicas
    standing: asyncio.Task[None]

    async def cut(self) -> None:
        """Ends the session that holds its name, and waits until nobody holds it."""
        async with self.database.begin() as connection:
            while await connection.scalar(CUT, {"name": f"chakra-bot leads work {self.name}"}):  # noqa: ASYNC110
                await asyncio.sleep(0.005)

    @property
    def name(self) -> str:
        return self.slot.executor

    async def dies(self) -> None:
        """All of its sessions end, and nothing of it goes on."""
        await cancel_and_wait([self.standing])
        await self.slot.leave()


@dataclass
class World:
    url: str
    clock: ManualClock
    stack: AsyncExitStack
    promises: Promises = field(default_factory=lambda: defaultdict(set))

    async def replica(self, *, takes: bool = True) -> Replica:
        database = await self.stack.enter_async_context(watched_database(self.url))
        slot = SharedSlot(database, self.clock)
        self.stack.push_async_callback(slot.leave)
        shift = Shift(slot, self.promises)
        replicas = Replicas(slot, shift, self.clock)
        standing = asyncio.create_task(replicas.stand())
        self.stack.push_async_callback(cancel_and_wait, [standing])
        if takes:
            await slot.take()
        return Replica(database, slot, shift, replicas, standing)

    async def passing(self, condition: Callable[[], bool]) -> None:
        """Postgres answers by real time."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await self.clock.advance(WAIT_SECONDS)
                await asyncio.sleep(0.01)


@pytest.fixture
async def world(tmp_path: Path, clock: ManualClock) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        yield World(address("postgres", tmp_path), clock, stack)


async def test_what_one_who_is_gone_has_promised_is_gone_on_with(world: World) -> None:
    dying, living = await world.replica(), await world.replica()
    await dying.shift.promise("watch:1")
    await living.replicas.look()
    assert living.shift.kept == set()
    await dying.dies()
    await living.replicas.look()
    assert living.shift.kept == {"watch:1"}
    assert world.promises[living.slot.executor] == {"watch:1"}


async def test_of_two_who_look_at_once_one_goes_on_with_it(world: World) -> None:
    dying, first, second = [await world.replica() for _ in range(3)]
    await dying.shift.promise("watch:1")
    await dying.dies()
    await asyncio.gather(first.replicas.look(), second.replicas.look())
    assert sorted([len(first.shift.kept), len(second.shift.kept)]) == [0, 1]


async def test_a_name_that_was_lost_is_taken_again_and_its_work_gone_on_with(world: World) -> None:
    one = await world.replica()
    await one.shift.promise("watch:1")
    await one.cut()
    await world.passing(lambda: one.shift.let_go_of == 1 and one.shift.kept == {"watch:1"})
    await asyncio.wait_for(one.slot.ours(), PATIENCE)
    other = await world.replica()
    await other.replicas.look()
    assert other.shift.kept == set()
    await one.cut()
    await world.passing(lambda: one.shift.let_go_of == 2 and one.shift.kept == {"watch:1"})


async def test_what_others_went_on_with_meanwhile_is_theirs(world: World) -> None:
    one, other = await world.replica(), await world.replica()
    await one.shift.promise("watch:1")
    await one.cut()
    await other.replicas.look()
    assert other.shift.kept == {"watch:1"}
    await world.passing(lambda: one.shift.let_go_of == 1)
    await asyncio.wait_for(one.slot.ours(), PATIENCE)
    assert one.shift.kept == set()


async def test_one_who_lost_its_name_promises_nothing_until_it_has_it_again(world: World) -> None:
    """Others would take that for the promise of one who is gone."""
    one = await world.replica()
    nowhere = engine._create_session_engine(make_url("postgresql+psycopg://bot@127.0.0.1:1/bot"))
    there, one.database._session_engine = one.database._session_engine, nowhere
    await one.cut()
    await world.passing(lambda: one.shift.let_go_of == 1)
    promising = asyncio.create_task(one.shift.promise("watch:2"))
    for _ in range(5):  # it tries again and again
        await world.clock.until_sleeping(WAIT_SECONDS)
        await world.clock.advance(WAIT_SECONDS)
    assert not promising.done()
    one.database._session_engine = there
    await world.passing(promising.done)
    assert one.shift.kept == {"watch:2"}
    await nowhere.dispose()


async def test_a_replica_that_starts_meanwhile_has_a_name_of_its_own(world: World) -> None:
    """With the name of the one that lost it, that one could never have it again, and what it
    promised from then on would be nobody's to go on with once it was gone."""
    one = await world.replica()
    await one.cut()
    newer = await world.replica()
    await world.passing(lambda: one.shift.let_go_of == 1)
    await asyncio.wait_for(one.slot.ours(), PATIENCE)
    await one.shift.promise("watch:1")
    await one.dies()
    await newer.replicas.look()
    assert newer.shift.kept == {"watch:1"}


async def test_nothing_is_lost_before_it_was_taken(world: World) -> None:
    one = await world.replica(takes=False)
    for _ in range(3):
        await world.clock.advance(CHECK_INTERVAL_SECONDS)
    assert one.shift.let_go_of == 0
    await one.slot.take()
    await one.shift.promise("watch:1")
    await world.clock.until_sleeping(CHECK_INTERVAL_SECONDS)
    await world.clock.advance(CHECK_INTERVAL_SECONDS)
    assert (one.shift.let_go_of, one.shift.kept) == (0, {"watch:1"})


async def test_one_after_the_other_makes_the_engines_tables(world: World) -> None:
    several = [await world.replica() for _ in range(3)]
    inside: list[int] = []
    most = 0

    async def migrate(number: int) -> None:
        nonlocal most
        async with several[number].slot.alone_to_migrate():
            inside.append(number)
            most = max(most, len(inside))
            await asyncio.sleep(0.02)
            inside.remove(number)

    working = [asyncio.create_task(migrate(number)) for number in range(3)]
    await world.passing(lambda: all(one.done() for one in working))
    await asyncio.gather(*working)
    assert most == 1


@pytest.mark.timeout(60)
async def test_the_engines_tables_are_made_while_a_transaction_of_ours_is_open(
    world: World,
) -> None:
    """Postgres makes some of their indexes only once every transaction has ended that was open
    before, and ours end in the loop: had it to wait for the tables, neither would ever end."""
    one = await world.replica(takes=False)
    async with open_engine(world.url, {}, one.slot, world.clock) as made:
        async with one.database.begin() as connection:
            await connection.execute(text("SELECT count(*) FROM watches"))
            launching = asyncio.create_task(made.launch())
            await waited_for(one.database)
            assert not launching.done()
        await asyncio.wait_for(launching, PATIENCE)


async def waited_for(database: Database) -> None:
    """Until somebody waits for a transaction to end."""
    async with database.begin() as connection, asyncio.timeout(PATIENCE):
        while not await connection.scalar(  # noqa: ASYNC110
            text("SELECT count(*) FROM pg_locks WHERE locktype = 'virtualxid' AND NOT granted")
        ):
            await asyncio.sleep(0.01)


async def test_names_are_of_one_process_each(world: World) -> None:
    names = {(await world.replica(takes=False)).slot.executor for _ in range(3)}
    assert len(names) == 3
    async with watched_database(postgres()) as database:
        slot = SharedSlot(database, world.clock)
        async with slot.of_one_gone(names.pop()) as gone:
            assert gone
