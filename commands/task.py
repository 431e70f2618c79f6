"""``/chakra task``: create a task for a lead or another record."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.chakra.fields import to_text
from bot.context import Context
from bot.errors import BotError, OutcomeUnknown, ResourceNotFound, SuggestedLine, UsageError
from bot.messages.error_copy import EXPLAINER
from bot.processes.card import TASK as TASK_BUTTON
from bot.processes.card import show_value
from bot.processes.directory import Record
from bot.processes.editor import FIELD_PREFIX, InvalidFields
from bot.processes.new_task import NewTask, read_form
from bot.processes.query import NameMatch, match_name
from bot.processes.record_query import Person
from bot.processes.shown import render_card_after
from bot.processes.task_form import (
    ASSIGNEE,
    CHOICE,
    KIND,
    KIND_CHANGED,
    MAX_STATE_WORDS_LENGTH,
    MAX_TEXT_LENGTH,
    NEXT_ACTION,
    RECORD,
    STATUS,
    SUBMIT,
    TaskDraft,
    get_next_action,
    render_task_form,
)
from bot.processes.task_line import read_task_line
from bot.processes.task_phrases import TASK_PHRASES, find_task
from bot.processes.task_type import TaskType, list_task_types
from bot.processes.typed_task import NO_SPAN, TaskLine
from bot.slack import blocks
from bot.slack.age import format_date_token
from bot.slack.blocks import Markup, bold, lines, markup
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
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import CloseForm, FieldErrors, Message, OpenForm, Reply, UpdateForm
from bot.slack.slow_form import open_when_ready
from bot.writes.ledger import DuplicateWrite, WriteIntent
from bot.writes.notices import CONFIRMED, read_confirmed_id, render_duplicate_question

EXAMPLE = "/chakra task LEAD-004038 call back tomorrow 10am"
NEXT_ACTION_CHANGED = (
    "A colleague has changed the record's next action. Press Create to replace it, or untick it."
)
MAX_CHOICES = 20
MAX_NAME_LENGTH = 200
MAX_RAW_LENGTH = 300
NO_LIST = NotYet(
    "Chakra documents no list of tasks. They are on the record's page in Chakra; from here you can "
    "create one.",
    "task",
)


# --- the typed line -------------------------------------------------------------------------------


async def run(request: CommandRequest, context: Context) -> Reply:
    request.access.authorize(Permission.EDIT)
    if request.arguments.join_from().casefold().strip() in ("list", "all", "mine", "my"):
        raise UsageError(NO_LIST.sentence, suggested_lines=(SuggestedLine(NO_LIST.line),))

    async def build() -> OpenForm:
        return _open(await _read_line(request, context))

    return await open_when_ready(context.clock, build(), "New task")


def _open(draft: TaskDraft) -> OpenForm:
    return OpenForm(render_task_form(draft), draft.to_state())


async def _read_line(request: CommandRequest, context: Context) -> TaskDraft:
    now = _get_local_now(request)
    config = (await context.records.get_config()).value
    record_types = await context.records.list_types()
    names = [known.name for known in record_types]
    types = list_task_types(config, names[0])
    tokens = context.link_previews.name_records(request.arguments.tokens, record_types)
    line = read_task_line(tokens, types, names, now)
    found, span, name = await _find_records(context, line)
    record = found[0] if len(found) == 1 else None
    if record is not None:
        types = list_task_types(config, record.procedure, record.process.state)
        if record.procedure != names[0]:
            line = read_task_line(tokens, types, names, now)
    draft = _to_draft(line, types, line.get_text_without(span))
    if record is None:
        draft = replace(draft, record_text=name, choices=found[:MAX_CHOICES])
        if name and not found:
            missing = f'There is no record "{name}".'
            draft = replace(draft, notes=(missing, *draft.notes))
    return await _add_assignee(request, context, replace(draft, record=record), line.person)


def _to_draft(line: TaskLine, types: tuple[TaskType, ...], words: str) -> TaskDraft:
    notes, due = list(line.notes), ""
    moment = line.moment
    if moment is not None and not moment.problem and moment.day is not None:
        due = moment.day.isoformat()
        if moment.time is not None:
            due += f"T{moment.time:%H:%M:%S}"
    values = {f"{FIELD_PREFIX}{name}": value for name, value in line.values.items()}
    if line.status:
        values[STATUS] = line.status
    kind = line.kind
    if kind is not None and words and kind.title is None:
        notes.append(f'No field of {kind.label} takes words, so this is left out: "{words}".')
    if words and not types:
        notes.append(f'Chakra names no fields of tasks, so this is left out: "{words}".')
        words = ""
    longest = MAX_TEXT_LENGTH if kind else MAX_STATE_WORDS_LENGTH
    if len(words) > longest:
        notes.append(f"That's long for one field: {len(words) - longest:,} letters are left out.")
        words = words[:longest]
    title = f"{FIELD_PREFIX}{kind.title.name}" if kind and kind.title else ""
    if words and title in values:
        values[title] = f"{values[title]} {words}"
    draft = TaskDraft(types=types, kind=kind.name if kind else "", words=words, due=due)
    return replace(draft, values=values, notes=tuple(notes))


async def _find_records(
    context: Context, line: TaskLine
) -> tuple[tuple[Record, ...], tuple[int, int], str]:
    """Return the records that a line may mean, with the position and the text of their name."""
    if line.record:
        found = await context.records.find(line.record, line.record_type)
        return found, NO_SPAN, line.record
    names = [line.get_name(span)[:MAX_NAME_LENGTH] for span in line.spans]
    searches = (context.records.find(name, line.record_type) for name in names)
    results = await asyncio.gather(*searches, return_exceptions=True)
    for number, (span, name, result) in enumerate(zip(line.spans, names, results, strict=True)):
        if isinstance(result, BaseException):
            raise result
        match = min(
            (match_name(name, record.process.name) for record in result), default=NameMatch.NONE
        )
        is_whole = number == 0 and span[1] == len(line.words)
        if match in (NameMatch.WHOLE, NameMatch.WORDS) or (result and is_whole):
            return result, span, name
    if line.has_quoted_name:
        return (), line.spans[0], names[0]
    return (), NO_SPAN, ""


async def _add_assignee(
    request: Request, context: Context, draft: TaskDraft, person: Person | None
) -> TaskDraft:
    if person is None:
        return draft
    try:
        username = await context.record_queries.find_username(person, request.require_member())
    except BotError as error:
        note = EXPLAINER.explain_as_text(error)
        shown = "" if person.is_member_id else person.text
        return replace(draft, values={**draft.values, ASSIGNEE: shown}, notes=(*draft.notes, note))
    return replace(draft, values={**draft.values, ASSIGNEE: username})


# --- the form -------------------------------------------------------------------------------------


async def open_form(request: ActionRequest, context: Context) -> OpenForm:
    """Open the form from a record's card."""
    record, _ = await context.records.load(request.value)
    return _open(TaskDraft(record=record, types=await _list_types(context, record)))


