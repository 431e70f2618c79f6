"""Customers in the database: batches, merges, and several processes side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random

from bot.customers.repository import Customers
from bot.db.engine import Database
from bot.webhooks.events import Customer, MessageEvent, WebhookEvent
from tests.customers.test_identities import NOW, build_message, change, live, shuffle_slightly

KEY = b"k" * 32
OLD, NEW = "919876543210", "919876543211"


async def identify(customers: Customers, database: Database, *events: WebhookEvent) -> list[int]:
    async with database.begin() as connection:
        return await customers.identify(connection, events, NOW)


async def test_one_person_in_a_batch_and_in_later_ones_is_one_row(database: Database) -> None:
    customers = Customers(database, "T1", KEY)
    asha = Customer(user_id="IN.1", phone=OLD, name="Asha")
    found = await identify(
        customers,
        database,
        build_message(Customer(phone=OLD)),
        build_message(asha),
        build_message(asha),
    )
    assert len(set(found)) == 1
    assert await identify(customers, database, build_message(Customer(user_id="IN.1"))) == found[:1]
    known = await customers.find(found[0])
    assert known is not None
    assert (known.name, known.phone, known.user_id) == ("Asha", OLD, "IN.1")
    assert await customers.find_by_phone(OLD) == known
    assert await Customers(database, "T2", KEY).find_by_phone(OLD) is None


async def test_people_merged_later_are_found_under_both_ids(database: Database) -> None:
    customers = Customers(database, "T1", KEY)
    (first,) = await identify(customers, database, build_message(Customer(phone=OLD, name="Asha")))
    (second,) = await identify(
        customers, database, build_message(Customer(user_id="IN.2", phone=NEW), NOW + 60)
    )
    assert first != second
    moved = change(Customer(phone=OLD), Customer(user_id="IN.2", phone=NEW))
    (third,) = await identify(customers, database, moved)
    known = await customers.get([first, second, third])
    assert {customer.id for customer in known.values()} == {min(first, second)}
    assert known[second].name == "Asha"
    assert known[second].phone == NEW
    assert OLD in known[second].former


async def test_number_is_created_once_by_many_at_the_same_time(database: Database) -> None:
    customers = Customers(database, "T1", KEY)
    identified = asyncio.create_task(
        identify(customers, database, build_message(Customer(phone=OLD)))
    )
    found = await asyncio.gather(*(customers.find_or_create_by_phone(OLD, NOW) for _ in range(4)))
    assert {each.id for each in found} == set(await identified)


async def test_lives_in_batches_end_as_they_do_in_memory(sqlite: Database) -> None:
    random = Random(11)
    events = list(live(random, people=40, days=20))
    shuffle_slightly(random, events)
    customers = Customers(sqlite, "T1", KEY)
    found: dict[str, set[int]] = {}
    for start in range(0, len(events), 37):
        part = events[start : start + 37]
        batch: Sequence[MessageEvent] = [event for _, event in part]  # type: ignore[misc]
        for (life, _), each in zip(part, await identify(customers, sqlite, *batch), strict=True):
            found.setdefault(life.seen.name, set()).add(each)
    known = await customers.get({each for ids in found.values() for each in ids})
    people = {name: {known[each].id for each in ids} for name, ids in found.items()}
    assert all(len(ids) == 1 for ids in people.values())
    assert len(set.union(*people.values())) == len(people)
