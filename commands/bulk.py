"""``/chakra bulk``: many records of Chakra created or changed from a spreadsheet."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from datetime import timedelta, timezone
from typing import Any, TypeVar

from bot.aio.clock import within
from bot.bulk import form as shown
from bot.bulk.form import CONFIRM_FORM, FILE_FORM, PROBLEMS_ACTION
from bot.bulk.plan import SKIP_COLUMN, BulkPlan, split_batches
from bot.bulk.repository import PieceState, Upload
from bot.bulk.rows import build_rows_csv
from bot.bulk.upload_message import CONTINUE_ACTION, ROWS_ACTION
from bot.chakra.attributes import Procedure
from bot.context import Desk
from bot.errors import BotError, NotFound, NotInChannel, SlackError, UsageError
from bot.sheets.columns import Purpose
from bot.sheets.sheet import InvalidSheet
from bot.slack import blocks
from bot.slack.blocks import markup
from bot.slack.commands.command import (
    Action,
    ActionRequest,
    Command,
    CommandRequest,
    Form,
    Request,
    Role,
    SubmitRequest,
)
from bot.slack.commands.reply import CloseForm, FieldErrors, Message, OpenForm, Reply

EXAMPLE = "/chakra bulk create lead"
SOON = 0.15
"""Seconds that the form waits for what is not remembered: it opens within 0.3."""
NO_FILE = "Choose a file."
WORDS = {
    "create": Purpose.CREATE,
    "new": Purpose.CREATE,
    "update": Purpose.UPDATE,
    "change": Purpose.UPDATE,
}

T = TypeVar("T")


# --- the typed line ------------------------------------------------------------------------------


async def run(request: CommandRequest, desk: Desk) -> OpenForm:
    typed = [word.text.casefold() for word in request.arguments.tokens]
    purpose = WORDS.get(typed[0]) if typed else None
    if typed and purpose is None:
        raise UsageError("Bulk can create or update.", example=EXAMPLE)
    if len(typed) > 2:
        raise UsageError("Name one sort of record: a lead, a ticket.", example=EXAMPLE)
    procedures = await _soon(desk, desk.plans.list_procedures()) or ()
    wanted = _called(procedures, typed[1]) if len(typed) > 1 else ""
    return shown.file_form(procedures, purpose=purpose, procedure=wanted)


def _called(procedures: tuple[Procedure, ...], name: str) -> str:
    """Raises ``UsageError`` for what Chakra does not have; what it has may not be known yet."""
    singular = name.removesuffix("s")
    for one in procedures:
        names = {one.short_id.casefold(), one.label.casefold()}
        if name in names or singular in names:
            return one.short_id
    if procedures:
        there = ", ".join(one.short_id for one in procedures)
        raise UsageError(f"Chakra has no such sort of record. There are: {there}.", example=EXAMPLE)
    return name


# --- the forms -----------------------------------------------------------------------------------


async def choose(request: SubmitRequest, desk: Desk) -> Reply:
    """Takes the file, reads it, and shows what would be sent."""
    chosen = request.files.get(shown.UPLOAD_FIELD, ())
    if not chosen:
        return FieldErrors({shown.UPLOAD_FIELD: NO_FILE})
    procedure = request.values.get(shown.PROCEDURE_FIELD, "").strip()
    if not procedure:
        return FieldErrors({shown.PROCEDURE_FIELD: "Say of what: lead, ticket …"})
    upload = await desk.plans.create_draft(
        f"{request.interaction_key}:{chosen[0].id}",
        chosen[0],
        member=request.actor.id,
        channel=request.channel.id,
        procedure=procedure,
        purpose=Purpose(request.values.get(shown.KIND_FIELD) or Purpose.CREATE),
    )
    try:
        plan = await _look(request, desk, upload.id, {})
    except InvalidSheet as refused:
        return FieldErrors({shown.UPLOAD_FIELD: refused.message})
    return shown.plan_form(plan, {})


async def confirm(request: SubmitRequest, desk: Desk) -> Reply:
    """Sends what was shown; where the person said something else of a column, shows that first."""
    upload_id, before = shown.from_state(request.state)
    now = {**before, **shown.parse_column_choices(request.values)}
    plan = await _look(request, desk, upload_id, now)
    if _news(before, now) or not plan.valid_count:
        return shown.plan_form(plan, now)
    channel = await _watched_in(request, desk, plan.upload)
    await desk.work.upload(plan.upload, await split_batches(plan), channel)
    return CloseForm("It goes up to Chakra now.", follow_up=_going(plan, request, channel))


def _news(before: dict[int, str], now: dict[int, str]) -> bool:
    """Leaving a column out that was not understood is no news."""
    left = {place: key for place, key in now.items() if key != SKIP_COLUMN}
    return left != {place: key for place, key in before.items() if key != SKIP_COLUMN}


async def _look(request: Request, desk: Desk, upload_id: int, chosen: dict[int, str]) -> BulkPlan:
    try:
        offset = (await desk.members.get_member(request.actor.id)).value.utc_offset
    except SlackError:
        offset = 0
    zone = timezone(timedelta(seconds=offset))
    return await desk.plans.load(upload_id, request.actor.id, chosen, zone)


async def _watched_in(request: Request, desk: Desk, upload: Upload) -> str:
    """Where it was asked for; the member's own messages where the bot may not post there."""
    try:
        place = await desk.channels.resolve_destination(
            upload.channel, request.actor.id, is_known_member=True
        )
    except (NotInChannel, SlackError):
        return request.actor.id
    return place.channel


