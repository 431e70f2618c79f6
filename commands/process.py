"""``/chakra process``: the leads and other records, found by a typed query, and one of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.chakra.process import Process
from bot.context import Context
from bot.errors import NotFound, UsageError
from bot.messages.form_values import SendForm
from bot.processes import editor
from bot.processes.card import (
    DELETE,
    EDIT,
    REFRESH,
    SEND,
    SHOW,
    TAKE,
)
from bot.processes.directory import Record
from bot.processes.lead_line import is_lead_query
from bot.processes.link_events import link_events
from bot.processes.link_previews import is_lead_link
from bot.processes.list_message import RecordListQuery, to_line
from bot.processes.search import find_type
from bot.processes.shown import render_card, render_card_after
from bot.processes.typed_line import CREATE_WORDS, PROCESS_PHRASES, read_line, typed_key
from bot.record_exports import export_actions, start_export
from bot.record_lists import list_actions, list_forms, load_list, render_list
from bot.saved_queries.actions import find_named_list
from bot.saved_queries.entry import all_actions, all_forms, answer_saved
from bot.slack import blocks
from bot.slack.commands.command import (
    Action,
    ActionRequest,
    Command,
    CommandRequest,
    Form,
    Offer,
    Request,
    SubmitRequest,
)
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import (
    CloseForm,
    FieldErrors,
    Message,
    OpenForm,
    Reply,
    UpdateForm,
)
from bot.users.linked_user import find_linked_user
from bot.writes.ledger import Duplicate, WriteIntent
from bot.writes.notices import ask_again, confirmed_id

EXAMPLE = "/chakra process list lead state:NEW assigned:me"


async def run(request: CommandRequest, context: Context) -> Reply:
    types = await context.records.list_types()
    if saved := await answer_saved(request, context, types):
        return saved
    line = read_line(request.arguments.tokens, types)
    if line.verb in CREATE_WORDS:
        request.access.authorize(Permission.EDIT)
        view = editor.record_form(line.record_type, None, callback=editor.CREATE)
        return OpenForm(view, {"type": line.record_type.name})
    if linked := context.link_previews.find_typed(line.tokens, types):
        return await _show_key(request, context, linked.type.name, linked.key)
    key = typed_key(line)
    if key and not line.is_export:
        return await _show_key(request, context, line.record_type.name, key)
    query = RecordListQuery(type=line.record_type.name, text=to_line(line.tokens))
    if line.is_export:
        request.access.authorize(Permission.SEND)
        query = await find_named_list(request, context, line.tokens) or query
        return await start_export(request, context, query)
    shown = await load_list(request, context, query)
    if line.is_show and len(shown.records) == 1 and not shown.has_pages:
        return await _render_card(request, context, shown.records[0].handle)
    return render_list(request, shown)


async def _show_key(request: Request, context: Context, procedure: str, key: str) -> Message:
    """Return the card of the record with this key; if several have it, their list."""
    try:
        return await _render_card(request, context, f"{procedure}/{key}")
    except NotFound:
        shown = await load_list(request, context, RecordListQuery(type=procedure, text=key))
        if len(shown.records) < 2:
            raise
        return render_list(request, shown)


# --- one record ----------------------------------------------------------------------------------


async def show(request: ActionRequest, context: Context) -> Message:
    procedure, _, key = request.value.partition("/")
    return await _show_key(request, context, procedure, key)


async def refresh(request: ActionRequest, context: Context) -> Message:
    return await _render_card(request, context, request.value, replace=True)


async def _render_card(
    request: Request, context: Context, reference: str, *, replace: bool = False
) -> Message:
    return await render_card(request, context.records, reference, replace=replace)


async def open_send_form(request: ActionRequest, context: Context) -> OpenForm:
    context.send_service.require_configured()
    procedure, _, key = request.value.partition("/")
    return context.send_forms.open_form(SendForm(to=f"{procedure} {key}"), None)


# --- creating a record ---------------------------------------------------------------------------


async def create(request: SubmitRequest, context: Context) -> Reply:
    types = await context.records.list_types()
    record_type = find_type(types, request.state.get("type", "")) or types[0]
    try:
        changes = editor.read_form(record_type, None, request.values, context.records.region)
    except editor.InvalidFields as invalid:
        return FieldErrors(invalid.errors)
    if not changes.update.get("data"):
        return FieldErrors({editor.first_field(record_type): "Fill in at least one field."})
    references: list[str] = []

    async def perform() -> str:
        references.append(await context.records.create(record_type, changes.update))
        return ""

    intent = _intent(request, "process.create", record_type.name, changes.update)
    outcome = await context.writes.run(intent, perform)
    if isinstance(outcome, Duplicate):
        view = editor.record_form(record_type, None, callback=editor.CREATE)
        return ask_again(view, request, outcome.write)
    done = f"The {record_type.label.lower()} is created."
    if not any(references):
        return CloseForm("Created.", follow_up=blocks.text_message(done))
    card = await _card_after(request, context, references[0], done)
    return CloseForm("Created.", follow_up=card)


# --- changing a record ---------------------------------------------------------------------------


async def edit(request: ActionRequest, context: Context) -> OpenForm:
    record, record_type = await context.records.load(request.value)
    process = record.process
    view = editor.record_form(record_type, process, callback=editor.SUBMIT)
    return OpenForm(view, _form_state(record.handle, process))


async def check(request: SubmitRequest, context: Context) -> Reply:
    """Show what would change, compared with the record as it is now."""
    reference = request.state.get("record", "")
    record, record_type = await context.records.load(reference)
    try:
        changes = editor.read_form(
            record_type, record.process, request.values, context.records.region
        )
    except editor.InvalidFields as invalid:
        return FieldErrors(invalid.errors)
    if not changes.update:
        return CloseForm("Nothing was changed.")
    is_newer = editor.updated_at(record.process) != request.state.get("updated_at")
    warning = editor.CHANGED_WARNING if is_newer else ""
    state = {**_form_state(reference, record.process), "update": json.dumps(changes.update)}
    if len(state["update"]) > editor.MAX_UPDATE_LENGTH:
        raise UsageError("That's too much for one form. Change fewer fields at a time.")
    return UpdateForm(editor.check_view(reference, changes, warning=warning), state)


async def save(request: SubmitRequest, context: Context) -> Reply:
    """Write the checked changes, unless the record has changed since the check."""
    reference, update = request.state.get("record", ""), json.loads(request.state["update"])
    record, record_type = await context.records.load(reference)
    if editor.updated_at(record.process) != request.state.get("updated_at"):
        changes = editor.describe_update(record_type, record.process, update)
        state = {**request.state, **_form_state(reference, record.process)}
        return UpdateForm(
            editor.check_view(reference, changes, warning=editor.CHANGED_WARNING), state
        )
    outcome = await _write(request, context, "process.update", reference, update, record)
    if outcome:
        changes = editor.describe_update(record_type, record.process, update)
        return ask_again(editor.check_view(reference, changes), request, outcome.write)
    return CloseForm("Saved.", follow_up=await _card_after(request, context, reference, "Saved."))


async def take(request: ActionRequest, context: Context) -> Message:
    """Assign the record to the person who presses."""
    record, _ = await context.records.load(request.value)
    user = await find_linked_user(request.require_member(), context.directory, is_self=True)
    update = {"assignedTo": user.username}
    earlier = await _write(request, context, "process.update", request.value, update, record)
    if earlier:  # someone else has had it since: this press means it again
        again = earlier.write.id
        await _write(request, context, "process.update", request.value, update, record, again)
    return await _card_after(request, context, request.value, "Assigned to you.")


async def ask_to_delete(request: ActionRequest, context: Context) -> OpenForm:
    record, record_type = await context.records.load(request.value)
    view = editor.delete_form(record_type, record.key, record.process.name)
    return OpenForm(view, _form_state(record.handle, record.process))


async def delete(request: SubmitRequest, context: Context) -> Reply:
    reference = request.state.get("record", "")
    record, record_type = await context.records.load(reference)
    if request.values.get(editor.KEY, "").strip() != record.key:
        return FieldErrors({editor.KEY: f"Type {record.key} exactly to delete it."})

    async def perform() -> str:
        await context.records.delete(record)
        return ""

    intent = _intent(request, "process.delete", reference, {"delete": record.key})
    outcome = await context.writes.run(intent, perform)
    if isinstance(outcome, Duplicate):
        view = editor.delete_form(record_type, record.key, record.process.name)
        return ask_again(view, request, outcome.write)
    return CloseForm("Deleted.", follow_up=blocks.text_message(f"{record.key} is deleted."))


async def _write(
    request: ActionRequest | SubmitRequest,
    context: Context,
    verb: str,
    reference: str,
    update: Mapping[str, Any],
    record: Record,
    confirmed: int = 0,
) -> Duplicate | None:
    """Write the changes once; return the question if the same was written a moment ago."""

    async def perform() -> str:
        await context.records.update(record, update)
        return ""

    intent = _intent(request, verb, reference, update, confirmed)
    outcome = await context.writes.run(intent, perform)
    return outcome if isinstance(outcome, Duplicate) else None


def _intent(
    request: ActionRequest | SubmitRequest,
    verb: str,
    reference: str,
    content: Mapping[str, object],
    confirmed: int = 0,
) -> WriteIntent:
    state = request.state if isinstance(request, SubmitRequest) else {}
    return WriteIntent(
        key=request.interaction_key,
        member=request.actor.id,
        verb=verb,
        subject=reference,
        content=content,
        confirmed_id=confirmed or confirmed_id(state),
    )


def _form_state(reference: str, process: Process) -> dict[str, str]:
    return {"record": reference, "updated_at": editor.updated_at(process)}


async def _card_after(request: Request, context: Context, reference: str, done: str) -> Message:
    return await render_card_after(request, context.records, reference, done)


PROCESS: Command[Context] = Command(
    name="process",
    aliases=("processes", "record", "records"),
    summary="find, see, create and change leads and other records",
    usage="process [list, show, create, save, saved, schedule] [lead, ticket, …] [query or key]",
    example=EXAMPLE,
    details=(
        "A query has fields and words: state:NEW assigned:me score>5 -city:Pune created:last week.",
        'Join with "or", group with brackets, compare with > and <, give ranges as 1..9.',
        'sort:score or "newest first" sorts the list, and long lists are a table.',
        'End a list with "csv" to get all its records as a file in your direct messages.',
        'save "hot leads" state:NEW keeps a query by name: hot leads runs it, and saved lists all.',
        'schedule "hot leads" every Monday 9:00 #sales posts its result to a channel.',
        "A key (LEAD-004038) or a link to a record shows it, with buttons to edit and delete it.",
    ),
    phrases=PROCESS_PHRASES,
    fallback=is_lead_link,
    acting_words=("schedule", "unschedule"),
    offer=Offer("", is_lead_query),
    run=run,
    actions=(
        *list_actions(Context),
        *export_actions(Context),
        *all_actions(Context),
        Action(SHOW, show),
        Action(REFRESH, refresh),
        Action(SEND, open_send_form, needs=Permission.SEND, only_looks=True),
        Action(EDIT, edit, needs=Permission.EDIT, only_looks=True),
        Action(TAKE, take, needs=Permission.EDIT),
        Action(DELETE, ask_to_delete, needs=Permission.EDIT, only_looks=True),
    ),
    events=link_events(Context),
    forms=(
        *list_forms(Context),
        *all_forms(Context),
        Form(editor.CREATE, create, needs=Permission.EDIT),
        Form(editor.SUBMIT, check, needs=Permission.EDIT),
        Form(editor.SAVE, save, needs=Permission.EDIT),
        Form(editor.REMOVE, delete, needs=Permission.EDIT),
    ),
)
