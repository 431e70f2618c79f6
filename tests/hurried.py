"""Time that runs faster than it does, for several processes alike: ``python -m tests.hurried`` is
``serve`` by that clock. A story of minutes between real processes is told in seconds.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot import logs
from bot.aio.clock import Timer
from bot.cli.serve import run
from bot.settings import settings
from commands import COMMANDS

BEGAN, TIMES = "HURRIED_SINCE", "HURRIED_TIMES"


@dataclass(frozen=True)
class HurriedClock:
    """A `bot.aio.clock.Clock` that has run ``times`` as fast as the machine's since ``began``."""

    began: float
    times: float

    def time(self) -> float:
        return self.began + (time.time() - self.began) * self.times

    def monotonic(self) -> float:
        return time.monotonic() * self.times

    def to_real_seconds(self, seconds: float) -> float:
        return seconds / self.times

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        return asyncio.get_running_loop().call_later(seconds / self.times, callback)

    def environ(self) -> dict[str, str]:
        """For a process that is to go by this clock."""
        return {BEGAN: repr(self.began), TIMES: repr(self.times)}

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> HurriedClock:
        return cls(float(environ[BEGAN]), float(environ[TIMES]))


def main() -> None:
    loaded = settings.load()
    logs.configure("info", "json", sys.stderr, secrets=loaded.secrets())
    asyncio.run(run(loaded, COMMANDS, HurriedClock.of(os.environ)))


if __name__ == "__main__":
    main()
