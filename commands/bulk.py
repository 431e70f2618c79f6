"""``/chakra bulk``: many records of Chakra created or changed from a spreadsheet."""

from __future__ import annotations

import json
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

from bot.aio.clock import wait_for
from bot.bulk import choices as choosing
from bot.bulk import form as shown
from bot.bulk.form import CONFIRM_FORM, FILE_FORM, PROBLEMS_ACTION
from bot.bulk.phrases import BULK_PHRASES
from bot.bulk.plan import SKIP_COLUMN, BulkPlan, PlanChoices
from bot.bulk.upload import BatchState, Upload
from bot.bulk.upload_message import CONTINUE_ACTION, ROWS_ACTION
from bot.chakra.attributes import Procedure
from bot.context import Context
from bot.errors import BotError, NotFound, NotInChannel, SlackError, UsageError
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
    NotYet,
    Request,
    SubmitRequest,
)
from bot.slack.commands.permissions import Permission, Subject
from bot.slack.commands.reply import CloseForm, FieldErrors, Message, OpenForm, Reply

EXAMPLE = "/chakra bulk create lead"
MODAL_LOAD_TIMEOUT_SECONDS = 0.15
"""Seconds that the form waits for uncached data: it opens within 0.3."""
NO_FILE_ERROR = "Choose a file."
PURPOSES = {
    "create": Purpose.CREATE,
    "new": Purpose.CREATE,
    "update": Purpose.UPDATE,
    "change": Purpose.UPDATE,
}

T = TypeVar("T")


# --- the typed line ------------------------------------------------------------------------------


async def run(request: CommandRequest, context: Context) -> OpenForm:
    typed = [word.text.casefold() for word in request.arguments.tokens]
    purpose = PURPOSES.get(typed[0]) if typed else None
    if typed and purpose is None:
        raise UsageError("Choose create or update.", example=EXAMPLE)
    if len(typed) > 2:
        raise UsageError("Name one record type, such as lead or ticket.", example=EXAMPLE)
    procedures = await _within_modal_deadline(context, context.bulk_planner.list_procedures()) or ()
    wanted = _match_procedure(procedures, typed[1]) if len(typed) > 1 else ""
    return shown.file_form(procedures, purpose=purpose, procedure=wanted)


def _match_procedure(procedures: tuple[Procedure, ...], name: str) -> str:
    """Return the record type's short ID, or ``name`` if the types aren't known yet.

    Raise ``UsageError`` for an unknown type.
    """
    singular = name.removesuffix("s")
    for procedure in procedures:
        names = {procedure.short_id.casefold(), procedure.label.casefold()}
        if name in names or singular in names:
            return procedure.short_id
    if procedures:
        available = ", ".join(procedure.short_id for procedure in procedures)
        raise UsageError(
            f"Chakra has no such record type. Available: {available}.", example=EXAMPLE
        )
    return name


# --- the forms -----------------------------------------------------------------------------------


async def submit_file(request: SubmitRequest, context: Context) -> Reply:
    """Store the file, check it, and show what would be sent."""
    files = request.files.get(shown.UPLOAD_FIELD, ())
    if not files:
        return FieldErrors({shown.UPLOAD_FIELD: NO_FILE_ERROR})
    procedure = request.values.get(shown.PROCEDURE_FIELD, "").strip()
    if not procedure:
        return FieldErrors({shown.PROCEDURE_FIELD: "Choose a record type, such as lead or ticket."})
    upload = await context.bulk_planner.create_draft(
        f"{request.interaction_key}:{files[0].id}",
        files[0],
        member=request.actor.id,
        channel=request.channel.id,
        procedure=procedure,
        purpose=Purpose(request.values.get(shown.KIND_FIELD) or Purpose.CREATE),
    )
    choices = PlanChoices()
    try:
        plan = await _load_plan(request, context, upload.id, choices)
    except InvalidSheet as error:
        if len(error.sheets) > 1:
            return shown.sheet_form(upload, error.sheets, choices, error.message)
        return FieldErrors({shown.UPLOAD_FIELD: error.message})
    return shown.plan_form(plan, choices)


