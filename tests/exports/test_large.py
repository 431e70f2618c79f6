"""100,000 leads as one file, in bounded memory."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.accelerated_clock import AcceleratedClock
from tests.bench.loop_monitor import measure_resident_mb
from tests.exports.scenarios import JOHNS
from tests.exports.test_killed import ExportScenario
from tests.people import JOHN, SALES
from tests.process import start_embedded_services

pytestmark = [pytest.mark.process]

ROWS = 100_000
SPEED = 10.0
MAX_GROWTH_MB = 60.0
"""Megabytes by which the process may grow: the file has 20, and its records as objects 200."""


async def test_hundred_thousand_leads_are_one_file_in_little_memory(tmp_path: Path) -> None:
    clock = AcceleratedClock(time.time(), SPEED)
    async with start_embedded_services(clock) as services:
        services.chakra.add_many_leads(ROWS)
        scenario = ExportScenario(services, clock, tmp_path)
        async with scenario.start_bot() as bot:
            before = measure_resident_mb(bot.process.pid, "VmHWM")
            await services.slack.type(JOHN, SALES, "/chakra leads csv")
            await scenario.wait_until(lambda: bool(scenario.list_files()))
            grown = measure_resident_mb(bot.process.pid, "VmHWM") - before
        [message] = services.slack.list_messages(JOHN, JOHNS)[-1:]
        lines = message.files[0].data.splitlines()
        keys = [key for line in lines if (key := line.partition(b",")[0]).startswith(b"MANY-")]
        assert keys == [b"MANY-%d" % number for number in range(1, ROWS + 1)]
        assert grown < MAX_GROWTH_MB
