"""``/chakra bulk``: create or change many records in Chakra from a spreadsheet."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from bot.aio.clock import wait_for
from bot.bulk import choices as choosing
from bot.bulk import form as shown
from bot.bulk.choices import KIND_FIELD, PROCEDURE_FIELD, TELL_FIELD
from bot.bulk.file_form import (
    EMPTY_TABLE_ACTION,
    FILE_FORM,
    KIND_ACTION,
    PROCEDURE_ACTION,
    UPLOAD_FIELD,
    render_file_form,
    render_file_view,
    render_message_files_form,
)
from bot.bulk.form import CONFIRM_FORM, PROBLEMS_ACTION
from bot.bulk.line import (
    USUAL_PROCEDURE,
    BulkLine,
    explain_procedure_error,
    find_procedure,
    find_refused_word,
    parse_line,
)
from bot.bulk.message_files import describe_unavailable, find_tables
from bot.bulk.phrases import BULK_PHRASES
from bot.bulk.plan import BulkPlan, PlanChoices
from bot.bulk.upload import BatchState, Upload
from bot.bulk.upload_message import CONTINUE_ACTION, ROWS_ACTION, render_started
from bot.context import Context
from bot.errors import BotError, FileUnavailable, NotFound, SlackError, UsageError
from bot.list_changes import change_actions, change_forms, is_list_change, open_change_form
from bot.media.photo_form import find_pictures
from bot.media.photo_form import render_file_form as photo_form
from bot.sheets.columns import Purpose
from bot.sheets.sheet import InvalidSheet
from bot.slack import blocks
from bot.slack.blocks import markup
from bot.slack.button_state import parse_row_id
from bot.slack.commands.command import (
    Action,
    ActionRequest,
    Command,
    CommandRequest,
    Form,
    Request,
    Shortcut,
    ShortcutRequest,
    SubmitRequest,
    UploadedFile,
)
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import CloseForm, FieldErrors, Message, OpenForm, Reply, UpdateForm

EXAMPLE = "/chakra bulk create lead"
MODAL_LOAD_TIMEOUT_SECONDS = 0.15
"""Seconds that the form waits for uncached data: it opens within 0.3."""
NO_FILE_ERROR = "Choose a file."
MESSAGE_SHORTCUT = "bulk.message"
CHANNEL_CLOSED_ERROR = (
    "Chakra can no longer post in that channel. Choose your messages, or add Chakra there."
)
EMPTY_TABLE_SENT = "I've sent you an empty table in a direct message."
PROBLEM_ROWS_SENT = (
    "I've sent you the skipped rows in a direct message. Fix them, then upload that file."
)

T = TypeVar("T")


# --- the typed line ------------------------------------------------------------------------------


async def run(request: CommandRequest, context: Context) -> OpenForm:
    words = [word.text for word in request.arguments.tokens]
    if is_list_change(words):
        return await open_change_form(request, context)
    if refused := find_refused_word(words):
        raise UsageError(
            f"Uploads can't {refused.lower()} records. Choose create or update.", example=EXAMPLE
        )
    return await _open_file_form(context, words)


async def _open_file_form(context: Context, words: Sequence[str] = (), note: str = "") -> OpenForm:
    procedures = (
        await _load_within_modal_deadline(context, context.bulk_planner.list_procedures()) or ()
    )
    line = parse_line(words, procedures)
    return render_file_form(procedures, replace(line, notes=(note, *line.notes)) if note else line)


# --- a message's menu ----------------------------------------------------------------------------


async def open_from_message(request: ShortcutRequest, context: Context) -> OpenForm:
    """Show the plan for the message's table; without one, show the form with a note.

    A message with pictures opens the form for photos.
    """
    tables = find_tables(request.message)
    files = await context.bulk_planner.complete_names(tables.files)
    if pictures := find_pictures(request.message, files):
        request.access.authorize(Permission.EDIT)
        return photo_form(files=pictures)
    if not files:
        return await _open_file_form(context, note=tables.note)
    if len(files) > 1:
        return render_message_files_form(files)
    [file] = files
    planned = await _plan_file(request, context, file, key=request.reference)
    if isinstance(planned, UpdateForm):
        return OpenForm(planned.view, planned.state)
    return await _open_file_form(context, note=planned)


# --- the forms -----------------------------------------------------------------------------------


async def submit_file(request: SubmitRequest, context: Context) -> Reply:
    """Store the file, check it, and show what would be sent."""
    files = request.files.get(UPLOAD_FIELD, ())
    message_file = request.values.get(UPLOAD_FIELD, "")
    if not files and not message_file:
        return FieldErrors({UPLOAD_FIELD: NO_FILE_ERROR})
    typed = request.values.get(PROCEDURE_FIELD, "").strip()
    if PROCEDURE_FIELD in request.values:
        procedures = await context.bulk_planner.list_procedures()
        error = explain_procedure_error(typed, procedures)
        if error:
            return FieldErrors({PROCEDURE_FIELD: error})
    planned = await _plan_file(
        request,
        context,
        files[0] if files else UploadedFile(message_file),
        key=request.interaction_key,
        procedure=typed,
        purpose=Purpose(request.values.get(KIND_FIELD) or Purpose.CREATE),
    )
    return FieldErrors({UPLOAD_FIELD: planned}) if isinstance(planned, str) else planned


async def _plan_file(
    request: Request,
    context: Context,
    file: UploadedFile,
    *,
    key: str,
    procedure: str = "",
    purpose: Purpose = Purpose.CREATE,
) -> UpdateForm | str:
    """Return the plan of a new draft, or a sentence about a file that can't be used."""
    procedures = await context.bulk_planner.list_procedures()
    known = find_procedure(procedure or parse_line((), procedures).procedure, procedures)
    note = ""
    if known is None and procedures:
        known = procedures[0]
        note = f"Is {known.label} the right record type? You can change it below."
    try:
        upload = await context.bulk_planner.create_draft(
            f"{key}:{file.id}",
            file,
            member=request.actor.id,
            channel=request.channel.id,
            procedure=known.short_id if known else procedure or USUAL_PROCEDURE,
            purpose=purpose,
        )
    except FileUnavailable as error:
        if sentence := describe_unavailable(error, file.name):
            return sentence
        raise
    try:
        return await _show_plan(request, context, upload, PlanChoices(), note)
    except InvalidSheet as error:
        return error.message


