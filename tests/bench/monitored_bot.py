"""``serve`` with a ticker in its loop, which writes down every tenth of a second how long the loop
stood still: ``python -m tests.bench.monitored_bot``."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

import uvloop

from bot import logs
from bot.aio.clock import SystemClock
from bot.cli.serve import run
from bot.settings import settings
from commands import COMMANDS
from tests.bench.loop_monitor import LoopMonitor

MONITORED_BOT = ["tests.bench.monitored_bot"]
OUTPUT_VARIABLE = "TICKS_INTO"
"""The file, a line of JSON each time: the moment, and milliseconds."""
SAMPLE_SECONDS = 0.1


async def main() -> None:
    loaded = settings.load()
    logs.configure("info", "json", sys.stderr, secrets=loaded.list_secrets())
    serving = asyncio.create_task(run(loaded, COMMANDS, SystemClock()))
    noting = asyncio.create_task(_record_blocks(Path(os.environ[OUTPUT_VARIABLE])))
    await serving
    noting.cancel()


async def _record_blocks(path: Path) -> None:
    ticker = LoopMonitor()
    with path.open("a", buffering=1) as file:
        while True:
            await asyncio.sleep(SAMPLE_SECONDS)
            file.write(json.dumps([time.time(), ticker.take_longest_block() * 1000]) + "\n")


def find_longest_block(path: Path, start: float, end: float) -> float:
    """Milliseconds, between those two moments."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return max((block for at, block in lines if start <= at - SAMPLE_SECONDS <= end), default=0.0)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
