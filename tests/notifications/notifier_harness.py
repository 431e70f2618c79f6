"""Notifiers between recorded events and an embedded Slack, with a manual clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.cache import Cache
from bot.db.engine import Database
from bot.messages.send import Send
from bot.notifications.deliveries import Deliveries
from bot.notifications.facts import FactsReader
from bot.notifications.notifier import Notifier
from bot.notifications.open import build_notifier
from bot.notifications.presenter import Presenter
from bot.notifications.repository import RuleRepository
from bot.notifications.rule import EventGroup, Rule, RuleSpec
from bot.outbox.message import OutboxMessage
from bot.outbox.outbox import Outbox
from bot.sandbox.slack.seed import TEAM_ID
from bot.slack import blocks
from bot.slack.channels import Channels
from bot.slack.members import Members
from bot.webhooks.event_log import EventLog
from bot.webhooks.events import (
    AccountEvent,
    Customer,
    MessageEvent,
    StatusEvent,
    TemplateEvent,
    WebhookEvent,
)
from bot.webhooks.recorded_event import RecordedEvent
from tests.clock import ManualClock
from tests.outbox.harness import JOHN, SALES, OutboxHarness, open_harness

KEY = b"key of the notifier's tests"


class ThreadPresenter:
    """Presents each message as a reply in its customer's thread, as conversations do.

    ``failing`` are the words of messages that can't be presented.
    """

    def __init__(self) -> None:
        self.failing: set[str] = set()

    async def present(
        self,
        recorded: RecordedEvent,
        *,
        channel: str,
        member: str,
        **_: Any,
    ) -> Sequence[OutboxMessage]:
        words = str(recorded.event.raw["words"])
        if words in self.failing:
            raise ValueError(words)
        root = f"conversation:{channel}:{recorded.customer_id}"
        title = blocks.text_message(f"Customer {recorded.customer_id}")
        reply = blocks.text_message(words)
        return [
            OutboxMessage(root, channel, title, member),
            OutboxMessage(f"{root}:{recorded.id:012d}", channel, reply, member, thread_key=root),
        ]


async def identify(_: AsyncConnection, events: Sequence[WebhookEvent], __: float) -> Sequence[int]:
    """Return the number after the name of each event's customer."""
    return [int(event.customer.user_id or 0) for event in events]


@dataclass
class ChakraData:
    """What Chakra answers: customers' records by user ID, categories by template.

    ``error`` is raised instead during an outage.
    """

    records: dict[str, frozenset[str]] = field(default_factory=dict)
    categories: dict[str, str] = field(default_factory=dict)
    error: BaseException | None = None
    calls: int = 0

    async def find_records(self, customer: Customer) -> frozenset[str]:
        self._answer()
        return self.records.get(customer.user_id, frozenset())

    async def find_category(self, template: str, _: str) -> str:
        self._answer()
        return self.categories.get(template, "")

    async def find_sender(self, _: str) -> str:
        self._answer()
        return ""

    def _answer(self) -> None:
        self.calls += 1
        if self.error is not None:
            raise self.error


