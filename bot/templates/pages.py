"""The list of templates as a message: the filters in words, a row for each name, and the buttons
that lead on. What was asked for travels in the buttons."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from math import ceil

from bot.cache import Cached
from bot.errors import UsageError
from bot.slack import blocks
from bot.slack.age import freshness
from bot.slack.blocks import Markup, bold, code, escape, lines, markup
from bot.slack.commands.reply import Block, Message
from bot.templates import card, vocabulary
from bot.templates import editor as form
from bot.templates.catalog import Shelf
from bot.templates.list_query import (
    Family,
    Filter,
    by_state,
    categories_of,
    families,
    languages_of,
    states_of,
)
from bot.templates.preview import summary

EXAMPLE = "/chakra templates order status:approved"

# Ids of the actions that a page offers; the command `templates` answers them.
PAGE = "templates.page"
RELOAD = "templates.reload"
SHOW = "templates.show"

ROWS = 8
LONGEST_FILTER = 200
"""Characters of one filter. Four of them, escaped as JSON, fit into a button's 2,000."""
MOST_NAMED = 30
"""Languages, states or categories that a sentence lists."""
MOST_LANGUAGES = 5
"""Of one state, in a row."""
LONGEST_ROW = 400
SUMMARY = 90


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed, and the page; pages count from 1."""

    words: str = ""
    status: str = ""
    category: str = ""
    language: str = ""
    page: int = 1

    @classmethod
    def restored(cls, value: str) -> Asked:
        """Raises ``UsageError`` for what no button of today holds."""
        try:
            typed, status, category, language, page = json.loads(value)
        except (ValueError, TypeError, RecursionError):
            raise _outdated() from None
        texts = (typed, status, category, language)
        fits = all(isinstance(text, str) and len(text) <= LONGEST_FILTER for text in texts)
        if not fits or not isinstance(page, int) or isinstance(page, bool):
            raise _outdated()
        return cls(typed, status, category, language, page)

    def written(self) -> str:
        return json.dumps(astuple(self), ensure_ascii=False, separators=(",", ":"))


def _outdated() -> UsageError:
    return UsageError("That button belongs to an older list.", example="/chakra templates")


def page(asked: Asked, answer: Cached[Shelf], *, may_write: bool) -> Message:
    """The page that is asked for, or the last. Raises ``UsageError`` for a filter that no template
    could pass."""
    shelf = answer.value
    found = _found(asked, shelf)
    pages = max(1, ceil(len(found) / ROWS))
    asked = replace(asked, page=min(max(1, asked.page), pages))
    told = _told(asked, len(found), len(shelf.by_name), pages)
    start = (asked.page - 1) * ROWS
    made: list[Block] = [blocks.section(told)]
    made += [row(family) for family in found[start : start + ROWS]]
    if not found:
        made.append(blocks.section(_widen(asked, shelf)))
    made.append(blocks.context(freshness(answer)))
    made.append(blocks.actions(*_buttons(asked, pages, may_write=may_write)))
    return Message(text=told, blocks=tuple(made))


def _found(asked: Asked, shelf: Shelf) -> tuple[Family, ...]:
    """Raises ``UsageError`` for a state, category or language that there is none of."""
    if not shelf.templates:
        return ()
    _known("state", asked.status, states_of(shelf))
    _known("category", asked.category, categories_of(shelf))
    languages = languages_of(shelf)
    _known("language", asked.language, languages, also={one.split("_")[0] for one in languages})
    return families(shelf, Filter(asked.words, asked.status, asked.category, asked.language))


def _known(what: str, typed: str, known: Sequence[str], also: set[str] | None = None) -> None:
    if not typed or typed in {one.lower() for one in (*known, *(also or ()))}:
        return
    there_are = ", ".join(known[:MOST_NAMED])
    raise UsageError(
        f"No template has the {what} “{blocks.clip(typed, 40)}”. There are: {there_are}.",
        example=EXAMPLE,
    )


def _told(asked: Asked, count: int, total: int, pages: int) -> Markup:
    """12 of 31 templates · approved · page 1 of 2"""
    parts: list[str] = [bold(f"{count} of {total} templates")]
    if asked.words:
        parts.append(f"“{asked.words}”")
    if asked.status:
        parts.append(vocabulary.state_word(asked.status.upper()).lower())
    if asked.category:
        parts.append(vocabulary.category(asked.category.upper()).lower())
    if asked.language:
        parts.append(f"language {asked.language}")
    if pages > 1:
        parts.append(f"page {asked.page} of {pages}")
    return Markup("  ·  ".join([escape(part) for part in parts]))


def _widen(asked: Asked, shelf: Shelf) -> Markup:
    """What to change when nothing is left."""
    if not shelf.templates:
        return markup("The WhatsApp account has no templates yet.")
    near = shelf.near(asked.words) if asked.words else ()
    if near:
        names = Markup(", ".join([code(blocks.clip(name, 100)) for name in near]))
        return markup("No template matches. Close to it: ", names, ".")
    ways = ["other or fewer words"] if asked.words else []
    if asked.status or asked.category or asked.language:
        ways.append("fewer filters")
    everything = code("/chakra templates")
    return markup(
        f"No template matches. Try {' or '.join(ways)}, or see all with ", everything, "."
    )


def row(family: Family) -> Block:
    shown = card.best(family.templates)
    states = "  ·  ".join(_state(*one) for one in by_state(family.templates).items())
    about = f"{vocabulary.category(shown.category)}  ·  {states}"
    told = [bold(blocks.clip(escape(family.name), 150)), blocks.clip(escape(about), LONGEST_ROW)]
    return blocks.section(
        lines([*told, summary(shown, most=SUMMARY)]),
        accessory=blocks.button("Show", SHOW, shown.id),
    )


def _state(status: str, languages: Sequence[str]) -> str:
    """:large_green_circle: Approved in en_US, es and 3 more"""
    named = ", ".join(languages[:MOST_LANGUAGES])
    more = len(languages) - MOST_LANGUAGES
    return f"{vocabulary.state(status)} in {named}" + (f" and {more} more" if more > 0 else "")


def _buttons(asked: Asked, pages: int, *, may_write: bool) -> list[Block]:
    made = []
    if asked.page > 1:
        made.append(_turning("Previous", "previous", asked, -1))
    if asked.page < pages:
        made.append(_turning("Next", "next", asked, 1))
    made.append(blocks.button("Refresh", RELOAD, asked.written()))
    if may_write:
        made.append(blocks.button("New template", form.CREATE))
    return made


def _turning(label: str, suffix: str, asked: Asked, step: int) -> Block:
    there = replace(asked, page=asked.page + step)
    return blocks.button(label, f"{PAGE}:{suffix}", there.written())
