"""kill -9 in the middle of a burst of events: each is recorded once, and shown once, in order."""

from __future__ import annotations

import asyncio
import random
import signal
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
import pytest

from bot.db.engine import open_database
from bot.notifications.repository import RuleRepository
from bot.notifications.rule import EventGroup, RuleSpec
from bot.sandbox.slack import VisibleMessage, collect_text
from bot.sandbox.slack.seed import TEAM_ID
from bot.sandbox.world import CHAKRA_EVENTS_PATH
from tests.db.databases import KINDS, create_database_url
from tests.messages.webhook_builders import SECRET, build_meta, build_status, encode, sign
from tests.notifications.notifier_harness import count_events
from tests.people import JOHN, SALES
from tests.process import SERVE_ARGUMENTS, start_embedded_services, start_python

pytestmark = [pytest.mark.process, pytest.mark.killed]

FAILED, DELIVERED, MESSAGES, CUSTOMERS = 300, 700, 9, 3
STATUSES_PER_DELIVERY, SENDERS = 5, 8
EVENTS = FAILED + DELIVERED + MESSAGES
TIMEOUT_SECONDS = 180.0


class Sender:
    """Sends deliveries as Chakra does, and again if they weren't acknowledged."""

    def __init__(self, bodies: Sequence[bytes]) -> None:
        self.unsent = list(bodies)
        self.acknowledged: list[bytes] = []

    async def send(
        self, url: str, *, stop: Callable[[], bool] = lambda: False, senders: int = SENDERS
    ) -> None:
        """Send until all are acknowledged, ``stop()`` holds or there is no one at ``url``."""
        async with aiohttp.ClientSession(url) as session:
            await asyncio.gather(*(self._send(session, stop) for _ in range(senders)))

    async def _send(self, session: aiohttp.ClientSession, stop: Callable[[], bool]) -> None:
        while self.unsent and not stop():
            body = self.unsent.pop(0)
            headers = {"X-Chakra-Signature-256": sign(body)}
            try:
                async with session.post(CHAKRA_EVENTS_PATH, data=body, headers=headers) as answer:
                    assert answer.status == 200
            except (aiohttp.ClientError, OSError):
                self.unsent.insert(0, body)
                return
            self.acknowledged.append(body)


def build_statuses() -> list[bytes]:
    now = str(int(time.time()))
    words = ["failed"] * FAILED + ["delivered"] * DELIVERED
    random.Random(1).shuffle(words)
    statuses = [
        build_status(word, f"wamid.{number}", timestamp=now) for number, word in enumerate(words)
    ]
    return [
        encode(build_meta(*statuses[start : start + STATUSES_PER_DELIVERY]))
        for start in range(0, len(statuses), STATUSES_PER_DELIVERY)
    ]


def build_messages() -> list[bytes]:
    now = str(int(time.time()))
    return [encode(_build_message(number, now)) for number in range(MESSAGES)]


def _build_message(number: int, now: str) -> dict[str, Any]:
    message = {
        "from": f"9198765432{number % CUSTOMERS:02d}",
        "id": f"wamid.in.{number}",
        "timestamp": now,
        "type": "text",
        "text": {"body": f"word {number}"},
    }
    return build_meta(messages=[message], metadata={"phone_number_id": "1"})