@dataclass
class NotifierHarness:
    """``sends`` are ours by Meta's ID of the message."""

    outbox_harness: OutboxHarness
    database: Database
    outbox: Outbox
    sends: dict[str, Send] = field(default_factory=dict)
    running: dict[Notifier, asyncio.Task[None]] = field(default_factory=dict)
    number: int = 0
    chakra: ChakraData = field(default_factory=ChakraData)

    def __post_init__(self) -> None:
        self.log = EventLog(self.database, "", KEY, identify)
        self.rules = RuleRepository(self.database)
        self.deliveries = Deliveries(self.database)
        self.presenter = ThreadPresenter()
        self.slack = self.outbox_harness.slack.slack

    @property
    def clock(self) -> ManualClock:
        return self.outbox_harness.clock

    # --- what happens -----------------------------------------------------------------------------

    def start(self, database: Database | None = None) -> Notifier:
        """Start a notifier; with another database object it is that of another replica."""
        own = database or self.database
        presenters: Mapping[type[WebhookEvent], Presenter] = {MessageEvent: self.presenter}
        client = self.outbox_harness.client
        notifier = build_notifier(
            own,
            EventLog(own, "", KEY, identify),
            FactsReader(
                self._find_sends,
                self.chakra.find_category,
                self.chakra.find_records,
                self.chakra.find_sender,
            ),
            presenters,
            self.outbox,
            Channels(client, Members(client, Cache(self.clock), team_id=TEAM_ID)),
            self.clock,
        )
        self.running[notifier] = asyncio.create_task(notifier.run())
        return notifier

    async def kill(self, notifier: Notifier) -> None:
        """Kill a notifier, wherever it is."""
        task = self.running.pop(notifier)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def stop(self) -> None:
        for notifier in [*self.running]:
            await self.kill(notifier)

    async def add_rule(
        self, *events: EventGroup, channel: str = SALES, member: str = JOHN, **spec: Any
    ) -> Rule:
        made = RuleSpec.model_validate({"events": events, **spec})
        return await self.rules.add(channel, member, made, self.clock.time())

    async def record(self, *events: WebhookEvent) -> None:
        async with self.database.begin() as connection:
            await self.log.record(connection, events, self.clock.time())
        for notifier in self.running:
            notifier.wake()

    def build_failed(self, code: int = 131026, **more: Any) -> StatusEvent:
        """Return a failed delivery of another message each time."""
        error = [{"code": code, "title": "Undeliverable"}]
        return self.build_status("failed", error=error, **more)

    def build_status(self, kind: str = "delivered", **more: Any) -> StatusEvent:
        self.number += 1
        wamid = more.pop("wamid", f"wamid.{self.number}")
        customer = Customer(phone="919876543210")
        return StatusEvent(
            kind=kind, occurred_at=self.clock.time(), wamid=wamid, customer=customer, **more
        )

    def build_message(self, words: str, customer: int = 1, **more: Any) -> MessageEvent:
        self.number += 1
        raw = {"words": words, "text": {"body": words}}
        at = more.pop("occurred_at", self.clock.time())
        return MessageEvent(
            kind="text",
            occurred_at=at,
            wamid=f"wamid.{self.number}",
            customer=Customer(user_id=str(customer)),
            raw=raw,
            **more,
        )

    def build_template(self) -> TemplateEvent:
        self.number += 1
        return TemplateEvent(
            kind="status",
            occurred_at=self.clock.time(),
            name=f"order_{self.number}",
            raw={"event": "APPROVED"},
        )

    def build_account(self) -> AccountEvent:
        self.number += 1
        raw = {"event": "FLAGGED", "display_phone_number": f"1555000{self.number:04d}"}
        return AccountEvent(
            kind="phone_number_quality_update", occurred_at=self.clock.time(), raw=raw
        )

    async def _find_sends(self, keys: Sequence[str]) -> Mapping[str, Send]:
        return {key: self.sends[key] for key in keys if key in self.sends}

    # --- time -------------------------------------------------------------------------------------

    async def advance(self, seconds: float) -> None:
        await self.clock.advance(seconds)

    # --- what is seen -----------------------------------------------------------------------------

    def list_texts(self, channel: str = SALES, person: str = JOHN) -> list[str]:
        return self.outbox_harness.list_message_texts(channel, person)

    def list_direct_message_texts(self, person: str = JOHN) -> list[str]:
        return self.outbox_harness.list_direct_message_texts(person)

    def measure_shortest_gap(self, channel: str = SALES) -> float:
        """Return the shortest time between two messages of a channel, in seconds."""
        times = sorted(float(message.ts) for message in self.outbox_harness.list_messages(channel))
        return min(later - earlier for earlier, later in pairwise(times))

    async def get_rule(self, rule_id: int) -> Rule:
        rule = await self.rules.get(rule_id)
        assert rule is not None
        return rule


def count_events(texts: Sequence[str], phrase: str) -> int:
    """Return how many events these messages count or show alone."""
    total = 0
    for text in texts:
        first = text.splitlines()[0].replace(",", "")
        number = first.removeprefix("*").split()[0]
        total += int(number) if number.isdigit() else int(phrase in first)
    return total


@asynccontextmanager
async def open_notifier_harness(database: Database) -> AsyncIterator[NotifierHarness]:
    async with open_harness(database) as outbox_harness:
        harness = NotifierHarness(outbox_harness, database, outbox_harness.start_outbox())
        try:
            yield harness
        finally:
            await harness.stop()