async def change_kind(request: ActionRequest, context: Context) -> UpdateForm:
    """Show the fields of another task; those with the same name keep their values."""
    draft = await _read_draft(request, context)
    return UpdateForm(render_task_form(draft), draft.to_state(), overwrite=True)


async def _read_draft(request: ActionRequest | SubmitRequest, context: Context) -> TaskDraft:
    state, reference = request.state, request.state.get("record", "")
    record = (await context.records.load(reference))[0] if reference else None
    choices: tuple[Record, ...] = ()
    if record is None and CHOICE in request.values:
        choices = await context.records.find(state.get("record_text", ""))
    kind = request.values.get(KIND, "")
    if isinstance(request, ActionRequest) and request.value:
        kind = request.value
    return TaskDraft(
        record=record,
        record_text=state.get("record_text", ""),
        choices=choices[:MAX_CHOICES],
        types=await _list_types(context, record),
        kind=kind,
        words=state.get("words", ""),
        due=state.get("due", ""),
        values={**json.loads(state.get("values") or "{}"), **request.values},
    )


async def _list_types(context: Context, record: Record | None) -> tuple[TaskType, ...]:
    config = (await context.records.get_config()).value
    if record is not None:
        return list_task_types(config, record.procedure, record.process.state)
    return list_task_types(config, (await context.records.list_types())[0].name)


async def submit(request: SubmitRequest, context: Context) -> Reply:
    """Create the task, once, and set the record's next action if that is ticked."""
    draft = await _read_draft(request, context)
    found = await _find_chosen_record(context, draft)
    if isinstance(found, FieldErrors | UpdateForm):
        return found
    draft = replace(draft, record=found, types=await _list_types(context, found))
    try:
        username = await context.record_queries.read_username(
            ASSIGNEE, request.values.get(ASSIGNEE, ""), request.require_member()
        )
        task = read_form(draft.types, request.values, username, _get_local_now(request))
    except InvalidFields as invalid:
        return FieldErrors(invalid.errors)
    if task.next_action is not None and _has_other_next_action(request, found):
        changed = replace(draft, values=request.values, notes=(NEXT_ACTION_CHANGED,))
        return UpdateForm(render_task_form(changed), changed.to_state())
    created: list[Mapping[str, object]] = []

    async def perform() -> str:
        answer = await context.records.create_task(found, task.type.name, task.body)
        created.append(answer.raw)
        return answer.id

    content = {"task": task.type.name, **task.body}
    intent = _build_intent(request, "task.create", found.reference, content)
    try:
        outcome = await context.writes.run(intent, perform)
    except ResourceNotFound:
        unknown = (
            f'Chakra has no task "{task.type.name}" for this record, or the record is deleted.'
        )
        return FieldErrors({KIND: unknown})
    if isinstance(outcome, DuplicateWrite):
        question = render_duplicate_question(outcome.write, request.now)
        view = render_task_form(draft)
        view["blocks"] = [blocks.section(question), *view["blocks"]]
        return UpdateForm(view, {**draft.to_state(), CONFIRMED: str(outcome.write.id)})
    done = [_describe(task, found), *_describe_answer(outcome.result, created)]
    if task.next_action is not None:
        done.append(await _set_next_action(request, context, found, task.next_action))
    card = await render_card_after(request, context.records, found.choice, "")
    note = lines(done)
    return CloseForm("Task created.", follow_up=_prepend_note(card, note))


