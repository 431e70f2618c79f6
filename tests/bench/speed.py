"""Requests a second, acks and lookups beside a bare Bolt echo; and a Chakra that hangs."""

from __future__ import annotations

import asyncio
import statistics
from dataclasses import dataclass

from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.chakra.faults import Hang, Slow
from bot.sandbox.slack import EmbeddedSlack
from tests.bench.child import BOT, Child, child
from tests.bench.load import Commands, Load, at_once, run
from tests.bench.table import Table

ROUNDS = 5
SECONDS = 1.5
CONNECTIONS = 8
JOHN = "a91b5073-e9d4-4959-9fd3-6edf79c2c5a4"
CARD = "GET /v2/ext/user/{id}"
LISTS = ("GET /v2/ext/users", "GET /v1/ext/users")


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
            async with child(BOT, self.env) as bot:
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
