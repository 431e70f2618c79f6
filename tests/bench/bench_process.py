"""A server in a process of its own: started, awaited, measured, stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.bench.loop_monitor import measure_resident_mb

BOT_MODULE = ["bot", "serve"]
TIMEOUT_SECONDS = 60.0
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"


@dataclass(frozen=True)
class BenchProcess:
    """``ready_seconds`` is how long it took to answer for the first time."""

    url: str
    process: subprocess.Popen[bytes]
    ready_seconds: float

    def measure_cpu_seconds(self) -> float:
        """Return the processor time that it has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def measure_resident_mb(self) -> float:
        return measure_resident_mb(self.process.pid)

    def measure_peak_mb(self) -> float:
        """Return the peak of its memory in megabytes."""
        return measure_resident_mb(self.process.pid, "VmHWM")


@asynccontextmanager
async def start_process(module: list[str], env: dict[str, str]) -> AsyncIterator[BenchProcess]:
    port = _find_free_port()
    began = time.perf_counter()
    process = subprocess.Popen(  # noqa: ASYNC220, S603 - our own modules; starting is the measure
        [sys.executable, "-m", *module],
        env=_build_environment({**env, "PORT": str(port), "LOG_FORMAT": "json"}),
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
    )
    url = f"http://127.0.0.1:{port}"
    try:
        await _wait_until_up(url)
        yield BenchProcess(url, process, time.perf_counter() - began)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(TIMEOUT_SECONDS)


def _build_environment(env: dict[str, str]) -> dict[str, str]:
    """Return ``env`` over ours. Bytecode is cached, as in an installed package."""
    return {key: value for key, value in os.environ.items() if key != NO_BYTECODE} | env


def _find_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


async def _wait_until_up(url: str) -> None:
    """Return at the first answer, whatever its status."""
    until = time.perf_counter() + TIMEOUT_SECONDS
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"{url}/healthz"):
                    return
            except aiohttp.ClientError:
                if time.perf_counter() > until:
                    raise
                await asyncio.sleep(0.01)
