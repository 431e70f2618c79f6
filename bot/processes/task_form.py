"""The form of a new task, and what a submitted one would write."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from bot.errors import UsageError
from bot.processes.directory import Record
from bot.processes.editor import FIELD_PREFIX, InvalidFields
from bot.processes.moment_words import FoundMoment, read_moment
from bot.processes.query_schema import read_value
from bot.processes.record_query import QueryField, ValueType
from bot.processes.search import STATUSES
from bot.processes.task_type import TaskType, format_due
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, lines, markup
from bot.slack.choice_fields import checkboxes_field
from bot.slack.commands.reply import Block, Choice, View
from bot.slack.commands.tokens import Token

SUBMIT: Final = "task.submit"
KIND_CHANGED: Final = "task.kind"
RECORD, CHOICE, KIND, ASSIGNEE, STATUS = "record", "choice", "kind", "assignee", "status"
WHEN, NEXT_ACTION = "when", "next_action"
MAX_FIELDS: Final = 60
MAX_TEXT_LENGTH: Final = 3_000
MAX_RECORD_TEXT_LENGTH: Final = 200
MAX_STATE_VALUES_LENGTH: Final = 500
MAX_STATE_WORDS_LENGTH: Final = 1_200
"""Characters: a view's metadata takes 3,000 in all."""
MOMENT_HINT: Final = "A day and a time, such as tomorrow 10am."
NO_TYPES_NOTE: Final = (
    "Chakra's configuration names no tasks. Ask your Chakra administrator for the task's short ID."
)


@dataclass(frozen=True, slots=True)
class TaskDraft:
    """What is known of a task that is being written.

    ``record_text`` is what was typed for the record if it isn't found, ``choices`` are the records
    that it may be. ``words`` and ``due`` (``2026-12-01T10:00:00``, or the day alone) are put in the
    fields that take them; ``values`` are those of the form, by ``block_id``.
    """

    record: Record | None = None
    record_text: str = ""
    choices: tuple[Record, ...] = ()
    types: tuple[TaskType, ...] = ()
    kind: str = ""
    words: str = field(default="", repr=False)
    due: str = ""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    notes: tuple[str, ...] = field(default=(), repr=False)

    @property
    def type(self) -> TaskType | None:
        """The chosen kind of task."""
        return find_task_type(self.types, self.kind)

    def to_state(self) -> dict[str, str]:
        return {
            "record": self.record.reference if self.record else "",
            "record_text": self.record_text[:MAX_RECORD_TEXT_LENGTH],
            "words": self.words[:MAX_STATE_WORDS_LENGTH],
            "due": self.due,
            "values": self._dump_hidden(),
        }

    def _dump_hidden(self) -> str:
        """Return the typed values of fields that this form doesn't have, but another kind's may."""
        kind = self.type
        shown = {f"{FIELD_PREFIX}{known.name}" for known in kind.fields} if kind else set()
        hidden = {
            name: value
            for name, value in self.values.items()
            if name.startswith(FIELD_PREFIX) and name not in shown
        }
        text = json.dumps(hidden)
        return text if hidden and len(text) <= MAX_STATE_VALUES_LENGTH else ""


@dataclass(frozen=True, slots=True)
class NewTask:
    """What a form would write: ``body`` is the task's, ``shown`` what people read of it.

    ``next_action`` is the record's next action if that is to be changed too.
    """

    type: TaskType
    body: Mapping[str, Any] = field(repr=False)
    shown: tuple[tuple[str, str], ...] = field(repr=False)
    next_action: datetime | None = None


def find_task_type(types: Sequence[TaskType], name: str) -> TaskType | None:
    return next((kind for kind in types if kind.name == name), None)


# --- the view -------------------------------------------------------------------------------------


def task_form(draft: TaskDraft) -> View:
    """Return the form; the fields are those of the chosen kind of task."""
    content = [*_record_blocks(draft), *_note_blocks(draft), _kind_block(draft)]
    kind = draft.type
    if kind is not None:
        content += [_field_block(known, draft) for known in kind.fields[:MAX_FIELDS]]
        if kind.fields and not kind.is_related:
            content.append(
                blocks.context("Chakra doesn't say which fields this task has. These are all.")
            )
    elif draft.words:
        content.append(blocks.context(markup("For the task: ", draft.words[:500])))
    content += _common_blocks(draft)
    return blocks.form_modal(SUBMIT, "New task", "Create", content)


