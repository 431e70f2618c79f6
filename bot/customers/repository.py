"""Customers in the database: one row for each person, found by hashes of their numbers and IDs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import bindparam, delete, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.customers.customer import KnownCustomer
from bot.customers.identities import PHONE, Identities, Key, KeyOwner, collect_keys
from bot.db.claims import lock_name
from bot.db.customer_tables import (
    conversations,
    customer_keys,
    customer_windows,
    customers,
    opt_outs,
)
from bot.db.engine import Database
from bot.db.inserted_ids import list_last_ids
from bot.db.parameters import is_one_of, split_parameters
from bot.sealing import Sealer, hash_with_key
from bot.text.phones import normalize_number
from bot.webhooks.events import Customer, UnknownEvent, WebhookEvent

_PURPOSE = "customers"
_DETAILS = tuple(field.name for field in fields(KnownCustomer) if field.name != "id")
RETENTION_SECONDS = 180 * 86_400.0


class Customers:
    """`identify` is part of a transaction; the other methods are one each.

    They raise ``DatabaseUnavailable``.
    """

    def __init__(self, database: Database, workspace: str, key: bytes) -> None:
        self._database = database
        self._workspace = workspace
        self._key = key
        self._sealer = Sealer(key, _PURPOSE)

    async def identify(
        self, connection: AsyncConnection, events: Sequence[WebhookEvent], now: float
    ) -> list[int]:
        """Return the customer's ID of each event, 0 for none; see `IdentifyCustomers`."""
        await lock_name(self._database, connection, f"customers {self._workspace}")
        known = await self._load(connection, collect_keys(events))
        merged = dict(known.merged)
        found = [known.identify(event, now) for event in events]
        stored = await self._store(connection, known, merged, now)
        resolved = (known.resolve(each) for each in found)
        return [stored.get(each, each) for each in resolved]

    async def get(self, ids: Collection[int]) -> Mapping[int, KnownCustomer]:
        """Return the customers by the requested IDs, including those merged into another."""
        async with self._database.begin() as connection:
            return await self._get(connection, set(ids) - {0})

    async def find(self, customer_id: int) -> KnownCustomer | None:
        """Return the customer with this ID, or the one that it was merged into."""
        return (await self.get([customer_id])).get(customer_id)

    async def find_by_phone(self, digits: str) -> KnownCustomer | None:
        """Return the customer who has this number now."""
        key = (PHONE, normalize_number(digits))
        async with self._database.begin() as connection:
            known = await self._load(connection, {key})
        owner = known.owners.get(key)
        return known.people.get(known.resolve(owner.customer_id)) if owner else None

    async def find_or_create_by_phone(self, digits: str, now: float) -> KnownCustomer:
        """Return the customer who has this number, a new one if no one has it yet."""
        known = await self.find_by_phone(digits)
        if known is not None:
            return known
        event = UnknownEvent(kind="number", occurred_at=now, customer=Customer(phone=digits))
        async with self._database.begin() as connection:
            (customer_id,) = await self.identify(connection, [event], now)
            return (await self._get(connection, {customer_id}))[customer_id]

    async def purge(self, now: float, limit: int) -> int:
        """Delete people whose last event is long ago, unless they opted out.

        Return how many, at most ``limit``.
        """
        cutoff = now - RETENTION_SECONDS
        row = customers.alias("row")  # of the same person
        is_theirs = or_(row.c.id == customers.c.id, row.c.merged_into == customers.c.id)
        is_in_use = or_(
            exists().where(
                customer_keys.c.customer_id == customers.c.id, customer_keys.c.noted_at > cutoff
            ),
            exists().where(opt_outs.c.customer_id == row.c.id, is_theirs),
        )
        old = (
            select(customers.c.id)
            .where(
                customers.c.workspace == self._workspace,
                customers.c.changed_at <= cutoff,
                customers.c.merged_into == 0,
                ~is_in_use,
            )
            .limit(limit)
        )
        async with self._database.begin() as connection:
            await lock_name(self._database, connection, f"customers {self._workspace}")
            ids = [row.id for row in await connection.execute(old)]
            for part in split_parameters(ids):
                rows = await connection.execute(
                    select(customers.c.id).where(customers.c.merged_into.in_(part))
                )
                gone = [*part, *(row.id for row in rows)]
                for table in (customer_keys, customer_windows, conversations):
                    await connection.execute(delete(table).where(table.c.customer_id.in_(gone)))
                await connection.execute(delete(customers).where(customers.c.id.in_(gone)))
        return len(ids)

    # --- loading ----------------------------------------------------------------------------------

    async def _load(self, connection: AsyncConnection, keys: Collection[Key]) -> Identities:
        """Return the people found by these keys, with everything known about the keys."""
        hashes = {self._hash(key): key for key in keys}
        owners: dict[Key, KeyOwner] = {}
        for part in split_parameters(hashes):
            rows = await connection.execute(
                select(customer_keys).where(
                    customer_keys.c.workspace == self._workspace,
                    is_one_of(connection, customer_keys.c.key_hash, part),
                )
            )
            owners |= {
                hashes[row.key_hash]: KeyOwner(row.customer_id, row.noted_at) for row in rows
            }
        people: dict[int, KnownCustomer] = {}
        for ids in split_parameters({owner.customer_id for owner in owners.values()}):
            people |= await self._get(connection, ids)
        merged = {old: known.id for old, known in people.items() if known.id != old}
        return Identities({known.id: known for known in people.values()}, owners, merged=merged)

    async def _get(
        self, connection: AsyncConnection, ids: Collection[int]
    ) -> dict[int, KnownCustomer]:
        """Return the customers by the requested IDs, including those merged into another."""
        if not ids:
            return {}
        found = select(customers).where(
            customers.c.workspace == self._workspace,
            is_one_of(connection, customers.c.id, ids),
        )
        rows = {row.id: row for row in await connection.execute(found)}
        moved = {row.id: row.merged_into for row in rows.values() if row.merged_into}
        resolved = await self._get(connection, set(moved.values())) if moved else {}
        known = {
            row.id: self._open(row.id, row.details) for row in rows.values() if not row.merged_into
        }
        return known | {old: resolved[new] for old, new in moved.items() if new in resolved}

    # --- storing ----------------------------------------------------------------------------------

    async def _store(
        self, connection: AsyncConnection, known: Identities, merged: Mapping[int, int], now: float
    ) -> dict[int, int]:
        """Store the changes of a batch; return the IDs of the new people by those of the batch.

        ``merged`` are those who were merged before.
        """
        ids = sorted(known.changed_people & known.people.keys(), reverse=True)
        changed = [known.people[each] for each in ids]
        stored = await self._insert(connection, [each for each in changed if each.id < 0], now)
        await self._update_details(connection, [each for each in changed if each.id > 0], now)
        for gone, into in known.merged.items():
            if gone > 0 and merged.get(gone) != into:
                into_id = known.resolve(into)
                await self._merge(connection, gone, stored.get(into_id, into_id), now)
        await self._store_keys(connection, known, stored)
        return stored

    async def _insert(
        self, connection: AsyncConnection, people: Sequence[KnownCustomer], now: float
    ) -> dict[int, int]:
        """Insert new people; return their IDs by those of the batch."""
        if not people:
            return {}
        values = {"workspace": self._workspace, "created_at": now, "changed_at": now}
        rows = [{**values, "details": self._seal(person)} for person in people]
        await connection.execute(insert(customers), rows)  # RETURNING needs one statement for each
        ids = await list_last_ids(connection, customers, self._workspace, len(rows))
        return dict(zip((person.id for person in people), ids, strict=True))

    async def _update_details(
        self, connection: AsyncConnection, people: Sequence[KnownCustomer], now: float
    ) -> None:
        if not people:
            return
        changed = (
            update(customers)
            .where(customers.c.id == bindparam("of"))
            .values(details=bindparam("new"), changed_at=now)
        )
        rows = [{"of": person.id, "new": self._seal(person)} for person in people]
        await connection.execute(changed, rows)

    async def _merge(
        self, connection: AsyncConnection, from_id: int, into_id: int, now: float
    ) -> None:
        """Merge two rows into one person, with those merged before."""
        await connection.execute(
            update(customers)
            .where(
                customers.c.workspace == self._workspace,
                or_(customers.c.id == from_id, customers.c.merged_into == from_id),
            )
            .values(merged_into=into_id, changed_at=now)
        )
        await connection.execute(
            update(customer_keys)
            .where(
                customer_keys.c.workspace == self._workspace,
                customer_keys.c.customer_id == from_id,
            )
            .values(customer_id=into_id)
        )

    async def _store_keys(
        self, connection: AsyncConnection, known: Identities, stored: Mapping[int, int]
    ) -> None:
        rows = []
        for key in sorted(known.changed_keys):
            owner = known.owners[key]
            owner_id = known.resolve(owner.customer_id)
            rows.append(
                {
                    "workspace": self._workspace,
                    "key_hash": self._hash(key),
                    "kind": key[0],
                    "customer_id": stored.get(owner_id, owner_id),
                    "noted_at": owner.noted_at,
                }
            )
        if not rows:
            return
        noted = self._database.insert(customer_keys)
        await connection.execute(
            noted.on_conflict_do_update(
                index_elements=[customer_keys.c.workspace, customer_keys.c.key_hash],
                set_={
                    "customer_id": noted.excluded.customer_id,
                    "noted_at": noted.excluded.noted_at,
                },
            ),
            rows,
        )

    def _seal(self, person: KnownCustomer) -> bytes:
        return self._sealer.seal({name: getattr(person, name) for name in _DETAILS})

    def _open(self, customer_id: int, details: Any) -> KnownCustomer:
        opened = self._sealer.open(details) or {}
        known = KnownCustomer.__dataclass_fields__
        given = {name: item for name, item in opened.items() if name in known}
        given["former"] = tuple(given.get("former", ()))
        return KnownCustomer(id=customer_id, **given)

    def _hash(self, key: Key) -> str:
        return hash_with_key(self._key, _PURPOSE, *key)
