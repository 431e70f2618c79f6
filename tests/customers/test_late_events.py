"""Which events are about one person: each kind of change, and lives whose events come late."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.customers.customer import KnownCustomer
from bot.customers.identities import Identities
from bot.customers.repository import Customers
from bot.db.engine import Database
from bot.webhooks.events import (
    AccountEvent,
    Customer,
    MessageEvent,
    StatusEvent,
    WebhookEvent,
)

NOW = 1_000_000.0
ASHA, ASHA_2, ASHA_3, RAVI = "IN.1", "IN.2", "IN.3", "IN.9"
PHONE, PHONE_2 = "919876543210", "919876543211"


def build_message(
    user_id: str = "", phone: str = "", *, at: float, name: str = "", **raw: Any
) -> MessageEvent:
    customer = Customer(user_id=user_id, phone=phone, name=name)
    return MessageEvent(kind="text", occurred_at=at, customer=customer, raw=raw, wamid=f"w{at}")


def build_status(phone: str, *, at: float) -> StatusEvent:
    return StatusEvent(kind="sent", occurred_at=at, customer=Customer(phone=phone), wamid="w")


def change(before: tuple[str, str], after: tuple[str, str], *, at: float) -> MessageEvent:
    return MessageEvent(
        kind="system",
        occurred_at=at,
        previous=Customer(user_id=before[0], phone=before[1]),
        customer=Customer(user_id=after[0], phone=after[1]),
        wamid=f"s{at}",
    )


def identify(*events: WebhookEvent) -> tuple[list[int], Identities]:
    known = Identities()
    found = [known.identify(event, 2 * NOW) for event in events]
    return [known.resolve(each) for each in found], known


def identify_person(*events: WebhookEvent) -> KnownCustomer:
    found, known = identify(*events)
    return known.people[found[-1]]


ONE_PERSON = {
    "the number is shown later": [build_message(ASHA, at=1), build_message(ASHA, PHONE, at=2)],
    "the number is hidden later": [build_message(ASHA, PHONE, at=1), build_message(ASHA, at=2)],
    "the format without IDs first": [
        build_message("", PHONE, at=1),
        build_message(ASHA, PHONE, at=2),
    ],
    "the format without IDs last": [
        build_message(ASHA, PHONE, at=1),
        build_message("", PHONE, at=2),
    ],
    "both are known before they are joined": [
        build_message(ASHA, at=1),
        build_message("", PHONE, at=2),
        build_message(ASHA, PHONE, at=3),
    ],
    "a changed number": [
        build_message(ASHA, PHONE, at=1),
        change((ASHA, PHONE), (ASHA_2, PHONE_2), at=2),
        build_message(ASHA_2, PHONE_2, at=3),
    ],
    "a changed number, without IDs": [
        build_message("", PHONE, at=1),
        change(("", PHONE), ("", PHONE_2), at=2),
        build_message("", PHONE_2, at=3),
    ],
    "a changed ID without a number": [
        build_message(ASHA, PHONE, at=1),
        change((ASHA, ""), (ASHA_2, ""), at=2),
        build_message(ASHA_2, at=3),
    ],
    "the change comes after the first message": [
        build_message(ASHA, PHONE, at=1),
        build_message(ASHA_2, PHONE_2, at=3),
        change((ASHA, PHONE), (ASHA_2, PHONE_2), at=2),
    ],
    "the change comes after the first message, without IDs": [
        build_message("", PHONE, at=1),
        build_message("", PHONE_2, at=3),
        change(("", PHONE), ("", PHONE_2), at=2),
    ],
    "the change comes before everything": [
        change((ASHA, PHONE), (ASHA_2, PHONE_2), at=2),
        build_message(ASHA, PHONE, at=1),
        build_message(ASHA_2, at=3),
    ],
    "two changes in the other order": [
        change((ASHA_2, ""), (ASHA_3, ""), at=3),
        change((ASHA, ""), (ASHA_2, ""), at=2),
        build_message(ASHA, at=1),
        build_message(ASHA_3, at=4),
    ],
    "an early message without an ID comes after the change": [
        change((ASHA, PHONE), (ASHA_2, PHONE_2), at=2),
        build_message("", PHONE, at=1),
    ],
    "a status of the former number": [
        build_message("", PHONE, at=1),
        change(("", PHONE), ("", PHONE_2), at=2),
        build_status(PHONE, at=3),
        build_message("", PHONE_2, at=4),
    ],
    "another spelling of the number": [
        build_message("", "5215512345678", at=1),
        build_message("", "525512345678", at=2),
    ],
    "the withdrawn event of a new ID": [
        build_message(ASHA, at=1),
        AccountEvent(
            kind="user_id_update",
            occurred_at=2.0,
            customer=Customer(user_id=ASHA_2),
            raw={"user_id": {"previous": ASHA, "current": ASHA_2}},
        ),
        build_message(ASHA_2, at=3),
    ],
    "a parent ID": [
        MessageEvent(kind="text", customer=Customer("IN.1", "IN.ENT.1"), wamid="1"),
        MessageEvent(kind="text", customer=Customer("IN.2", "IN.ENT.1"), wamid="2"),
    ],
}


@pytest.mark.parametrize("events", ONE_PERSON.values(), ids=ONE_PERSON)
def test_events_are_of_one_person(events: list[WebhookEvent]) -> None:
    found, known = identify(*events)
    assert len(set(found)) == 1
    assert set(known.people) == set(found)


TWO_PEOPLE = {
    "one name": [build_message(ASHA, at=1, name="Asha"), build_message(RAVI, at=2, name="Asha")],
    "a number passes to another ID": [
        build_message(ASHA, PHONE, at=1),
        build_message(RAVI, PHONE, at=9),
    ],
    "a number passes on after a change": [
        build_message("", PHONE, at=1),
        change(("", PHONE), ("", PHONE_2), at=2),
        build_message("", PHONE, at=9),
    ],
    "a number passes on after a change, with an ID": [
        build_message("", PHONE, at=1),
        change(("", PHONE), ("", PHONE_2), at=2),
        build_message(RAVI, PHONE, at=9),
    ],
    "someone changes to a number that had an owner": [
        build_message("", PHONE_2, at=1),
        build_message("", PHONE, at=2),
        change(("", PHONE), ("", PHONE_2), at=9),
    ],
    "a late change of a number that has a new owner": [
        build_message(RAVI, PHONE, at=9),
        change(("", PHONE), (ASHA_2, PHONE_2), at=2),
    ],
    "a card that is passed on by hand": [
        build_message("", PHONE, at=1),
        replace(
            build_message(ASHA, at=2, origin="other", contacts=[{"phones": [{"wa_id": PHONE}]}]),
            kind="contacts",
        ),
    ],
}


@pytest.mark.parametrize("events", TWO_PEOPLE.values(), ids=TWO_PEOPLE)
def test_events_are_of_two_people(events: list[WebhookEvent]) -> None:
    found, known = identify(*events)
    assert found[0] != found[-1]
    assert len(known.people) == 2


def test_number_shared_on_request_is_the_customers() -> None:
    shared = build_message(
        ASHA, at=2, origin="contact_request/other", contacts=[{"phones": [{"phone": f"+{PHONE}"}]}]
    )
    assert (
        identify_person(build_message(ASHA, at=1), replace(shared, kind="contacts")).phone == PHONE
    )


def test_event_without_anyone_and_message_of_a_group_are_about_no_customer() -> None:
    assert identify(build_message(at=1), build_message(ASHA, at=2, group_id="g"))[0] == [0, 0]


def test_late_event_changes_nothing_that_is_newer() -> None:
    known = identify_person(
        build_message(ASHA, PHONE_2, at=5, name="Asha Rao"),
        build_message(ASHA, PHONE, at=1, name="A"),
    )
    assert (known.phone, known.name, known.former) == (PHONE_2, "Asha Rao", (PHONE,))


def test_number_is_not_given_back_by_a_late_event() -> None:
    found, known = identify(
        build_message(ASHA, PHONE, at=1),
        build_message(RAVI, PHONE, at=9),
        build_message(ASHA, PHONE, at=5),
    )
    assert known.people[found[0]].phone == ""
    assert known.people[found[1]].phone == PHONE


def test_change_without_a_number_forgets_the_former_one() -> None:
    known = identify_person(
        build_message(ASHA, PHONE, at=1), change((ASHA, ""), (ASHA_2, ""), at=2)
    )
    assert (known.user_id, known.phone, known.former) == (ASHA_2, "", (ASHA, PHONE))


# --- a generated life of many people --------------------------------------------------------------

MAX_DELAY_SECONDS = 30.0
"""By how much an event comes late. A number gets a new owner long after it was left."""
QUARANTINE_SECONDS = 60.0


@dataclass
class Person:
    user_id: str
    phone: str
    is_private: bool


@dataclass
class Life:
    """People who write, get messages and change their numbers, each second someone."""

    rng: random.Random
    people: list[Person] = field(default_factory=list)
    events: list[tuple[float, int, WebhookEvent]] = field(default_factory=list)
    free_numbers: list[tuple[float, str]] = field(default_factory=list)
    time: float = 0.0
    last_id: int = 0

    def live(self, people: int, seconds: int) -> None:
        for index in range(people):
            self.people.append(
                Person(self._generate_id(), self._generate_phone(), self.rng.random() < 0.3)
            )
            self._write(index)
        for _ in range(seconds):
            self.time += 1
            index = self.rng.randrange(people)
            action = self.rng.choice((self._write, self._write, self._write_without_id, self._move))
            action(index)
            if self.rng.random() < 0.3:
                self.people[index].is_private = False  # the person saves our number
                self._write(index)

    def list_arrivals(self) -> list[tuple[int, WebhookEvent]]:
        """Return the events in the order in which they come, with the person of each."""
        delayed = [
            (at + self.rng.uniform(0, MAX_DELAY_SECONDS), index, event)
            for at, index, event in self.events
        ]
        delayed.sort(key=lambda item: item[0])
        return [(index, event) for _, index, event in delayed]

    def _generate_id(self) -> str:
        self.last_id += 1
        return f"IN.{self.last_id}"

    def _generate_phone(self) -> str:
        if self.free_numbers and self.free_numbers[0][0] < self.time - QUARANTINE_SECONDS:
            return self.free_numbers.pop(0)[1]
        self.last_id += 1
        return f"9198{self.last_id:08}"

    def _write(self, index: int) -> None:
        each = self.people[index]
        phone = "" if each.is_private else each.phone
        self._add(index, build_message(each.user_id, phone, at=NOW + self.time, name="Asha"))

    def _write_without_id(self, index: int) -> None:
        each = self.people[index]
        if not each.is_private:
            self._write(index)
            self._add(index, build_message("", each.phone, at=NOW + self.time))

    def _move(self, index: int) -> None:
        before = self.people[index]
        after = Person(self._generate_id(), self._generate_phone(), before.is_private)
        named = "" if after.is_private else after.phone
        left = "" if before.is_private else before.phone
        self._add(index, change((before.user_id, left), (after.user_id, named), at=NOW + self.time))
        self.free_numbers.append((self.time, before.phone))
        self.people[index] = after
        self.time += 1
        self._write(index)

    def _add(self, index: int, event: WebhookEvent) -> None:
        self.events.append((self.time, index, event))


def split(people: Sequence[int], ids: Sequence[int]) -> tuple[int, int]:
    """Return how many people have several IDs, and how many IDs several people."""
    by_person, by_id = defaultdict(set), defaultdict(set)
    for each, customer_id in zip(people, ids, strict=True):
        by_person[each].add(customer_id)
        by_id[customer_id].add(each)
    return (
        sum(len(found) > 1 for found in by_person.values()),
        sum(len(found) > 1 for found in by_id.values()),
    )


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), people=st.integers(2, 12))
def test_people_are_neither_joined_nor_doubled(seed: int, people: int) -> None:
    life = Life(random.Random(seed))
    life.live(people, 200)
    arriving = life.list_arrivals()
    found, known = identify(*(event for _, event in arriving))
    assert split([index for index, _ in arriving], found) == (0, 0)
    assert len(known.people) == people
    for index, customer_id in zip((index for index, _ in arriving), found, strict=True):
        assert known.people[customer_id].user_id == life.people[index].user_id


async def test_a_thousand_customers_are_found_again_in_the_database(sqlite: Database) -> None:
    life = Life(random.Random(11))
    life.live(1_000, 600)
    arriving = life.list_arrivals()
    ids = await identify_stored(sqlite, [event for _, event in arriving])
    assert split([index for index, _ in arriving], ids) == (0, 0)


async def identify_stored(database: Database, events: list[WebhookEvent]) -> list[int]:
    """Identify the events in batches, each in a transaction of its own."""
    customers = Customers(database, "T1", b"key")
    found: list[int] = []
    for start in range(0, len(events), 100):
        async with database.begin() as connection:
            found += await customers.identify(connection, events[start : start + 100], NOW * 2)
    known = await customers.get(set(found))
    return [known[each].id for each in found]
