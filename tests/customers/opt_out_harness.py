"""Opt-outs over a database, and events as they are recorded."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.customers.customer import KnownCustomer
from bot.customers.opt_out_repository import OptOutRepository
from bot.customers.opt_outs import OptOuts
from bot.db.customer_tables import customers
from bot.db.engine import Database
from bot.webhooks.events import AccountEvent, MessageEvent, StatusEvent, WebhookEvent
from bot.webhooks.recorded_event import RecordedEvent
from tests.clock import ManualClock

TEAM = "T0ACME"
NOW = 1_800_000_000.0


@dataclass
class KnownPeople:
    """The customers that the other part of the app knows."""

    by_id: dict[int, KnownCustomer] = field(default_factory=dict)

    async def get(self, ids: Collection[int]) -> Mapping[int, KnownCustomer]:
        return {number: self.by_id[number] for number in ids if number in self.by_id}

    async def find_by_phone(self, digits: str) -> KnownCustomer | None:
        return next((known for known in self.by_id.values() if known.phone == digits), None)

    async def find_or_create_by_phone(self, digits: str, now: float) -> KnownCustomer:  # noqa: ARG002
        known = await self.find_by_phone(digits) or KnownCustomer(
            max(self.by_id, default=0) + 1, phone=digits
        )
        self.by_id[known.id] = known
        return known


@dataclass
class Log:
    """Every event, recorded before it is applied."""

    events: list[RecordedEvent] = field(default_factory=list)

    async def list_after(
        self, _: AsyncConnection, customer_id: int, at: float
    ) -> Sequence[RecordedEvent]:
        return [
            item
            for item in self.events
            if item.customer_id == customer_id and item.event.occurred_at > at
        ]


@dataclass
class OptOutWorld:
    database: Database
    opt_outs: OptOuts
    people: KnownPeople
    clock: ManualClock
    log: Log
    recorded: int = 0

    async def record(self, *events: WebhookEvent, customer: int = 1) -> None:
        """Apply events of a customer, as the transaction that records them does."""
        recorded = []
        for event in events:
            self.recorded += 1
            recorded.append(RecordedEvent(self.recorded, f"k{self.recorded}", event, customer, NOW))
        self.log.events += recorded
        async with self.database.begin() as connection:
            await self.opt_outs.handle(connection, recorded, NOW)

    async def list_held(self, customer: int = 1) -> list[str]:
        """Return the source and the scope of each opt-out that holds."""
        return [f"{each.source} {each.scope}" for each in await self.opt_outs.find(customer)]


async def open_opt_outs(database: Database, clock: ManualClock) -> OptOutWorld:
    people = KnownPeople()
    for number, name in ((1, "Mei Tanaka"), (2, "Asha Rao"), (3, "")):
        people.by_id[number] = KnownCustomer(number, phone=f"9199999000{number:02}", name=name)
        async with database.begin() as connection:
            await connection.execute(
                insert(customers).values(
                    id=number, workspace=TEAM, details=None, created_at=0.0, changed_at=0.0
                )
            )
    rows = OptOutRepository(database, b"key", TEAM)
    log = Log()
    return OptOutWorld(database, OptOuts(database, rows, people, log, clock), people, clock, log)


async def merge(database: Database, old: int, into: int) -> None:
    async with database.begin() as connection:
        await connection.execute(
            update(customers).where(customers.c.id == old).values(merged_into=into)
        )


def build_text(body: str, at: float = NOW) -> MessageEvent:
    return MessageEvent(kind="text", occurred_at=at, wamid="w", raw={"text": {"body": body}})


def build_preference(value: str, at: float = NOW) -> AccountEvent:
    return AccountEvent(kind="user_preferences", occurred_at=at, raw={"value": value})


def build_failed(code: int, at: float = NOW) -> StatusEvent:
    return StatusEvent(kind="failed", occurred_at=at, wamid="w", error=[{"code": code}])