def _record_blocks(draft: TaskDraft) -> list[Block]:
    if draft.record is not None:
        name = draft.record.process.name
        shown = markup(bold(name), "  ·  ", draft.record.reference) if name else None
        return [blocks.section(markup("For ", shown or bold(draft.record.reference)))]
    if draft.choices:
        choices = [
            Choice(f"{record.process.name or record.key} · {record.key}", record.reference)
            for record in draft.choices
        ]
        return [
            blocks.select_field(
                CHOICE,
                f"Which one is “{draft.record_text}”?"[:150],
                action=f"task.{CHOICE}",
                placeholder="Choose a record",
                choices=choices,
                initial=draft.values.get(CHOICE),
            )
        ]
    hint = "A key such as LEAD-004038, a name, a number or an address."
    typed = draft.values.get(RECORD, draft.record_text)
    return [
        blocks.text_field(
            RECORD, "Lead or other record", action=f"task.{RECORD}", initial=typed, hint=hint,
            max_length=MAX_RECORD_TEXT_LENGTH,
        )
    ]  # fmt: skip


def _note_blocks(draft: TaskDraft) -> list[Block]:
    if not draft.notes:
        return []
    return [blocks.section(lines(markup(Markup(":warning: "), note) for note in draft.notes))]


def _kind_block(draft: TaskDraft) -> Block:
    if not draft.types:
        return blocks.text_field(
            KIND,
            "Short ID of the task",
            action=KIND_CHANGED,
            initial=draft.kind,
            hint=NO_TYPES_NOTE,
            max_length=100,
        )
    return blocks.select_field(
        KIND,
        "Task",
        action=KIND_CHANGED,
        placeholder="Choose a task",
        choices=[Choice(kind.label, kind.name) for kind in draft.types],
        initial=draft.kind,
        dispatch_action=True,
    )


def _field_block(known: QueryField, draft: TaskDraft) -> Block:
    block_id = f"{FIELD_PREFIX}{known.name}"
    kind = draft.type
    initial = draft.values.get(block_id, "")
    if not initial and kind is not None:
        if known is kind.title:
            initial = draft.words
        elif known is kind.due and draft.due:
            initial = draft.due[:10] if known.type is ValueType.DATE else draft.due
    return blocks.text_field(
        block_id[:255],
        known.label,
        action=f"task.{block_id}"[:255],
        initial=initial,
        hint=_hint(known),
        optional=True,
        multiline=kind is not None and known is kind.title,
        max_length=MAX_TEXT_LENGTH,
    )


def _hint(known: QueryField) -> str:
    return {
        ValueType.NUMBER: "A number.",
        ValueType.BOOLEAN: "Yes or no.",
        ValueType.DATE: "A day, such as next Monday or 2026-12-01.",
        ValueType.TIME: f"{MOMENT_HINT} Your own time is written, without a zone.",
    }.get(known.type, "")


def _common_blocks(draft: TaskDraft) -> list[Block]:
    kind, values = draft.type, draft.values
    content = [
        blocks.text_field(
            ASSIGNEE,
            "Assigned to",
            action=f"task.{ASSIGNEE}",
            initial=values.get(ASSIGNEE, ""),
            hint="A name, email address or username in Chakra, or me. Empty: Chakra decides.",
            optional=True,
            max_length=200,
        ),
        blocks.select_field(
            STATUS,
            "Status",
            action=f"task.{STATUS}",
            placeholder="Choose a status",
            choices=[Choice(status.capitalize(), status) for status in STATUSES],
            initial=values.get(STATUS) or STATUSES[0],
        ),
    ]
    if needs_when(kind):
        has_time = "T" in draft.due or kind is None or kind.due is None
        content.append(
            blocks.text_field(
                WHEN,
                "When",
                action=f"task.{WHEN}",
                initial=values.get(WHEN, draft.due.replace("T", " ") if has_time else ""),
                hint=f"{_when_note(kind)} {MOMENT_HINT}",
                optional=True,
                max_length=100,
            )
        )
    content.append(
        checkboxes_field(
            NEXT_ACTION,
            "Next action",
            [Choice("Also set the record's next action to this time", "yes")],
            action=f"task.{NEXT_ACTION}",
            initial=["yes"] if values.get(NEXT_ACTION) else [],
            optional=True,
        )
    )
    return content


def needs_when(kind: TaskType | None) -> bool:
    """Return whether no field of the task takes both a day and a time."""
    return kind is None or kind.due is None or kind.due.type is ValueType.DATE


