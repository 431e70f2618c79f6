"""A burst of ten thousand webhook events, for five hundred sends, to a real process."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import psycopg
from sqlalchemy import insert

from bot.db.engine import open_database
from bot.db.tables import sends
from bot.messages.status import SendStatus
from bot.sandbox.world import CHAKRA_EVENTS_PATH
from tests.bench.bench_process import BOT_MODULE, start_process
from tests.bench.load import send_all
from tests.bench.result_table import ResultTable
from tests.db.databases import create_database_url
from tests.messages.webhook_builders import SECRET, build_event, encode, sign

SENDS, EVENTS, CONNECTIONS = 500, 10_000, 50
STATUSES = ("READ", "SENT", "DELIVERED", "FAILED")
TIMEOUT_SECONDS = 60.0
MIN_EVENTS_PER_SECOND, MAX_SETTLED_SECONDS, MAX_MEGABYTES = 300, 60, 160
"""The targets, on two cores that the load shares with the bot."""


async def bench_event_burst(kind: str, env: Mapping[str, str], table: ResultTable) -> None:
    with TemporaryDirectory() as folder:
        url = create_database_url(kind, Path(folder), fsync=True)
        await insert_accepted_sends(url)
        own = {"DATABASE_URL": url, "CHAKRA_WEBHOOK_SECRET": SECRET}
        async with start_process(BOT_MODULE, {**env, **own}) as bot:
            began = time.perf_counter()
            load = await send_all(bot.url, build_events(bot.url), connections=CONNECTIONS)
            read = await _wait_until_read(kind, url, Path(folder), began)
            settled, megabytes = time.perf_counter() - began, bot.measure_peak_mb()
    acknowledged = load.response_count if load.statuses == {200} else 0
    name = {"sqlite": "SQLite", "postgres": "Postgres"}[kind]
    table.add(
        f"{name}: {EVENTS:,} events in a burst, acknowledged per second",
        f"{load.per_second:,.0f}",
        f"≥ {MIN_EVENTS_PER_SECOND}, all of them",
        is_met=acknowledged == EVENTS and load.per_second >= MIN_EVENTS_PER_SECOND,
    )
    table.add(
        f"{name}: {read} of {SENDS} sends at their last status after",
        f"{settled:.1f} s",
        f"≤ {MAX_SETTLED_SECONDS} s, all of them",
        is_met=read == SENDS and settled <= MAX_SETTLED_SECONDS,
    )
    table.add(
        f"{name}: peak memory of serve",
        f"{megabytes:.0f} MB",
        f"< {MAX_MEGABYTES} MB",
        is_met=megabytes < MAX_MEGABYTES,
    )


async def insert_accepted_sends(url: str) -> None:
    """Insert the sends as if Chakra had just accepted them."""
    now = time.time()
    rows = [
        {
            "key": f"view-{number}",
            "member": "U0JOHN",
            "template": "order_update",
            "language": "en_US",
            "recipient": "+91 •••••• 3210",
            "recipient_hash": f"to-{number}",
            "content_hash": "same",
            "followable": True,
            "process_id": "bench",
            "started_at": now,
            "status": SendStatus.ACCEPTED,
            "status_at": now,
            "message_id": f"m-{number}",
            "wamid": f"wamid.{number}",
        }
        for number in range(SENDS)
    ]
    async with open_database(url) as database, database.begin() as connection:
        await connection.execute(insert(sends), rows)


def build_events(url: str) -> list[bytes]:
    """Return the requests in random order: each send gets every status, several times."""
    host = urlsplit(url).netloc
    requests = [_build_request(host, turn) for turn in range(EVENTS)]
    random.Random(1).shuffle(requests)
    return requests


def _build_request(host: str, index: int) -> bytes:
    number, word = index % SENDS, STATUSES[index // SENDS % len(STATUSES)]
    body = encode(build_event(word, f"wamid.{number}", f"m-{number}", turn=index))
    head = (
        f"POST {CHAKRA_EVENTS_PATH} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nx-chakra-signature-256: {sign(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _wait_until_read(kind: str, url: str, folder: Path, started_at: float) -> int:
    """Return how many sends are read, once all are or the time is over."""
    read = 0
    while read < SENDS and time.perf_counter() - started_at < TIMEOUT_SECONDS:
        await asyncio.sleep(0.2)
        read = await asyncio.to_thread(_count_read, kind, url, folder)
    return read


def _count_read(kind: str, url: str, folder: Path) -> int:
    query = "SELECT count(*) FROM sends WHERE status = 'read'"
    if kind == "sqlite":
        file = sqlite3.connect(folder / "bot.db")
        try:
            return int(file.execute(query).fetchone()[0])
        finally:
            file.close()
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()
        return int(row[0]) if row else 0
