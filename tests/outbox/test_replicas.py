"""Several replicas on one Postgres: one delivers, the others enqueue and take over."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.aio.wake_event import WakeEvent
from bot.db.engine import Database
from bot.outbox.message import OutboxMessage
from bot.outbox.outbox import Outbox
from bot.slack.client.web_api import MessageRef
from tests.db.databases import address, watched_database
from tests.outbox.stage import JOHN, SALES, SUPPORT, Stage, sample, staged


@dataclass
class Replicas:
    stage: Stage
    databases: list[Database]
    outboxes: list[Outbox]

    async def cut(self, database: Database) -> None:
        """Ends the sessions that hold a lead, through the connection of ``database``."""
        async with database.begin() as connection:
            await connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
                    "AND granted AND pid <> pg_backend_pid()"
                )
            )

    async def both_put(self, key: str, what: str, channel: str = SALES) -> None:
        for one in self.outboxes:
            await one.enqueue(OutboxMessage(key, channel, sample(what), member=JOHN))

    @property
    def leaders(self) -> list[int]:
        """Those that wait for work, rather than for the lead."""
        return [
            number
            for number, outbox in enumerate(self.outboxes)
            if waits(outbox._wake_event) or outbox._posts_in_flight or outbox._edits_in_flight
        ]

    async def one_leads(self) -> int:
        await self.stage.until(lambda: len(self.leaders) == 1)
        return self.leaders[0]


def waits(bell: WakeEvent) -> bool:
    return bool(bell._event._waiters)


@asynccontextmanager
async def two(folder: Path) -> AsyncIterator[Replicas]:
    url = address("postgres", folder)
    async with (
        watched_database(url) as first,
        watched_database(url) as second,
        staged(first) as stage,
    ):
        outboxes = [stage.outbox("boot-1", first), stage.outbox("boot-2", second)]
        yield Replicas(stage, [first, second], outboxes)
        await stage.stop()


@pytest.fixture
async def replicas(tmp_path: Path) -> AsyncIterator[Replicas]:
    async with two(tmp_path) as made:
        yield made


async def test_one_replica_delivers_for_all(replicas: Replicas) -> None:
    stage = replicas.stage
    await replicas.one_leads()
    for number in range(5):
        await replicas.outboxes[number % 2].enqueue(
            OutboxMessage(f"m:{number}", SALES, sample(f"{number}"), member=JOHN)
        )
    await stage.until(lambda: len(stage.shown()) == 5)
    assert stage.shown() == [f"{number}" for number in range(5)]
    assert len(replicas.leaders) == 1


async def test_message_enqueued_by_both_is_posted_and_edited_once(replicas: Replicas) -> None:
    stage = replicas.stage
    await replicas.both_put("job:1", "1 of 3")
    await stage.until(lambda: stage.shown() == ["1 of 3"])
    await replicas.both_put("job:1", "2 of 3")
    await stage.until(lambda: stage.shown() == ["2 of 3"])
    for _ in range(20):
        await stage.clock.advance(0.5)
        await asyncio.sleep(0.003)
    assert stage.outcomes == {"posted": 1, "edited": 1}


async def test_a_replica_sees_where_another_one_posted(replicas: Replicas) -> None:
    stage = replicas.stage
    leader = await replicas.one_leads()
    other = replicas.outboxes[1 - leader]
    await other.enqueue(OutboxMessage("job:1", SALES, sample("Here"), member=JOHN))
    asking = asyncio.create_task(other.wait_posted("job:1", 5))
    await stage.until(asking.done)
    [message] = stage.messages()
    assert await asking == MessageRef(SALES, message.ts)


async def test_the_lead_is_handed_over_when_the_leaders_connection_is_cut(
    replicas: Replicas,
) -> None:
    """The old leader stops; another delivers within seconds, and nothing is posted twice."""
    stage = replicas.stage
    for turn in range(3):
        leader = await replicas.one_leads()
        keys = [f"m:{turn}:{number}" for number in range(4)]
        await replicas.outboxes[leader].enqueue(
            *[OutboxMessage(key, SALES, sample(key), JOHN) for key in keys]
        )
        shown = len(stage.shown())
        await stage.until(lambda shown=shown: len(stage.shown()) > shown)  # type: ignore[misc]
        await replicas.cut(replicas.databases[1 - leader])
        began = stage.clock.time()
        await stage.until(lambda turn=turn: len(stage.shown()) == 4 * (turn + 1))  # type: ignore[misc]
        assert stage.clock.time() - began < 30
    assert sorted(stage.shown()) == sorted(f"m:{turn}:{n}" for turn in range(3) for n in range(4))
    assert len(stage.calls("chat.postMessage")) == 12


async def test_killed_leader_is_replaced_within_thirty_seconds(
    replicas: Replicas,
) -> None:
    stage = replicas.stage
    leader = await replicas.one_leads()
    dying, living = replicas.outboxes[leader], replicas.outboxes[1 - leader]
    stage.slack.slack.fail("chat.postMessage", reset="after")  # it stands; who posted never hears
    await dying.enqueue(OutboxMessage("job:1", SALES, sample("once"), member=JOHN))
    await stage.until(lambda: stage.shown() == ["once"])
    await stage.kill(dying)
    began = stage.clock.time()
    await living.enqueue(OutboxMessage("job:2", SUPPORT, sample("at once"), member=JOHN))
    await stage.until(lambda: stage.shown(SUPPORT) == ["at once"])
    assert stage.clock.time() - began < 10
    await stage.until(lambda: stage.outcomes["reconciled"] == 1)
    assert 15 < stage.clock.time() - began < 30
    assert stage.shown(SALES) == ["once"]
    assert len(stage.calls("chat.postMessage")) == 2


async def test_leader_that_lost_its_lock_finishes_calls_in_flight(
    replicas: Replicas,
) -> None:
    """The call in flight is finished by its process and repeated by no other."""
    stage = replicas.stage
    leader = await replicas.one_leads()
    stage.slack.slack.hang("chat.postMessage")
    await replicas.outboxes[leader].enqueue(
        OutboxMessage("job:1", SALES, sample("once"), member=JOHN)
    )
    await stage.until(lambda: stage.slack.slack.is_busy)
    await replicas.cut(replicas.databases[1 - leader])
    for _ in range(24):
        await stage.clock.advance(0.5)
        await asyncio.sleep(0.005)
    stage.slack.slack.release()
    await stage.until(lambda: stage.outcomes["posted"] == 1)
    await replicas.both_put("job:1", "newest")
    await stage.until(lambda: stage.shown() == ["newest"])
    assert len(stage.calls("chat.postMessage")) == 1
    assert stage.calls("conversations.history") == []


LEADS = """
import asyncio, sys
from bot.aio.clock import SystemClock
from bot.db import locks as lead
from bot.db.engine import open_database

lead.SESSION_SETTINGS["idle_session_timeout"] = "4s"  # soon enough for a test

async def main():
    async with open_database(sys.argv[1]) as database:
        async with database.try_lead("outbox", SystemClock()) as held:
            print("leads" if held else "does not lead", flush=True)
            await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_process_that_is_killed_or_hangs_leads_no_longer(
    tmp_path: Path, how: signal.Signals
) -> None:
    """Immediately if killed; if frozen, as soon as Postgres drops its session."""
    url = address("postgres", tmp_path)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LEADS, url, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert child.stdout is not None
        assert await child.stdout.readline() == b"leads\n"
        async with watched_database(url) as database, staged(database) as stage:
            outbox = stage.outbox("boot-2")
            await outbox.enqueue(OutboxMessage("job:1", SALES, sample("once"), member=JOHN))
            child.send_signal(how)
            loop = asyncio.get_running_loop()
            began = loop.time()
            while not stage.shown() and loop.time() - began < 20:
                await stage.clock.advance(0.5)
                await asyncio.sleep(0.02)
            assert stage.shown() == ["once"]
            assert loop.time() - began < (5 if how is signal.SIGKILL else 15)
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()
