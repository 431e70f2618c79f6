"""``make bench``: the bot beside a bare Bolt echo, the same load on both in one sitting."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import uvloop

from bot import manifest
from bot.clock import SystemClock
from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.chakra.faults import Hang, Slow
from bot.sandbox.slack import EmbeddedSlack
from bot.serving import serve
from tests.bench.load import Commands, Load, at_once, run

ROUNDS = 5
SECONDS = 1.5
CONNECTIONS = 8
WAIT = 15.0
JOHN = "a91b5073-e9d4-4959-9fd3-6edf79c2c5a4"
CARD = "GET /v2/ext/user/{id}"
LISTS = ("GET /v2/ext/users", "GET /v1/ext/users")


@dataclass
class Table:
    """What was measured, and whether it is what the project promises."""

    rows: list[tuple[str, str, str, bool]] = field(default_factory=list)

    def add(self, what: str, measured: str, wanted: str, *, well: bool) -> None:
        self.rows.append((what, measured, wanted, well))
        print(
            f"{'ok  ' if well else 'MISS'}  {what:<58} {measured:>16}   wanted {wanted}", flush=True
        )


@dataclass(frozen=True)
class Child:
    """A server in a process of its own, and how long it took to be ready."""

    url: str
    process: subprocess.Popen[bytes]
    ready_seconds: float

    def resident_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


@asynccontextmanager
async def child(module: list[str], port: int, env: dict[str, str]) -> AsyncIterator[Child]:
    began = time.perf_counter()
    process = subprocess.Popen(  # noqa: ASYNC220, S603 - our own modules; starting is the measure
        [sys.executable, "-m", *module],
        env={**os.environ, **env, "PORT": str(port), "LOG_FORMAT": "json"},
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
    )
    url = f"http://127.0.0.1:{port}"
    try:
        await _answering(url)
        yield Child(url, process, time.perf_counter() - began)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(WAIT)


async def _answering(url: str) -> None:
    """Returns at the first answer, whatever it says."""
    until = time.perf_counter() + WAIT
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"{url}/healthz"):
                    return
            except aiohttp.ClientError:
                if time.perf_counter() > until:
                    raise
                await asyncio.sleep(0.01)


@dataclass(frozen=True)
class Bench:
    slack: EmbeddedSlack
    chakra: EmbeddedChakra
    env: dict[str, str]
    table: Table

    def commands(self, where: Child, text: str) -> Commands:
        return Commands(self.slack, where.url, text)

    async def speed(self, echo: Child, bot: Child) -> None:
        """Alternating rounds, so that a slow moment of the machine meets both."""
        lines = {"help": "help", "user": "user john@acme.com"}
        for text in lines.values():
            await run(bot.url, self.commands(bot, text), connections=1, seconds=0.5)
        ratios: dict[str, list[float]] = {name: [] for name in lines}
        figures: dict[str, list[float]] = {"echo": [], **{name: [] for name in lines}}
        for _ in range(ROUNDS):
            base = await self._loaded(echo, "help")
            figures["echo"].append(base)
            for name, text in lines.items():
                figures[name].append(await self._loaded(bot, text))
                ratios[name].append(figures[name][-1] / base)
        print(
            "      requests a second, median: "
            + ", ".join(
                f"{name} {statistics.median(values):,.0f}" for name, values in figures.items()
            )
        )
        for name, wanted in (("help", 0.8), ("user", 0.5)):
            ratio = statistics.median(ratios[name])
            what = f"/chakra {lines[name]}, requests a second against echo"
            self.table.add(what, f"{ratio:.2f}", f"≥ {wanted}", well=ratio >= wanted)

    async def _loaded(self, where: Child, text: str) -> float:
        load = await run(
            where.url, self.commands(where, text), connections=CONNECTIONS, seconds=SECONDS
        )
        assert load.statuses == {200}, load
        return load.per_second

    async def latency(self, echo: Child, bot: Child) -> None:
        ratios = []
        for _ in range(ROUNDS):
            base = await run(echo.url, self.commands(echo, "x"), connections=1, seconds=0.7)
            user = self.commands(bot, "user john@acme.com")
            mine = await run(bot.url, user, connections=1, seconds=0.7)
            ratios.append(mine.median_ms / base.median_ms)
        ratio = statistics.median(ratios)
        self.table.add(
            "ack of a cached lookup, one connection, against echo",
            f"{ratio:.2f}",
            "≤ 2",
            well=ratio <= 2,
        )

    async def hung(self, bot: Child) -> None:
        """Chakra takes requests and never answers: nobody else may notice."""
        self.chakra.fail("*", Hang())
        unknown = self.commands(bot, "user 00000000-0000-4000-8000-000000000001")
        waiting = asyncio.create_task(at_once(bot.url, unknown, 100))
        await asyncio.sleep(0.05)
        help_load = await at_once(bot.url, self.commands(bot, "help"), 1)
        load = await waiting
        self.chakra.clear_faults()
        self.chakra.release()
        worst = f"{load.worst_ms:.0f} ms"
        self.table.add(
            "Chakra hung: slowest of 100 acks at once", worst, "≤ 500 ms", well=load.worst_ms <= 500
        )
        self._add_help(help_load)

    def _add_help(self, load: Load) -> None:
        self.table.add(
            "Chakra hung: /chakra help meanwhile",
            f"{load.worst_ms:.0f} ms",
            "≤ 100 ms",
            well=load.worst_ms <= 100,
        )

    async def single_flight(self) -> None:
        """Two hundred people ask for the same user of a bot that knows nothing yet."""
        for what, text, lists in (("id", f"user {JOHN}", 0), ("e-mail", "user john@acme.com", 1)):
            async with child(["bot", "serve"], free_port(), self.env) as bot:
                self.chakra.fail("*", Slow(0.2))
                self.chakra.requests.clear()
                await at_once(bot.url, self.commands(bot, text), 200)
                await asyncio.sleep(1.0)
                self.chakra.clear_faults()
                cards = self.chakra.count(CARD)
                listed = sum(self.chakra.count(one) for one in LISTS)
                self.table.add(
                    f"200 cold lookups at once by {what}: lists, fetches",
                    f"{listed}, {cards}",
                    f"{lists}, 1",
                    well=(listed, cards) == (lists, 1),
                )


async def main() -> int:
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        slack = EmbeddedSlack(manifest=manifest.load(), clock=clock, hints=[])
        chakra = EmbeddedChakra(clock)
        slack.served_at(await stack.enter_async_context(serve(slack.app)))
        await slack.start()
        stack.push_async_callback(slack.aclose)
        chakra.served_at(await stack.enter_async_context(serve(chakra.app)))
        stack.push_async_callback(chakra.aclose)
        env = {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
            "SLACK_API_URL": slack.api_url,
            "CHAKRA_ACCESS_TOKEN": chakra.access_token,
            "CHAKRA_API_URL": chakra.base_url,
            "DATABASE_URL": f"sqlite:///{stack.enter_context(TemporaryDirectory())}/bench.db",
        }
        async with child(["bot", "serve"], free_port(), env):
            pass  # the first start makes the tables; what is measured is any other
        bench = Bench(slack, chakra, env, Table())
        async with (
            child(["tests.bench.echo"], free_port(), env) as echo,
            child(["bot", "serve"], free_port(), env) as bot,
        ):
            ready = f"{bot.ready_seconds:.2f} s"
            bench.table.add("serve is ready after", ready, "< 2 s", well=bot.ready_seconds < 2)
            await bench.speed(echo, bot)
            await bench.latency(echo, bot)
            await bench.hung(bot)
            held = f"{bot.resident_mb():.0f} MB"
            small = bot.resident_mb() < 120
            bench.table.add("serve holds, after all that", held, "< 120 MB", well=small)
        await bench.single_flight()
        return 0 if all(well for *_, well in bench.table.rows) else 1


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(runner.run(main()))
