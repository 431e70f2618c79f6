"""Choose the rule of a channel that receives an event: the first that matches, or the catch-all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from unicodedata import category

from bot.notifications.facts import CATEGORIES, RECORDS, SENDERS, Facts
from bot.notifications.rule import EventGroup, Filters, Rule, RuleSpec
from bot.text.normalize import normalize

_FIRST_WITHOUT_SPACES = "\u0e00"
"""From Thai on, most scripts don't put spaces between words, or attach particles to them."""


def find_first_match(rules: Iterable[Rule], facts: Facts) -> Rule | None:
    """Return the rule of one channel that receives the event, None if none does.

    A person's own direct messages receive nothing about what they sent themselves: they get a
    report of it.
    """
    ordered = sorted(rules, key=lambda rule: (rule.spec.is_catch_all, rule.position, rule.id))
    for rule in ordered:
        if facts.member and rule.channel == facts.member:
            return None
        if matches(rule.spec, facts):
            return rule
    return None


def matches(spec: RuleSpec, facts: Facts) -> bool:
    """Return whether a rule asks for the event, regardless of the rules above it."""
    wants = EventGroup.ALL in spec.events or facts.group in spec.events
    return wants and _passes(spec.filters, facts)


def is_undecided(rules: Iterable[Rule], facts: Facts) -> bool:
    """Return whether the matching rule depends on something that Chakra didn't answer."""
    unknown = dict.fromkeys(facts.unknown, ())
    candidates = (
        [
            replace(
                rule,
                spec=rule.spec.model_copy(
                    update={"filters": rule.spec.filters.model_copy(update=unknown)}
                ),
            )
            for rule in rules
        ]
        if unknown
        else []
    )
    winner = find_first_match(candidates, facts)
    return winner is not None and winner not in rules


def find_filters_to_ask(rules: Iterable[Rule]) -> frozenset[str]:
    """Return the filters of these rules that need a request to Chakra."""
    filters = [rule.spec.filters for rule in rules]
    return frozenset(
        name
        for name in (CATEGORIES, RECORDS, SENDERS)
        if any(getattr(item, name) for item in filters)
    )


def select_mentions(spec: RuleSpec, facts: Iterable[Facts]) -> tuple[str, ...]:
    """Return the mentions of a message about these events: no one about their own actions."""
    causes = {item.member for item in facts}
    own = causes.pop() if len(causes) == 1 else ""
    return tuple(mention for mention in spec.mentions if mention != own)


def _passes(filters: Filters, facts: Facts) -> bool:
    return (
        _is_any(filters.senders, facts.sender)
        and _is_any(filters.templates, facts.template)
        and _is_any(filters.categories, facts.category)
        and _is_any(filters.countries, facts.country)
        and _is_any(filters.members, facts.member)
        and (facts.is_follow_up or _has_word(filters.words, facts.text))
        and _has_records(filters.records, facts.records)
    )


def _is_any(wanted: Sequence[str], value: str) -> bool:
    return not wanted or (bool(value) and value.casefold() in {item.casefold() for item in wanted})


def _has_word(words: Sequence[str], text: str) -> bool:
    """Return whether a text has one of the words or phrases, in any case and with any accents."""
    if not words:
        return True
    folded = _fold(text)
    return any(_contains(folded, wanted) for word in words if (wanted := _fold(word)))


def _contains(text: str, wanted: str) -> bool:
    """Return whether a text has the phrase as whole words, if its script has spaces."""
    if max(wanted) >= _FIRST_WITHOUT_SPACES:
        return wanted in text
    start = text.find(wanted)
    while start >= 0:
        before, after = text[max(0, start - 1) : start], text[start + len(wanted) :][:1]
        if not (_is_one_word(before, wanted[0]) or _is_one_word(wanted[-1], after)):
            return True
        start = text.find(wanted, start + 1)
    return False


def _is_one_word(first: str, second: str) -> bool:
    """Return whether neighboring characters belong to one word, as a letter and its vowel do."""
    return all(
        bool(sign) and (sign.isalnum() or sign == "_" or category(sign).startswith("M"))
        for sign in (first, second)
    )


def _has_records(wanted: Sequence[str], records: frozenset[str]) -> bool:
    """Return whether the records have one of the wanted values of each wanted attribute."""
    by_attribute: dict[str, set[str]] = {}
    for item in wanted:
        folded = item.casefold()
        by_attribute.setdefault(folded.partition("=")[0], set()).add(folded)
    return all(values & records for values in by_attribute.values())


def _fold(text: str) -> str:
    return " ".join(normalize(text).split())
