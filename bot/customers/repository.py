"""Customers in the database: one row for each person, found by keyed hashes of what names them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.customers.customer import KnownCustomer
from bot.db.claims import lock_name
from bot.db.customer_tables import customer_keys, customers
from bot.db.engine import Database
from bot.sealing import Sealer, hash_with_key
from bot.text.phones import equal_form
from bot.webhooks.events import Customer, MessageEvent, WebhookEvent

_PURPOSE = "customers"
PHONE, USER_ID = "phone", "user_id"
MAX_FORMER = 20

Key = tuple[str, str]
"""A kind, and a phone number or a user ID of it."""


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
        return [await self._identify(connection, event, now) for event in events]

    async def get(self, ids: Collection[int]) -> Mapping[int, KnownCustomer]:
        """Return the customers by the IDs that were asked for, also those merged into another."""
        async with self._database.begin() as connection:
            return await self._get(connection, set(ids) - {0})

    async def find(self, customer_id: int) -> KnownCustomer | None:
        """Return the customer with this ID, or the one that it was merged into."""
        return (await self.get([customer_id])).get(customer_id)

    async def find_by_phone(self, digits: str) -> KnownCustomer | None:
        """Return the customer who has this number now."""
        async with self._database.begin() as connection:
            found = await self._find_ids(connection, [(PHONE, digits)])
            known = await self._get(connection, set(found.values()))
        return next(iter(known.values()), None)

    async def find_or_create_by_phone(self, digits: str, now: float) -> KnownCustomer:
        """Return the customer who has this number, a new one if there is none yet."""
        async with self._database.begin() as connection:
            await lock_name(self._database, connection, f"customers {self._workspace}")
            seen = Customer(phone=digits)
            customer_id = await self._find_or_create(connection, seen, now, now)
            return (await self._get(connection, {customer_id}))[customer_id]

    # --- identification ---------------------------------------------------------------------------

    async def _identify(self, connection: AsyncConnection, event: WebhookEvent, now: float) -> int:
        if event.raw.get("group_id"):
            return 0
        at = min(event.occurred_at or now, now)
        if isinstance(event, MessageEvent) and event.kind == "system":
            return await self._follow_change(connection, event, at, now)
        if not keys_of(event.customer):
            return 0
        return await self._find_or_create(connection, event.customer, at, now)

    async def _follow_change(
        self, connection: AsyncConnection, event: MessageEvent, at: float, now: float
    ) -> int:
        """Join what a person was known by before and after a change."""
        before, after = event.previous, event.customer
        if not keys_of(before) or not keys_of(after):
            seen = after if keys_of(after) else before
            return await self._find_or_create(connection, seen, at, now) if keys_of(seen) else 0
        earlier_id = await self._find_or_create(connection, before, at, now, is_former=True)
        later = await self._find_ids(connection, keys_of(after)[:1])
        for later_id in later.values():
            if later_id != earlier_id:
                await self._merge(connection, later_id, earlier_id, now)
        earlier = (await self._get(connection, {earlier_id}))[earlier_id]
        changed = update_details(replace(earlier, user_id="", phone=""), after)
        former = _former(earlier, changed)
        await self._save(connection, replace(changed, former=former), after, at, now)
        return earlier_id

    async def _find_or_create(
        self,
        connection: AsyncConnection,
        seen: Customer,
        at: float,
        now: float,
        *,
        is_former: bool = False,
    ) -> int:
        """Return the ID of the person, and note what the event says of them.

        A number that another user ID has had belongs to the last who used it.
        """
        found = await self._find_ids(connection, keys_of(seen))
        known = await self._get(connection, set(found.values()))
        by_key = {key: known[row_id] for key, row_id in found.items() if row_id in known}
        person = next((by_key[key] for key in keys_of(seen) if key in by_key), None)
        if person is not None and seen.user_id and person.user_id not in ("", seen.user_id):
            is_theirs = (USER_ID, seen.user_id) in by_key or seen.user_id in person.former
            person = person if is_theirs else None
        if person is None:
            person = KnownCustomer(await self._insert(connection, now))
        for other in {each.id: each for each in by_key.values()}.values():
            if other.id != person.id and not other.user_id:
                await self._merge(connection, other.id, person.id, now)
        changed = person if is_former else update_details(person, seen)
        await self._save(connection, changed, seen, at, now)
        return person.id

    async def _find_ids(self, connection: AsyncConnection, keys: Sequence[Key]) -> dict[Key, int]:
        hashes = {self._hash(key): key for key in keys}
        rows = await connection.execute(
            select(customer_keys.c.key_hash, customer_keys.c.customer_id).where(
                customer_keys.c.workspace == self._workspace,
                customer_keys.c.key_hash.in_(hashes),
            )
        )
        return {hashes[row.key_hash]: row.customer_id for row in rows}

    async def _get(
        self, connection: AsyncConnection, ids: Collection[int]
    ) -> dict[int, KnownCustomer]:
        if not ids:
            return {}
        found = select(customers).where(
            customers.c.workspace == self._workspace, customers.c.id.in_(ids)
        )
        rows = {row.id: row for row in await connection.execute(found)}
        moved = {row.id: row.merged_into for row in rows.values() if row.merged_into}
        resolved = await self._get(connection, set(moved.values())) if moved else {}
        known = {
            row.id: self._open(row.id, row.details) for row in rows.values() if not row.merged_into
        }
        return known | {old: resolved[new] for old, new in moved.items() if new in resolved}

    async def _insert(self, connection: AsyncConnection, now: float) -> int:
        values = {"workspace": self._workspace, "created_at": now, "changed_at": now}
        inserted = insert(customers).values(**values).returning(customers.c.id)
        customer_id: int = (await connection.execute(inserted)).scalar_one()
        return customer_id

    async def _merge(
        self, connection: AsyncConnection, from_id: int, into_id: int, now: float
    ) -> None:
        """Let two rows be one person; those merged before follow."""
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

    async def _save(
        self,
        connection: AsyncConnection,
        person: KnownCustomer,
        seen: Customer,
        at: float,
        now: float,
    ) -> None:
        details = {name: item for name, item in asdict(person).items() if name != "id"}
        await connection.execute(
            update(customers)
            .where(customers.c.id == person.id)
            .values(details=self._sealer.seal(details), changed_at=now)
        )
        for key in keys_of(seen):
            row = {
                "workspace": self._workspace,
                "key_hash": self._hash(key),
                "kind": key[0],
                "customer_id": person.id,
                "noted_at": at,
            }
            noted = self._database.insert(customer_keys).values(row)
            await connection.execute(
                noted.on_conflict_do_update(
                    index_elements=[customer_keys.c.workspace, customer_keys.c.key_hash],
                    set_={"customer_id": person.id, "noted_at": at},
                    where=customer_keys.c.noted_at <= at,
                )
            )

    def _open(self, customer_id: int, details: Any) -> KnownCustomer:
        opened = self._sealer.open(details) or {}
        known = KnownCustomer.__dataclass_fields__
        given = {name: item for name, item in opened.items() if name in known}
        given["former"] = tuple(given.get("former", ()))
        return KnownCustomer(id=customer_id, **given)

    def _hash(self, key: Key) -> str:
        kind, value = key
        return hash_with_key(
            self._key, _PURPOSE, kind, equal_form(value) if kind == PHONE else value
        )


def keys_of(seen: Customer) -> list[Key]:
    """Return what a person is found by, the most certain first."""
    ids = ((USER_ID, seen.user_id), (USER_ID, seen.parent_user_id), (PHONE, seen.phone))
    return [(kind, value) for kind, value in ids if value]


def update_details(person: KnownCustomer, seen: Customer) -> KnownCustomer:
    """Return the person with what an event says of them."""
    changed = KnownCustomer(
        person.id,
        seen.user_id or person.user_id,
        seen.parent_user_id or person.parent_user_id,
        seen.phone or person.phone,
        seen.username or person.username,
        seen.name or person.name,
        person.former,
    )
    return replace(changed, former=_former(person, changed))


def _former(before: KnownCustomer, after: KnownCustomer) -> tuple[str, ...]:
    old = [
        value
        for value, now in ((before.user_id, after.user_id), (before.phone, after.phone))
        if value and value != now
    ]
    current = {after.user_id, after.phone}
    kept = [value for value in dict.fromkeys((*old, *before.former)) if value not in current]
    return tuple(kept[:MAX_FORMER])
