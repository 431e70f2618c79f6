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
from tests.db.databases import create_database_url, watched_database
from tests.outbox.harness import JOHN, SALES, SUPPORT, OutboxHarness, build_sample, open_harness


@dataclass
class Replicas:
    harness: OutboxHarness
    databases: list[Database]
    outboxes: list[Outbox]

    async def terminate_leader(self, database: Database) -> None:
        """Ends the sessions that hold a lead, through the connection of ``database``."""
        async with database.begin() as connection:
            await connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
                    "AND granted AND pid <> pg_backend_pid()"
                )
            )

    async def enqueue_on_both(self, key: str, what: str, channel: str = SALES) -> None:
        for outbox in self.outboxes:
            await outbox.enqueue(OutboxMessage(key, channel, build_sample(what), member=JOHN))

    @property
    def leaders(self) -> list[int]:
        """Those that wait for work, rather than for the lead."""
        return [
            number
            for number, outbox in enumerate(self.outboxes)
            if is_waiting(outbox._wake_event) or outbox._posts_in_flight or outbox._edits_in_flight
        ]

    async def wait_for_leader(self) -> int:
        await self.harness.advance_until(lambda: len(self.leaders) == 1)
        return self.leaders[0]


def is_waiting(bell: WakeEvent) -> bool:
    return bool(bell._event._waiters)


async def wait_for_messages(harness: OutboxHarness, count: int) -> None:
    """Let time pass until the channel shows at least ``count`` messages."""
    await harness.advance_until(lambda: len(harness.list_message_texts()) >= count)


@asynccontextmanager
async def open_replicas(folder: Path) -> AsyncIterator[Replicas]:
    url = create_database_url("postgres", folder)
    async with (
        watched_database(url) as first,
        watched_database(url) as second,
        open_harness(first) as harness,
    ):
        outboxes = [harness.start_outbox("boot-1", first), harness.start_outbox("boot-2", second)]
        yield Replicas(harness, [first, second], outboxes)
        await harness.stop()


@pytest.fixture
async def replicas(tmp_path: Path) -> AsyncIterator[Replicas]:
    async with open_replicas(tmp_path) as replicas:
        yield replicas


async def test_one_replica_delivers_for_all(replicas: Replicas) -> None:
    harness = replicas.harness
    await replicas.wait_for_leader()
    for number in range(5):
        await replicas.outboxes[number % 2].enqueue(
            OutboxMessage(f"m:{number}", SALES, build_sample(f"{number}"), member=JOHN)
        )
    await harness.advance_until(lambda: len(harness.list_message_texts()) == 5)
    assert harness.list_message_texts() == [f"{number}" for number in range(5)]
    assert len(replicas.leaders) == 1


async def test_message_enqueued_by_both_is_posted_and_edited_once(replicas: Replicas) -> None:
    harness = replicas.harness
    await replicas.enqueue_on_both("job:1", "1 of 3")
    await harness.advance_until(lambda: harness.list_message_texts() == ["1 of 3"])
    await replicas.enqueue_on_both("job:1", "2 of 3")
    await harness.advance_until(lambda: harness.list_message_texts() == ["2 of 3"])
    for _ in range(20):
        await harness.clock.advance(0.5)
        await asyncio.sleep(0.003)
    assert harness.outcomes == {"posted": 1, "edited": 1}


async def test_replica_sees_posts_of_another(replicas: Replicas) -> None:
    harness = replicas.harness
    leader = await replicas.wait_for_leader()
    other = replicas.outboxes[1 - leader]
    await other.enqueue(OutboxMessage("job:1", SALES, build_sample("Here"), member=JOHN))
    asking = asyncio.create_task(other.wait_posted("job:1", 5))
    await harness.advance_until(asking.done)
    [message] = harness.list_messages()
    assert await asking == MessageRef(SALES, message.ts)


