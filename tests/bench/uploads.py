"""A table of 100,000 rows through the form: looked at, confirmed, sent in pieces."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.slack import EmbeddedSlack, LocalFile, visible_text
from bot.sandbox.world import SLACK_EVENTS_PATH
from tests.bench.child import Child, child
from tests.bench.sheets import ROWS
from tests.bench.table import Table
from tests.bench.ticker import LONGEST_BLOCK
from tests.bench.ticking import INTO, TICKING, longest_block

JOHN, SALES = "U0JOHN", "C0SALES"
CREATE = "POST /v1/ext/procedure/{procedureShortId}/process/bulk-create"
A_PIECE = 1_000
PATIENCE = 120.0
HELD_MB = 250
"""What serve may hold at the most meanwhile."""


async def upload(
    slack: EmbeddedSlack, chakra: EmbeddedChakra, env: Mapping[str, str], table: Table
) -> None:
    with TemporaryDirectory() as folder:
        ticks = Path(folder) / "ticks"
        database = f"sqlite:///{folder}/bot.db"
        own = {**env, "DATABASE_URL": database, INTO: str(ticks), "SENDERS": JOHN}
        async with child(TICKING, own) as bot:
            slack.set_request_url(bot.url + SLACK_EVENTS_PATH)
            form = _Form(slack, bot, ticks, table)
            await slack.type(JOHN, SALES, "/chakra bulk create lead")
            await slack.wait_until(lambda: slack.view(JOHN) is not None)
            file = LocalFile("leads.csv", "text/csv", _table())
            await form.handed_in("looked at", {"file": file}, form.answered)
            went = chakra.count(CREATE)
            every = ROWS // A_PIECE
            await form.handed_in("sent", {}, lambda: chakra.count(CREATE) - went == every)
            held = bot.peak_mb()
    table.add(
        "serve held at most, in all that", f"{held:.0f} MB", f"< {HELD_MB} MB", well=held < HELD_MB
    )


@dataclass(frozen=True)
class _Form:
    slack: EmbeddedSlack
    bot: Child
    ticks: Path
    table: Table

    def answered(self) -> bool:
        view = self.slack.view(JOHN)
        return view is not None and f"Send {ROWS:,} rows" in visible_text(view)

    async def handed_in(
        self, what: str, values: Mapping[str, Any], done: Callable[[], bool]
    ) -> None:
        began = time.time()
        await self.slack.submit(JOHN, values)
        async with asyncio.timeout(PATIENCE):
            while not done():  # noqa: ASYNC110 - two processes
                await asyncio.sleep(0.1)
        ended = time.time()
        block = longest_block(self.ticks, began, ended)
        self.table.add(
            f"{ROWS:,} rows through the form, {what}: time, block of the loop",
            f"{ended - began:.1f} s {block:.0f} ms",
            f"≤ {LONGEST_BLOCK:.0f} ms",
            well=block <= LONGEST_BLOCK,
        )


def _table() -> bytes:
    rows = (f"EXPO-{n},Asha{n},+91 98{n:08},Pune\n" for n in range(1, ROWS + 1))
    return ("Lead Id,First Name,Phone Number,City\n" + "".join(rows)).encode()
