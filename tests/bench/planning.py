"""How fast the notifier decides the channels of recorded events, and messages are posted."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import psycopg

from bot.db.engine import open_database
from bot.notifications.repository import RuleRepository
from bot.notifications.rule import EventGroup, Grouping, RuleSpec
from bot.sandbox.slack import EmbeddedSlack
from bot.sandbox.slack.seed import TEAM_ID
from bot.sandbox.world import CHAKRA_EVENTS_PATH
from tests.bench.bench_process import BOT_MODULE, start_process
from tests.bench.load import send_all
from tests.bench.result_table import ResultTable
from tests.db.databases import create_database_url
from tests.messages.webhook_builders import SECRET, build_meta, build_status, encode, sign
from tests.people import JOHN, SALES, SUPPORT

EVENTS, EVENTS_PER_DELIVERY, CONNECTIONS = 10_000, 10, 20
CHANNELS, POSTS_PER_CHANNEL = 60, 4
"""As many as are shown alone: a channel gets one message a second."""
MIN_PLANNED_PER_SECOND, MIN_POSTS_PER_SECOND, MAX_MEGABYTES = 1_000, 20, 200
POLL_SECONDS, TIMEOUT_SECONDS = 0.05, 120.0
DAILY = RuleSpec(events=(EventGroup.ALL,), grouping=Grouping.DAILY)
EACH = RuleSpec(events=(EventGroup.ALL,))
PENDING = "SELECT count(*) FROM event_log WHERE pending"
UNPROCESSED = "SELECT count(*) FROM events WHERE processed_at IS NULL"


async def bench_planning(
    kind: str, slack: EmbeddedSlack, env: Mapping[str, str], table: ResultTable
) -> None:
    name = {"sqlite": "SQLite", "postgres": "Postgres"}[kind]
    with TemporaryDirectory() as folder:
        url = create_database_url(kind, Path(folder), fsync=True)
        own = {**env, "DATABASE_URL": url, "CHAKRA_WEBHOOK_SECRET": SECRET}
        await _add_rules(url, DAILY, [SALES, SUPPORT])
        async with start_process(BOT_MODULE, own) as bot:
            await _record_events(kind, url, bot.url)
            planned_per_second = await _measure_planning(kind, url, bot.url)
            megabytes = bot.measure_peak_mb()
        table.add(
            f"{name}: events planned a second, for two channels",
            f"{planned_per_second:,.0f}",
            f"≥ {MIN_PLANNED_PER_SECOND:,}",
            is_met=planned_per_second >= MIN_PLANNED_PER_SECOND,
        )
        table.add(
            f"{name}: peak memory of serve",
            f"{megabytes:.0f} MB",
            f"< {MAX_MEGABYTES} MB",
            is_met=megabytes < MAX_MEGABYTES,
        )
        channels = _add_channels(slack)
        await _add_rules(url, EACH, channels)
        async with start_process(BOT_MODULE, own) as bot:
            posts_per_second = await _measure_posts(slack, channels, bot.url)
        table.add(
            f"{name}: posts a second in {CHANNELS} channels, one a second in each",
            f"{posts_per_second:,.0f}",
            f"≥ {MIN_POSTS_PER_SECOND}, all of them",
            is_met=posts_per_second >= MIN_POSTS_PER_SECOND,
        )


async def _add_rules(url: str, spec: RuleSpec, channels: Sequence[str]) -> None:
    async with open_database(url) as database:
        rules = RuleRepository(database, TEAM_ID)
        for rule in await rules.list_all():
            await rules.remove(rule.id)
        for channel in channels:
            await rules.add(channel, JOHN, spec, time.time())


def _add_channels(slack: EmbeddedSlack) -> list[str]:
    channels = slack.workspace.channels
    ids = [f"C0BENCH{number:03d}" for number in range(CHANNELS)]
    for channel in ids:
        channels[channel] = replace(channels[SALES], id=channel, name=channel.lower())
    return ids


async def _record_events(kind: str, database: str, url: str) -> None:
    now = str(int(time.time()))
    statuses = [
        build_status("delivered", f"wamid.{number}", timestamp=now) for number in range(EVENTS)
    ]
    bodies = [
        encode(build_meta(*statuses[start : start + EVENTS_PER_DELIVERY]))
        for start in range(0, EVENTS, EVENTS_PER_DELIVERY)
    ]
    await _deliver(url, bodies)
    await _wait_until_none(kind, database, UNPROCESSED)
    await _wait_until_none(kind, database, PENDING)


async def _measure_planning(kind: str, database: str, url: str) -> float:
    """Let every event be planned again, and return how many are in a second."""
    _execute(kind, database, "DELETE FROM notification_deliveries")
    _execute(kind, database, "UPDATE event_log SET pending = true")
    began = time.perf_counter()
    await _deliver(url, [encode(build_meta(build_status("read", "wamid.wake")))])
    await _wait_until_none(kind, database, PENDING)
    return EVENTS / (time.perf_counter() - began)


async def _measure_posts(slack: EmbeddedSlack, channels: Sequence[str], url: str) -> float:
    """Return how many messages are posted in a second; 0 if not all of them are in time."""
    before = {channel: len(slack.list_messages(JOHN, channel)) for channel in channels}
    changes = [{"field": f"from_{2031 + number}"} for number in range(POSTS_PER_CHANNEL)]
    event = {"object": "whatsapp_business_account", "entry": [{"id": "8", "changes": changes}]}
    began, posted = time.perf_counter(), 0
    await _deliver(url, [encode(event)])
    while posted < CHANNELS * POSTS_PER_CHANNEL:
        if time.perf_counter() - began > TIMEOUT_SECONDS:
            return 0.0
        await asyncio.sleep(POLL_SECONDS)
        posted = sum(
            len(slack.list_messages(JOHN, channel)) - before[channel] for channel in channels
        )
    return posted / (time.perf_counter() - began)


async def _deliver(url: str, bodies: Sequence[bytes]) -> None:
    host = urlsplit(url).netloc
    requests = [
        (
            f"POST {CHAKRA_EVENTS_PATH} HTTP/1.1\r\nhost: {host}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
            f"x-chakra-signature-256: {sign(body)}\r\n\r\n"
        ).encode()
        + body
        for body in bodies
    ]
    await send_all(url, requests, connections=min(CONNECTIONS, len(requests)))


async def _wait_until_none(kind: str, url: str, query: str) -> None:
    began, left = time.perf_counter(), 1
    while left and time.perf_counter() - began < TIMEOUT_SECONDS:
        await asyncio.sleep(POLL_SECONDS)
        left = await asyncio.to_thread(_execute, kind, url, query)


def _execute(kind: str, url: str, statement: str) -> int:
    """Return the first value that a statement returns, 0 if there is none."""
    row: Any = None
    if kind == "sqlite":
        file = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        try:
            row = file.execute(statement).fetchone()
        finally:
            file.close()
    else:
        with psycopg.connect(url, autocommit=True) as connection:
            executed = connection.execute(statement.encode())
            row = executed.fetchone() if executed.description else None
    return int(row[0]) if row else 0