async def test_leadership_moves_when_the_leaders_connection_is_cut(
    replicas: Replicas,
) -> None:
    """The old leader stops; another delivers within seconds, and nothing is posted twice."""
    harness = replicas.harness
    for turn in range(3):
        leader = await replicas.wait_for_leader()
        keys = [f"m:{turn}:{number}" for number in range(4)]
        await replicas.outboxes[leader].enqueue(
            *[OutboxMessage(key, SALES, build_sample(key), JOHN) for key in keys]
        )
        await wait_for_messages(harness, len(harness.list_message_texts()) + 1)
        await replicas.terminate_leader(replicas.databases[1 - leader])
        began = harness.clock.time()
        await wait_for_messages(harness, 4 * (turn + 1))
        assert harness.clock.time() - began < 30
    assert sorted(harness.list_message_texts()) == sorted(
        f"m:{turn}:{n}" for turn in range(3) for n in range(4)
    )
    assert len(harness.list_calls("chat.postMessage")) == 12


async def test_killed_leader_is_replaced_within_thirty_seconds(
    replicas: Replicas,
) -> None:
    harness = replicas.harness
    leader = await replicas.wait_for_leader()
    dying, living = replicas.outboxes[leader], replicas.outboxes[1 - leader]
    harness.slack.slack.fail("chat.postMessage", reset="after")  # posted, but the response is lost
    await dying.enqueue(OutboxMessage("job:1", SALES, build_sample("once"), member=JOHN))
    await harness.advance_until(lambda: harness.list_message_texts() == ["once"])
    await harness.kill(dying)
    began = harness.clock.time()
    await living.enqueue(OutboxMessage("job:2", SUPPORT, build_sample("immediate"), member=JOHN))
    await harness.advance_until(lambda: harness.list_message_texts(SUPPORT) == ["immediate"])
    assert harness.clock.time() - began < 10
    await harness.advance_until(lambda: harness.outcomes["reconciled"] == 1)
    assert 15 < harness.clock.time() - began < 30
    assert harness.list_message_texts(SALES) == ["once"]
    assert len(harness.list_calls("chat.postMessage")) == 2


async def test_leader_that_lost_its_lock_finishes_calls_in_flight(
    replicas: Replicas,
) -> None:
    """The call in flight is finished by its process and repeated by no other."""
    harness = replicas.harness
    leader = await replicas.wait_for_leader()
    harness.slack.slack.hang("chat.postMessage")
    await replicas.outboxes[leader].enqueue(
        OutboxMessage("job:1", SALES, build_sample("once"), member=JOHN)
    )
    await harness.advance_until(lambda: harness.slack.slack.is_busy)
    await replicas.terminate_leader(replicas.databases[1 - leader])
    for _ in range(24):
        await harness.clock.advance(0.5)
        await asyncio.sleep(0.005)
    harness.slack.slack.release()
    await harness.advance_until(lambda: harness.outcomes["posted"] == 1)
    await replicas.enqueue_on_both("job:1", "newest")
    await harness.advance_until(lambda: harness.list_message_texts() == ["newest"])
    assert len(harness.list_calls("chat.postMessage")) == 1
    assert harness.list_calls("conversations.history") == []


LEADER_SCRIPT = """
import asyncio, sys
from bot.aio.clock import SystemClock
from bot.db import locks as lead
from bot.db.engine import open_database

lead.SESSION_SETTINGS["idle_session_timeout"] = "4s"  # soon enough for a test

async def main():
    async with open_database(sys.argv[1]) as database:
        async with database.try_lead("outbox", SystemClock()) as lead:
            print("leads" if lead else "does not lead", flush=True)
            await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_killed_or_hung_process_loses_leadership(tmp_path: Path, how: signal.Signals) -> None:
    """Immediately if killed; if frozen, as soon as Postgres drops its session."""
    url = create_database_url("postgres", tmp_path)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LEADER_SCRIPT, url, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert child.stdout is not None
        assert await child.stdout.readline() == b"leads\n"
        async with watched_database(url) as database, open_harness(database) as harness:
            outbox = harness.start_outbox("boot-2")
            await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("once"), member=JOHN))
            child.send_signal(how)
            loop = asyncio.get_running_loop()
            began = loop.time()
            while not harness.list_message_texts() and loop.time() - began < 20:
                await harness.clock.advance(0.5)
                await asyncio.sleep(0.02)
            assert harness.list_message_texts() == ["once"]
            assert loop.time() - began < (5 if how is signal.SIGKILL else 15)
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()
