"""``/chakra process``: the leads and other records, found by a typed query, and one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from bot.chakra.models import User
from bot.context import Context
from bot.errors import ResourceNotFound, UsageError, not_found_as
from bot.messages.form_values import SendForm
from bot.processes.card import REFRESH, SEND, SHOW, loaded_note, record_card, record_row
from bot.processes.query import is_key
from bot.processes.query_parser import parse_query
from bot.processes.record_query import ME, Person, RecordQuery, describe
from bot.processes.search import (
    RecordPage,
    RecordType,
    find_type,
    unknown_type,
    usernames_of,
    you_or_name,
)
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, lines, markup
from bot.slack.commands.arguments import parse_arguments
from bot.slack.commands.command import Action, ActionRequest, Command, CommandRequest, Request
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import Message, OpenForm
from bot.slack.commands.tokens import Mention, Token
from bot.slack.paging import ListQuery
from bot.users.linked_user import find_linked_user

EXAMPLE = "/chakra process list lead state:NEW assigned:me"
PAGE = "process.page"
ROWS_PER_PAGE = 10
MAX_QUERY_LENGTH = 1_000
MAX_REMEMBERED_PAGES = 50
"""Pages before this one that "Previous" returns to."""
LIST_WORDS = frozenset({"list", "all", "find", "search", "query"})
SHOW_WORDS = frozenset({"show", "get", "open", "view", "card"})


class RecordListQuery(ListQuery):
    """A list of records: its type, what was typed, and how many records come before the page."""

    command: ClassVar[str] = "/chakra process list"

    type: str = ""
    text: str = ""
    skip: int = 0
    earlier: tuple[int, ...] = ()
    """The ``skip`` of the pages before."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A typed line: whether it asks for one record, the type, and the rest."""

    record_type: RecordType
    tokens: tuple[Token, ...]
    is_show: bool


async def run(request: CommandRequest, context: Context) -> Message:
    types = await context.records.list_types()
    line = _read_line(request.arguments.tokens, types)
    text = to_line(line.tokens)
    if len(text) > MAX_QUERY_LENGTH:
        raise UsageError("That's too long for one query.", example=EXAMPLE)
    key = _typed_key(line)
    if key:
        return await _render_card(request, context, f"{line.record_type.name}/{key}")
    query = RecordListQuery(type=line.record_type.name, text=text)
    return await _render_list(request, context, line.record_type, query, one=line.is_show)


def _read_line(tokens: tuple[Token, ...], types: Sequence[RecordType]) -> _Line:
    """Return what a line asks for; without a type it is about the first one, leads."""
    verb = tokens[0].text.casefold() if tokens and not tokens[0].quoted else ""
    is_show = verb in SHOW_WORDS
    rest = tokens[1:] if is_show or verb in LIST_WORDS else tokens
    typed = rest[0].text if rest and not rest[0].quoted else ""
    found = find_type(types, typed) if typed else None
    if found is None and typed and is_show and len(rest) == 2 and not is_key(typed):
        raise unknown_type(types, typed)
    return _Line(found or types[0], rest[1:] if found else rest, is_show)


def _typed_key(line: _Line) -> str:
    """Return the key of the one record that a line names, or ""."""
    if len(line.tokens) != 1 or isinstance(line.tokens[0], Mention):
        return ""
    text = line.tokens[0].text.strip()
    return text if is_key(text) else ""


def to_line(tokens: Sequence[Token]) -> str:
    """Return words as a line that reads as the same words."""
    return " ".join(
        f"<@{token.id}>"
        if isinstance(token, Mention)
        else (f'"{token.text}"' if token.quoted else token.text)
        for token in tokens
    )


# --- the list ------------------------------------------------------------------------------------


async def change_page(request: ActionRequest, context: Context) -> Message:
    query = RecordListQuery.from_value(request.value)
    record_type = find_type(await context.records.list_types(), query.type)
    if record_type is None:
        raise ResourceNotFound("There is no such type of records.")
    return await _render_list(request, context, record_type, query, replace=True)


