"""The latest events, for people who may see them: what came, and where or why not it was posted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

from bot.notifications.dry_run import SeenEvent
from bot.notifications.event_text import describe_event
from bot.notifications.rule import EventGroup
from bot.notifications.rule_words import EVENT_WORDS
from bot.slack import blocks
from bot.slack.age import format_date_token
from bot.slack.blocks import Markup, bold, lines, markup
from bot.slack.commands.arguments import Arguments
from bot.slack.commands.reply import Block, Message, View
from bot.slack.commands.unused_words import find_unused, name_unused
from bot.slack.paging import FilterText, ListQuery, paginate, render_list_page
from bot.webhooks.events import UnknownEvent

PAGE_ACTION, DETAILS = "notify.page", "notify.details"
ROWS_PER_PAGE = 8
MAX_LISTED = 500
MAX_DETAIL_LENGTH = 8_500
UNKNOWN = "unknown"
_UNDERSTOOD = frozenset({"events", "event", "the", "last", "recent", "days", "show", "of", "only"})


class RecentQuery(ListQuery):
    """The part of the log that is listed: a group of events, "unknown", or "" for all."""

    command: ClassVar[str] = "/chakra notify recent"

    group: FilterText = ""


def parse_query(arguments: Arguments) -> tuple[RecentQuery, tuple[str, ...]]:
    """Return what a line asks for, and the words that it doesn't use."""
    group, unused = "", []
    for token in arguments.tokens:
        text = token.text.casefold().strip(",.!?")
        if text in EVENT_WORDS:
            group = EVENT_WORDS[text].value
        elif text in {UNKNOWN, "other"}:
            group = UNKNOWN
        else:
            unused.append(token)
    return RecentQuery(group="" if group == EventGroup.ALL else group), find_unused(
        unused, _UNDERSTOOD
    )


def render_page(
    query: RecentQuery,
    events: Sequence[SeenEvent],
    outcomes: dict[int, Sequence[Markup]],
    unused: Sequence[str] = (),
) -> Message:
    """Return a page of the query's events, the latest first.

    ``outcomes`` are where each event was posted, by its ID, or why it wasn't.
    """
    chosen = [item for item in events if _is_wanted(query, item)]
    page = paginate(chosen, query.page, ROWS_PER_PAGE)
    heading: list[str] = [bold(f"{len(chosen)} recent event{'' if len(chosen) == 1 else 's'}")]
    if query.group:
        heading.append(query.group)
    listed = render_list_page(
        page,
        query.with_page(page.number),
        heading=heading,
        row=lambda item: _render_row(item, outcomes.get(item.recorded.id, ())),
        empty_text=_render_empty(query),
        note=_render_note(events),
        page_action=PAGE_ACTION,
        labels=("Newer", "Older"),
    )
    return name_unused(listed, unused)


def render_details_view(item: SeenEvent, outcomes: Sequence[Markup]) -> View:
    """Return an event as it arrived, with every field."""
    raw = json.dumps(item.recorded.event.raw, ensure_ascii=False, indent=1, sort_keys=True)
    shown = raw[:MAX_DETAIL_LENGTH]
    missing = len(raw) - len(shown)
    at = item.recorded.event.occurred_at or item.recorded.recorded_at
    title = lines(
        [
            markup(bold(describe_event(item.recorded.event, item.facts))),
            markup(format_date_token(at), "  ·  ", f"kind {item.recorded.event.kind or 'none'}"),
            *outcomes,
        ]
    )
    parts = [shown[start : start + 2_800] for start in range(0, len(shown), 2_800)]
    content: list[Block] = [blocks.section(title)]
    content += [
        {"type": "section", "text": {"type": "plain_text", "text": part, "emoji": False}}
        for part in parts
        if part.strip()
    ]
    if missing > 0:
        content.append(blocks.context(f"{missing:,} more characters aren't shown."))
    return blocks.info_modal("Event", content)


def _is_wanted(query: RecentQuery, item: SeenEvent) -> bool:
    if query.group == UNKNOWN:
        return isinstance(item.recorded.event, UnknownEvent)
    return not query.group or item.facts.group == query.group


def _render_row(item: SeenEvent, outcomes: Sequence[Markup]) -> Block:
    at = item.recorded.event.occurred_at or item.recorded.recorded_at
    text = lines(
        [
            markup(format_date_token(at), "  ·  ", describe_event(item.recorded.event, item.facts)),
            *outcomes,
        ]
    )
    number = str(item.recorded.id)
    return blocks.section(text, accessory=blocks.button("Details", f"{DETAILS}:{number}", number))


def _render_empty(query: RecentQuery) -> str:
    if query.group:
        return "No events of this kind have arrived recently."
    return (
        "No events have arrived yet. Check that Chakra's webhook points here, "
        "and that the secret is set on both sides."
    )


def _render_note(events: Sequence[SeenEvent]) -> Markup:
    """Return how many events of unknown kinds arrived."""
    unknown = Counter(
        item.recorded.event.kind or "no name"
        for item in events
        if isinstance(item.recorded.event, UnknownEvent)
    )
    note = f"The last {MAX_LISTED} events are listed." if len(events) >= MAX_LISTED else ""
    if not unknown:
        return markup(note or ("All of them are of kinds that this app knows." if events else ""))
    named = ", ".join([f"{kind} ({count})" for kind, count in unknown.most_common(10)])
    return markup(f"{note} Kinds that this app doesn't know: {named}.".strip())
