"""The bot as a process of its own, between stand-ins that the test serves."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot import manifest
from bot.aio.clock import Clock, SystemClock
from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.slack import EmbeddedSlack
from bot.sandbox.world import SLACK_EVENTS_PATH
from bot.web.server import serve

SERVE_ARGUMENTS = ("-m", "bot", "serve")
ROOT = Path(__file__).parents[1]
TIMEOUT_SECONDS = 60.0
"""Seconds after which a process that says nothing has failed; a busy machine is slow."""

PYTHON_ENVIRON = {"PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT)}


@dataclass(frozen=True)
class EmbeddedServices:
    slack: EmbeddedSlack
    chakra: EmbeddedChakra

    def build_environ(self, *, socket_mode: bool = False, **other: str) -> dict[str, str]:
        """What a person would set, and nothing of this process's own settings."""
        way = (
            {"SLACK_APP_TOKEN": self.slack.app_token}
            if socket_mode
            else {"SLACK_SIGNING_SECRET": self.slack.signing_secret}
        )
        return {
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_API_URL": self.slack.api_url,
            "CHAKRA_ACCESS_TOKEN": self.chakra.access_token,
            "CHAKRA_API_URL": self.chakra.base_url,
            "PORT": "0",
            "LOG_FORMAT": "json",
            **way,
            **other,
        }


@asynccontextmanager
async def start_embedded_services(clock: Clock | None = None) -> AsyncIterator[EmbeddedServices]:
    async with AsyncExitStack() as stack:
        clock = clock or SystemClock()
        slack = EmbeddedSlack(manifest=manifest.load(), clock=clock)
        chakra = EmbeddedChakra(clock)
        slack.set_base_url(await stack.enter_async_context(serve(slack.app, grace_seconds=0.2)))
        chakra.set_base_url(await stack.enter_async_context(serve(chakra.app, grace_seconds=0.2)))
        await slack.start()
        stack.push_async_callback(slack.aclose)
        stack.push_async_callback(chakra.aclose)
        yield EmbeddedServices(slack, chakra)


@dataclass
class Process:
    """``output`` is its standard output so far, ``errors`` its standard error, line by line."""

    process: asyncio.subprocess.Process
    output: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _new_output: asyncio.Event = field(default_factory=asyncio.Event)

    async def collect_lines(self, stream: asyncio.StreamReader, into: list[str]) -> None:
        async for line in stream:
            into.append(line.decode())
            self._new_output.set()

    async def wait_for_line(self, lines: list[str], part: str) -> str:
        """The first of ``lines`` that holds ``part``."""
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                return await self._find_line(lines, part)
        except TimeoutError:
            raise AssertionError(f"it never printed {part}: {self.output} {self.errors}") from None

    async def _find_line(self, lines: list[str], part: str) -> str:
        while True:
            for line in lines:
                if part in line:
                    return line
            self._new_output.clear()
            await self._new_output.wait()

    async def wait_until_ready(self) -> str:
        """The bot's base URL, once it serves."""
        line: dict[str, Any] = json.loads(await self.wait_for_line(self.errors, '"event":"ready"'))
        return str(line["url"])

    async def wait_for_exit(self, with_signal: signal.Signals | None = None) -> int:
        """The exit status, after a signal or by itself."""
        if with_signal is not None:
            self.process.send_signal(with_signal)
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return await self.process.wait()


@asynccontextmanager
async def start_python(
    *arguments: str, environ: dict[str, str], folder: Path
) -> AsyncIterator[Process]:
    """``python <arguments>`` in ``folder``, with the code of this checkout wherever the package is
    installed from; killed when the block ends."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        env={**inherited, **PYTHON_ENVIRON, **environ},
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    process = Process(started)
    assert started.stdout is not None
    assert started.stderr is not None
    readers = [
        asyncio.create_task(process.collect_lines(started.stdout, process.output)),
        asyncio.create_task(process.collect_lines(started.stderr, process.errors)),
    ]
    try:
        yield process
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()
        await asyncio.gather(*readers)


async def run_python(
    *arguments: str, environ: dict[str, str], folder: Path
) -> tuple[int, str, str]:
    """Return the exit status, standard output and standard error of a process that ends."""
    async with start_python(*arguments, environ=environ, folder=folder) as process:
        status = await process.wait_for_exit()
    return status, "".join(process.output), "".join(process.errors)


def build_events_url(url: str) -> str:
    return url + SLACK_EVENTS_PATH