@pytest.mark.parametrize("kind", KINDS)
async def test_killed_in_a_burst_loses_and_repeats_nothing(tmp_path: Path, kind: str) -> None:
    """On Postgres a second replica serves all along, and the first is gone for good."""
    url = create_database_url(kind, tmp_path)
    async with open_database(url) as database:
        rules, now = RuleRepository(database, TEAM_ID), time.time()
        await rules.add(SALES, JOHN, RuleSpec(events=(EventGroup.MESSAGE,)), now)
        await rules.add(SALES, JOHN, RuleSpec(events=(EventGroup.FAILED,)), now)
    statuses, messages = Sender(build_statuses()), Sender(build_messages())
    async with start_embedded_services() as services:
        environ = services.build_environ(DATABASE_URL=url, CHAKRA_WEBHOOK_SECRET=SECRET)
        before = len(services.slack.list_messages(JOHN, SALES))
        async with start_python(*SERVE_ARGUMENTS, environ=environ, folder=tmp_path) as first:
            first_url = await first.wait_until_ready()
            if kind == "postgres":
                second = start_python(*SERVE_ARGUMENTS, environ=environ, folder=tmp_path)
                async with second as replica:
                    second_url = await replica.wait_until_ready()
                    await _send_until_half(first_url, statuses, messages)
                    first.process.send_signal(signal.SIGKILL)
                    await _send_all(second_url, statuses, messages)
                    await _wait_until_shown(kind, url)
            else:
                await _send_until_half(first_url, statuses, messages)
                first.process.send_signal(signal.SIGKILL)
                await first.process.wait()
                async with start_python(
                    *SERVE_ARGUMENTS, environ=environ, folder=tmp_path
                ) as other:
                    await _send_all(await other.wait_until_ready(), statuses, messages)
                    await _wait_until_shown(kind, url)
        posts = services.slack.list_messages(JOHN, SALES)[before:]
        assert services.slack.rejections == []
    _assert_recorded_once(kind, url)
    _assert_shown_once(posts)


async def _send_until_half(url: str, statuses: Sender, messages: Sender) -> None:
    half = len(statuses.unsent) // 2
    await asyncio.gather(
        statuses.send(url, stop=lambda: len(statuses.acknowledged) >= half),
        messages.send(url, stop=lambda: len(messages.acknowledged) >= MESSAGES // 2, senders=1),
    )


async def _send_all(url: str, statuses: Sender, messages: Sender) -> None:
    """Send the remaining ones, and some again that were acknowledged."""
    statuses.unsent += statuses.acknowledged[-20:]
    await asyncio.gather(statuses.send(url), messages.send(url, senders=1))
    assert not statuses.unsent
    assert not messages.unsent


async def _wait_until_shown(kind: str, url: str) -> None:
    """Wait until nothing is left to be processed, planned, handed over or posted."""
    waiting = (
        "SELECT (SELECT count(*) FROM events WHERE processed_at IS NULL)"
        " + (SELECT count(*) FROM event_log WHERE pending)"
        " + (SELECT count(*) FROM notification_deliveries WHERE state <> 'done')"
        " + (SELECT count(*) FROM posts WHERE pending)"
    )
    async with asyncio.timeout(TIMEOUT_SECONDS):
        left = 1
        while left:
            await asyncio.sleep(0.2)
            left = await asyncio.to_thread(_count, kind, url, waiting)


def _assert_recorded_once(kind: str, url: str) -> None:
    assert _count(kind, url, "SELECT count(*) FROM event_log") == EVENTS
    assert _count(kind, url, "SELECT count(DISTINCT event_id) FROM notification_deliveries") == (
        FAILED + MESSAGES
    )


def _assert_shown_once(posts: Sequence[VisibleMessage]) -> None:
    keys = [str(post.metadata) for post in posts if post.metadata]
    assert len(keys) == len(set(keys)), "nothing is posted twice"
    texts = [collect_text(post) for post in posts]
    failures = [text for text in texts if "delivered" in text.splitlines()[0]]
    assert count_events(failures, "wasn't") == FAILED
    for customer in range(CUSTOMERS):
        words = [f"word {number}" for number in range(customer, MESSAGES, CUSTOMERS)]
        thread = [text for post, text in zip(posts, texts, strict=True) if post.thread_ts]
        shown = [line for text in thread for line in text.splitlines() if line in words]
        assert shown == words


def _count(kind: str, url: str, query: str) -> int:
    if kind == "sqlite":
        file = sqlite3.connect(url.removeprefix("sqlite:///"))
        try:
            return int(file.execute(query).fetchone()[0])
        finally:
            file.close()
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
        return int(row[0]) if row else 0
