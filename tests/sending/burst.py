"""Ten thousand events at once: ``python -m tests.sending.burst [postgres]``.

`burst` is for the bench, too. The sends, the webhooks and Slack are real but for their being here.
"""

from __future__ import annotations

import asyncio
import random
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bot.chakra.messages import Accepted
from bot.clock import SystemClock
from bot.outbox.outbox import open_outbox
from bot.sandbox.slack import EmbeddedSlack
from bot.sending.sending import Sending, open_sending
from bot.serving import serve
from bot.slack.client import SlackClient
from bot.store.engine import Database
from bot.store.states import State
from bot.tasks import Tasks
from tests.sandbox import slack_stage
from tests.sending.upstream import Upstream, submission
from tests.sending.webhooks import SECRET, chakra, dump, sign
from tests.store.databases import opened

SENDS = 500
WORDS = ("READ", "SENT", "DELIVERED", "FAILED")
CONNECTIONS = 100
PATIENCE = 120.0


@dataclass(frozen=True)
class Burst:
    """Seconds until all were acknowledged, and until all sends stood where they belong."""

    events: int
    acknowledged: int
    acknowledged_seconds: float
    settled: int
    settled_seconds: float
    edits: int
    slack_limits_hit: int
    peak_mb: float

    def __str__(self) -> str:
        rate = self.events / self.acknowledged_seconds
        return (
            f"{self.acknowledged:,} of {self.events:,} acknowledged in "
            f"{self.acknowledged_seconds:.1f} s ({rate:,.0f}/s); {self.settled} of {SENDS} sends "
            f"at their right state after {self.settled_seconds:.1f} s; {self.edits} edits, "
            f"{self.slack_limits_hit} refused by Slack; at most {self.peak_mb:.0f} MB"
        )


async def burst(database: Database, events: int = 10_000) -> Burst:
    async with _world(database) as (slack, sending):
        for number in range(SENDS):
            accepted = Accepted(id=f"m-{number}", wamid=f"wamid.{number}")
            await sending.send(
                submission(f"view-{number}", recipient=f"9198765{number:05}"), Upstream(accepted)
            )
        bodies = [_body(turn) for turn in range(events)]
        random.Random(1).shuffle(bodies)
        began = time.perf_counter()
        statuses = await _deliver(sending, bodies)
        acknowledged = time.perf_counter() - began
        settled = await _settled(sending, began)
        calls = [call for call in slack.calls if call.method == "chat.update"]
        return Burst(
            events=events,
            acknowledged=statuses.count(200),
            acknowledged_seconds=acknowledged,
            settled=settled,
            settled_seconds=time.perf_counter() - began,
            edits=len(calls),
            slack_limits_hit=sum(call.answer.get("error") == "ratelimited" for call in calls),
            peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        )


def _body(turn: int) -> bytes:
    """Each send is told of in turn, with another word each time."""
    number, word = turn % SENDS, WORDS[turn // SENDS % len(WORDS)]
    return dump(chakra(word, f"wamid.{number}", f"m-{number}", turn=turn))


@asynccontextmanager
async def _world(database: Database) -> AsyncIterator[tuple[EmbeddedSlack, Sending]]:
    clock = SystemClock()
    slack = EmbeddedSlack(manifest=slack_stage.manifest(), clock=clock)
    async with serve(slack.app) as url:
        slack.served_at(url)
        await slack.start()
        client = SlackClient(token=slack.bot_token, base_url=slack.api_url, clock=clock)
        tasks = Tasks(clock)
        try:
            async with (
                open_outbox(database, client, clock, boot="burst") as outbox,
                open_sending(
                    database, outbox, clock, tasks, hash_secret="secret", webhook_secret=SECRET
                ) as sending,
            ):
                yield slack, sending
        finally:
            await client.aclose()
            await slack.aclose()


async def _deliver(sending: Sending, bodies: list[bytes]) -> list[int]:
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with serve(sending.intake) as url, aiohttp.ClientSession(connector=connector) as session:

        async def post(body: bytes) -> int:
            headers = {"X-Chakra-Signature-256": sign(body)}
            async with session.post(url, data=body, headers=headers) as answer:
                return answer.status

        return await asyncio.gather(*(post(body) for body in bodies))


async def _settled(sending: Sending, began: float) -> int:
    read = 0
    while read < SENDS and time.perf_counter() - began < PATIENCE:
        found = [await sending.sends.by_key(f"view-{number}") for number in range(SENDS)]
        read = sum(one is not None and one.state is State.READ for one in found)
    return read


async def main(kind: str = "sqlite") -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with opened(kind, Path(folder)) as database:
            sys.stdout.write(f"{kind}: {await burst(database)}\n")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
