"""Which rule receives an event: two hundred events against the typed rules of forty channels."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chakra.models import PhoneNumber
from bot.notifications.dry_run import SeenEvent, build_candidate, run_dry
from bot.notifications.facts import Facts, build, read_text
from bot.notifications.matching import find_first_match, select_mentions
from bot.notifications.planner import MAX_EVENT_AGE_SECONDS
from bot.notifications.rule import EventGroup, Filters, Rule, RuleSpec
from bot.notifications.rule_line import parse_rule
from bot.notifications.rule_values import KnownNames
from bot.notifications.rule_words import FIELD_ALIASES
from bot.slack.commands.arguments import parse_arguments
from bot.webhooks.events import StatusEvent
from tests.notifications.example_events import (
    NUMBERS,
    PEOPLE,
    TEMPLATES,
    build_events,
    read_facts,
)
from tests.people import JOHN, MEI, SALES

TABLE = Path(__file__).parents[1] / "data" / "notification_rules.txt"
KNOWN = KnownNames(
    (
        PhoneNumber(id="111", display_phone_number="+91 72597 75805", verified_name="Acme Support"),
        PhoneNumber(id="222", display_phone_number="+1 555 010 0200", verified_name="Acme Sales"),
    ),
    tuple(TEMPLATES),
    JOHN,
    "Asia/Kolkata",
)
EVENTS = build_events()
SEEN = [
    SeenEvent(event.recorded, fact)
    for event, fact in zip(
        EVENTS, asyncio.run(read_facts([event.recorded for event in EVENTS])), strict=True
    )
]


def read_table() -> Iterator[list[tuple[str, list[str]]]]:
    """Yield the rules of each channel, each with its patterns."""
    text = "".join(
        line
        for line in TABLE.read_text(encoding="utf-8").splitlines(keepends=True)
        if not line.startswith("#")
    )
    for block in text.strip().split("\n\n"):
        rows = [row.partition("=>") for row in block.splitlines()]
        yield [(typed.strip(), patterns.split()) for typed, _, patterns in rows]


CHANNELS = list(read_table())


def parse(typed: str) -> RuleSpec:
    parsed = parse_rule(parse_arguments(typed, tuple(FIELD_ALIASES)), KNOWN)
    assert parsed.unused == (), typed
    return parsed.spec


def build_rules(channel: list[tuple[str, list[str]]]) -> list[Rule]:
    return [
        Rule(number, SALES, number, JOHN, parse(typed))
        for number, (typed, _) in enumerate(channel, 1)
    ]


def find_expected_rule(name: str, channel: list[tuple[str, list[str]]]) -> int:
    """Return the number of the rule whose patterns fit a name, 0 if none does."""
    for number, (_, patterns) in enumerate(channel, 1):
        wanted = False
        for pattern in patterns:
            if fnmatchcase(name, pattern.removeprefix("!")):
                wanted = not pattern.startswith("!")
        if wanted:
            return number
    return 0


@pytest.fixture
async def facts() -> list[Facts]:
    return await read_facts([event.recorded for event in EVENTS])


def test_the_table_is_large() -> None:
    assert len(EVENTS) >= 200
    assert len(CHANNELS) >= 40


async def test_events_have_the_facts_of_their_names(facts: list[Facts]) -> None:
    numbers = {value: key for key, value in NUMBERS.items()}
    people = {value: key for key, value in PEOPLE.items()}
    wrong = {}
    for event, fact in zip(EVENTS, facts, strict=True):
        group, _, *rest, _ = event.name.split("/")
        found = [
            numbers.get(fact.sender, "-"),
            fact.country or "-",
            fact.template or "-",
            fact.category.lower() or "-",
            people.get(fact.member, "-"),
        ]
        if [fact.group.value, *found] != [group, *rest]:
            wrong[event.name] = found
    assert not wrong


@pytest.mark.parametrize(
    "channel", CHANNELS, ids=[" / ".join(typed for typed, _ in channel) for channel in CHANNELS]
)
async def test_each_event_goes_to_the_rule_of_the_table(
    channel: list[tuple[str, list[str]]], facts: list[Facts]
) -> None:
    rules = build_rules(channel)
    wrong = {}
    for event, fact in zip(EVENTS, facts, strict=True):
        winner = find_first_match(rules, fact)
        number = winner.id if winner else 0
        if number != find_expected_rule(event.name, channel):
            wrong[event.name] = (number, find_expected_rule(event.name, channel))
    assert not wrong


@pytest.mark.parametrize("channel", CHANNELS[-7:])
async def test_dry_run_tells_what_then_happens(
    channel: list[tuple[str, list[str]]], facts: list[Facts]
) -> None:
    """Each rule, tried before it is saved, takes exactly the events that it takes afterwards."""
    seen = [SeenEvent(event.recorded, fact) for event, fact in zip(EVENTS, facts, strict=True)]
    saved: list[Rule] = []
    for rule in build_rules(channel):
        tried = run_dry(saved, build_candidate(SALES, JOHN, rule.spec), seen)
        saved.append(rule)
        then = [item for item in seen if find_first_match(saved, item.facts) is rule]
        assert list(tried.taken) == then
        assert tried.total == len(seen)

        assert list(run_dry(saved, build_candidate("", "", rule.spec, rule), seen).taken) == then


TYPED = sorted({typed for channel in CHANNELS for typed, _ in channel})


@given(st.lists(st.sampled_from(TYPED), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_each_event_is_taken_by_one_rule_as_its_dry_run_says(
    typed: list[str], random: Random
) -> None:
    """Whatever rules a channel has: adding, changing and moving one does what was shown before."""
    seen = random.sample(SEEN, 40)
    saved: list[Rule] = []
    for number, line in enumerate(typed, 1):
        candidate = build_candidate(SALES, JOHN, parse(line))
        tried = run_dry(saved, candidate, seen)
        saved.append(Rule(number, SALES, number, JOHN, candidate.spec))
        assert list(tried.taken) == [item for item in seen if find_winner(saved, item) == number]
    edited = random.choice(saved)
    spec = parse(random.choice(TYPED))
    tried = run_dry(saved, build_candidate(SALES, JOHN, spec, edited), seen)
    saved[edited.id - 1] = replace(edited, spec=spec)
    assert list(tried.taken) == [item for item in seen if find_winner(saved, item) == edited.id]
    random.shuffle(saved)  # the order is that of the positions
    assert list(tried.taken) == [item for item in seen if find_winner(saved, item) == edited.id]


def find_winner(rules: list[Rule], item: SeenEvent) -> int:
    found = find_first_match(rules, item.facts)
    return found.id if found else 0


def test_dry_run_leaves_out_what_arrived_too_late() -> None:
    seen = [item for item in SEEN if item.facts.group is EventGroup.FAILED]
    late = [
        replace(item, recorded=replace(item.recorded, recorded_at=at + MAX_EVENT_AGE_SECONDS + 1))
        for item in seen
        if (at := item.recorded.event.occurred_at)
    ]
    rule = build_candidate(SALES, JOHN, RuleSpec(events=(EventGroup.FAILED,)))
    tried = run_dry([], rule, [*seen, *late])
    assert tried.taken == tuple(seen)
    assert tried.total == len(seen) + len(late) > len(seen)


@pytest.mark.parametrize(
    ("word", "text", "is_found"),
    [
        ("?", "Is it blue?", True),
        ("$", "100$", True),
        ("c++", "I like C++.", True),
        ("बस", "मेरी बस कहाँ है", True),
        ("बस", "वह बसा है", False),  # the vowel after it belongs to the word
        ("refund", "my_refund", False),
        ("refund", "refunds, no refund", True),
    ],
)
def test_a_word_is_found_whole(word: str, text: str, *, is_found: bool) -> None:
    spec = RuleSpec(events=(EventGroup.MESSAGE,), filters=Filters(words=(word,)))
    facts = Facts(EventGroup.MESSAGE, "text", text=text)
    assert (find_first_match([Rule(1, SALES, 1, JOHN, spec)], facts) is not None) is is_found


@pytest.mark.parametrize(
    ("priced", "category"),
    [
        ("marketing_lite", "MARKETING"),
        ("authentication-international", "AUTHENTICATION"),
        ("group_service", "SERVICE"),
        ("utility", "UTILITY"),
        ("referral_conversion", "REFERRAL_CONVERSION"),
        (None, ""),
    ],
)
def test_variants_of_a_price_are_its_category(priced: str | None, category: str) -> None:
    event = StatusEvent(kind="read", wamid="wamid.1", raw={"pricing": {"category": priced}})
    assert build(event).category == category


def test_own_messages_are_not_sent_back_in_direct_messages() -> None:
    spec = RuleSpec(events=(EventGroup.ALL,))
    own, others = [Facts(EventGroup.FAILED, "failed", member=member) for member in (JOHN, MEI)]
    assert find_first_match([Rule(1, JOHN, 1, JOHN, spec)], own) is None
    assert find_first_match([Rule(1, JOHN, 1, JOHN, spec)], others) is not None
    assert find_first_match([Rule(1, SALES, 1, JOHN, spec)], own) is not None


def test_no_one_is_mentioned_about_their_own_messages() -> None:
    spec = RuleSpec(events=(EventGroup.FAILED,), mentions=(JOHN, MEI, "here"))
    own, other = [Facts(EventGroup.FAILED, "failed", member=member) for member in (JOHN, MEI)]
    assert select_mentions(spec, [own]) == (MEI, "here")
    assert select_mentions(spec, [own, other]) == (JOHN, MEI, "here")


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"type": "text", "text": {"body": "Hello"}}, "Hello"),
        ({"type": "document", "document": {"caption": "c", "filename": "f.pdf"}}, "c\nf.pdf"),
        ({"type": "edit", "edit": {"message": {"text": {"body": "New"}}}}, "New"),
        ({"type": "contacts", "contacts": [{"name": {"formatted_name": "Asha"}}]}, "Asha"),
        ({"type": "location", "location": {"name": "Shop", "address": "Main St"}}, "Shop\nMain St"),
        ({"type": "text", "text": "broken"}, ""),
        ({"type": "image", "image": ["broken"]}, ""),
    ],
)
def test_words_of_a_message_are_read(message: dict[str, object], text: str) -> None:
    assert read_text(message) == text
