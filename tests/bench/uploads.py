"""A table of 100,000 rows through the form: checked, confirmed, sent in batches."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.slack import EmbeddedSlack, LocalFile, collect_text
from bot.sandbox.world import SLACK_EVENTS_PATH
from tests.bench.bench_process import BenchProcess, start_process
from tests.bench.loop_monitor import MAX_BLOCK_MS
from tests.bench.monitored_bot import MONITORED_BOT, OUTPUT_VARIABLE, find_longest_block
from tests.bench.result_table import ResultTable
from tests.bench.sheets import ROWS

JOHN, SALES = "U0JOHN", "C0SALES"
CREATE = "POST /v1/ext/procedure/{procedureShortId}/process/bulk-create"
BATCH_SIZE = 1_000
TIMEOUT_SECONDS = 120.0
MAX_MEMORY_MB = 250
"""Peak memory of ``serve`` during the upload."""


async def bench_upload(
    slack: EmbeddedSlack, chakra: EmbeddedChakra, env: Mapping[str, str], table: ResultTable
) -> None:
    with TemporaryDirectory() as folder:
        ticks = Path(folder) / "ticks"
        database = f"sqlite:///{folder}/bot.db"
        own = {**env, "DATABASE_URL": database, OUTPUT_VARIABLE: str(ticks), "SENDERS": JOHN}
        async with start_process(MONITORED_BOT, own) as bot:
            slack.set_request_url(bot.url + SLACK_EVENTS_PATH)
            form = _UploadForm(slack, bot, ticks, table)
            await slack.type(JOHN, SALES, "/chakra bulk create lead")
            await slack.wait_until(lambda: slack.find_view(JOHN) is not None)
            file = LocalFile("leads.csv", "text/csv", _build_csv())
            await form.measure_submit("checked", {"file": file}, form.is_checked)
            went = chakra.count(CREATE)
            every = ROWS // BATCH_SIZE
            await form.measure_submit("sent", {}, lambda: chakra.count(CREATE) - went == every)
            memory_mb = bot.measure_peak_mb()
    table.add(
        "peak memory of serve during that",
        f"{memory_mb:.0f} MB",
        f"< {MAX_MEMORY_MB} MB",
        is_met=memory_mb < MAX_MEMORY_MB,
    )


@dataclass(frozen=True)
class _UploadForm:
    slack: EmbeddedSlack
    bot: BenchProcess
    ticks: Path
    table: ResultTable

    def is_checked(self) -> bool:
        view = self.slack.find_view(JOHN)
        return view is not None and f"Send {ROWS:,} rows" in collect_text(view)

    async def measure_submit(
        self, step: str, values: Mapping[str, Any], is_done: Callable[[], bool]
    ) -> None:
        began = time.time()
        await self.slack.submit(JOHN, values)
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while not is_done():  # noqa: ASYNC110 - two processes
                await asyncio.sleep(0.1)
        ended = time.time()
        block = find_longest_block(self.ticks, began, ended)
        self.table.add(
            f"{ROWS:,} rows through the form, {step}: time, block of the loop",
            f"{ended - began:.1f} s {block:.0f} ms",
            f"≤ {MAX_BLOCK_MS:.0f} ms",
            is_met=block <= MAX_BLOCK_MS,
        )


def _build_csv() -> bytes:
    rows = (f"EXPO-{n},Asha{n},+91 98{n:08},Pune\n" for n in range(1, ROWS + 1))
    return ("Lead Id,First Name,Phone Number,City\n" + "".join(rows)).encode()