async def _show_plan(
    request: Request, context: Context, upload: Upload, choices: PlanChoices, note: str = ""
) -> UpdateForm:
    """Return the plan, or the choice of a sheet after one that can't be used."""
    try:
        plan, channel = await asyncio.gather(
            _load_plan(request, context, upload.id, choices),
            _find_report_channel(request, context, upload.channel),
        )
    except InvalidSheet as error:
        if len(error.sheets) < 2:
            raise
        return shown.render_sheet_form(upload, error.sheets, choices, error.message)
    return shown.render_plan_form(plan, choices, channel, note=markup(note))


async def replan(request: ActionRequest, context: Context) -> UpdateForm:
    """Show the plan again after a choice in it."""
    upload, _, current = await _read_plan_form(request, context)
    return await _show_plan(request, context, upload, current)


async def confirm(request: SubmitRequest, context: Context) -> Reply:
    """Start the upload, or show the plan again if a column was matched differently."""
    upload, previous, current = await _read_plan_form(request, context)
    if choosing.is_changed(previous, current):
        return await _show_plan(request, context, upload, current)
    try:
        plan = await _load_plan(request, context, upload.id, current)
    except InvalidSheet:
        return await _show_plan(request, context, upload, current)
    if not plan.valid_count:
        return await _show_plan(request, context, upload, current)
    request.access.authorize(Permission.BULK)
    destination = request.actor.id
    if current.posts_in_channel:
        destination = upload.channel
        if await _find_report_channel(request, context, upload.channel) is None:
            return FieldErrors({TELL_FIELD: CHANNEL_CLOSED_ERROR})
    await context.workflows.upload(
        plan.upload, await context.bulk_planner.split_batches(plan), destination
    )
    started = render_started(plan.valid_count, destination, request.actor.id)
    return CloseForm("Uploading to Chakra.", follow_up=started)


async def _read_plan_form(
    request: ActionRequest | SubmitRequest, context: Context
) -> tuple[Upload, PlanChoices, PlanChoices]:
    """Return the form's draft, the choices that it showed, and those made in it."""
    upload_id, previous = choosing.from_state(request.state)
    draft = await context.bulk_planner.get_draft(upload_id, request.actor.id)
    return draft, previous, choosing.apply_choices(previous, request.values)


async def _load_plan(
    request: Request, context: Context, upload_id: int, choices: PlanChoices
) -> BulkPlan:
    zone = request.require_member().zone
    return await context.bulk_planner.load(upload_id, request.actor.id, choices, zone)


async def _find_report_channel(
    request: Request, context: Context, channel: str
) -> shown.ReportChannel | None:
    """Return the channel if the outcome can be posted there; ``None`` for direct messages."""
    try:
        destination = await context.channels.resolve_destination(
            channel, request.actor.id, is_known_member=True, channel_name=request.channel.name
        )
        if destination.is_direct_message:
            return None
        outsiders = await context.channels.find_outsiders(channel)
    except SlackError:
        return None
    return shown.ReportChannel(destination.name, outsiders.people if outsiders else "")


# --- an empty table ------------------------------------------------------------------------------


async def send_empty_table(request: ActionRequest, context: Context) -> Reply:
    """Send a table with the right columns to the member, and show the form again."""
    if "upload" not in request.state:
        return await _send_empty_table_from_file_form(request, context)
    upload, _, current = await _read_plan_form(request, context)
    chosen = current.apply_to(upload)
    await _upload_empty_table(request, context, chosen.procedure, Purpose(chosen.kind))
    return await _show_plan(request, context, upload, current, EMPTY_TABLE_SENT)


