"""A campaign's events for a channel: two replicas on Postgres, the first killed in the middle."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import psycopg

from bot.db.engine import open_database
from bot.notifications.repository import RuleRepository
from bot.notifications.rule import EventGroup, RuleSpec
from bot.sandbox.slack import EmbeddedSlack
from bot.sandbox.slack.seed import TEAM_ID
from bot.sandbox.world import CHAKRA_EVENTS_PATH
from tests.bench.bench_process import BOT_MODULE, start_process
from tests.bench.load import send_all
from tests.bench.result_table import ResultTable
from tests.db.databases import create_database_url
from tests.messages.webhook_builders import SECRET, build_meta, build_status, encode, sign
from tests.people import JOHN, SALES

EVENTS, FAILED_SHARE, MESSAGES, CUSTOMERS, CONNECTIONS = 20_000, 0.23, 40, 8, 50
EVENTS_PER_DELIVERY = 10
TIMEOUT_SECONDS = 180.0
MAX_POSTS = 200
"""The messages in threads, and a handful for everything else."""


async def bench_notification_burst(
    slack: EmbeddedSlack, env: Mapping[str, str], table: ResultTable
) -> None:
    with TemporaryDirectory() as folder:
        url = create_database_url("postgres", Path(folder), fsync=True)
        async with open_database(url) as database:
            rules = RuleRepository(database, TEAM_ID)
            spec = RuleSpec(events=(EventGroup.ALL,))
            await rules.add(SALES, JOHN, spec, time.time())
        before = len(slack.list_messages(JOHN, SALES))
        own = {**env, "DATABASE_URL": url, "CHAKRA_WEBHOOK_SECRET": SECRET}
        began = time.perf_counter()
        async with start_process(BOT_MODULE, own) as second:
            async with start_process(BOT_MODULE, own) as first:
                bodies = build_bodies()
                half = len(bodies) // 2
                await send_all(
                    first.url, _build_requests(first.url, bodies[:half]), connections=CONNECTIONS
                )
                os.kill(first.process.pid, signal.SIGKILL)
            await send_all(
                second.url, _build_requests(second.url, bodies), connections=CONNECTIONS
            )  # those of the first replica come again, as a sender that got no answer repeats them
            shown = await _wait_until_shown(url, began)
            took, megabytes = time.perf_counter() - began, second.measure_peak_mb()
        posts = slack.list_messages(JOHN, SALES)[before:]
        _report(table, shown, took, megabytes, posts)


def build_bodies() -> list[bytes]:
    """Return deliveries of ten events each, in random order."""
    chance = random.Random(1)
    now = str(int(time.time()))
    statuses = [
        build_status(
            "failed" if chance.random() < FAILED_SHARE else "delivered",
            f"wamid.{number}",
            timestamp=now,
        )
        for number in range(EVENTS - MESSAGES)
    ]
    bodies = [
        encode(build_meta(*statuses[start : start + EVENTS_PER_DELIVERY]))
        for start in range(0, len(statuses), EVENTS_PER_DELIVERY)
    ]
    bodies += [encode(_build_message(number, now)) for number in range(MESSAGES)]
    chance.shuffle(bodies)
    return bodies


def _build_message(number: int, now: str) -> dict[str, Any]:
    message = {
        "from": f"9198765432{number % CUSTOMERS:02d}",
        "id": f"wamid.in.{number}",
        "timestamp": now,
        "type": "text",
        "text": {"body": f"word {number}"},
    }
    return build_meta(messages=[message], metadata={"phone_number_id": "1"})


def _build_requests(url: str, bodies: list[bytes]) -> list[bytes]:
    host = urlsplit(url).netloc
    return [
        (
            f"POST {CHAKRA_EVENTS_PATH} HTTP/1.1\r\nhost: {host}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
            f"x-chakra-signature-256: {sign(body)}\r\n\r\n"
        ).encode()
        + body
        for body in bodies
    ]


async def _wait_until_shown(url: str, began: float) -> int:
    """Return how many events are posted, once all are or the time is over."""
    shown = 0
    while shown < EVENTS and time.perf_counter() - began < TIMEOUT_SECONDS:
        await asyncio.sleep(0.5)
        shown = await asyncio.to_thread(_count_shown, url)
    return shown


def _count_shown(url: str) -> int:
    query = "SELECT count(*) FROM notification_deliveries WHERE state = 'done'"
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()
        return int(row[0]) if row else 0


def _report(
    table: ResultTable, shown: int, took: float, megabytes: float, posts: list[Any]
) -> None:
    keys = Counter(str((post.metadata or {}).get("event_payload")) for post in posts)
    doubled = sum(count - 1 for count in keys.values())
    table.add(
        f"two replicas, one killed: {shown:,} of {EVENTS:,} events shown in a channel after",
        f"{took:.0f} s",
        f"≤ {TIMEOUT_SECONDS:.0f} s, all of them",
        is_met=shown == EVENTS,
    )
    table.add(
        "messages posted for them",
        f"{len(posts)}, {doubled} twice",
        f"< {MAX_POSTS}, none twice",
        is_met=len(posts) < MAX_POSTS and doubled == 0,
    )
    table.add("peak memory of serve", f"{megabytes:.0f} MB", "< 200 MB", is_met=megabytes < 200)
