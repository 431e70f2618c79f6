"""Ten thousand webhook events at once, for five hundred sends, sent to a real process."""

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
from tests.bench.child import BOT, Child, child
from tests.bench.load import all_of
from tests.bench.table import Table
from tests.db.databases import address
from tests.messages.webhooks import SECRET, chakra, dump, sign

SENDS, EVENTS, CONNECTIONS = 500, 10_000, 50
WORDS = ("READ", "SENT", "DELIVERED", "FAILED")
TIMEOUT_SECONDS = 60.0
MIN_EVENTS_PER_SECOND, MAX_SETTLED_SECONDS, MAX_MEGABYTES = 300, 60, 160
"""The targets, on two cores that the load shares with the bot."""


async def burst(kind: str, env: Mapping[str, str], table: Table) -> None:
    with TemporaryDirectory() as folder:
        url = address(kind, Path(folder))
        await _accepted_before(url)
        own = {"DATABASE_URL": url, "CHAKRA_WEBHOOK_SECRET": SECRET}
        async with child(BOT, {**env, **own}) as bot:
            began = time.perf_counter()
            load = await all_of(bot.url, _requests(bot), connections=CONNECTIONS)
            read = await _all_read(kind, url, Path(folder), began)
            settled, megabytes = time.perf_counter() - began, bot.peak_mb()
    acknowledged = load.answered if load.statuses == {200} else 0
    name = {"sqlite": "SQLite", "postgres": "Postgres"}[kind]
    table.add(
        f"{name}: {EVENTS:,} events at once, acknowledged a second",
        f"{load.per_second:,.0f}",
        f"≥ {MIN_EVENTS_PER_SECOND}, all of them",
        well=acknowledged == EVENTS and load.per_second >= MIN_EVENTS_PER_SECOND,
    )
    table.add(
        f"{name}: {read} of {SENDS} sends at their last status after",
        f"{settled:.1f} s",
        f"≤ {MAX_SETTLED_SECONDS} s, all of them",
        well=read == SENDS and settled <= MAX_SETTLED_SECONDS,
    )
    table.add(
        f"{name}: peak memory of serve",
        f"{megabytes:.0f} MB",
        f"< {MAX_MEGABYTES} MB",
        well=megabytes < MAX_MEGABYTES,
    )


async def _accepted_before(url: str) -> None:
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


def _requests(bot: Child) -> list[bytes]:
    """Return the requests in random order: each send gets every status, several times."""
    host = urlsplit(bot.url).netloc
    requests = [_request(host, turn) for turn in range(EVENTS)]
    random.Random(1).shuffle(requests)
    return requests


def _request(host: str, turn: int) -> bytes:
    number, word = turn % SENDS, WORDS[turn // SENDS % len(WORDS)]
    body = dump(chakra(word, f"wamid.{number}", f"m-{number}", turn=turn))
    head = (
        f"POST {CHAKRA_EVENTS_PATH} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nx-chakra-signature-256: {sign(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _all_read(kind: str, url: str, folder: Path, began: float) -> int:
    """Return how many sends are read, once all are or the time is over."""
    read = 0
    while read < SENDS and time.perf_counter() - began < TIMEOUT_SECONDS:
        await asyncio.sleep(0.2)
        read = await asyncio.to_thread(_count, kind, url, folder)
    return read


def _count(kind: str, url: str, folder: Path) -> int:
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
