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
from bot.sandbox.slack import VisibleMessage, collect_text
from bot.sandbox.slack.exchange_log import ApiCall
from bot.slack.client.web_api import SlackClient
from bot.slack.commands.reply import Message
from tests.clock import ManualClock
from tests.event_loop import wait_until_idle
from tests.sandbox import slack_harness as slack_stage

SALES, SUPPORT, LEADS = "C0SALES", "C0SUPPORT", "C0LEADS"
JOHN, MEI, PRIYA = "U0JOHN", "U0MEI", "U0PRIYA"
HISTORY_SCOPES = (*slack_stage.SCOPES, "groups:history", "im:history")


def build_sample(text: str) -> Message:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
    return Message(text=text, blocks=(section,))


@dataclass
class OutboxHarness:
    slack: slack_stage.SlackHarness
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

    def start_outbox(self, boot: str = "boot-1", database: Database | None = None) -> Outbox:
        """Start an outbox that delivers."""
        outbox = Outbox(
            database or self.database,
            self.client,
            self.clock,
            process_id=boot,
            on_outcome=lambda outcome: self.outcomes.update([outcome]),
        )
        self.running.append((outbox, asyncio.create_task(outbox.run())))
        return outbox

    async def kill(self, outbox: Outbox) -> None:
        """Kill the outbox with its calls in flight."""
        [task] = [task for running, task in self.running if running is outbox]
        await cancel_tasks(
            task, *outbox._posts_in_flight.values(), *outbox._edits_in_flight.values()
        )
        self.running.remove((outbox, task))

    async def stop(self) -> None:
        for outbox, _ in [*self.running]:
            await self.kill(outbox)

    # --- time -------------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Return once only time, or a delayed response, can make something happen."""
        await wait_until_idle()

    async def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass, with everything that happens in them."""
        await self.clock.advance(seconds)

    async def advance_until(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        """Let time pass until ``condition()`` holds, for ``seconds`` at most."""
        await self.clock.advance_until(condition, seconds)

    # --- what is seen -----------------------------------------------------------------------------

    def list_messages(self, channel: str = SALES, person: str = JOHN) -> list[VisibleMessage]:
        """Return the messages of the app."""
        seen = self.slack.slack.list_messages(person, channel)
        return [message for message in seen if message.author == "U0CHAKRA"]

    def list_message_texts(self, channel: str = SALES, person: str = JOHN) -> list[str]:
        return [collect_text(message) for message in self.list_messages(channel, person)]

    def list_direct_message_texts(self, person: str = JOHN) -> list[str]:
        return self.list_message_texts(f"D0{person.removeprefix('U0')}", person)

    def list_calls(self, method: str) -> list[ApiCall]:
        return [call for call in self.slack.slack.calls if call.method == method]


async def cancel_tasks(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def open_harness(
    database: Database, *, scopes: tuple[str, ...] = HISTORY_SCOPES, **home: bool
) -> AsyncIterator[OutboxHarness]:
    manifest = slack_stage.build_manifest(scopes=scopes)
    if home:
        manifest["features"]["app_home"] = home
    async with slack_stage.open_harness(manifest) as slack:
        client = SlackClient(
            token=slack.slack.bot_token, base_url=slack.slack.api_url, clock=slack.clock
        )
        harness = OutboxHarness(slack, client, database)
        try:
            yield harness
        finally:
            await harness.stop()
            await client.aclose()