async def confirm(request: SubmitRequest, context: Context) -> Reply:
    """Start the upload, or show the plan again if a column was matched differently."""
    upload_id, previous = choosing.from_state(request.state)
    current = choosing.apply_choices(previous, request.values)
    try:
        plan = await _load_plan(request, context, upload_id, current)
    except InvalidSheet as error:
        upload = await context.workflows.uploads.get(upload_id)
        if upload is None or len(error.sheets) < 2:
            raise
        return shown.sheet_form(upload, error.sheets, current, error.message)
    if _choices_changed(previous, current) or not plan.valid_count:
        return shown.plan_form(plan, current)
    request.access.authorize(
        Permission.BULK, Subject(recipients=plan.valid_count, channel=plan.upload.channel)
    )
    channel = await _watch_channel(request, context, plan.upload)
    await context.workflows.upload(
        plan.upload, await context.bulk_planner.split_batches(plan), channel
    )
    return CloseForm("Uploading to Chakra.", follow_up=_started_message(plan, request, channel))


def _choices_changed(previous: PlanChoices, current: PlanChoices) -> bool:
    """Return whether the plan must be shown again; skipping an unmatched column changes nothing."""
    return _list_relevant(previous) != _list_relevant(current)


def _list_relevant(choices: PlanChoices) -> PlanChoices:
    columns = {place: key for place, key in choices.columns.items() if key != SKIP_COLUMN}
    return replace(choices, columns=columns)


async def _load_plan(
    request: Request, context: Context, upload_id: int, choices: PlanChoices
) -> BulkPlan:
    zone = request.require_member().zone
    return await context.bulk_planner.load(upload_id, request.actor.id, choices, zone)


async def _watch_channel(request: Request, context: Context, upload: Upload) -> str:
    """Return the upload's channel, or the member's ID if the bot may not post there."""
    try:
        destination = await context.channels.resolve_destination(
            upload.channel, request.actor.id, is_known_member=True
        )
    except (NotInChannel, SlackError):
        return request.actor.id
    return destination.channel


def _started_message(plan: BulkPlan, request: Request, channel: str) -> Message:
    rows = "1 row" if plan.valid_count == 1 else f"{plan.valid_count:,} rows"
    where = (
        "in a direct message"
        if channel == request.actor.id
        else markup("in ", blocks.channel_mention(channel))
    )
    text = markup(
        f"Upload started: {rows}. Follow it ", where, "; we'll notify you there when it finishes."
    )
    return blocks.text_message(text)


# --- the buttons ---------------------------------------------------------------------------------


async def send_problem_rows(request: ActionRequest, context: Context) -> Reply:
    """Send the rows with problems to the member as a file."""
    upload_id, previous = choosing.from_state(request.state)
    choices = choosing.apply_choices(previous, request.values)
    plan = await _load_plan(request, context, upload_id, choices)
    content = await context.bulk_planner.build_problem_csv(plan)
    name = f"problems-{plan.upload.filename.rpartition('.')[0] or 'rows'}.csv"
    await context.files.upload(request.actor.id, name, content, comment="The rows with problems.")
    note = markup(
        "I've sent you the rows with problems in a direct message. Fix them, then choose that file."
    )
    return shown.plan_form(plan, choices, note=note)


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
        raise NotFound("upload", request.value, hint="Uploads are stored for a week.")
    return upload


async def _within_modal_deadline(context: Context, load: Coroutine[Any, Any, T]) -> T | None:
    try:
        return await wait_for(context.clock, load, MODAL_LOAD_TIMEOUT_SECONDS)
    except (TimeoutError, BotError):
        return None


BULK: Command[Context] = Command(
    name="bulk",
    phrases=BULK_PHRASES,
    not_yet=dict.fromkeys(
        ("process", "processes", "ticket", "tickets", "record", "records"),
        NotYet("Records can't be opened from Slack yet. You can upload a table of them.", "bulk"),
    ),
    summary="create or update many records from a spreadsheet",
    usage="bulk [create, update] [lead, ticket, …]",
    example=EXAMPLE,
    run=run,
    needs=Permission.BULK,
    only_looks=True,
    details=(
        "The form takes a CSV or an Excel file and shows which rows have problems.",
        "Nothing is sent before you confirm it.",
        "To update records, the file needs a column with their keys, such as lead_id.",
    ),
    button="Upload a table",
    forms=(
        Form(FILE_FORM, submit_file, needs=Permission.BULK),
        Form(CONFIRM_FORM, confirm, needs=Permission.BULK),
    ),
    actions=(
        Action(PROBLEMS_ACTION, send_problem_rows, needs=Permission.BULK, only_looks=True),
        Action(CONTINUE_ACTION, resume, needs=Permission.BULK),
        Action(ROWS_ACTION, send_rows_to_check, needs=Permission.BULK, only_looks=True),
    ),
)
