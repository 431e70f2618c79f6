"""The list of templates as a message: the filters, a row for each name, and the buttons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from bot.cache import Cached
from bot.errors import SuggestedLine
from bot.slack import blocks
from bot.slack.age import format_freshness
from bot.slack.blocks import Markup, bold, code, escape, lines, markup
from bot.slack.commands.reply import Block, Message
from bot.slack.commands.run_button import run_buttons
from bot.slack.commands.unused_words import name_unused
from bot.slack.paging import (
    FilterText,
    ListQuery,
    build_unknown_value_error,
    paginate,
    render_list_page,
)
from bot.templates import card, editor, vocabulary
from bot.templates.catalog import TemplateIndex
from bot.templates.list_query import (
    TemplateFamily,
    TemplateFilter,
    find_families,
    group_by_status,
    list_available_categories,
    list_available_languages,
    list_available_statuses,
)
from bot.templates.list_words import TemplateWords, understand_words
from bot.templates.preview import render_summary_line
from bot.templates.send_blockers import describe_blocker

EXAMPLE = "/chakra templates order status:approved"

# IDs of the actions that a page offers; the command `templates` handles them.
PAGE = "templates.page"
RELOAD = "templates.reload"

ROWS_PER_PAGE = 8
MAX_LANGUAGES = 5
"""Languages of one status that a row lists."""
MAX_ROW_LENGTH = 400
MAX_SUMMARY_LENGTH = 90


class TemplateListQuery(ListQuery):
    """The typed words and filters, and the page."""

    command: ClassVar[str] = "/chakra templates"

    words: FilterText = ""
    status: FilterText = ""
    category: FilterText = ""
    language: FilterText = ""


def render_page(
    query: TemplateListQuery, cached: Cached[TemplateIndex], *, may_write: bool
) -> Message:
    """Render the requested page, or the last.

    Raise ``UsageError`` for a filter whose value no template has.
    """
    index = cached.value
    meaning = read_words(query, index)
    families = find_families(index, to_filter(meaning))
    page = paginate(families, query.page, ROWS_PER_PAGE)
    query = query.with_page(page.number)
    buttons = [blocks.button("Refresh", RELOAD, query.to_value())]
    if may_write:
        buttons.append(blocks.button("New template", editor.CREATE))
    listed = render_list_page(
        page,
        query,
        heading=_render_heading(meaning, page.total, len(index.by_name)),
        row=render_row,
        empty_text=_render_empty(meaning, index),
        note=format_freshness(cached),
        page_action=PAGE,
        buttons=buttons,
    )
    if not families and meaning.words:
        names = index.suggest_names(meaning.words)
        suggested = run_buttons([SuggestedLine(f"templates {name}") for name in names])
        listed = replace(listed, blocks=(*listed.blocks, *suggested))
    return name_unused(listed, meaning.unused)


def to_filter(meaning: TemplateWords) -> TemplateFilter:
    return TemplateFilter(meaning.words, meaning.status, meaning.category, meaning.languages)


def read_words(query: TemplateListQuery, index: TemplateIndex) -> TemplateWords:
    """Raise ``UsageError`` for a status, category or language that no template has."""
    meaning = understand_words(
        query.words,
        index,
        status=query.status,
        category=query.category,
        language=query.language,
    )
    if index.templates:
        _check_value("status", meaning.status, list_available_statuses(index))
        _check_value("category", meaning.category, list_available_categories(index))
    if index.templates and query.language and not meaning.languages:
        known = [vocabulary.format_language_name(code) for code in list_available_languages(index)]
        raise build_unknown_value_error("language", query.language, sorted(known), example=EXAMPLE)
    return meaning


def _check_value(filter_name: str, typed: str, known: Sequence[str]) -> None:
    if typed and typed not in known:
        raise build_unknown_value_error(filter_name, typed, known, example=EXAMPLE)


def _render_heading(meaning: TemplateWords, count: int, total: int) -> list[str]:
    """Return the parts of ``12 of 31 templates · approved · in English (US)``."""
    parts: list[str] = [bold(f"{count} of {total} templates")]
    if meaning.words:
        parts.append(f'"{meaning.words}"')
    if meaning.status:
        parts.append(vocabulary.format_status_name(meaning.status.upper()).lower())
    if meaning.category:
        parts.append(vocabulary.format_category_name(meaning.category.upper()).lower())
    if meaning.languages:
        names = [vocabulary.format_language_name(code) for code in meaning.languages]
        parts.append(f"in {' or '.join(names)}")
    return parts


def _render_empty(meaning: TemplateWords, index: TemplateIndex) -> Markup:
    """Return a sentence on what to change so that the list isn't empty."""
    if not index.templates:
        return markup("This WhatsApp account has no templates yet.")
    suggestions = index.suggest_names(meaning.words) if meaning.words else ()
    if suggestions:
        names = Markup(", ".join([code(blocks.clip(name, 100)) for name in suggestions]))
        return markup("No templates match. Did you mean: ", names, "?")
    advice = ["other or fewer words"] if meaning.words else []
    if meaning.status or meaning.category or meaning.languages:
        advice.append("fewer filters")
    return markup(
        f"No templates match. Try {' or '.join(advice)}, or see all with ",
        code("/chakra templates"),
        ".",
    )


def render_row(family: TemplateFamily) -> Block:
    template = card.pick_preferred(family.templates)
    statuses = [_render_status_line(*item) for item in group_by_status(family.templates).items()]
    details = "  ·  ".join([vocabulary.format_category_name(template.category), *statuses])
    text_lines = [
        bold(blocks.clip(escape(family.name), 150)),
        blocks.clip(escape(details), MAX_ROW_LENGTH),
        *_render_approved_but_blocked(family),
    ]
    return blocks.section(
        lines([*text_lines, render_summary_line(template, max_length=MAX_SUMMARY_LENGTH)]),
        accessory=blocks.button("Show", card.SHOW, template.id),
    )


def _render_approved_but_blocked(family: TemplateFamily) -> list[Markup]:
    """Return why approved templates can't be sent from here, which their status doesn't say."""
    reasons = {
        label: None
        for template in family.templates
        if template.is_sendable and (label := describe_blocker(template))
    }
    return [Markup(f":information_source: Not from Slack: {reason}") for reason in reasons]


def _render_status_line(status: str, languages: Sequence[str]) -> str:
    """Return ``:large_green_circle: Approved in English (US), Spanish and 3 more``."""
    named = ", ".join([vocabulary.format_language_name(code) for code in languages[:MAX_LANGUAGES]])
    remaining = len(languages) - MAX_LANGUAGES
    return f"{vocabulary.format_status_label(status)} in {named}" + (
        f" and {remaining} more" if remaining > 0 else ""
    )
