"""The templates as a list: which ones, and what the words of a filter mean. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.chakra.template import Template
from bot.templates import vocabulary
from bot.templates.catalog import TemplateIndex, matches_language
from bot.templates.send_blockers import send_blocker
from bot.text.normalize import tokenize

ANY = "all"
FILTER_SYNONYMS: Mapping[str, str] = {
    "review": "pending",
    "inreview": "pending",
    "inappeal": "in_appeal",
    "overthelimit": "limit_exceeded",
    "promotional": "marketing",
    "otp": "authentication",
    "auth": "authentication",
}
"""What people type for Meta's words."""


@dataclass(frozen=True, slots=True)
class TemplateFilter:
    """In lower case; ``words`` are the beginnings of words of the name or the text. "" is any."""

    words: str = ""
    status: str = ""
    category: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class TemplateFamily:
    """One name, in the languages that passed the filter."""

    name: str
    templates: tuple[Template, ...]


def find_families(index: TemplateIndex, criteria: TemplateFilter) -> tuple[TemplateFamily, ...]:
    """By name; those whose names have the words before those whose texts have them."""
    prefixes = tokenize(criteria.words)
    found = [
        TemplateFamily(name, matching)
        for name, variants in index.by_name.items()
        if (
            matching := tuple(
                template for template in variants if _matches(index, template, criteria, prefixes)
            )
        )
    ]
    return tuple(
        sorted(
            found, key=lambda one: (not _all_prefixes_match(prefixes, tokenize(one.name)), one.name)
        )
    )


def sendable_templates(
    index: TemplateIndex, query: str, last_used: Sequence[tuple[str, str]]
) -> tuple[Template, ...]:
    """Those that can be sent, for a menu; ``last_used`` are names with languages, and come first,
    in their order."""
    found = [
        template
        for family in find_families(index, TemplateFilter(words=query))
        for template in family.templates
    ]
    ranks = {used: place for place, used in enumerate(last_used)}
    return tuple(
        sorted(
            (template for template in found if not send_blocker(template)),
            key=lambda one: ranks.get((one.name, one.language), len(ranks)),
        )
    )


def parse_filter_value(typed: str) -> str:
    """A filter's word as it is compared: ``In review`` -> ``pending``, ``all`` -> "" ."""
    word = typed.strip().casefold()
    word = FILTER_SYNONYMS.get("".join(letter for letter in word if letter.isalpha()), word)
    return "" if word == ANY else word.replace(" ", "_").replace("-", "_")


def available_states(index: TemplateIndex) -> tuple[str, ...]:
    """The known ones that some template has, then those that Meta has added since."""
    used = {template.status.lower() for template in index.templates} - {""}
    known = [state.lower() for state in vocabulary.STATES if state.lower() in used]
    return (*known, *sorted(used - set(known)))


def available_categories(index: TemplateIndex) -> tuple[str, ...]:
    return tuple(sorted({template.category.lower() for template in index.templates} - {""}))


def available_languages(index: TemplateIndex) -> tuple[str, ...]:
    """Meta's codes, as Meta writes them."""
    return tuple(sorted({template.language for template in index.templates} - {""}))


def group_by_state(templates: Iterable[Template]) -> dict[str, list[str]]:
    """State -> the codes of the languages that are in it; what can be sent comes first."""
    order = list(vocabulary.STATES)
    found: dict[str, list[str]] = {}
    for template in sorted(templates, key=lambda one: _state_rank(one.status, order)):
        found.setdefault(template.status, []).append(template.language)
    return found


def _matches(
    index: TemplateIndex, template: Template, criteria: TemplateFilter, prefixes: tuple[str, ...]
) -> bool:
    if criteria.status and template.status.lower() != criteria.status:
        return False
    if criteria.category and template.category.lower() != criteria.category:
        return False
    if criteria.language and not matches_language(template, criteria.language):
        return False
    return _all_prefixes_match(prefixes, index.words_by_id[template.id])


def _all_prefixes_match(prefixes: Iterable[str], words: Collection[str]) -> bool:
    return all(any(word.startswith(start) for word in words) for start in prefixes)


def _state_rank(status: str, order: list[str]) -> int:
    return order.index(status) if status in order else len(order)
