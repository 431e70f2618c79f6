"""How long the loop stands still: a task that wants to run every millisecond."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

TICK_SECONDS = 0.001
TICKS_PER_MEMORY_SAMPLE = 50
"""Ticks between two looks at the memory."""
MAX_BLOCK_MS = 50.0
"""Milliseconds for which the loop may stand still."""


class LoopMonitor:
    """It notes for how long this process kept it from running: while others have the machine,
    neither it nor what it waits for makes headway. ``block`` is in seconds, ``peak`` in megabytes.
    """

    def __init__(self) -> None:
        self.longest_block_seconds = 0.0
        self.peak_mb = 0.0
        self._task = asyncio.create_task(self._run())

    def take_longest_block(self) -> float:
        """Seconds, since it was last asked."""
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
                self.peak_mb = max(self.peak_mb, resident_mb())


def resident_mb(process: int | str = "self", name: str = "VmRSS") -> float:
    """What a process holds; as ``VmHWM`` the most that it ever held."""
    status = Path(f"/proc/{process}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024
