"""A page of records, and the button values that lead to the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from bot.processes.card import loaded_note, record_row
from bot.processes.search import RecordPage, RecordType
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, lines, markup
from bot.slack.commands.reply import Message
from bot.slack.commands.tokens import Mention, Token
from bot.slack.paging import ListQuery

PAGE: Final = "process.page"
MAX_REMEMBERED_PAGES: Final = 50
"""Pages before this one that "Previous" returns to."""


class RecordListQuery(ListQuery):
    """A list of records: its type, what was typed, and how many records come before the page."""

    command: ClassVar[str] = "/chakra process list"

    type: str = ""
    text: str = ""
    skip: int = 0
    earlier: tuple[int, ...] = ()
    """The ``skip`` of the pages before."""


def to_line(tokens: Sequence[Token]) -> str:
    """Return words as a line that reads as the same words."""
    return " ".join(
        f"<@{token.id}>"
        if isinstance(token, Mention)
        else (f'"{token.text}"' if token.quoted else token.text)
        for token in tokens
    )


def list_message(
    page: RecordPage,
    record_type: RecordType,
    query: RecordListQuery,
    echo: str,
    now: float,
    *,
    replace: bool,
) -> Message:
    first = query.skip + 1
    parts = [bold(record_type.plural)]
    if echo:
        parts.append(markup(echo))
    if page.records and (page.next_skip or query.skip):
        parts.append(markup(f"{first:,}–{query.skip + len(page.records):,}"))
    title = Markup("  ·  ".join(parts))
    content = [blocks.section(title), *map(record_row, page.records)]
    if not page.records:
        content.append(blocks.section(_empty_text(record_type, echo, more=bool(page.next_skip))))
    content.append(blocks.context(loaded_note(now)))
    buttons = []
    if query.earlier:
        back = query.model_copy(update={"skip": query.earlier[-1], "earlier": query.earlier[:-1]})
        buttons.append(blocks.button("Previous", f"{PAGE}:previous", back.to_value()))
    if page.next_skip:
        earlier = (*query.earlier, query.skip)[-MAX_REMEMBERED_PAGES:]
        following = query.model_copy(update={"skip": page.next_skip, "earlier": earlier})
        buttons.append(blocks.button("Next", f"{PAGE}:next", following.to_value()))
    if buttons:
        content.append(blocks.actions(*buttons))
    return Message(text=title, blocks=tuple(content), replace_original=replace)


def _empty_text(record_type: RecordType, echo: str, *, more: bool) -> Markup:
    if more:
        return markup("All records of this page are deleted. Press Next.")
    if not echo:
        return markup(f"There are no {record_type.plural.lower()} in Chakra.")
    states = next(known for known in record_type.schema.fields if known.name == "state").choices
    nothing = markup(f"No {record_type.label.lower()} matches.")
    return lines([nothing, f"States seen so far: {', '.join(states)}."]) if states else nothing
