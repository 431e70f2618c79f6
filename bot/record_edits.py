"""Create and change records: each write is shown first, and made once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from bot.errors import NotLinked, UsageError
from bot.processes import editor
from bot.processes.card import EDIT
from bot.processes.directory import Record
from bot.processes.record_query import Person
from bot.processes.record_title import render_record_title
from bot.processes.search import RecordType, find_type
from bot.processes.shown import render_card_after
from bot.processes.user_names import list_usernames
from bot.record_card_edits import list_card_edit_actions, list_card_edit_forms
from bot.record_writes import (
    HasRecordEdits,
    build_form_state,
    build_intent,
    close_with_card,
    is_current,
    write_update,
)
from bot.slack import blocks
from bot.slack.commands.command import Action, ActionRequest, Form, Request, SubmitRequest
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import (
    CloseForm,
    FieldErrors,
    OpenForm,
    Reply,
    UpdateForm,
)
from bot.writes.ledger import DuplicateWrite
from bot.writes.notices import ask_again

MAX_STATE_LENGTH: Final = 2_500
"""Characters of an update in the form's state; Slack allows 3,000 of metadata in total."""


ContextT = TypeVar("ContextT", bound=HasRecordEdits)


def list_edit_actions(context: type[ContextT]) -> tuple[Action[ContextT], ...]:
    """Return the buttons of a card, and the menu of a form, that change a record."""
    return (
        Action(EDIT, edit, needs=Permission.EDIT, only_looks=True),
        Action(editor.RANGE, show_other_fields, needs=Permission.EDIT, only_looks=True),
        *list_card_edit_actions(context),
    )


def list_edit_forms(context: type[ContextT]) -> tuple[Form[ContextT], ...]:
    return (
        Form(editor.CREATE, create, needs=Permission.EDIT),
        Form(editor.SUBMIT, check, needs=Permission.EDIT),
        Form(editor.SAVE, save, needs=Permission.EDIT),
        *list_card_edit_forms(context),
    )


# --- creating ------------------------------------------------------------------------------------


def open_create_form(request: Request, record_type: RecordType) -> OpenForm:
    request.access.authorize(Permission.EDIT)
    return OpenForm(_create_view(request, record_type), {"type": record_type.name})


def _create_view(request: Request, record_type: RecordType) -> dict[str, Any]:
    zone = request.require_member().zone
    return editor.render_record_form(record_type, None, callback=editor.CREATE, zone=zone)


async def create(request: SubmitRequest, context: HasRecordEdits) -> Reply:
    types = await context.records.list_types()
    record_type = find_type(types, request.state.get("type", "")) or types[0]
    try:
        values = await _resolve_assignee(request, context, "")
        zone = request.require_member().zone
        changes = editor.read_form(record_type, None, values, context.records.phones, zone)
    except editor.InvalidFields as invalid:
        return FieldErrors(invalid.errors)
    if not changes.update.get("data"):
        return FieldErrors({editor.find_first_field(record_type): "Fill in at least one field."})
    references: list[str] = []

    async def perform() -> str:
        references.append(await context.records.create(record_type, changes.update))
        return ""

    intent = build_intent(request, "process.create", record_type.name, changes.update)
    outcome = await context.writes.run(intent, perform)
    if isinstance(outcome, DuplicateWrite):
        return ask_again(_create_view(request, record_type), request, outcome.write)
    done = f"The {record_type.label.lower()} is created."
    if not any(references):
        return CloseForm("Created.", follow_up=blocks.text_message(done))
    card = await render_card_after(request, context.records, references[0], done)
    return CloseForm("Created.", follow_up=card)


# --- editing -------------------------------------------------------------------------------------


async def edit(request: ActionRequest, context: HasRecordEdits) -> OpenForm:
    record, record_type = await context.records.load(request.value)
    view = editor.render_record_form(
        record_type,
        record.process,
        callback=editor.SUBMIT,
        zone=request.require_member().zone,
    )
    return OpenForm(view, build_form_state(record))