def _has_other_next_action(request: SubmitRequest, record: Record) -> bool:
    """Return whether the next action has changed since the form showed it."""
    is_shown = bool(request.state.get("record"))
    return is_shown and request.state.get(NEXT_ACTION, "") != get_next_action(record)


async def _find_chosen_record(
    context: Context, draft: TaskDraft
) -> Record | FieldErrors | UpdateForm:
    if draft.record is not None:
        return draft.record
    if chosen := draft.values.get(CHOICE):
        return (await context.records.load(chosen))[0]
    typed = draft.values.get(RECORD, "").strip()
    if not typed:
        return FieldErrors({RECORD: "Enter a key, a name or a number."})
    found = await context.records.find(typed)
    if not found:
        return FieldErrors({RECORD: f'There is no record "{typed}". Try its key or number.'})
    if len(found) > 1:
        asked = replace(draft, record_text=typed, choices=found[:MAX_CHOICES])
        return UpdateForm(render_task_form(asked), asked.to_state())
    return found[0]


async def _set_next_action(
    request: SubmitRequest, context: Context, record: Record, moment: datetime
) -> Markup:
    """Set the record's next action; return a sentence about the outcome."""
    update = {"nextActionAt": int(moment.timestamp() * 1000)}

    async def perform() -> str:
        await context.records.update(record, update)
        return ""

    intent = _build_intent(request, "process.update", record.reference, update)
    intent = replace(intent, confirmed_id=0)
    try:
        outcome = await context.writes.run(intent, perform)
        if isinstance(
            outcome, DuplicateWrite
        ):  # written a moment ago: it already has the wanted value
            await context.writes.run(replace(intent, confirmed_id=outcome.write.id), perform)
    except OutcomeUnknown:
        return markup(
            Markup(":warning: "),
            "We don't know whether the record's next action was set. Check the card below.",
        )
    except BotError as error:
        reason = EXPLAINER.explain_as_text(error)
        return markup(Markup(":warning: "), "The record's next action was not set: ", reason)
    return markup("The record's next action is set to ", format_date_token(moment.timestamp()), ".")


def _describe(task: NewTask, record: Record) -> Markup:
    name = record.process.name or record.key
    values = "; ".join(f"{label}: {value}" for label, value in task.shown)
    return markup("Task ", bold(task.type.label), " is created for ", bold(name), ". ", values)


def _describe_answer(task_id: str, created: list[Mapping[str, object]]) -> list[Markup]:
    """Return Chakra's response: the ID, else its keys unchanged."""
    if task_id:
        return [markup("ID ", task_id)]
    raw = created[0] if created else {}
    shown = ", ".join(
        f"{name}: {to_text(value) or show_value(value)}" for name, value in raw.items()
    )
    return [markup("Chakra answered: ", blocks.clip(shown, MAX_RAW_LENGTH))] if shown else []


def _prepend_note(card: Message, note: Markup) -> Message:
    return replace(card, text=note, blocks=(blocks.section(note), *card.blocks))


def _build_intent(
    request: SubmitRequest, verb: str, reference: str, content: Mapping[str, object]
) -> WriteIntent:
    return WriteIntent(
        key=request.interaction_key,
        member=request.actor.id,
        verb=verb,
        subject=reference,
        content=content,
        confirmed_id=read_confirmed_id(request.state),
    )


def _get_local_now(request: Request) -> datetime:
    return datetime.fromtimestamp(request.now, request.require_member().zone)


TASK: Command[Context] = Command(
    name="task",
    phrases=TASK_PHRASES,
    summary="create a task for a lead or another record",
    usage="task [key, name or number] [task] [day and time] [for @member]",
    example=EXAMPLE,
    details=(
        "A form opens with what you typed; nothing is created before you press Create.",
        "Days and times: tomorrow 10am, next Monday 9, 5 May at 14:30, in 2 hours.",
        'Fields by name: remarks:"ask for Mei", status:done, assigned:priya, or to me.',
    ),
    find_subject=find_task,
    run=run,
    not_yet=dict.fromkeys(("tasks", "reminders"), NO_LIST),
    actions=(
        Action(TASK_BUTTON, open_form, needs=Permission.EDIT, only_looks=True),
        Action(KIND_CHANGED, change_kind, needs=Permission.EDIT, only_looks=True),
    ),
    forms=(Form(SUBMIT, submit, needs=Permission.EDIT),),
)
