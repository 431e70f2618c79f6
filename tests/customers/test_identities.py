"""Who is who: stories of single people, and the generated lives of many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.customers.identities import Identities
from bot.webhooks.events import AccountEvent, Customer, MessageEvent, StatusEvent

DAY = 86_400.0
NOW = 2_000_000_000.0
OLD, NEW = "919876543210", "919876543211"
ASHA = Customer(user_id="IN.1", phone=OLD, username="asha", name="Asha")


def build_message(customer: Customer, at: float = NOW, **fields: object) -> MessageEvent:
    return MessageEvent(kind="text", customer=customer, occurred_at=at, wamid="w", **fields)  # type: ignore[arg-type]


def change(before: Customer, after: Customer, at: float = NOW) -> MessageEvent:
    return MessageEvent(
        kind="system", customer=after, previous=before, occurred_at=at, wamid="w", raw={}
    )


def test_a_person_is_found_by_each_of_their_identifiers() -> None:
    known = Identities()
    asha = known.identify(build_message(ASHA), NOW)
    for seen in (Customer(user_id="IN.1"), Customer(phone=OLD), replace(ASHA, phone="")):
        assert known.identify(build_message(seen), NOW) == asha
    assert known.people[asha].name == "Asha"


def test_a_number_known_before_its_user_id_is_the_same_person() -> None:
    known = Identities()
    before = known.identify(build_message(Customer(phone=OLD), NOW - DAY), NOW)
    after = known.identify(build_message(ASHA), NOW)
    assert known.resolve(before) == known.resolve(after)


def test_a_person_without_a_number_gets_one_later() -> None:
    known = Identities()
    before = known.identify(
        build_message(Customer(user_id="IN.1", username="asha"), NOW - DAY), NOW
    )
    assert known.identify(build_message(ASHA), NOW) == before
    assert known.identify(build_message(Customer(phone=OLD)), NOW) == before


def test_a_number_that_another_user_id_uses_belongs_to_the_newer_one() -> None:
    known = Identities()
    asha = known.identify(build_message(ASHA, NOW - 90 * DAY), NOW)
    ravi = known.identify(build_message(Customer(user_id="IN.2", phone=OLD, name="Ravi")), NOW)
    assert ravi != asha
    assert known.identify(build_message(Customer(phone=OLD)), NOW) == ravi
    assert known.people[asha].phone == ""
    assert known.people[asha].former == (OLD,)
    assert known.identify(build_message(Customer(user_id="IN.1"), NOW), NOW) == asha


def test_a_late_event_of_the_former_owner_does_not_take_the_number_back() -> None:
    known = Identities()
    asha = known.identify(build_message(ASHA, NOW - 90 * DAY), NOW)
    ravi = known.identify(build_message(Customer(user_id="IN.2", phone=OLD)), NOW)
    assert known.identify(build_message(ASHA, NOW - 80 * DAY), NOW) == asha
    assert known.identify(build_message(Customer(phone=OLD)), NOW) == ravi


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Customer(user_id="IN.1", phone=OLD), Customer(user_id="IN.9", phone=NEW)),
        (Customer(phone=OLD), Customer(phone=NEW)),  # as before August 2026
        (Customer(phone=OLD), Customer(user_id="IN.9", phone=NEW)),
        (Customer(user_id="IN.1"), Customer(user_id="IN.9")),  # no number may be shown
    ],
)
@pytest.mark.parametrize("is_late", [False, True])
def test_a_changed_number_or_id_is_the_same_person(
    before: Customer, after: Customer, *, is_late: bool
) -> None:
    """Late: the person has already written from the new number."""
    known = Identities()
    first = known.identify(build_message(ASHA, NOW - DAY), NOW)
    events = [change(before, after, NOW), build_message(replace(after, name="Asha"), NOW + 60)]
    found = [known.identify(event, NOW + 60) for event in (events[::-1] if is_late else events)]
    assert {known.resolve(each) for each in (first, *found)} == {known.resolve(first)}
    person = known.people[known.resolve(first)]
    assert person.user_id in (after.user_id, "IN.1")
    assert person.phone in (after.phone, "")


def test_a_new_number_that_someone_else_had_before_joins_no_one() -> None:
    known = Identities()
    asha = known.identify(build_message(ASHA, NOW - DAY), NOW)
    ravi = known.identify(build_message(Customer(phone=NEW, name="Ravi"), NOW - 90 * DAY), NOW)
    assert known.identify(change(Customer(phone=OLD), Customer(phone=NEW)), NOW) == asha
    assert known.resolve(ravi) != known.resolve(asha)
    assert known.people[ravi].phone == ""


def test_a_number_shared_on_request_is_theirs_and_a_card_is_not() -> None:
    known = Identities()
    hidden = Customer(user_id="IN.1")
    cards = [{"phones": [{"phone": "+91 98765 43210", "wa_id": OLD}]}]
    card = replace(build_message(hidden, raw={"contacts": cards}), kind="contacts")
    asha = known.identify(card, NOW)
    assert known.people[asha].phone == ""
    answer = replace(card, raw={"contacts": cards, "origin": "contact_request/other"})
    assert known.identify(answer, NOW) == asha
    assert known.people[asha].phone == OLD


def test_spellings_of_a_number_are_one() -> None:
    known = Identities()
    assert known.identify(build_message(Customer(phone="5491123456789")), NOW) == known.identify(
        build_message(Customer(phone="541123456789")), NOW
    )


def test_groups_and_events_about_no_one_have_no_customer() -> None:
    known = Identities()
    assert known.identify(build_message(ASHA, raw={"group_id": "g"}), NOW) == 0
    assert known.identify(AccountEvent(kind="account_update"), NOW) == 0
    assert known.people == {}


def test_older_details_only_fill_in_what_is_not_known() -> None:
    known = Identities()
    asha = known.identify(build_message(replace(ASHA, username="")), NOW)
    known.identify(build_message(replace(ASHA, name="A.", username="asha.p"), NOW - DAY), NOW)
    assert (known.people[asha].name, known.people[asha].username) == ("Asha", "asha.p")


# --- lives ----------------------------------------------------------------------------------------


@dataclass
class Life:
    """A person with what they are known by now."""

    seen: Customer
    is_hidden: bool
    found: list[int] = field(default_factory=list)


def live(random: Random, people: int, days: int) -> Iterator[tuple[Life, object]]:
    """Yield events of people who write, hide and change their numbers, in the order of time."""
    numbers = iter(range(919_000_000_000, 920_000_000_000))
    ids = iter(range(1, 1_000_000_000))
    given_up: list[tuple[float, str]] = []
    lives = [
        Life(Customer(user_id=f"IN.{next(ids)}", phone=str(next(numbers)), name=f"P{n}"),
             is_hidden=random.random() < 0.3)
        for n in range(people)
    ]  # fmt: skip
    for day in range(days):
        for life in random.sample(lives, k=max(1, people // 3)):
            at = NOW + day * DAY + random.random() * 3_600
            match random.choices(["writes", "status", "changes", "renames"], [6, 3, 1, 1])[0]:
                case "changes":
                    reusable = [number for since, number in given_up if since < at - 60 * DAY]
                    number = random.choice(reusable) if reusable else str(next(numbers))
                    given_up = [pair for pair in given_up if pair[1] != number]
                    given_up.append((at, life.seen.phone))
                    after = replace(life.seen, user_id=f"IN.{next(ids)}", phone=number)
                    before, life.seen = life.seen, after
                    if life.is_hidden:
                        before, after = replace(before, phone=""), replace(after, phone="")
                    yield life, change(before, replace(after, name=""), at)
                case "renames":
                    life.seen = replace(life.seen, username=f"user{next(ids)}")
                case kind:
                    shown = replace(life.seen, phone="") if life.is_hidden else life.seen
                    if not life.is_hidden and random.random() < 0.2:
                        shown = Customer(phone=shown.phone)  # Chakra's own format
                    event = build_message(shown, at)
                    if kind == "status":
                        event = StatusEvent(kind="read", customer=shown, occurred_at=at, wamid="w")  # type: ignore[assignment]
                    yield life, event


def shuffle_slightly(random: Random, events: list[tuple[Life, object]]) -> None:
    """Let neighbors of one day change places, as Meta delivers them."""
    for index in range(len(events) - 1):
        if random.random() < 0.1:
            events[index], events[index + 1] = events[index + 1], events[index]


@given(seed=st.integers(0, 2**32), size=st.integers(1, 40))
def test_no_one_is_lost_doubled_or_joined_to_another(seed: int, size: int) -> None:
    check_lives(seed, size, days=30)


@pytest.mark.process  # it takes seconds
def test_a_thousand_lives_over_months() -> None:
    check_lives(7, 1_000, days=90)


def check_lives(seed: int, people: int, days: int) -> None:
    random = Random(seed)
    events = list(live(random, people, days))
    shuffle_slightly(random, events)
    known = Identities()
    lives: dict[int, Life] = {}
    for life, event in events:
        lives[id(life)] = life
        life.found.append(known.identify(event, NOW + 1_000 * DAY))  # type: ignore[arg-type]
    owners: dict[int, Life] = {}
    for life in lives.values():
        resolved = {known.resolve(each) for each in life.found}
        assert len(resolved) == 1, (life.seen, resolved)
        (customer_id,) = resolved
        assert customer_id not in owners, (life.seen, owners[customer_id].seen)
        owners[customer_id] = life
        assert customer_id in known.people
