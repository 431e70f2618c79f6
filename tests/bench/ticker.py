"""How long the loop stands still: a task that wants to run every millisecond."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

TICK = 0.001
MEMORY_EVERY = 50
"""Ticks between two looks at the memory."""
LONGEST_BLOCK = 50.0
"""Milliseconds for which the loop may stand still."""


class Ticker:
    """It notes for how long this process kept it from running: while others have the machine,
    neither it nor what it waits for makes headway. ``block`` is in seconds, ``peak`` in megabytes.
    """

    def __init__(self) -> None:
        self.block = 0.0
        self.peak = 0.0
        self._task = asyncio.create_task(self._run())

    def longest(self) -> float:
        """Seconds, since it was last asked."""
        block, self.block = self.block, 0.0
        return block

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        ticks = 0
        while True:
            before, worked = time.perf_counter(), time.process_time()
            await asyncio.sleep(TICK)
            late = time.perf_counter() - before - TICK
            self.block = max(self.block, min(late, time.process_time() - worked))
            ticks += 1
            if ticks % MEMORY_EVERY == 0:
                self.peak = max(self.peak, resident_mb())


def resident_mb(process: int | str = "self", name: str = "VmRSS") -> float:
    """What a process holds; as ``VmHWM`` the most that it ever held."""
    status = Path(f"/proc/{process}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024
