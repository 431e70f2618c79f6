"""A page of records, as rows or as a table, and the button values for the other pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import ClassVar, Final

from bot.chakra.fields import move_to_zone
from bot.processes.card import SHOW, render_loaded_note, render_record_row, show_value
from bot.processes.directory import LEAD, Record
from bot.processes.record_pages import MAX_SORTED, ListPage
from bot.processes.record_query import QueryField, ValueType
from bot.processes.search import ROOT_FIELDS, RecordType
from bot.processes.sorting import KEY, NAME, Sort, find_value
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, lines, markup
from bot.slack.commands.reply import Block, Choice, Message
from bot.slack.commands.run_button import RUN_ACTION
from bot.slack.commands.tokens import Mention, Token
from bot.slack.data_table import Cell, data_table
from bot.slack.paging import ListQuery

PAGE: Final = "process.page"
SORT: Final = "process.sort"
SHARE: Final = "process.share"
EXPORT: Final = "process.csv"
SAVE: Final = "process.saved_save"
CHANGE: Final = "bulk.change"
MAX_REMEMBERED_PAGES: Final = 50
"""Pages before this one that "Previous" returns to."""
PAGE_LENGTH: Final = 50
"""Records on a page: one request, and as many options as the menu that shows one can have."""
MAX_ROWS: Final = 10
"""Records in a one-page list that are shown as rows with a button each, not as a table."""
ROWS_PER_SCREEN: Final = 10
MAX_NAMED_COLUMNS: Final = 6
"""Columns for the fields that a query names."""
MAX_OPTION_LENGTH: Final = 45
MAX_OPTION_VALUE_LENGTH: Final = 150
USUAL_COLUMNS: Final = ("state", "assignedTo", "createdAt")


class RecordListQuery(ListQuery):
    """A list of records: its type, the typed query, and how many records come before the page."""

    command: ClassVar[str] = "/chakra process list"

    type: str = ""
    text: str = ""
    skip: int = 0
    earlier: tuple[int, ...] = ()
    """The ``skip`` of the previous pages."""
    reader: str = ""
    """The member who is "me" in the text; "" is the person who looks."""
    name: str = ""
    """The name of the saved query, if it is one."""


@dataclass(frozen=True, slots=True)
class RecordList:
    """A list as one person sees it: times are in ``zone``, and ``now`` is when it was read.

    ``fields`` are those that the query names, ``sort`` is the order of the whole list, ``hint`` is
    what to try if nothing matches.
    """

    record_type: RecordType
    query: RecordListQuery
    listed: ListPage
    echo: str
    fields: Sequence[QueryField]
    sort: Sort | None
    zone: tzinfo
    now: float
    hint: str = ""

    @property
    def records(self) -> Sequence[Record]:
        return self.listed.page.records

    @property
    def has_pages(self) -> bool:
        """Whether there are records before or after this page."""
        return bool(self.listed.page.next_skip or self.query.skip)


def to_line(tokens: Sequence[Token]) -> str:
    """Return words as a line that parses to the same words."""
    return " ".join(
        f"<@{token.id}>"
        if isinstance(token, Mention)
        else (f'"{token.text}"' if token.quoted else token.text)
        for token in tokens
    )


def render_record_list(
    shown: RecordList,
    *,
    may_share: bool,
    may_change: bool = False,
    may_export: bool = False,
    replace: bool,
) -> Message:
    """Return the page for the person who asked."""
    title = _render_title(shown)
    content = [blocks.section(title), *_render_content(shown)]
    if shown.listed.is_cut:
        content.append(
            blocks.context(
                f"Sorted among the first {MAX_SORTED} that Chakra lists; there are more. "
                "Narrow the query to sort all."
            )
        )
    elif shown.has_pages and shown.sort is None:
        content.append(
            blocks.context("The columns sort this page. Press Sort… to sort the whole list.")
        )
    content.append(blocks.context(render_loaded_note(shown.now)))
    buttons = _render_page_buttons(shown)
    if shown.records:
        value = shown.query.to_value()
        if shown.has_pages:
            buttons.append(blocks.button("Sort…", SORT, value))
        buttons.append(blocks.button("Save…", SAVE, value))
        if may_share:
            buttons.append(blocks.button("Share to channel", SHARE, value))
        if may_change:
            buttons.append(blocks.button("Change all…", CHANGE, value))
        if may_export:
            buttons.append(blocks.button("Download CSV", EXPORT, value))
    elif may_change and not buttons and _may_be_new_lead(shown):
        line = f"lead create {shown.query.text}"
        buttons.append(blocks.button("Create lead", f"{RUN_ACTION}:create", line))
    if buttons:
        content.append(blocks.actions(*buttons))
    return Message(text=title, blocks=tuple(content), replace_original=replace)


def render_shared(shown: RecordList, member_id: str) -> Message:
    """Return the page for a channel, which is posted masked; ``member_id`` shares it.

    The name of a saved query is its owner's own.
    """
    title = _render_title(replace(shown, query=shown.query.model_copy(update={"name": ""})))
    by = blocks.context(
        markup("Shared by ", blocks.mention(member_id), "  ·  ", render_loaded_note(shown.now))
    )
    content = (blocks.section(title), *_render_content(shown), by)
    return Message(title, content, to_channel=True, shared_as="this list of customers")


def render_records(
    record_type: RecordType,
    records: Sequence[Record],
    fields: Sequence[QueryField],
    zone: tzinfo,
    caption: str,
) -> list[Block]:
    """Return records as a table with a menu that opens one."""
    columns = _choose_columns(record_type, records, fields)
    rows = [
        [_render_cell(record_type, record, column, zone) for column in columns]
        for record in records
    ]
    header = [column.label for column in columns]
    table = data_table(caption, header, rows, page_size=ROWS_PER_SCREEN)
    return [table, *_render_menu(record_type, records)]


def _render_title(shown: RecordList) -> Markup:
    name, plural = shown.query.name, shown.record_type.plural
    parts = [bold(name), markup(plural)] if name else [bold(plural)]
    if shown.echo:
        parts.append(markup(shown.echo))
    if shown.records and shown.has_pages:
        first = shown.query.skip + 1
        parts.append(markup(f"{first:,}–{shown.query.skip + len(shown.records):,}"))
    return Markup("  ·  ".join(parts))


def _render_content(shown: RecordList) -> list[Block]:
    if not shown.records:
        return [blocks.section(_render_empty(shown))]
    if len(shown.records) <= MAX_ROWS and not shown.has_pages:
        return [render_record_row(record, shown.record_type) for record in shown.records]
    caption = f"{shown.record_type.plural} {shown.query.skip + 1:,}–"
    caption += f"{shown.query.skip + len(shown.records):,}"
    return render_records(shown.record_type, shown.records, shown.fields, shown.zone, caption)


def _choose_columns(
    record_type: RecordType, records: Sequence[Record], fields: Sequence[QueryField]
) -> list[QueryField]:
    usual = [known for known in ROOT_FIELDS if known.name in USUAL_COLUMNS]
    usual.sort(key=lambda known: USUAL_COLUMNS.index(known.name))
    key = QueryField(KEY.name, f"{record_type.label} key")
    names = [NAME] if any(record.process.name for record in records) else []
    known = {known.name for known in (*usual, NAME, key)}
    named = [known_field for known_field in fields if known_field.name not in known]
    named = [found for found in named if found.name != record_type.key_field]
    return [*names, key, *usual, *named[:MAX_NAMED_COLUMNS]]


def _render_cell(record_type: RecordType, record: Record, column: QueryField, zone: tzinfo) -> Cell:
    if column.name == KEY.name:
        return record.key
    value = find_value(record, column)
    if isinstance(value, datetime):
        return f"{move_to_zone(value, zone):%Y-%m-%d %H:%M}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    text = show_value(value)
    if column.type is ValueType.PERSON:
        return record_type.show_person(text)
    return (
        record_type.format_phone(text) if record_type.is_phone(column) else record_type.show(text)
    )


def _render_menu(record_type: RecordType, records: Sequence[Record]) -> list[Block]:
    """Return the menu that opens a record, as zero or one block."""
    choices = []
    for record in records:
        texts = dict.fromkeys(filter(None, (record.process.name, record.key)))
        text = blocks.clip("  ·  ".join(texts), MAX_OPTION_LENGTH)
        if text and len(record.handle) <= MAX_OPTION_VALUE_LENGTH:
            choices.append(Choice(text, record.handle))
    if not choices:
        return []
    return [blocks.actions(blocks.select(SHOW, f"Show a {record_type.label.lower()}", choices))]


def _render_page_buttons(shown: RecordList) -> list[Block]:
    query, following = shown.query, shown.listed.page.next_skip
    buttons = []
    if query.earlier:
        back = query.model_copy(update={"skip": query.earlier[-1], "earlier": query.earlier[:-1]})
        buttons.append(blocks.button("Previous", f"{PAGE}:previous", back.to_value()))
    if following:
        earlier = (*query.earlier, query.skip)[-MAX_REMEMBERED_PAGES:]
        after = query.model_copy(update={"skip": following, "earlier": earlier})
        buttons.append(blocks.button("Next", f"{PAGE}:next", after.to_value()))
    return buttons


def _may_be_new_lead(shown: RecordList) -> bool:
    """Return whether words that find no lead may describe a new one."""
    return shown.record_type.name == LEAD and bool(shown.query.text) and not shown.fields


def _render_empty(shown: RecordList) -> Markup:
    record_type = shown.record_type
    if shown.listed.page.next_skip:
        return markup("All records on this page are deleted. Press Next.")
    if shown.listed.page.is_incomplete:
        return markup("Chakra says that there are more records but sends none. Try again later.")
    if not shown.echo:
        return markup(f"There are no {record_type.plural.lower()} in Chakra.")
    states = next(known for known in record_type.schema.fields if known.name == "state").choices
    nothing = [f"No {record_type.label.lower()} matches.", *filter(None, [shown.hint])]
    named = any(known.name == "state" for known in shown.fields)
    if states and (named or not shown.hint):
        nothing.append(f"States seen so far: {', '.join(states)}.")
    return lines(nothing)
