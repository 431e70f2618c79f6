"""The log of events: each is recorded once, in order, encrypted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.db.customer_tables import customers, event_log
from bot.db.engine import Database
from bot.db.inserted_ids import list_last_ids
from bot.db.parameters import is_one_of, split_parameters
from bot.sealing import Sealer, hash_with_key
from bot.webhooks.amendments import AMENDING_KINDS
from bot.webhooks.event_codec import dump_event, load_event
from bot.webhooks.event_keys import build_event_key
from bot.webhooks.events import AccountEvent, MessageEvent, StatusEvent, WebhookEvent
from bot.webhooks.recorded_event import IdentifyCustomers, RecordedEvent

_PURPOSE = "event log"
STATUS_RETENTION_SECONDS = 7 * 86_400.0
RETENTION_SECONDS = 30 * 86_400.0
MAX_AMENDMENTS = 1_000


class EventLog:
    """`record` is part of a transaction; the other methods are one each.

    They raise ``DatabaseUnavailable``, and leave out events that can't be read with the current
    key.
    """

    def __init__(
        self, database: Database, workspace: str, key: bytes, identify: IdentifyCustomers
    ) -> None:
        self._database = database
        self._workspace = workspace
        self._key = key
        self._sealer = Sealer(key, _PURPOSE)
        self._identify = identify

    async def record(
        self, connection: AsyncConnection, events: Sequence[WebhookEvent], now: float
    ) -> list[RecordedEvent]:
        """Insert the events that are not recorded yet; return those, in order."""
        customer_ids = await self._identify(connection, events, now)  # the formats differ
        new: dict[str, tuple[str, WebhookEvent, int]] = {}
        for event, customer_id in zip(events, customer_ids, strict=True):
            key = build_event_key(event)
            new.setdefault(self._hash(key), (key, event, customer_id))
        for key_hash in await self._find_known(connection, new):
            del new[key_hash]
        if not new:
            return []
        rows = [
            self._build_row(key_hash, event, customer_id, now)
            for key_hash, (_, event, customer_id) in new.items()
        ]
        await connection.execute(insert(event_log), rows)
        ids = await list_last_ids(connection, event_log, self._workspace, len(rows))
        return [
            RecordedEvent(event_id, key, event, customer_id, now)
            for event_id, (key, event, customer_id) in zip(ids, new.values(), strict=True)
        ]

    async def _find_known(self, connection: AsyncConnection, hashes: Collection[str]) -> list[str]:
        """Return those of these hashes whose event is recorded."""
        known: list[str] = []
        for part in split_parameters(hashes):
            rows = await connection.execute(
                select(event_log.c.key).where(
                    event_log.c.workspace == self._workspace,
                    is_one_of(connection, event_log.c.key, part),
                )
            )
            known += rows.scalars()
        return known

    async def list_pending(self, limit: int, *, after: int = 0) -> list[RecordedEvent]:
        """Return the oldest events whose channels are yet to be decided, in order.

        They are among those with a higher ID than ``after``.
        """
        return await self._list(event_log.c.pending, event_log.c.id > after, limit=limit)

    async def list_pending_ids(self, limit: int) -> list[int]:
        """Return the IDs of the oldest events whose channels are yet to be decided."""
        pending = (
            select(event_log.c.id)
            .where(event_log.c.workspace == self._workspace, event_log.c.pending)
            .order_by(event_log.c.id)
            .limit(limit)
        )
        async with self._database.begin() as connection:
            return list((await connection.execute(pending)).scalars())

    async def get(self, ids: Collection[int]) -> list[RecordedEvent]:
        """Return the events with these IDs, in order."""
        return await self._list(event_log.c.id.in_(ids), limit=len(ids))

    async def find(self, event_id: int) -> RecordedEvent | None:
        """Return the event with this ID."""
        return next(iter(await self.get([event_id])), None)

    async def find_by_key(self, key: str) -> RecordedEvent | None:
        """Return the event with this key."""
        return next(iter(await self._list(event_log.c.key == self._hash(key), limit=1)), None)

    async def list_recent(self, limit: int, types: Collection[str] = ()) -> list[RecordedEvent]:
        """Return the latest events, latest first, of some types or of all."""
        conditions = [event_log.c.type.in_(types)] if types else []
        return await self._list(*conditions, limit=limit, latest_first=True)

    async def list_of_customer(
        self, customer_id: int, limit: int, kinds: Collection[str] = ()
    ) -> list[RecordedEvent]:
        """Return the customer's latest events, of some kinds or of all, in order.

        Events from before the customer was recognized as this person are among them.
        """
        merged = select(customers.c.id).where(customers.c.merged_into == customer_id)
        is_theirs = or_(event_log.c.customer_id == customer_id, event_log.c.customer_id.in_(merged))
        of_kinds = [event_log.c.kind.in_(kinds)] if kinds else []
        latest = await self._list(is_theirs, *of_kinds, limit=limit, latest_first=True)
        return latest[::-1]

    async def list_after(
        self, connection: AsyncConnection, customer_id: int, at: float
    ) -> list[RecordedEvent]:
        """Return what a customer did after ``at`` (in seconds since 1970), in order of arrival.

        It runs in the caller's transaction.
        """
        merged = select(customers.c.id).where(customers.c.merged_into == customer_id)
        found = (
            select(event_log)
            .where(
                event_log.c.workspace == self._workspace,
                or_(event_log.c.customer_id == customer_id, event_log.c.customer_id.in_(merged)),
                event_log.c.type.in_((MessageEvent.label, AccountEvent.label)),
                event_log.c.occurred_at > at,
            )
            .order_by(event_log.c.id)
        )
        rows = (await connection.execute(found)).all()
        return [recorded for row in rows if (recorded := self._from_row(row))]

    async def list_amendments(self, customer_ids: Collection[int]) -> list[RecordedEvent]:
        """Return the latest edits, deletions and reactions of these customers, in order."""
        found: list[RecordedEvent] = []
        for ids in split_parameters(set(customer_ids) - {0}):
            is_same = or_(customers.c.id.in_(ids), customers.c.merged_into.in_(ids))
            same = select(customers.c.id).where(is_same)
            into = select(customers.c.merged_into).where(customers.c.id.in_(ids))
            is_theirs = or_(event_log.c.customer_id.in_(same), event_log.c.customer_id.in_(into))
            is_amending = event_log.c.kind.in_(AMENDING_KINDS)
            found += await self._list(
                is_theirs, is_amending, limit=MAX_AMENDMENTS, latest_first=True
            )
        return found[::-1]

    async def purge(self, now: float, limit: int) -> int:
        """Delete old events whose channels are decided; return how many, at most ``limit``."""
        is_status = event_log.c.type == StatusEvent.label
        old = (
            select(event_log.c.id)
            .where(
                event_log.c.workspace == self._workspace,
                event_log.c.recorded_at <= now - STATUS_RETENTION_SECONDS,
                or_(is_status, event_log.c.recorded_at <= now - RETENTION_SECONDS),
                event_log.c.pending.is_(False),
            )
            .limit(limit)
        )
        async with self._database.begin() as connection:
            deleted = await connection.execute(delete(event_log).where(event_log.c.id.in_(old)))
            return deleted.rowcount

    async def _list(
        self, *conditions: ColumnElement[bool], limit: int, latest_first: bool = False
    ) -> list[RecordedEvent]:
        order = event_log.c.id.desc() if latest_first else event_log.c.id
        found = (
            select(event_log)
            .where(event_log.c.workspace == self._workspace, *conditions)
            .order_by(order)
            .limit(limit)
        )
        async with self._database.begin() as connection:
            rows = (await connection.execute(found)).all()
        return [recorded for row in rows if (recorded := self._from_row(row))]

    def _hash(self, key: str) -> str:
        """Return the key as it is stored: Meta's message IDs contain the customer's number."""
        return hash_with_key(self._key, _PURPOSE, key)

    def _build_row(
        self, key_hash: str, event: WebhookEvent, customer_id: int, now: float
    ) -> dict[str, Any]:
        return {
            "workspace": self._workspace,
            "key": key_hash,
            "type": event.label,
            "kind": event.kind,
            "occurred_at": event.occurred_at,
            "recorded_at": now,
            "customer_id": customer_id,
            "phone_number_id": event.phone_number_id,
            "content": self._sealer.seal(dump_event(event)),
            "pending": True,
        }

    def _from_row(self, row: Row[Any]) -> RecordedEvent | None:
        event = load_event(self._sealer.open(row.content))
        if event is None:
            return None
        return RecordedEvent(
            row.id, build_event_key(event), event, row.customer_id, row.recorded_at
        )
