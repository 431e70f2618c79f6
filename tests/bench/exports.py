"""250,000 leads as a CSV file: pages a second, peak memory, blocks of the loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.slack import EmbeddedSlack
from bot.sandbox.world import SLACK_EVENTS_PATH
from tests.bench.bench_process import start_process
from tests.bench.eager_exports import EAGER_BOT
from tests.bench.loop_monitor import MAX_BLOCK_MS
from tests.bench.monitored_bot import OUTPUT_VARIABLE, find_longest_block
from tests.bench.result_table import ResultTable

JOHN, SALES, JOHNS = "U0JOHN", "C0SALES", "D0JOHN"
ROWS = 250_000
TIMEOUT_SECONDS = 600.0
MIN_LEADS_PER_SECOND = 1_000
"""As many as the rate limit of a real team allows."""
MAX_GROWTH_MB = 60.0
"""Megabytes by which ``serve`` may grow; the file has 50."""


async def bench_export(
    slack: EmbeddedSlack,
    chakra: EmbeddedChakra,
    env: Mapping[str, str],
    table: ResultTable,
    rows: int = ROWS,
) -> None:
    chakra.add_many_leads(rows)
    with TemporaryDirectory() as folder:
        ticks = Path(folder) / "ticks"
        database = f"sqlite:///{folder}/bot.db"
        own = {**env, "DATABASE_URL": database, OUTPUT_VARIABLE: str(ticks), "SENDERS": JOHN}
        async with start_process(EAGER_BOT, own) as bot:
            slack.set_request_url(bot.url + SLACK_EVENTS_PATH)
            await slack.type(JOHN, SALES, "/chakra leads city:Nowhere")
            await asyncio.sleep(1.0)
            before, began, used = bot.measure_peak_mb(), time.time(), bot.measure_cpu_seconds()
            await slack.type(JOHN, SALES, "/chakra leads csv")
            async with asyncio.timeout(TIMEOUT_SECONDS):
                while not (file := find_file(slack)):  # noqa: ASYNC110 - two processes
                    await asyncio.sleep(0.1)
            ended, cpu = time.time(), bot.measure_cpu_seconds() - used
            grown, block = bot.measure_peak_mb() - before, find_longest_block(ticks, began, ended)
    assert file.count(b"MANY-") == rows
    table.add(
        f"{rows:,} leads as a CSV: time, leads/s, CPU",
        f"{ended - began:.0f} s {rows / (ended - began):,.0f} {cpu:.0f} s",
        f"> {MIN_LEADS_PER_SECOND:,}/s",
        is_met=rows / (ended - began) > MIN_LEADS_PER_SECOND,
    )
    table.add(
        "growth of serve during that, of a file of",
        f"{grown:.0f} MB {len(file) / 1e6:.0f} MB",
        f"< {MAX_GROWTH_MB:.0f} MB",
        is_met=grown < MAX_GROWTH_MB,
    )
    table.add(
        "longest block of the loop during that",
        f"{block:.0f} ms",
        f"≤ {MAX_BLOCK_MS:.0f} ms",
        is_met=block <= MAX_BLOCK_MS,
    )


def find_file(slack: EmbeddedSlack) -> bytes:
    """Return the file in John's direct messages, b"" while there is none."""
    files = [file.data for message in slack.list_messages(JOHN, JOHNS) for file in message.files]
    return files[-1] if files else b""
