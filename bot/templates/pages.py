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
from bot.templates.catalog import TemplateIndex
from bot.templates.list_query import (
    TemplateFamily,
    TemplateFilter,
    available_categories,
    available_languages,
    available_states,
    find_families,
    group_by_state,
)
from bot.templates.preview import summary_line

EXAMPLE = "/chakra templates order status:approved"

# Ids of the actions that a page offers; the command `templates` answers them.
PAGE = "templates.page"
RELOAD = "templates.reload"
SHOW = "templates.show"

ROWS_PER_PAGE = 8
MAX_FILTER_LENGTH = 200
"""Characters of one filter. Four of them, escaped as JSON, fit into a button's 2,000."""
MAX_LISTED_VALUES = 30
"""Languages, states or categories that a sentence lists."""
MAX_LANGUAGES = 5
"""Of one state, in a row."""
MAX_ROW_LENGTH = 400
MAX_SUMMARY_LENGTH = 90


@dataclass(frozen=True, slots=True)
class TemplateListQuery:
    """What was typed, and the page; pages count from 1."""

    words: str = ""
    status: str = ""
    category: str = ""
    language: str = ""
    page: int = 1

    @classmethod
    def from_value(cls, value: str) -> TemplateListQuery:
        """Raises ``UsageError`` for what no button of today holds."""
        try:
            typed, status, category, language, page = json.loads(value)
        except (ValueError, TypeError, RecursionError):
            raise _outdated_error() from None
        texts = (typed, status, category, language)
        fits = all(isinstance(text, str) and len(text) <= MAX_FILTER_LENGTH for text in texts)
        if not fits or not isinstance(page, int) or isinstance(page, bool):
            raise _outdated_error()
        return cls(typed, status, category, language, page)

    def to_value(self) -> str:
        return json.dumps(astuple(self), ensure_ascii=False, separators=(",", ":"))


def _outdated_error() -> UsageError:
    return UsageError("That button belongs to an older list.", example="/chakra templates")


def render_page(
    query: TemplateListQuery, cached: Cached[TemplateIndex], *, may_write: bool
) -> Message:
    """The page that is asked for, or the last. Raises ``UsageError`` for a filter that no template
    could pass."""
    index = cached.value
    found = _filter_families(query, index)
    pages = max(1, ceil(len(found) / ROWS_PER_PAGE))
    query = replace(query, page=min(max(1, query.page), pages))
    heading = _heading(query, len(found), len(index.by_name), pages)
    start = (query.page - 1) * ROWS_PER_PAGE
    content: list[Block] = [blocks.section(heading)]
    content += [render_row(family) for family in found[start : start + ROWS_PER_PAGE]]
    if not found:
        content.append(blocks.section(_empty_state(query, index)))
    content.append(blocks.context(freshness(cached)))
    content.append(blocks.actions(*_buttons(query, pages, may_write=may_write)))
    return Message(text=heading, blocks=tuple(content))


def _filter_families(query: TemplateListQuery, index: TemplateIndex) -> tuple[TemplateFamily, ...]:
    """Raises ``UsageError`` for a state, category or language that there is none of."""
    if not index.templates:
        return ()
    _check_value("state", query.status, available_states(index))
    _check_value("category", query.category, available_categories(index))
    languages = available_languages(index)
    _check_value(
        "language",
        query.language,
        languages,
        aliases={language.split("_")[0] for language in languages},
    )
    return find_families(
        index, TemplateFilter(query.words, query.status, query.category, query.language)
    )


def _check_value(
    noun: str, typed: str, known: Sequence[str], aliases: set[str] | None = None
) -> None:
    if not typed or typed in {value.lower() for value in (*known, *(aliases or ()))}:
        return
    available = ", ".join(known[:MAX_LISTED_VALUES])
    raise UsageError(
        f"No template has the {noun} “{blocks.clip(typed, 40)}”. There are: {available}.",
        example=EXAMPLE,
    )


def _heading(query: TemplateListQuery, count: int, total: int, pages: int) -> Markup:
    """12 of 31 templates · approved · page 1 of 2"""
    parts: list[str] = [bold(f"{count} of {total} templates")]
    if query.words:
        parts.append(f"“{query.words}”")
    if query.status:
        parts.append(vocabulary.state_name(query.status.upper()).lower())
    if query.category:
        parts.append(vocabulary.category_name(query.category.upper()).lower())
    if query.language:
        parts.append(f"language {query.language}")
    if pages > 1:
        parts.append(f"page {query.page} of {pages}")
    return Markup("  ·  ".join([escape(part) for part in parts]))


def _empty_state(query: TemplateListQuery, index: TemplateIndex) -> Markup:
    """What to change when nothing is left."""
    if not index.templates:
        return markup("The WhatsApp account has no templates yet.")
    suggestions = index.suggest_names(query.words) if query.words else ()
    if suggestions:
        names = Markup(", ".join([code(blocks.clip(name, 100)) for name in suggestions]))
        return markup("No template matches. Close to it: ", names, ".")
    advice = ["other or fewer words"] if query.words else []
    if query.status or query.category or query.language:
        advice.append("fewer filters")
    everything = code("/chakra templates")
    return markup(
        f"No template matches. Try {' or '.join(advice)}, or see all with ", everything, "."
    )


def render_row(family: TemplateFamily) -> Block:
    template = card.pick_preferred(family.templates)
    states = "  ·  ".join(_state_line(*item) for item in group_by_state(family.templates).items())
    details = f"{vocabulary.category_name(template.category)}  ·  {states}"
    text_lines = [
        bold(blocks.clip(escape(family.name), 150)),
        blocks.clip(escape(details), MAX_ROW_LENGTH),
    ]
    return blocks.section(
        lines([*text_lines, summary_line(template, max_length=MAX_SUMMARY_LENGTH)]),
        accessory=blocks.button("Show", SHOW, template.id),
    )


def _state_line(status: str, languages: Sequence[str]) -> str:
    """:large_green_circle: Approved in en_US, es and 3 more"""
    named = ", ".join(languages[:MAX_LANGUAGES])
    remaining = len(languages) - MAX_LANGUAGES
    return f"{vocabulary.state_label(status)} in {named}" + (
        f" and {remaining} more" if remaining > 0 else ""
    )


def _buttons(query: TemplateListQuery, pages: int, *, may_write: bool) -> list[Block]:
    buttons = []
    if query.page > 1:
        buttons.append(_page_button("Previous", "previous", query, -1))
    if query.page < pages:
        buttons.append(_page_button("Next", "next", query, 1))
    buttons.append(blocks.button("Refresh", RELOAD, query.to_value()))
    if may_write:
        buttons.append(blocks.button("New template", form.CREATE))
    return buttons


def _page_button(label: str, suffix: str, query: TemplateListQuery, delta: int) -> Block:
    target = replace(query, page=query.page + delta)
    return blocks.button(label, f"{PAGE}:{suffix}", target.to_value())
