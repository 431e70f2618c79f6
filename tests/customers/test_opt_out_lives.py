"""A generated life of a thousand customers: no send oversteps an opt-out."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.customers.opt_out import OptOutSource
from bot.customers.opt_out_repository import OptOutRepository
from bot.customers.opt_outs import OptOuts
from bot.customers.repository import Customers
from bot.db.engine import Database
from bot.errors import RecipientOptedOut
from bot.webhooks.event_log import EventLog
from bot.webhooks.events import AccountEvent, Customer, WebhookEvent
from bot.webhooks.recorder import Recorder
from tests.clock import ManualClock
from tests.customers.test_late_events import NOW, Life, build_message

TEAM, KEY = "T1", b"key"
PEOPLE, SECONDS = 1_000, 700
BATCH_SIZE = 500
STOP, START = "STOP", "START"


@dataclass
class Wishes:
    """What one person has said that arrived: the times of each wish, in seconds since 1970."""

    typed: dict[float, bool] = field(default_factory=dict)
    preference: dict[float, bool] = field(default_factory=dict)
    wrote_at: float = 0.0

    @property
    def wants_nothing(self) -> bool:
        return bool(self.typed) and self.typed[max(self.typed)]

    @property
    def wants_no_marketing(self) -> bool:
        return bool(self.preference) and self.preference[max(self.preference)]

    def hear(self, event: WebhookEvent) -> None:
        at = event.occurred_at
        if isinstance(event, AccountEvent):
            self.preference[at] = event.raw["value"] == "stop"
            return
        if event.kind == "text":
            self.wrote_at = max(self.wrote_at, at)
            words = event.raw.get("text", {}).get("body")
            if words in (STOP, START):
                self.typed[at] = words == STOP


class LifeWithWishes(Life):
    """People who also say what they want, and change their minds."""

    def _move(self, index: int) -> None:
        super()._move(index)
        if self.rng.random() < 0.5:
            self._make_wish(index)

    def _write_without_id(self, index: int) -> None:
        super()._write_without_id(index)
        self._make_wish(index)

    def _make_wish(self, index: int) -> None:
        self.time += 1
        each = self.people[index]
        phone = "" if each.is_private else each.phone
        at = NOW + self.time
        if self.rng.random() < 0.6:
            words = {"body": self.rng.choice((STOP, STOP, START))}
            said = build_message(each.user_id, phone, at=at, text=words)
            self._add(index, replace(said, wamid=f"wish{at}"))
            return
        value = self.rng.choice(("stop", "stop", "resume"))
        customer = Customer(user_id=each.user_id, phone=phone)
        kind = "user_preferences"
        self._add(
            index,
            AccountEvent(kind=kind, occurred_at=at, customer=customer, raw={"value": value}),
        )


@dataclass
class OptOutBook:
    """The opt-outs of a workspace over a database, and who each event turned out to be about."""

    database: Database
    clock: ManualClock

    def __post_init__(self) -> None:
        self.customers = Customers(self.database, TEAM, KEY)
        self.log = EventLog(self.database, TEAM, KEY, self.customers.identify)
        rows = OptOutRepository(self.database, KEY, TEAM)
        self.opt_outs = OptOuts(self.database, rows, self.customers, self.log, self.clock)
        self.recorder = Recorder(self.log, (self.opt_outs.handle,))

    async def record(self, events: Sequence[WebhookEvent]) -> None:
        async with self.database.begin() as connection:
            await self.recorder.record(connection, events, NOW * 2)

    async def blocks_template(self, phone: str, category: str) -> bool:
        try:
            await self.opt_outs.check_template(phone, category)
        except RecipientOptedOut:
            return True
        return False

    async def blocks_reply(self, customer_id: int, wrote_at: float) -> bool:
        try:
            await self.opt_outs.check_reply(customer_id, wrote_at)
        except RecipientOptedOut:
            return True
        return False


async def test_no_send_oversteps_an_opt_out(sqlite: Database, clock: ManualClock) -> None:
    life = LifeWithWishes(random.Random(7))
    life.live(PEOPLE, SECONDS)
    arriving = life.list_arrivals()
    book = OptOutBook(sqlite, clock)
    wishes = [Wishes() for _ in range(PEOPLE)]
    for start in range(0, len(arriving), BATCH_SIZE):
        batch = arriving[start : start + BATCH_SIZE]
        await book.record([event for _, event in batch])
        for index, event in batch:
            wishes[index].hear(event)
    outcomes = {"nothing": 0, "no marketing": 0, "all": 0}
    for index, wish in enumerate(wishes):
        person = life.people[index]
        if person.is_private:
            continue  # no one knows their number, so nothing can be sent to it
        if wish == Wishes(wrote_at=wish.wrote_at) and index % 5:
            continue  # of those who never wished for anything, some are enough
        known = await book.customers.find_by_phone(person.phone)
        assert known is not None, person
        held = {each.source for each in await book.opt_outs.find(known.id)}
        assert (OptOutSource.TYPED in held) is wish.wants_nothing, (index, held, wish)
        assert (OptOutSource.PREFERENCE in held) is wish.wants_no_marketing, (index, held, wish)
        no_marketing = wish.wants_nothing or wish.wants_no_marketing
        assert await book.blocks_template(person.phone, "MARKETING") is no_marketing
        assert await book.blocks_template(person.phone, "UTILITY") is wish.wants_nothing
        must_wait = wish.wants_nothing and wish.wrote_at <= max(wish.typed)
        assert await book.blocks_reply(known.id, wish.wrote_at) is must_wait
        outcomes[
            "nothing" if wish.wants_nothing else "no marketing" if no_marketing else "all"
        ] += 1
    assert min(outcomes.values()) > PEOPLE / 100, outcomes
