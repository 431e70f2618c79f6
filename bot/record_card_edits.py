"""The buttons of a card that assign a record, change its state, or delete it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from bot.errors import NotLinked, UsageError
from bot.processes import editor, quick_forms
from bot.processes.card import ASSIGN, CHANGE_STATE, DELETE, TAKE, TakeButton
from bot.processes.directory import Record
from bot.processes.record_query import Person
from bot.processes.shown import render_card, render_card_after
from bot.processes.user_names import list_usernames
from bot.record_writes import (
    HasRecordEdits,
    build_form_state,
    build_intent,
    close_with_card,
    is_current,
    write_update,
)
from bot.slack import blocks
from bot.slack.commands.command import Action, ActionRequest, Form, SubmitRequest
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import CloseForm, FieldErrors, Message, OpenForm, Reply, UpdateForm
from bot.slack.refilled_form import refill_form
from bot.users.linked_user import find_linked_user
from bot.writes.ledger import DuplicateWrite
from bot.writes.notices import ask_again

ContextT = TypeVar("ContextT", bound=HasRecordEdits)


def list_card_edit_actions(_: type[ContextT]) -> tuple[Action[ContextT], ...]:
    """Return the buttons of a card that change a field, or delete the record."""
    return (
        Action(TAKE, take, needs=Permission.EDIT),
        Action(ASSIGN, ask_assignee, needs=Permission.EDIT, only_looks=True),
        Action(CHANGE_STATE, ask_state, needs=Permission.EDIT, only_looks=True),
        Action(DELETE, ask_to_delete, needs=Permission.DELETE, only_looks=True),
    )


def list_card_edit_forms(_: type[ContextT]) -> tuple[Form[ContextT], ...]:
    return (
        Form(quick_forms.STATE_FORM, save_state, needs=Permission.EDIT),
        Form(quick_forms.ASSIGN_FORM, save_assignee, needs=Permission.EDIT),
        Form(editor.REMOVE, delete, needs=Permission.DELETE),
    )


# --- state and assignee --------------------------------------------------------------------------


async def take(request: ActionRequest, context: HasRecordEdits) -> Message:
    """Assign the record to the person who presses, unless its assignee has changed."""
    button = _read_take_button(request.value)
    record, record_type = await context.records.load(button.record)
    user = await find_linked_user(request.require_member(), context.directory, is_self=True)
    if record.process.assigned_to in list_usernames(user):
        notice = "It's already assigned to you. "
        return await render_card(
            request, context.records, record.handle, replace=True, notice=notice
        )
    if TakeButton.from_record(record).assigned != button.assigned:
        whose = record_type.show_person(record.process.assigned_to) or "no one"
        notice = f"It is assigned to {whose} now. Press Assign to me here to change that. "
        return await render_card(
            request, context.records, record.handle, replace=True, notice=notice
        )
    update = {"assignedTo": user.username}
    if earlier := await write_update(request, context, record, update):
        # a colleague had it in between: this press is a new one
        await write_update(request, context, record, update, earlier.write.id)
    return await render_card_after(request, context.records, record.handle, "Assigned to you.")


def _read_take_button(value: str) -> TakeButton:
    """Return the button's record and assignee; a button on an older card has only the record."""
    if value.startswith("["):
        return TakeButton.from_value(value)
    return TakeButton(record=value, assigned="")


async def ask_assignee(request: ActionRequest, context: HasRecordEdits) -> OpenForm:
    record, record_type = await context.records.load(request.value)
    return OpenForm(quick_forms.assign_form(record, record_type), build_form_state(record))


