"""Separate threads for work whose duration depends on a person's file.

The rest of the app never waits for a large table, and few tables are read at the same time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

MAX_CONCURRENT_READS = 2

P = ParamSpec("P")
T = TypeVar("T")


class SheetWorkers:
    """``reading`` is acquired while a file is read: each may take several hundred megabytes."""

    def __init__(self, max_concurrent: int = MAX_CONCURRENT_READS) -> None:
        self._executor = ThreadPoolExecutor(max_concurrent, thread_name_prefix="sheets")
        self.reading = asyncio.Semaphore(max_concurrent)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return ``function``'s result from one of the threads."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: function(*args, **kwargs))

    def close(self) -> None:
        """Start nothing more. A file being read now is finished, but not awaited."""
        self._executor.shutdown(wait=False, cancel_futures=True)
