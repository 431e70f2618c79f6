"""Requests a second, acks and lookups beside a bare Bolt echo; and a Chakra that hangs."""

from __future__ import annotations

import asyncio
import math
import statistics
from dataclasses import dataclass

from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.chakra.faults import DelayedResponse, Hang
from bot.sandbox.slack import EmbeddedSlack
from tests.bench.bench_process import BOT_MODULE, BenchProcess, start_process
from tests.bench.load import LoadResult, SignedCommands, run_for, send_all, send_concurrently
from tests.bench.result_table import ResultTable

ROUNDS = 5
CONNECTIONS = 32
REQUESTS = 4_000
LATENCY_REQUESTS = 1_000
JOHN = "a91b5073-e9d4-4959-9fd3-6edf79c2c5a4"
FETCH_USER = "GET /v2/ext/user/{id}"
LIST_USERS = ("GET /v2/ext/users", "GET /v1/ext/users")


@dataclass(frozen=True)
class Round:
    load: LoadResult
    cpu_ms: float


@dataclass(frozen=True)
class Bench:
    slack: EmbeddedSlack
    chakra: EmbeddedChakra
    env: dict[str, str]
    table: ResultTable

    def build_commands(self, process: BenchProcess, text: str) -> SignedCommands:
        return SignedCommands(self.slack, process.url, text)

    async def compare_throughput(self, echo: BenchProcess, bot: BenchProcess) -> None:
        """Alternating rounds, so that a slow moment of the machine meets both."""
        lines = {"help": "help", "user": "user john@acme.com"}
        for text in lines.values():
            await run_for(bot.url, self.build_commands(bot, text), connections=1, seconds=0.5)
        rounds: dict[str, list[Round]] = {"echo": [], **{name: [] for name in lines}}
        for _ in range(ROUNDS):
            rounds["echo"].append(await self._measure(echo, "help"))
            for name, text in lines.items():
                rounds[name].append(await self._measure(bot, text))
        for name, results in rounds.items():
            rate = statistics.median(each.load.per_second for each in results)
            cpu = statistics.median(each.cpu_ms for each in results)
            p99 = statistics.median(each.load.p99_ms for each in results)
            print(f"      {name}: {rate:,.0f}/s, {cpu:.3f} ms of CPU each, p99 {p99:.1f} ms")
        for name, wanted in (("help", 1.0), ("user", 0.8)):
            self._compare(
                f"/chakra {lines[name]}, requests a second against echo",
                [
                    mine.load.per_second / base.load.per_second
                    for mine, base in zip(rounds[name], rounds["echo"], strict=True)
                ],
                at_least=wanted,
            )
        pairs = list(zip(rounds["user"], rounds["echo"], strict=True))
        self._compare(
            f"its p99 at {CONNECTIONS} connections, against echo",
            [mine.load.p99_ms / base.load.p99_ms for mine, base in pairs],
            at_most=1.0,
        )
        self._compare(
            "its CPU time, against echo",
            [mine.cpu_ms / base.cpu_ms for mine, base in pairs],
            at_most=1.25,
        )

    def _compare(
        self,
        what: str,
        ratios: list[float],
        *,
        at_least: float = 0.0,
        at_most: float = math.inf,
    ) -> None:
        ratio = statistics.median(ratios)
        wanted = f"≥ {at_least}" if at_least else f"≤ {at_most}"
        self.table.add(what, f"{ratio:.2f}", wanted, is_met=at_least <= ratio <= at_most)

    async def _measure(self, where: BenchProcess, text: str) -> Round:
        requests = self.build_commands(where, text).prepare(REQUESTS)
        cpu = where.measure_cpu_seconds()
        load = await send_all(where.url, requests, connections=CONNECTIONS)
        assert load.statuses == {200}, load
        return Round(load, (where.measure_cpu_seconds() - cpu) / REQUESTS * 1000)

    async def compare_latency(self, echo: BenchProcess, bot: BenchProcess) -> None:
        """At one connection, each with requests that were signed before."""
        ratios = []
        for _ in range(ROUNDS):
            base, mine = [
                await send_all(
                    where.url,
                    self.build_commands(where, "user john@acme.com").prepare(LATENCY_REQUESTS),
                    connections=1,
                )
                for where in (echo, bot)
            ]
            ratios.append(mine.median_ms / base.median_ms)
        self._compare("ack of a cached lookup, one connection, against echo", ratios, at_most=1.25)

    async def measure_hung_chakra(self, bot: BenchProcess) -> None:
        """Chakra accepts requests and never answers: other members must not notice."""
        self.chakra.fail("*", Hang())
        unknown = self.build_commands(bot, "user 00000000-0000-4000-8000-000000000001")
        waiting = asyncio.create_task(send_concurrently(bot.url, unknown, 100))
        await asyncio.sleep(0.05)
        help_load = await send_concurrently(bot.url, self.build_commands(bot, "help"), 1)
        load = await waiting
        self.chakra.clear_faults()
        self.chakra.release_hanging()
        worst = f"{load.worst_ms:.0f} ms"
        self.table.add(
            "Chakra hung: slowest of 100 concurrent acks",
            worst,
            "≤ 500 ms",
            is_met=load.worst_ms <= 500,
        )
        self._add_help(help_load)

    def _add_help(self, load: LoadResult) -> None:
        self.table.add(
            "Chakra hung: /chakra help at the same time",
            f"{load.worst_ms:.0f} ms",
            "≤ 100 ms",
            is_met=load.worst_ms <= 100,
        )

    async def measure_single_flight(self) -> None:
        """Two hundred members look up the same user, with an empty cache."""
        for what, text, lists in (("id", f"user {JOHN}", 0), ("email", "user john@acme.com", 1)):
            async with start_process(BOT_MODULE, self.env) as bot:
                self.chakra.fail("*", DelayedResponse(0.2))
                self.chakra.requests.clear()
                await send_concurrently(bot.url, self.build_commands(bot, text), 200)
                await asyncio.sleep(1.0)
                self.chakra.clear_faults()
                cards = self.chakra.count(FETCH_USER)
                listed = sum(self.chakra.count(endpoint) for endpoint in LIST_USERS)
                self.table.add(
                    f"200 concurrent cold lookups by {what}: lists, fetches",
                    f"{listed}, {cards}",
                    f"{lists}, 1",
                    is_met=(listed, cards) == (lists, 1),
                )