def _when_note(kind: TaskType | None) -> str:
    if kind is None:
        return "For the record's next action."
    if kind.due is None:
        return "This task has no field for a time; the record's next action takes one."
    return f"{kind.due.label} takes the day; the record's next action takes the time too."


# --- what is entered ------------------------------------------------------------------------------


def read_form(
    types: Sequence[TaskType], values: Mapping[str, str], username: str, now: datetime
) -> NewTask:
    """Return the task of a submitted form; ``now`` is in the person's zone.

    Raise `InvalidFields`.
    """
    errors: dict[str, str] = {}
    name = values.get(KIND, "").strip()
    kind = find_task_type(types, name) or (TaskType(name, name) if name and not types else None)
    if kind is None:
        raise InvalidFields({KIND: "Choose a task."})
    data, shown = _read_fields(kind, values, now, errors)
    next_action = _read_next_action(kind, values, data, now, errors)
    if errors:
        raise InvalidFields(errors)
    status = values.get(STATUS) or STATUSES[0]
    body: dict[str, Any] = {"data": data} if data else {}
    body["status"] = status
    if username:
        body["assignedTo"] = username
    shown.append(("Status", status.capitalize()))
    if username:
        shown.append(("Assigned to", username))
    return NewTask(kind, body, tuple(shown), next_action)


def _read_fields(
    kind: TaskType, values: Mapping[str, str], now: datetime, errors: dict[str, str]
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    data: dict[str, Any] = {}
    shown: list[tuple[str, str]] = []
    for known in kind.fields[:MAX_FIELDS]:
        block_id = f"{FIELD_PREFIX}{known.name}"
        entered = values.get(block_id, "").strip()
        if not entered:
            continue
        try:
            data[known.name] = _read_value(known, entered, now)
        except UsageError as error:
            errors[block_id] = error.message
            continue
        shown.append((known.label, str(data[known.name])))
    return data, shown


def _read_value(known: QueryField, entered: str, now: datetime) -> Any:
    """Return a value as the field stores it. Raise ``UsageError``."""
    if known.type is ValueType.DATE:
        return _read_day(known, entered, now).isoformat()
    if known.type is ValueType.TIME:
        return format_due(known, read_time(entered, now))
    if known.type in (ValueType.NUMBER, ValueType.BOOLEAN):
        return read_value(known, Token(entered))
    return entered


def _read_day(known: QueryField, entered: str, now: datetime) -> date:
    try:
        return date.fromisoformat(entered)
    except ValueError:
        pass
    moment = _read_words(entered, now)
    if moment.time is not None or moment.day is None:
        raise UsageError(f"{known.label} takes a day, without a time.")
    return moment.day


def read_time(entered: str, now: datetime) -> datetime:
    """Return the moment that a text names. Raise ``UsageError``."""
    if "T" in entered or ":" in entered:
        try:
            exact = datetime.fromisoformat(entered)
        except ValueError:
            pass
        else:
            zone = now.tzinfo
            return exact.astimezone(zone) if exact.tzinfo else exact.replace(tzinfo=zone)
    moment = _read_words(entered, now)
    found = moment.at(now)
    if found is None:
        raise UsageError(f'Add the time to "{entered}", such as tomorrow 10am.')
    return found


def _read_words(entered: str, now: datetime) -> FoundMoment:
    moment = read_moment(entered, now)
    if moment is None:
        raise UsageError(f'"{entered[:80]}" is no time. {MOMENT_HINT}')
    if moment.problem:
        raise UsageError(moment.problem)
    return moment


def _read_next_action(
    kind: TaskType,
    values: Mapping[str, str],
    data: Mapping[str, Any],
    now: datetime,
    errors: dict[str, str],
) -> datetime | None:
    """Return when the record's next action is to be, None if it stays as it is."""
    is_ticked, typed = bool(values.get(NEXT_ACTION)), values.get(WHEN, "").strip()
    if needs_when(kind):
        block_id = WHEN
        if typed and not is_ticked:
            errors[WHEN] = f"{_when_note(kind)} Tick the box below to set it, or empty this field."
            return None
    else:
        block_id = f"{FIELD_PREFIX}{kind.due.name}" if kind.due else WHEN
        typed = str(data.get(kind.due.name, "")) if kind.due else ""
    if not is_ticked or block_id in errors:
        return None
    if not typed:
        errors[block_id] = "Enter the day and the time of the next action."
        return None
    try:
        moment = read_time(typed, now)
    except UsageError as error:
        errors[block_id] = error.message
        return None
    if moment <= now:
        errors[block_id] = "That's in the past. Write a time to come, such as tomorrow 10am."
    return moment
