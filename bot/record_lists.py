"""Lists of records: read as one person sees them, paged, sorted and shared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol, TypeVar

from bot.errors import UsageError
from bot.processes.list_message import (
    PAGE,
    PAGE_LENGTH,
    SHARE,
    SORT,
    RecordList,
    RecordListQuery,
    render_record_list,
    render_shared,
)
from bot.processes.query_schema import EXAMPLE
from bot.processes.record_pages import MAX_SORTED, read_page
from bot.processes.search import RecordSearch, RecordType, find_type
from bot.processes.sorting import CREATED, KEY, NAME, Sort, find_field
from bot.record_queries import RecordQueries
from bot.slack import blocks
from bot.slack.button_state import ValueTooLong
from bot.slack.commands.command import Action, ActionRequest, Form, Request, SubmitRequest
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import Choice, CloseForm, Message, OpenForm, Reply, View
from bot.slack.commands.tokens import Token
from bot.slack.members import Members
from bot.slack.viewer import is_shareable, require_shareable

SHARE_WORD: Final = "share"
SORT_FORM: Final = "process.sort_by"
FIELD, ORDER, DESCENDING, ASCENDING = "field", "order", "descending", "ascending"
QUERY: Final = "query"
MAX_QUERY_LENGTH: Final = 1_000
MAX_VALUE_LENGTH: Final = 1_500
"""Characters of a list's button, without the earlier pages."""


class HasRecordLists(Protocol):
    """The part of the context that lists use."""

    @property
    def records(self) -> RecordSearch: ...

    @property
    def record_queries(self) -> RecordQueries: ...

    @property
    def members(self) -> Members: ...


ContextT = TypeVar("ContextT", bound=HasRecordLists)


def list_actions(_: type[ContextT]) -> tuple[Action[ContextT], ...]:
    """Return the buttons of a list."""
    return (
        Action(PAGE, change_page),
        Action(SORT, ask_order),
        Action(SHARE, share, needs=Permission.SHARE),
    )


def list_forms(_: type[ContextT]) -> tuple[Form[ContextT], ...]:
    return (Form(SORT_FORM, sort, needs=Permission.LOOK),)


async def load_list(
    request: Request, context: HasRecordLists, query: RecordListQuery, *, for_others: bool = False
) -> RecordList:
    """Return a page as the person sees it; ``for_others``: others will read it.

    Raise ``UsageError`` for a query that can't be read, and the client's errors.
    """
    require_short(query)
    record_type = await find_listed_type(context.records, query.type)
    reader = request.require_member()
    is_own = query.reader in ("", reader.id)
    if not is_own:
        reader = (await context.members.get_member(query.reader)).value
    typed = await context.record_queries.read(
        record_type, query.text, reader, request.now, for_others=for_others or not is_own
    )
    listed = await read_page(
        context.records,
        record_type,
        typed.where,
        typed.sort,
        skip=query.skip,
        limit=PAGE_LENGTH,
    )
    fields = (*typed.fields, *((typed.sort.field,) if typed.sort else ()))
    zone = request.require_member().zone
    return RecordList(
        record_type, query, listed, typed.echo, fields, typed.sort, zone, request.now, typed.hint
    )


def require_short(query: RecordListQuery) -> None:
    """Raise ``UsageError`` for a query that is too long for a button."""
    too_long = UsageError("That's too long for one query.", example=EXAMPLE)
    if len(query.text) > MAX_QUERY_LENGTH:
        raise too_long
    try:
        value = query.model_copy(update={"earlier": ()}).to_value()
    except ValueTooLong:  # a button whose value was tampered with
        raise too_long from None
    if len(value) > MAX_VALUE_LENGTH:
        raise too_long


async def find_listed_type(records: RecordSearch, name: str) -> RecordType:
    """Return a record type by its short ID. Raise ``UsageError`` if it no longer exists."""
    record_type = find_type(await records.list_types(), name)
    if record_type is None:
        raise UsageError(f'There are no records called "{name}" any more.', example=EXAMPLE)
    return record_type


def render_list(request: Request, shown: RecordList, *, replace: bool = False) -> Message:
    """Return the page for the person who asked."""
    may_share = request.access.allows(Permission.SHARE) and is_shareable(request.channel)
    return render_record_list(
        shown,
        may_share=may_share,
        may_change=request.access.allows(Permission.BULK),
        may_export=request.access.allows(Permission.SEND),
        replace=replace,
    )


async def change_page(request: ActionRequest, context: HasRecordLists) -> Message:
    query = RecordListQuery.from_value(request.value)
    return render_list(request, await load_list(request, context, query), replace=True)


async def share(request: ActionRequest, context: HasRecordLists) -> Message:
    """Post the page in the channel, masked."""
    return await share_list(request, context, RecordListQuery.from_value(request.value))


async def share_list(request: Request, context: HasRecordLists, query: RecordListQuery) -> Message:
    """Return a page for the channel. Raise ``UsageError`` in a direct message."""
    request.access.authorize(Permission.SHARE)
    require_shareable(request.channel)
    shown = await load_list(request, context, query, for_others=True)
    return render_shared(shown, request.actor.id)


def split_share(tokens: Sequence[Token]) -> tuple[tuple[Token, ...], bool]:
    """Return a line without the word "share" at its end, and whether it had it."""
    if len(tokens) < 2 or tokens[-1].quoted or tokens[-1].text.casefold() != SHARE_WORD:
        return tuple(tokens), False
    return tuple(tokens[:-1]), True


async def ask_order(request: ActionRequest, context: HasRecordLists) -> OpenForm:
    query = RecordListQuery.from_value(request.value)
    record_type = await find_listed_type(context.records, query.type)
    return OpenForm(_render_sort_form(record_type), {QUERY: query.to_value()})


async def sort(request: SubmitRequest, context: HasRecordLists) -> Reply:
    query = RecordListQuery.from_value(request.state.get(QUERY, ""))
    record_type = await find_listed_type(context.records, query.type)
    field = find_field(record_type.schema, request.values.get(FIELD, "")) or NAME
    order = Sort(field, request.values.get(ORDER) == DESCENDING)
    text = f"{query.text} {order.words}".strip()
    sorted_query = query.model_copy(update={"text": text, "skip": 0, "earlier": ()})
    shown = await load_list(request, context, sorted_query)
    return CloseForm("Sorted.", follow_up=render_list(request, shown))


def _render_sort_form(record_type: RecordType) -> View:
    fields = (NAME, KEY, *record_type.schema.fields)
    choices = {field.name: Choice(field.label, field.name) for field in fields}
    orders = (
        Choice("Last or highest first", DESCENDING),
        Choice("First or lowest first", ASCENDING),
    )
    content = [
        blocks.select_field(
            FIELD,
            "Sort by",
            action="process.sort_field",
            placeholder="Field",
            choices=list(choices.values()),
            initial=CREATED,
        ),
        blocks.select_field(
            ORDER,
            "Order",
            action="process.sort_order",
            placeholder="Order",
            choices=orders,
            initial=DESCENDING,
        ),
        blocks.context(f"Up to {MAX_SORTED} records are read and sorted."),
    ]
    return blocks.form_modal(SORT_FORM, "Sort the list", "Sort", content)