async def _send_empty_table_from_file_form(request: ActionRequest, context: Context) -> UpdateForm:
    procedures = await context.bulk_planner.list_procedures()
    typed = request.values.get(PROCEDURE_FIELD, "").strip()
    purpose = Purpose(request.values.get(KIND_FIELD) or Purpose.CREATE)
    known = find_procedure(typed, procedures)
    note = explain_procedure_error(typed, procedures)
    if not note:
        await _upload_empty_table(request, context, known.short_id if known else typed, purpose)
        note = EMPTY_TABLE_SENT
    line = BulkLine(purpose, known.short_id if known else "", (note,))
    return UpdateForm(render_file_view(procedures, line))


async def _upload_empty_table(
    request: Request, context: Context, procedure: str, purpose: Purpose
) -> None:
    table = await context.bulk_planner.build_empty_table(procedure, purpose)
    required = f" Always fill in {', '.join(table.required)}." if table.required else ""
    await context.files.upload(
        request.actor.id,
        f"{procedure}-{purpose.value}.csv",
        table.content,
        comment=markup(
            f"An empty table for {procedure} records: fill in one row for each.{required} Delete "
            "columns you don't need."
        ),
    )


# --- the buttons ---------------------------------------------------------------------------------


async def send_problem_rows(request: ActionRequest, context: Context) -> Reply:
    """Send the rows with problems to the member as a file."""
    upload, _, choices = await _read_plan_form(request, context)
    plan = await _load_plan(request, context, upload.id, choices)
    content = await context.bulk_planner.build_problem_csv(plan)
    name = f"problems-{plan.upload.filename.rpartition('.')[0] or 'rows'}.csv"
    await context.files.upload(
        request.actor.id,
        name,
        content,
        comment="The rows that were skipped, each with its problem.",
    )
    return await _show_plan(request, context, upload, choices, PROBLEM_ROWS_SENT)


async def resume(request: ActionRequest, context: Context) -> Message:
    upload = await _load_own_upload(request, context)
    if not await context.workflows.continue_upload(upload.id):
        return blocks.text_message("The upload is already running or finished.")
    return blocks.text_message("Upload resumed.")


async def send_rows_to_check(request: ActionRequest, context: Context) -> Message:
    """Send the rows that may have been uploaded or were rejected, to be checked in Chakra."""
    upload = await _load_own_upload(request, context)
    states = (BatchState.UNKNOWN, BatchState.REFUSED)
    batches = await context.workflows.uploads.list_batches_with_body(upload.id, states)
    if not batches:
        return blocks.text_message("There are no rows left to check.")
    records = [item for batch in batches for item in json.loads(batch.body or b"[]")]
    await context.files.upload(
        request.actor.id,
        f"rows-to-check-{upload.id}.csv",
        await context.bulk_planner.build_rows_csv(records),
        comment=f"{len(records):,} rows. Check in Chakra which of them are there.",
    )
    return blocks.text_message("I've sent you the file in a direct message.")


async def _load_own_upload(request: ActionRequest, context: Context) -> Upload:
    upload = await context.workflows.uploads.get(parse_row_id(request.value, EXAMPLE))
    if upload is None or upload.member != request.actor.id:
        raise NotFound("upload", "", hint="Uploads are stored for a week.")
    return upload


async def _load_within_modal_deadline(context: Context, load: Coroutine[Any, Any, T]) -> T | None:
    try:
        return await wait_for(context.clock, load, MODAL_LOAD_TIMEOUT_SECONDS)
    except (TimeoutError, BotError):
        return None


BULK: Command[Context] = Command(
    name="bulk",
    phrases=BULK_PHRASES,
    summary="create or update many records from a spreadsheet",
    usage="bulk [create, update, change] [lead, ticket, …] [query]",
    example=EXAMPLE,
    run=run,
    needs=Permission.BULK,
    only_looks=True,
    details=(
        "The form takes a CSV or an Excel file. Nothing is sent before you have seen the problems.",
        "To update records, the file needs a column with their keys, such as lead_id.",
        "bulk change lead state:NEW changes all records of a list in the same way.",
        "Also under ⋮ on any message with a CSV or Excel file. The form has an empty table too.",
    ),
    button="Upload a table",
    forms=(
        Form(FILE_FORM, submit_file, needs=Permission.BULK),
        Form(CONFIRM_FORM, confirm, needs=Permission.BULK),
        *change_forms(Context),
    ),
    shortcuts=(
        Shortcut(
            MESSAGE_SHORTCUT, open_from_message, is_message_shortcut=True, needs=Permission.BULK
        ),
    ),
    actions=(
        Action(KIND_ACTION, replan, needs=Permission.BULK, only_looks=True),
        Action(PROCEDURE_ACTION, replan, needs=Permission.BULK, only_looks=True),
        Action(EMPTY_TABLE_ACTION, send_empty_table, needs=Permission.BULK, only_looks=True),
        Action(PROBLEMS_ACTION, send_problem_rows, needs=Permission.BULK, only_looks=True),
        Action(CONTINUE_ACTION, resume, needs=Permission.BULK),
        Action(ROWS_ACTION, send_rows_to_check, needs=Permission.BULK, only_looks=True),
        *change_actions(Context),
    ),
)
