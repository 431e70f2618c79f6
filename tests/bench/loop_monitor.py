"""Blocks of the loop, measured by a task that is due every millisecond."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

TICK_SECONDS = 0.001
TICKS_PER_MEMORY_SAMPLE = 50
"""Ticks between two looks at the memory."""
MAX_BLOCK_MS = 50.0
"""Milliseconds for which the loop may be blocked."""


class LoopMonitor:
    """Measure for how long this process blocked its loop, and its peak memory.

    Time in which other processes have the processor does not count as a block.
    """

    def __init__(self) -> None:
        self.longest_block_seconds = 0.0
        self.peak_mb = 0.0
        self._task = asyncio.create_task(self._run())

    def take_longest_block(self) -> float:
        """Return the longest block since the last call, in seconds."""
        block, self.longest_block_seconds = self.longest_block_seconds, 0.0
        return block

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        ticks = 0
        while True:
            before, worked = time.perf_counter(), time.process_time()
            await asyncio.sleep(TICK_SECONDS)
            late = time.perf_counter() - before - TICK_SECONDS
            self.longest_block_seconds = max(
                self.longest_block_seconds, min(late, time.process_time() - worked)
            )
            ticks += 1
            if ticks % TICKS_PER_MEMORY_SAMPLE == 0:
                self.peak_mb = max(self.peak_mb, measure_resident_mb())


def measure_resident_mb(process: int | str = "self", name: str = "VmRSS") -> float:
    """Return the memory of a process in megabytes; with ``VmHWM`` its peak."""
    status = Path(f"/proc/{process}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024