async def save_assignee(request: SubmitRequest, context: HasRecordEdits) -> Reply:
    record, record_type = await context.records.load(request.state.get("record", ""))
    member = request.values.get(quick_forms.MEMBER, "")
    name = request.values.get(quick_forms.NAME, "").strip()
    block_id = quick_forms.MEMBER if member else quick_forms.NAME
    if not member and not name:
        return FieldErrors({quick_forms.NAME: "Choose a colleague, or enter a name."})
    if member and name:
        return FieldErrors({quick_forms.NAME: "Choose one: a colleague in Slack, or a name."})
    try:
        person = Person(member or name, is_member_id=bool(member))
        user = await context.record_queries.find_user(person, request.require_member())
    except (UsageError, NotLinked) as error:
        return FieldErrors({block_id: error.message})
    if record.process.assigned_to in list_usernames(user):
        return CloseForm("They already have it.")
    if not is_current(request, record):
        return _ask_once_more(request, record, quick_forms.assign_form(record, record_type))
    return await _save_quickly(
        request,
        context,
        record,
        {"assignedTo": user.username},
        quick_forms.assign_form(record, record_type),
    )


async def ask_state(request: ActionRequest, context: HasRecordEdits) -> OpenForm:
    record, record_type = await context.records.load(request.value)
    known = await context.records.load_states(record_type)
    return OpenForm(quick_forms.render_state_form(record, known), build_form_state(record))


async def save_state(request: SubmitRequest, context: HasRecordEdits) -> Reply:
    record, record_type = await context.records.load(request.state.get("record", ""))
    chosen = request.values.get(quick_forms.STATE, "")
    typed = editor.read_state(request.values.get(quick_forms.OTHER_STATE, "").strip())
    state = typed if chosen in ("", quick_forms.OTHER) else chosen
    if not state:
        return FieldErrors({quick_forms.OTHER_STATE: "Choose a state, or enter one."})
    if typed and typed != state:
        return FieldErrors({quick_forms.OTHER_STATE: "Choose one: a state above, or this one."})
    if state == record.process.state:
        return CloseForm("It already has this state.")
    form = quick_forms.render_state_form(record, record_type)
    if not is_current(request, record):
        return _ask_once_more(request, record, form)
    return await _save_quickly(request, context, record, {"state": state}, form)


def _ask_once_more(request: SubmitRequest, record: Record, view: dict[str, Any]) -> UpdateForm:
    """Show the form again with the current record: a colleague has changed it."""
    warning = blocks.section(f":warning: {editor.CHANGED_WARNING} Save again to change it.")
    return UpdateForm(
        refill_form(view, request.values, [warning]),
        {**request.state, **build_form_state(record)},
    )


async def _save_quickly(
    request: SubmitRequest,
    context: HasRecordEdits,
    record: Record,
    update: Mapping[str, Any],
    view: dict[str, Any],
) -> Reply:
    if outcome := await write_update(request, context, record, update):
        return ask_again(view, request, outcome.write)
    return await close_with_card(request, context, record, "Saved.")


# --- deleting ------------------------------------------------------------------------------------


async def ask_to_delete(request: ActionRequest, context: HasRecordEdits) -> OpenForm:
    record, record_type = await context.records.load(request.value)
    view = editor.render_delete_form(record_type, record.key, record.process.name)
    return OpenForm(view, build_form_state(record))


async def delete(request: SubmitRequest, context: HasRecordEdits) -> Reply:
    record, record_type = await context.records.load(request.state.get("record", ""))
    view = editor.render_delete_form(record_type, record.key, record.process.name)
    if request.values.get(editor.KEY, "").strip() != record.key:
        return FieldErrors({editor.KEY: f"Type {record.key} exactly to delete it."})
    if not is_current(request, record):
        warning = ":warning: This record has changed in Chakra. Look at it before you delete it."
        view["blocks"].insert(0, blocks.section(warning))
        return UpdateForm(view, {**request.state, **build_form_state(record)})

    async def perform() -> str:
        await context.records.delete(record)
        return ""

    intent = build_intent(request, "process.delete", record.handle, {"delete": record.key})
    outcome = await context.writes.run(intent, perform)
    if isinstance(outcome, DuplicateWrite):
        return ask_again(view, request, outcome.write)
    return CloseForm("Deleted.", follow_up=blocks.text_message(f"{record.key} is deleted."))
