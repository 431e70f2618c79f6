"""Filter and group templates for lists and menus. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.chakra.template import Template
from bot.templates import vocabulary
from bot.templates.catalog import TemplateIndex
from bot.text.normalize import match_beginnings, tokenize

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
"""The typed word -> Meta's word."""


@dataclass(frozen=True, slots=True)
class TemplateFilter:
    """Values in lower case; "" and () match all. ``languages`` are Meta's codes.

    ``words`` match the start of words of name or text.
    """

    words: str = ""
    status: str = ""
    category: str = ""
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TemplateFamily:
    """The templates of one name that match the filter, one for each language."""

    name: str
    templates: tuple[Template, ...]


def find_families(index: TemplateIndex, criteria: TemplateFilter) -> tuple[TemplateFamily, ...]:
    """Return families by name; matches in the name come before matches in the text."""
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
            found,
            key=lambda family: (
                not match_beginnings(prefixes, index.name_texts[family.name]),
                family.name,
            ),
        )
    )


def parse_filter_value(typed: str) -> str:
    """Normalize a filter's value: ``In review`` -> ``pending``, ``all`` -> ``""``."""
    word = typed.strip().casefold()
    word = FILTER_SYNONYMS.get("".join(letter for letter in word if letter.isalpha()), word)
    return "" if word == ANY else word.replace(" ", "_").replace("-", "_")


def list_available_statuses(index: TemplateIndex) -> tuple[str, ...]:
    """Return the statuses in use: the known ones first, in the order of the list."""
    used = {template.status.lower() for template in index.templates} - {""}
    known = [status.lower() for status in vocabulary.STATUSES if status.lower() in used]
    return (*known, *sorted(used - set(known)))


def list_available_categories(index: TemplateIndex) -> tuple[str, ...]:
    return tuple(sorted({template.category.lower() for template in index.templates} - {""}))


def list_available_languages(index: TemplateIndex) -> tuple[str, ...]:
    """Return the language codes in use, in Meta's spelling."""
    return tuple(sorted({template.language for template in index.templates} - {""}))


def group_by_status(templates: Iterable[Template]) -> dict[str, list[str]]:
    """Return status -> language codes; sendable statuses come first."""
    order = list(vocabulary.STATUSES)
    found: dict[str, list[str]] = {}
    for template in sorted(templates, key=lambda template: _rank_status(template.status, order)):
        found.setdefault(template.status, []).append(template.language)
    return found


def _matches(
    index: TemplateIndex, template: Template, criteria: TemplateFilter, prefixes: tuple[str, ...]
) -> bool:
    if criteria.status and template.status.lower() != criteria.status:
        return False
    if criteria.category and template.category.lower() != criteria.category:
        return False
    if criteria.languages and template.language not in criteria.languages:
        return False
    return match_beginnings(prefixes, index.texts[template.id])


def _rank_status(status: str, order: list[str]) -> int:
    return order.index(status) if status in order else len(order)
