"""The form of a new task."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.processes.directory import Record
from bot.processes.editor import FIELD_PREFIX
from bot.processes.record_query import QueryField, ValueType
from bot.processes.record_title import render_record_title
from bot.processes.search import STATUSES
from bot.processes.task_type import TaskType
from bot.slack import blocks
from bot.slack.age import format_date_token
from bot.slack.blocks import Markup, lines, markup
from bot.slack.choice_fields import checkboxes_field
from bot.slack.commands.reply import Block, Choice, View

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
    """A task that is being entered.

    ``record_text`` is what was typed for the record if it isn't found, ``choices`` are the possible
    records. ``words`` and ``due`` (``2026-12-01T10:00:00``, or the day alone) go into the fields
    for them; ``values`` are those of the form, by ``block_id``.
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
            "record": self.record.choice if self.record else "",
            NEXT_ACTION: get_next_action(self.record),
            "record_text": self.record_text[:MAX_RECORD_TEXT_LENGTH],
            "words": self.words[:MAX_STATE_WORDS_LENGTH],
            "due": self.due,
            "values": self._dump_hidden(),
        }

    def _dump_hidden(self) -> str:
        """Return the typed values of fields that this form lacks, but another kind's may have."""
        kind = self.type
        shown = {f"{FIELD_PREFIX}{known.name}" for known in kind.fields} if kind else set()
        hidden = {
            name: value
            for name, value in self.values.items()
            if name.startswith(FIELD_PREFIX) and name not in shown
        }
        text = json.dumps(hidden)
        return text if hidden and len(text) <= MAX_STATE_VALUES_LENGTH else ""


def get_next_action(record: Record | None) -> str:
    """Return the record's next action in the format of a form's state."""
    moment = record.process.next_action_at if record else None
    return str(moment.timestamp()) if moment else ""


def find_task_type(types: Sequence[TaskType], name: str) -> TaskType | None:
    return next((kind for kind in types if kind.name == name), None)


# --- the view -------------------------------------------------------------------------------------


def render_task_form(draft: TaskDraft) -> View:
    """Return the form; the fields are those of the chosen kind of task."""
    content = [*_render_record(draft), *_render_notes(draft), _render_kind(draft)]
    kind = draft.type
    if kind is not None:
        content += [_render_field(known, draft) for known in kind.fields[:MAX_FIELDS]]
        if kind.fields and not kind.is_related:
            content.append(
                blocks.context("Chakra doesn't say which fields this task has. These are all.")
            )
    elif draft.words:
        content.append(blocks.context(markup("For the task: ", draft.words[:500])))
    content += _render_common_fields(draft)
    return blocks.form_modal(SUBMIT, "New task", "Create", content)


def _render_record(draft: TaskDraft) -> list[Block]:
    if draft.record is not None:
        content = [blocks.section(markup("For ", render_record_title(draft.record)))]
        if moment := draft.record.process.next_action_at:
            now = markup(
                "Its next action is set to ", format_date_token(moment.timestamp()), " now."
            )
            content.append(blocks.context(now))
        return content
    if draft.choices:
        choices = [
            Choice(f"{record.process.name or record.key} · {record.key}", record.choice)
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


def _render_notes(draft: TaskDraft) -> list[Block]:
    if not draft.notes:
        return []
    return [blocks.section(lines(markup(Markup(":warning: "), note) for note in draft.notes))]


def _render_kind(draft: TaskDraft) -> Block:
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


def _render_field(known: QueryField, draft: TaskDraft) -> Block:
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


def _render_common_fields(draft: TaskDraft) -> list[Block]:
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
                hint=f"{describe_when(kind)} {MOMENT_HINT}",
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


def describe_when(kind: TaskType | None) -> str:
    """Return the meaning of the field for a time."""
    if kind is None:
        return "For the record's next action."
    if kind.due is None:
        return "This task has no field for a time; the record's next action takes one."
    return f"{kind.due.label} takes the day; the record's next action takes the time too."
