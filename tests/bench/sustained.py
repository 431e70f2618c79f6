"""Webhook events for twenty seconds, one or several a delivery, and the lag behind their acks."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import psycopg

from bot.sandbox.world import CHAKRA_EVENTS_PATH
from tests.bench.bench_process import BOT_MODULE, BenchProcess, start_process
from tests.bench.load import send_for
from tests.bench.result_table import ResultTable
from tests.db.databases import create_database_url
from tests.messages.webhook_builders import SECRET, build_meta, build_status, sign

SECONDS, CONNECTIONS, CUSTOMERS = 20.0, 50, 2_000
MAX_EVENTS_PER_DELIVERY = 20
"""Meta holds several back while it delivers a campaign; most deliveries hold one or a few."""
WORDS = ("sent", "delivered", "read", "failed")
WORD_WEIGHTS = (10, 9, 6, 1)
MIN_EVENTS_PER_SECOND, MAX_LAG_SECONDS, MAX_MEGABYTES = 2_000, 15.0, 200
"""The targets, on two cores that the load and the database share with the bot."""
POLL_SECONDS, TIMEOUT_SECONDS = 0.1, 60.0


async def bench_sustained_events(kind: str, env: Mapping[str, str], table: ResultTable) -> None:
    await _bench(kind, env, table, "one a delivery", largest=1)
    await _bench(
        kind,
        env,
        table,
        f"1 to {MAX_EVENTS_PER_DELIVERY} a delivery",
        largest=MAX_EVENTS_PER_DELIVERY,
    )


async def _bench(
    kind: str, env: Mapping[str, str], table: ResultTable, name: str, *, largest: int
) -> None:
    with TemporaryDirectory() as folder:
        url = create_database_url(kind, Path(folder), fsync=True)
        own = {**env, "DATABASE_URL": url, "CHAKRA_WEBHOOK_SECRET": SECRET}
        async with start_process(BOT_MODULE, own) as bot:
            stream = EventStream(bot.url, largest)
            used = bot.measure_cpu_seconds()
            load = await send_for(
                bot.url, stream.iter_requests(), connections=CONNECTIONS, seconds=SECONDS
            )
            lag = await _wait_until_processed(kind, url, Path(folder))
            used = bot.measure_cpu_seconds() - used
            recorded = await asyncio.to_thread(
                _count, "SELECT count(*) FROM event_log", kind, url, Path(folder)
            )
            all_recorded = load.statuses == {200} and recorded == stream.event_count
            _report(
                table,
                f"{_render_title(kind)}, {name}",
                stream,
                lag,
                used,
                bot,
                is_whole=all_recorded,
            )


class EventStream:
    """Requests without end; each event is a status of its own of one of many customers."""

    def __init__(self, url: str, largest: int) -> None:
        self._host = urlsplit(url).netloc
        self._largest = largest
        self._chance = random.Random(1)
        self._started_at = time.time()
        self.event_count = 0

    def iter_requests(self) -> Iterator[bytes]:
        while True:
            statuses = [self._build_status() for _ in range(self._chance.randint(1, self._largest))]
            event = build_meta(*statuses, metadata={"phone_number_id": "1"})
            body = json.dumps(event).encode()
            head = (
                f"POST {CHAKRA_EVENTS_PATH} HTTP/1.1\r\nhost: {self._host}\r\n"
                f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
                f"x-chakra-signature-256: {sign(body)}\r\n\r\n"
            )
            yield head.encode() + body

    def _build_status(self) -> dict[str, Any]:
        self.event_count += 1
        [word] = self._chance.choices(WORDS, WORD_WEIGHTS)
        return build_status(
            word,
            f"wamid.{self.event_count}",
            timestamp=str(int(self._started_at)),
            recipient_id=f"9198765{self._chance.randrange(CUSTOMERS):05d}",
        )


async def _wait_until_processed(kind: str, url: str, folder: Path) -> float:
    """Return after how many seconds every delivery is processed."""
    began = time.perf_counter()
    query = "SELECT count(*) FROM events WHERE processed_at IS NULL"
    while await asyncio.to_thread(_count, query, kind, url, folder):
        if time.perf_counter() - began > TIMEOUT_SECONDS:
            break
        await asyncio.sleep(POLL_SECONDS)
    return time.perf_counter() - began


def _count(query: str, kind: str, url: str, folder: Path) -> int:
    if kind == "sqlite":
        file = sqlite3.connect(folder / "bot.db")
        try:
            return int(file.execute(query).fetchone()[0])
        finally:
            file.close()
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
        return int(row[0]) if row else 0


def _render_title(kind: str) -> str:
    return {"sqlite": "SQLite", "postgres": "Postgres"}[kind]


def _report(
    table: ResultTable,
    name: str,
    stream: EventStream,
    lag: float,
    used: float,
    bot: BenchProcess,
    *,
    is_whole: bool,
) -> None:
    per_second = stream.event_count / SECONDS
    table.add(
        f"{name}: events acknowledged a second, for {SECONDS:.0f} s",
        f"{per_second:,.0f}",
        f"≥ {MIN_EVENTS_PER_SECOND:,}, all of them recorded",
        is_met=per_second >= MIN_EVENTS_PER_SECOND and is_whole,
    )
    table.add(
        f"{name}: all processed after the last ack within",
        f"{lag:.1f} s",
        f"≤ {MAX_LAG_SECONDS:.0f} s",
        is_met=lag <= MAX_LAG_SECONDS,
    )
    table.add(
        f"{name}: processor time an event",
        f"{used / stream.event_count * 1e6:,.0f} µs",
        "-",
        is_met=True,
    )
    megabytes = bot.measure_peak_mb()
    table.add(
        f"{name}: peak memory of serve",
        f"{megabytes:.0f} MB",
        f"< {MAX_MEGABYTES} MB",
        is_met=megabytes < MAX_MEGABYTES,
    )