def _going(plan: BulkPlan, request: Request, channel: str) -> Message:
    rows = "1 row goes" if plan.valid_count == 1 else f"{plan.valid_count:,} rows go"
    where = (
        "in your messages with this app"
        if channel == request.actor.id
        else markup("in ", blocks.channel_mention(channel))
    )
    said = markup(f"{rows} to Chakra. Follow it ", where, ": you will be told there when it ends.")
    return blocks.text_message(said)


# --- the buttons ---------------------------------------------------------------------------------


async def problems(request: ActionRequest, desk: Desk) -> Reply:
    """The rows with problems, into the messages of the one who asked."""
    upload_id, chosen = shown.from_state(request.state)
    chosen |= shown.parse_column_choices(request.values)
    plan = await _look(request, desk, upload_id, chosen)
    content = await desk.plans.build_problem_csv(plan)
    name = f"problems-{plan.upload.filename.rpartition('.')[0] or 'rows'}.csv"
    await desk.files.upload(request.actor.id, name, content, comment="The rows with problems.")
    note = markup(
        "The rows with problems are in your messages with this app. Repair them there, and choose "
        "the file once more."
    )
    return shown.plan_form(plan, chosen, note=note)


async def go_on(request: ActionRequest, desk: Desk) -> Message:
    upload = await _own(request, desk)
    if not await desk.work.continue_upload(upload.id):
        return blocks.text_message("It goes on already, or all of it is up.")
    return blocks.text_message("It goes on with the rest.")


async def rows(request: ActionRequest, desk: Desk) -> Message:
    """What may have gone up, or was refused: to be looked at in Chakra before it is sent anew."""
    upload = await _own(request, desk)
    states = (PieceState.UNKNOWN, PieceState.REFUSED)
    pieces = await desk.work.uploads.bodies(upload.id, states)
    if not pieces:
        return blocks.text_message("There are none any more.")
    found = [item for piece in pieces for item in json.loads(piece.body or b"[]")]
    await desk.files.upload(
        request.actor.id,
        f"rows-to-check-{upload.id}.csv",
        await asyncio.to_thread(build_rows_csv, found),
        comment=f"{len(found):,} rows. Look in Chakra which of them are there.",
    )
    return blocks.text_message("They are in your messages with this app.")


async def _own(request: ActionRequest, desk: Desk) -> Upload:
    number = int(request.value) if request.value.isdigit() and len(request.value) < 16 else 0
    upload = await desk.work.uploads.get(number)
    if upload is None or upload.member != request.actor.id:
        raise NotFound("upload", request.value, hint="Uploads are kept for a week.")
    return upload


async def _soon(desk: Desk, asking: Coroutine[Any, Any, T]) -> T | None:
    try:
        return await within(desk.clock, asking, SOON)
    except (TimeoutError, BotError):
        return None


BULK: Command[Desk] = Command(
    name="bulk",
    summary="many records created or changed from a spreadsheet",
    usage="bulk [create, update] [lead, ticket, …]",
    example=EXAMPLE,
    run=run,
    role=Role.SENDER,
    details=(
        "The form takes a CSV or an Excel file and shows which rows have problems.",
        "Nothing is sent before you confirm it.",
        "To change records the table needs a column with their keys, as lead_id.",
    ),
    button=("Bulk upload", ""),
    forms=(Form(FILE_FORM, choose), Form(CONFIRM_FORM, confirm)),
    actions=(
        Action(PROBLEMS_ACTION, problems, role=Role.SENDER),
        Action(CONTINUE_ACTION, go_on, role=Role.SENDER),
        Action(ROWS_ACTION, rows, role=Role.SENDER),
    ),
)
