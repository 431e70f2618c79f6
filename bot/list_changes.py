"""One change to every record of a list: asked for, shown, and confirmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Any, Protocol, TypeVar

from bot.bulk import list_change_form as shown
from bot.bulk.line import is_query_word
from bot.bulk.list_change import ListChanger, NewValue
from bot.bulk.record_list import EXAMPLE
from bot.errors import NotLinked, SuggestedLine, UsageError
from bot.processes import editor
from bot.processes.field_inputs import read_input
from bot.processes.list_message import CHANGE, RecordListQuery, to_line
from bot.processes.query_schema import build_unknown_field_error
from bot.processes.record_query import Person
from bot.processes.search import RecordType
from bot.processes.typed_line import read_line
from bot.processes.user_names import list_usernames
from bot.record_lists import HasRecordLists, find_listed_type, require_short
from bot.record_queries import TypedQuery
from bot.slack.button_state import parse_row_id
from bot.slack.commands.command import (
    Action,
    ActionRequest,
    CommandRequest,
    Form,
    Request,
    SubmitRequest,
)
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import CloseForm, FieldErrors, OpenForm, Reply, UpdateForm
from bot.slack.commands.tokens import Token
from bot.text.phones import PhoneParser
from bot.workflows import Workflows

ALL_WORDS = frozenset({"all", "every", "each"})
_SETTING, _TO = frozenset({"set", "setting"}), frozenset({"to", "as", "into", "->", "→"})
"""Words before what a record is to become."""


class HasListChanges(HasRecordLists, Protocol):
    """The part of the context that list changes use."""

    @property
    def list_changes(self) -> ListChanger: ...
    @property
    def workflows(self) -> Workflows: ...


ContextT = TypeVar("ContextT", bound=HasListChanges)


def change_actions(_: type[ContextT]) -> tuple[Action[ContextT], ...]:
    """Return the button of a list."""
    return (Action(CHANGE, open_from_list, needs=Permission.BULK, only_looks=True),)


def change_forms(_: type[ContextT]) -> tuple[Form[ContextT], ...]:
    return (
        Form(shown.PLAN_FORM, plan, needs=Permission.BULK),
        Form(shown.CONFIRM_FORM, confirm, needs=Permission.BULK),
    )


def find_new_value(tokens: Sequence[Token]) -> int:
    """Return where ``to state CONVERTED`` begins in a line; 0 if it is about a list alone.

    Of numbers and days, "to" ends a range.
    """
    for place, token in enumerate(tokens[:-1]):
        word = "" if token.quoted else token.text.casefold()
        beside = (tokens[place - 1].text, tokens[place + 1].text)
        is_range = any(any(map(str.isdigit, text)) for text in beside)
        if place and (word in _SETTING or (word in _TO and not is_range)):
            return place
    return 0


def is_list_change(words: Sequence[str]) -> bool:
    """Return whether a line after "bulk" is about a list of records, not about a file."""
    first, second = ([word.casefold() for word in words] + ["", ""])[:2]
    if first != "change":
        return False
    return second in ALL_WORDS or any(is_query_word(word) for word in words[1:])


async def open_change_form(request: CommandRequest, context: HasListChanges) -> OpenForm:
    """Open the form for a typed line: ``change [all] lead state:NEW``."""
    tokens = request.arguments.tokens[1:]
    if tokens and tokens[0].text.casefold() in ALL_WORDS:
        tokens = tokens[1:]
    if (place := find_new_value(tokens)) > 0:
        before = to_line(tokens[:place])
        raise UsageError(
            "Type only which records to change: the form asks what to change in them.",
            suggested_lines=(SuggestedLine(f"bulk change {before}"),),
        )
    line = read_line(tokens, await context.records.list_types())
    query = RecordListQuery(type=line.record_type.name, text=to_line(line.tokens))
    return await _open(request, context, query)


async def open_from_list(request: ActionRequest, context: HasListChanges) -> OpenForm:
    return await _open(request, context, RecordListQuery.from_value(request.value))


async def _open(request: Request, context: HasListChanges, query: RecordListQuery) -> OpenForm:
    require_short(query)
    record_type = await find_listed_type(context.records, query.type)
    typed = await _read_query(request, context, record_type, query.text, query.reader)
    view = shown.render_change_form(record_type, typed.echo)
    return OpenForm(view, {"type": query.type, "text": query.text, "reader": query.reader})


async def _read_query(
    request: Request, context: HasListChanges, record_type: RecordType, text: str, reader_id: str
) -> TypedQuery:
    """Return the query; ``reader_id`` is the member who is "me" in it, "" for the requester."""
    reader = request.require_member()
    is_own = reader_id in ("", reader.id)
    if not is_own:
        reader = (await context.members.get_member(reader_id)).value
    queries = context.record_queries
    typed = await queries.read(record_type, text, reader, request.now, for_others=not is_own)
    if not typed.sort:
        return typed
    return await queries.read(record_type, typed.text, reader, request.now, for_others=not is_own)


async def plan(request: SubmitRequest, context: HasListChanges) -> Reply:
    """Read the list, and show what would change in it."""
    state = request.state
    record_type = await find_listed_type(context.records, state.get("type", ""))
    values, errors = await _read_values(request, context, record_type)
    if errors:
        return FieldErrors(errors)
    if not values:
        return FieldErrors({shown.STATE: "Choose at least one change."})
    text, reader_id = state.get("text", ""), state.get("reader", "")
    typed = await _read_query(request, context, record_type, text, reader_id)
    change = await context.list_changes.plan(record_type, typed.where, typed.echo, values)
    record_type = await find_listed_type(
        context.records, record_type.name
    )  # with the states seen just now
    view = shown.render_check_form(change, record_type)
    if not change.records:
        return UpdateForm(view)
    draft = await context.list_changes.store(
        change,
        key=f"{request.interaction_key}:{request.now}",
        member=request.actor.id,
        channel=request.channel.id,
    )
    return UpdateForm(view, {"upload": str(draft.id)})


async def confirm(request: SubmitRequest, context: HasListChanges) -> Reply:
    """Change the records that are still as they were shown."""
    upload_id = parse_row_id(request.state.get("upload", ""), EXAMPLE)
    draft, change = await context.list_changes.load(upload_id, request.actor.id)
    count = len(change.records)
    if not shown.is_confirmed(change, request.values.get(shown.COUNT, "")):
        return FieldErrors({shown.COUNT: f"Type {count} to change {count:,} records."})
    request.access.authorize(Permission.BULK)
    record_type = await find_listed_type(context.records, change.record_type)
    checked = await context.list_changes.check_again(change, record_type)
    if not checked.records:
        return UpdateForm(shown.render_nothing_left(change, record_type))
    upload = replace(draft, filename=f"a list of {len(checked.records):,}")
    batches = await context.list_changes.split_batches(checked)
    await context.workflows.upload(upload, batches, request.actor.id)
    done = shown.render_started(len(checked.records), change, record_type)
    return CloseForm("The change has started.", follow_up=done)


async def _read_values(
    request: SubmitRequest, context: HasListChanges, record_type: RecordType
) -> tuple[list[NewValue], Mapping[str, str]]:
    """Return the changes of the form, and sentences by field for those that can't be made."""
    found: list[NewValue] = []
    errors: dict[str, str] = {}
    values = request.values
    if state := values.get(shown.STATE, "").strip():
        found.append(NewValue(name="state", label="State", value=editor.read_state(state)))
    status = values.get(shown.STATUS, "")
    if status and status != shown.UNCHANGED:
        found.append(NewValue(name="status", label="Status", value=status))
    if assignee := values.get(shown.ASSIGNEE, "").strip():
        try:
            person = Person(assignee)
            user = await context.record_queries.find_user(person, request.require_member())
        except (UsageError, NotLinked) as error:
            errors[shown.ASSIGNEE] = error.message
        else:
            same = list_usernames(user)
            found.append(NewValue(name="assignedTo", label="Assigned to", value=same[0], same=same))
    try:
        found += _read_attribute(
            values, record_type, context.records.phones, request.require_member().zone
        )
    except editor.InvalidFields as invalid:
        errors |= invalid.errors
    return found, errors


def _read_attribute(
    values: Mapping[str, str], record_type: RecordType, phones: PhoneParser, zone: tzinfo
) -> list[NewValue]:
    """Return the change of the chosen field. Raise ``InvalidFields``."""
    typed = values.get(shown.FIELD, "").strip()
    entered = values.get(shown.VALUE, "").strip()
    if typed in ("", shown.UNCHANGED):
        if entered:
            raise editor.InvalidFields({shown.FIELD: "Choose the field that gets this value."})
        return []
    known = record_type.schema.find(typed)
    if known is None:
        raise editor.InvalidFields(
            {shown.FIELD: build_unknown_field_error(typed, record_type.schema).message}
        )
    is_locked = known.is_object or known.name in record_type.photo_fields
    if known not in record_type.attributes or known.name == record_type.key_field or is_locked:
        raise editor.InvalidFields({shown.FIELD: f"{known.label} can't be set here."})
    if not entered:
        raise editor.InvalidFields({shown.VALUE: "Enter the new value."})
    try:
        value: Any = read_input(known, record_type, entered, phones, zone)
    except UsageError as error:
        raise editor.InvalidFields({shown.VALUE: error.message}) from None
    return [NewValue(name=known.name, label=known.label, value=value)]
