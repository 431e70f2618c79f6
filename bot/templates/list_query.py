"""The templates as a list: which ones, and what the words of a filter mean. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.chakra.template import Template
from bot.templates import vocabulary
from bot.templates.catalog import Shelf, in_language
from bot.templates.send_blockers import unsendable
from bot.text.normalize import tokens

ALL = "all"
SYNONYMS: Mapping[str, str] = {
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
class Filter:
    """In lower case; ``words`` are the beginnings of words of the name or the text. "" is any."""

    words: str = ""
    status: str = ""
    category: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """One name, in the languages that passed the filter."""

    name: str
    templates: tuple[Template, ...]


def families(shelf: Shelf, wanted: Filter) -> tuple[Family, ...]:
    """By name; those whose names have the words before those whose texts have them."""
    sought = tokens(wanted.words)
    found = [
        Family(name, kept)
        for name, every in shelf.by_name.items()
        if (kept := tuple(one for one in every if _passes(shelf, one, wanted, sought)))
    ]
    return tuple(sorted(found, key=lambda one: (not _begun(sought, tokens(one.name)), one.name)))


def offered(shelf: Shelf, typed: str, last_used: Sequence[tuple[str, str]]) -> tuple[Template, ...]:
    """Those that can be sent, for a menu; ``last_used`` are names with languages, and come first,
    in their order."""
    found = [one for each in families(shelf, Filter(words=typed)) for one in each.templates]
    places = {used: place for place, used in enumerate(last_used)}
    return tuple(
        sorted(
            (one for one in found if not unsendable(one)),
            key=lambda one: places.get((one.name, one.language), len(places)),
        )
    )


def read(typed: str) -> str:
    """A filter's word as it is compared: ``In review`` -> ``pending``, ``all`` -> "" ."""
    word = typed.strip().casefold()
    word = SYNONYMS.get("".join(letter for letter in word if letter.isalpha()), word)
    return "" if word == ALL else word.replace(" ", "_").replace("-", "_")


def states_of(shelf: Shelf) -> tuple[str, ...]:
    """The known ones that some template has, then those that Meta has added since."""
    used = {one.status.lower() for one in shelf.templates} - {""}
    known = [state.lower() for state in vocabulary.STATES if state.lower() in used]
    return (*known, *sorted(used - set(known)))


def categories_of(shelf: Shelf) -> tuple[str, ...]:
    return tuple(sorted({one.category.lower() for one in shelf.templates} - {""}))


def languages_of(shelf: Shelf) -> tuple[str, ...]:
    """Meta's codes, as Meta writes them."""
    return tuple(sorted({one.language for one in shelf.templates} - {""}))


def by_state(templates: Iterable[Template]) -> dict[str, list[str]]:
    """State -> the codes of the languages that are in it; what can be sent comes first."""
    order = list(vocabulary.STATES)
    found: dict[str, list[str]] = {}
    for one in sorted(templates, key=lambda one: _rank(one.status, order)):
        found.setdefault(one.status, []).append(one.language)
    return found


def _passes(shelf: Shelf, one: Template, wanted: Filter, sought: tuple[str, ...]) -> bool:
    if wanted.status and one.status.lower() != wanted.status:
        return False
    if wanted.category and one.category.lower() != wanted.category:
        return False
    if wanted.language and not in_language(one, wanted.language):
        return False
    return _begun(sought, shelf.words[one.id])


def _begun(sought: Iterable[str], having: Collection[str]) -> bool:
    return all(any(word.startswith(start) for word in having) for start in sought)


def _rank(status: str, order: list[str]) -> int:
    return order.index(status) if status in order else len(order)
