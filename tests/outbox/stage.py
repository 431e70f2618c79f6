"""One or several outboxes with an embedded Slack and a manual clock."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from bot.db.engine import Database
from bot.outbox.outbox import Outbox
from bot.outbox.repository import Posts
from bot.sandbox.slack import Shown, plain
from bot.sandbox.slack.traffic import ApiCall
from bot.slack.client.web_api import SlackClient
from bot.slack.commands.reply import Message
from tests.clock import ManualClock
from tests.sandbox import slack_stage

SALES, SUPPORT, LEADS = "C0SALES", "C0SUPPORT", "C0LEADS"
JOHN, MEI, PRIYA = "U0JOHN", "U0MEI", "U0PRIYA"
STILL = 200
"""Unchanged looks, at least a millisecond apart, after which nothing is running any more."""
HISTORY = (*slack_stage.SCOPES, "groups:history", "im:history")


def sample(text: str) -> Message:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
    return Message(text=text, blocks=(section,))


@dataclass
class Stage:
    slack: slack_stage.Stage
    client: SlackClient
    database: Database
    outcomes: Counter[str] = field(default_factory=Counter)
    running: list[tuple[Outbox, asyncio.Task[None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.posts = Posts(self.database)

    @property
    def clock(self) -> ManualClock:
        return self.slack.clock

    # --- processes --------------------------------------------------------------------------------

    def outbox(self, boot: str = "boot-1", database: Database | None = None) -> Outbox:
        """Start an outbox that delivers."""
        made = Outbox(
            database or self.database,
            self.client,
            self.clock,
            process_id=boot,
            on_outcome=lambda outcome: self.outcomes.update([outcome]),
        )
        self.running.append((made, asyncio.create_task(made.run())))
        return made

    async def kill(self, outbox: Outbox) -> None:
        """Kill the outbox with its calls in flight."""
        [task] = [task for one, task in self.running if one is outbox]
        await ended(task, *outbox._posts_in_flight.values(), *outbox._edits_in_flight.values())
        self.running.remove((outbox, task))

    async def stop(self) -> None:
        for outbox, _ in [*self.running]:
            await self.kill(outbox)

    # --- time -------------------------------------------------------------------------------------

    async def quiet(self, but: int = 0) -> None:
        """Wait until nothing can continue without time, except ``but`` hung calls."""
        before, still = (0, 0), 0
        for _ in range(5_000):
            await asyncio.sleep(0.001)
            if all(self._waits(outbox, but) for outbox, _ in self.running):
                return
            now = (len(self.slack.slack.calls), self.clock.waiting)
            before, still = now, 0 if now != before or self.hangs() else still + 1
            if still >= STILL:  # a call waits for its next attempt
                return
        raise AssertionError("it does not come to rest")

    def _waits(self, outbox: Outbox, but: int) -> bool:
        bell = outbox._wake_event._event
        idle = bool(bell._waiters) and not bell.is_set()
        return idle and len(outbox._posts_in_flight) + len(outbox._edits_in_flight) <= but

    async def later(self, seconds: float, but: int = 0) -> None:
        """Let this much time pass."""
        await self.quiet(but)
        for _ in range(round(seconds * 4)):
            await self.clock.advance(0.25)
            await self.quiet(but)

    async def until(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        """Let time pass until ``condition`` holds; for several outboxes, of which one delivers."""
        for _ in range(round(seconds * 4)):
            for _ in range(10):
                if condition():
                    return
                await asyncio.sleep(0.002)
            await self.clock.advance(0.25)
        raise AssertionError("it never came to that")

    # --- what is seen -----------------------------------------------------------------------------

    def messages(self, channel: str = SALES, person: str = JOHN) -> list[Shown]:
        """Return the messages of the app."""
        seen = self.slack.slack.messages(person, channel)
        return [one for one in seen if one.author == "U0CHAKRA"]

    def shown(self, channel: str = SALES, person: str = JOHN) -> list[str]:
        return [plain(one) for one in self.messages(channel, person)]

    def direct(self, person: str = JOHN) -> list[str]:
        return self.shown(f"D0{person.removeprefix('U0')}", person)

    def hangs(self) -> bool:
        """Return whether a call has arrived that has no response yet."""
        return not self.slack.slack._traffic._idle.is_set()

    def calls(self, method: str) -> list[ApiCall]:
        return [call for call in self.slack.slack.calls if call.method == method]


async def ended(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def staged(
    database: Database, *, scopes: tuple[str, ...] = HISTORY, **home: bool
) -> AsyncIterator[Stage]:
    manifest = slack_stage.manifest(scopes=scopes)
    if home:
        manifest["features"]["app_home"] = home
    async with slack_stage.staged(manifest) as slack:
        client = SlackClient(
            token=slack.slack.bot_token, base_url=slack.slack.api_url, clock=slack.clock
        )
        stage = Stage(slack, client, database)
        try:
            yield stage
        finally:
            await stage.stop()
            await client.aclose()
