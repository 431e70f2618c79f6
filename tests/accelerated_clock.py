"""A clock that runs faster than real time, for several processes alike: ``python -m
tests.accelerated_clock`` is ``serve`` by that clock, so that minutes between real processes pass in
seconds.
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

STARTED_AT_VARIABLE, SPEED_VARIABLE = "ACCELERATED_CLOCK_STARTED_AT", "ACCELERATED_CLOCK_SPEED"


@dataclass(frozen=True)
class AcceleratedClock:
    """A `bot.aio.clock.Clock` that has run ``times`` as fast as the machine's since ``began``."""

    started_at: float
    speed: float

    def time(self) -> float:
        return self.started_at + (time.time() - self.started_at) * self.speed

    def monotonic(self) -> float:
        return time.monotonic() * self.speed

    def to_real_seconds(self, seconds: float) -> float:
        return seconds / self.speed

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        return asyncio.get_running_loop().call_later(seconds / self.speed, callback)

    def to_environ(self) -> dict[str, str]:
        """For a process that is to go by this clock."""
        return {STARTED_AT_VARIABLE: repr(self.started_at), SPEED_VARIABLE: repr(self.speed)}

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> AcceleratedClock:
        return cls(float(environ[STARTED_AT_VARIABLE]), float(environ[SPEED_VARIABLE]))


def main() -> None:
    loaded = settings.load()
    logs.configure("info", "json", sys.stderr, secrets=loaded.list_secrets())
    asyncio.run(run(loaded, COMMANDS, AcceleratedClock.from_environ(os.environ)))


if __name__ == "__main__":
    main()