async def show_other_fields(request: ActionRequest, context: HasRecordEdits) -> UpdateForm:
    """Show the edit form again, with the chosen range of fields."""
    record, record_type = await context.records.load(request.state.get("record", ""))
    view = editor.render_record_form(
        record_type,
        record.process,
        callback=editor.SUBMIT,
        zone=request.require_member().zone,
        start=int(request.value) if request.value.isdecimal() else 0,
    )
    return UpdateForm(view, build_form_state(record))


async def check(request: SubmitRequest, context: HasRecordEdits) -> Reply:
    """Show what would change, compared with the record as it is now."""
    record, record_type = await context.records.load(request.state.get("record", ""))
    try:
        values = await _resolve_assignee(request, context, record.process.assigned_to)
        changes = editor.read_form(
            record_type,
            record.process,
            values,
            context.records.phones,
            request.require_member().zone,
        )
    except editor.InvalidFields as invalid:
        return FieldErrors(invalid.errors)
    if not changes.update:
        return CloseForm("Nothing was changed.")
    warning = "" if is_current(request, record) else editor.CHANGED_WARNING
    return _ask_to_save(record, changes, warning)


async def save(request: SubmitRequest, context: HasRecordEdits) -> Reply:
    """Write the checked changes, unless the record has changed since the check."""
    record, record_type = await context.records.load(request.state.get("record", ""))
    update = _read_update(request)
    zone = request.require_member().zone
    changes = editor.describe_update(record_type, record.process, update, zone)
    if not is_current(request, record):
        return _ask_to_save(record, changes, editor.CHANGED_WARNING)
    outcome = await write_update(request, context, record, update)
    if outcome:
        asked = _ask_to_save(record, changes, "")
        return ask_again(asked.view, request, outcome.write)
    return await close_with_card(request, context, record, "Saved.")


def _ask_to_save(record: Record, changes: editor.RecordChanges, warning: str) -> UpdateForm:
    """Return "Check and save". Texts that don't fit into its state are in separate inputs."""
    data = dict(changes.update.get("data", {}))
    long_texts: dict[str, str] = {}
    while len(text := _to_json({**changes.update, "data": data})) > MAX_STATE_LENGTH:
        name = max(data, key=lambda key: len(_to_json(data[key])), default="")
        if not isinstance(data.get(name), str):
            raise UsageError("That's too much for one form. Change fewer fields at a time.")
        long_texts[name] = data.pop(name)
    title = render_record_title(record)
    view = editor.render_check_view(title, changes, warning=warning, long_texts=long_texts)
    state = {**build_form_state(record), "update": text, "long": _to_json(list(long_texts))}
    return UpdateForm(view, state)


def _read_update(request: SubmitRequest) -> Mapping[str, Any]:
    """Return the checked changes, with the texts from the form's inputs."""
    update = dict(json.loads(request.state["update"]))
    data = dict(update.pop("data", {}))
    for number, name in enumerate(json.loads(request.state.get("long", "[]"))):
        data[name] = request.values.get(f"{editor.LONG_PREFIX}{number}", "")
    return {**update, "data": data} if data else update


def _to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


async def _resolve_assignee(
    request: SubmitRequest, context: HasRecordEdits, now: str
) -> Mapping[str, str]:
    """Return the form's values with the username of its assignee.

    Raise ``InvalidFields``.
    """
    typed = request.values.get(editor.ASSIGNEE, "").strip()
    if typed in ("", now):
        return request.values
    try:
        user = await context.record_queries.find_user(Person(typed), request.require_member())
    except (UsageError, NotLinked) as error:
        raise editor.InvalidFields({editor.ASSIGNEE: error.message}) from None
    username = now if now in list_usernames(user) else user.username
    return {**request.values, editor.ASSIGNEE: username}