async def _render_list(
    request: Request,
    context: Context,
    record_type: RecordType,
    query: RecordListQuery,
    *,
    one: bool = False,
    replace: bool = False,
) -> Message:
    """Return the page of a list; with ``one``, the card if a single record matches."""
    zone = request.require_member().zone
    today = datetime.fromtimestamp(request.now, zone).date()
    parsed = parse_query(parse_arguments(query.text).tokens, record_type.schema, today)
    users = await _find_users(request, context, parsed)
    usernames = {person: usernames_of(user) for person, user in users.items()}
    where = context.records.build_where(record_type, parsed, usernames, zone)
    page = await context.records.list(record_type, where, skip=query.skip, limit=ROWS_PER_PAGE)
    if one and len(page.records) == 1 and not page.next_skip and not query.skip:
        return await _render_card(request, context, page.records[0].reference)
    echo = describe(parsed, {person: you_or_name(person, user) for person, user in users.items()})
    return _list_message(page, record_type, query, echo, request.now, replace=replace)


async def _find_users(
    request: Request, context: Context, query: RecordQuery
) -> Mapping[Person, User]:
    """Return the user of each colleague in the query. Raise ``UsageError`` for an unclear one."""
    found: dict[Person, User] = {}
    for person in query.people:
        if person.is_member_id or person.text == ME:
            is_self = person.text in (ME, request.actor.id)
            member = (
                request.require_member()
                if is_self
                else (await context.members.get_member(person.text)).value
            )
            found[person] = await find_linked_user(member, context.directory, is_self=is_self)
            continue
        with not_found_as("user", person.text):
            matches = (await context.directory.find(person.text)).value
        if not matches.total:
            raise UsageError(f'No one in Chakra is called "{person.text}".', example=EXAMPLE)
        if matches.total > 1:
            names = ", ".join(user.primary_email or user.username for user in matches.users[:5])
            raise UsageError(
                f'Several people are called "{person.text}". Use one of: {names}.', example=EXAMPLE
            )
        found[person] = matches.users[0]
    return found


def _list_message(
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


# --- one record ----------------------------------------------------------------------------------


async def show(request: ActionRequest, context: Context) -> Message:
    return await _render_card(request, context, request.value)


async def refresh(request: ActionRequest, context: Context) -> Message:
    return await _render_card(request, context, request.value, replace=True)


async def _render_card(
    request: Request, context: Context, reference: str, *, replace: bool = False
) -> Message:
    procedure, _, key = reference.partition("/")
    types = await context.records.list_types()
    record_type = find_type(types, procedure) or types[0]
    with not_found_as(record_type.label.lower(), key):
        record = await context.record_directory.get(procedure, key)
    return record_card(
        record,
        record_type,
        may_send=request.access.allows(Permission.SEND),
        note=loaded_note(request.now),
        replace=replace,
    )


async def open_send_form(request: ActionRequest, context: Context) -> OpenForm:
    context.send_service.require_configured()
    procedure, _, key = request.value.partition("/")
    return context.send_forms.open_form(SendForm(to=f"{procedure} {key}"), None)


PROCESS: Command[Context] = Command(
    name="process",
    aliases=("processes", "record", "records"),
    summary="find leads and other records, and see one",
    usage="process [list, show] [lead, ticket, …] [query or key]",
    example=EXAMPLE,
    details=(
        "A query has fields and words: state:NEW assigned:me score>5 -city:Pune created:last week.",
        'Join with "or", group with brackets, compare with > and <, give ranges as 1..9.',
        "A key, such as LEAD-004038, shows that record.",
    ),
    phrases={
        **dict.fromkeys(("lead", "show lead", "get lead", "find lead", "open lead"), "show lead"),
        **dict.fromkeys(
            (
                "leads",
                "list leads",
                "show leads",
                "find leads",
                "all leads",
                "search leads",
                "lead list",
                "list lead",
                "show me leads",
                "show me the leads",
            ),
            "list lead",
        ),
        **dict.fromkeys(("my leads", "show my leads", "leads of mine"), "list lead my"),
        **dict.fromkeys(("open leads", "show open leads"), "list lead open"),
        **dict.fromkeys(("ticket", "show ticket"), "show ticket"),
        **dict.fromkeys(("tickets", "list tickets", "show tickets"), "list ticket"),
    },
    run=run,
    actions=(
        Action(PAGE, change_page),
        Action(SHOW, show),
        Action(REFRESH, refresh),
        Action(SEND, open_send_form, needs=Permission.SEND, only_looks=True),
    ),
)
