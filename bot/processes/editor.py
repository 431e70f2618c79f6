"""Forms that create and change a record, and what a submitted one would change."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bot.chakra.process import Process
from bot.errors import UsageError
from bot.processes.card import show_value
from bot.processes.query_schema import read_value
from bot.processes.record_query import QueryField, ValueType
from bot.processes.search import STATUSES, RecordType
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, lines, markup
from bot.slack.commands.reply import Block, Choice, View
from bot.slack.commands.tokens import Token
from bot.text.phones import PhoneParser

SUBMIT: Final = "process.submit"
SAVE: Final = "process.save"
CREATE: Final = "process.create"
REMOVE: Final = "process.remove"
KEY: Final = "key"
STATUS, STATE, ASSIGNEE = "status", "state", "assignee"
FIELD_PREFIX: Final = "field_"
MAX_FORM_FIELDS: Final = 60
"""Slack takes 100 blocks in a view."""
MAX_TEXT_LENGTH: Final = 3_000
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
EMPTY: Final = "empty"
MAX_UPDATE_LENGTH: Final = 2_500
"""Characters: a view's metadata takes 3,000 in all."""
CHANGED_WARNING: Final = "This record has changed in Chakra. Compare with what is there now."
ROOT_BLOCKS: Final = (
    (STATE, "state", "State"),
    (STATUS, "status", "Status"),
    (ASSIGNEE, "assignedTo", "Assigned to"),
)
"""The form's field, Chakra's, and its label."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field that a form changes; ``old`` and ``new`` are as people read them."""

    label: str
    old: str = field(repr=False)
    new: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RecordChanges:
    """``update`` is the body of the write, ``changes`` are what people read of it."""

    update: Mapping[str, Any] = field(default_factory=dict, repr=False)
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class InvalidFields(Exception):
    """Sentences by ``block_id``."""

    errors: Mapping[str, str]


def form_fields(record_type: RecordType) -> tuple[QueryField, ...]:
    """Return the attributes that the form has: photos are added from the card."""
    typed = (
        known for known in record_type.attributes if known.name not in record_type.photo_fields
    )
    return tuple(typed)[:MAX_FORM_FIELDS]


def first_field(record_type: RecordType) -> str:
    """Return the ``block_id`` of the form's first attribute."""
    names = [known.name for known in form_fields(record_type)]
    return f"{FIELD_PREFIX}{names[0]}" if names else STATE


def record_form(record_type: RecordType, process: Process | None, *, callback: str) -> View:
    """Return the form of a new record, or of ``process`` as it is now."""
    values = process.attributes if process else {}
    states = record_type.states
    fields = [
        _text(STATE, "State", process.state if process else "", hint=describe_states(states)),
        blocks.select_field(
            STATUS,
            "Status",
            action="process.status",
            placeholder="Choose a status",
            choices=[Choice(status.capitalize(), status) for status in STATUSES],
            initial=process.status if process and process.status in STATUSES else STATUSES[0],
        ),
        _text(
            ASSIGNEE,
            "Assigned to",
            process.assigned_to if process else "",
            hint="A username in Chakra.",
        ),
    ]
    for known in form_fields(record_type):
        if process and known.name == record_type.key_field:
            continue
        shown = show_value(values.get(known.name)) if process else ""
        fields.append(_text(f"{FIELD_PREFIX}{known.name}", known.label, shown, hint=hint_of(known)))
    title = "Edit" if process else "New"
    submit = "Check" if process else "Create"
    return blocks.form_modal(callback, f"{title} {record_type.label.lower()}", submit, fields)


def _text(block_id: str, label: str, initial: str, *, hint: str = "") -> Block:
    return blocks.text_field(
        block_id[:255],
        label,
        action=f"process.{block_id}"[:255],
        initial=initial,
        hint=hint,
        optional=True,
        max_length=MAX_TEXT_LENGTH,
    )


def describe_states(states: Sequence[str]) -> str:
    """Return the hint for the field of the state."""
    return f"For example {', '.join(states[:6])}." if states else ""


def hint_of(known: QueryField) -> str:
    """Return how the values of a field are written, "" for any text."""
    return {
        ValueType.NUMBER: "A number.",
        ValueType.BOOLEAN: "Yes or no.",
        ValueType.DATE: "A day, as 2026-05-31.",
        ValueType.TIME: "A time, as 2026-05-31T09:30.",
    }.get(known.type, "")


# --- what is entered ------------------------------------------------------------------------------


def read_form(
    record_type: RecordType,
    process: Process | None,
    values: Mapping[str, str],
    region: str | None,
) -> RecordChanges:
    """Return what a form would write: the filled-in fields, or those that differ from ``process``.

    Raise `InvalidFields`.
    """
    errors: dict[str, str] = {}
    root = _read_root_fields(process, values, errors)
    own = _read_attributes(record_type, process, values, region, errors)
    if errors:
        raise InvalidFields(errors)
    update = {**root.update, "data": own.update} if own.update else root.update
    return RecordChanges(update, (*root.changes, *own.changes))


def _read_root_fields(
    process: Process | None, values: Mapping[str, str], errors: dict[str, str]
) -> RecordChanges:
    update: dict[str, Any] = {}
    changes: list[Change] = []
    for block_id, name, label in ROOT_BLOCKS:
        old, new = _root_value(process, name), values.get(block_id, "").strip()
        if name == "state":
            new = read_state(new)
        if new == old or (not new and process is None):
            continue
        if not new:
            errors[block_id] = f"Enter a value. Chakra may not take an empty {label.lower()}."
            continue
        update[name] = new
        changes.append(Change(label, old or EMPTY, new))
    return RecordChanges(update, tuple(changes))


def read_state(entered: str) -> str:
    """Return a state as its short ID: "in progress" is IN_PROGRESS."""
    return re.sub(r"[\s-]+", "_", entered).upper() if entered.islower() else entered


def _read_attributes(
    record_type: RecordType,
    process: Process | None,
    values: Mapping[str, str],
    region: str | None,
    errors: dict[str, str],
) -> RecordChanges:
    stored = process.attributes if process else {}
    data: dict[str, Any] = {}
    changes: list[Change] = []
    for known in form_fields(record_type):
        block_id = f"{FIELD_PREFIX}{known.name}"
        old, entered = show_value(stored.get(known.name)), values.get(block_id, "").strip()
        if block_id not in values or entered == old.strip():
            continue
        try:
            value = read_attribute(known, record_type, entered, region)
        except UsageError as error:
            errors[block_id] = error.message
            continue
        data[known.name] = value
        changes.append(Change(known.label, old or EMPTY, show_value(value) or EMPTY))
    return RecordChanges(data, tuple(changes))


def _root_value(process: Process | None, name: str) -> str:
    if process is None:
        return ""
    return {
        "state": process.state,
        "status": process.status,
        "assignedTo": process.assigned_to,
    }[name]


def read_attribute(
    known: QueryField, record_type: RecordType, entered: str, region: str | None
) -> Any:
    """Return what is entered as Chakra stores it. Raise ``UsageError``."""
    if not entered:
        if known.type is ValueType.TEXT and not record_type.is_phone(known):
            return ""
        raise UsageError("Enter a value. How Chakra empties this field isn't documented.")
    if record_type.is_phone(known):
        candidates = PhoneParser(region).candidates(entered)
        if not candidates:
            raise UsageError("That's not a phone number. Write it as +91 98765 43210.")
        return candidates[0]
    if known.type is ValueType.DATE and not _DATE.fullmatch(entered):
        raise UsageError("Write the day as 2026-05-31.")
    if known.type in (ValueType.NUMBER, ValueType.BOOLEAN):
        return read_value(known, Token(entered))
    return entered


# --- views ----------------------------------------------------------------------------------------


def check_view(reference: str, changes: RecordChanges, *, warning: str = "") -> View:
    """Return "Check and save": what is stored now, and what would be stored."""
    rows = [
        markup(bold(change.label), "\n", Markup("~"), change.old, Markup("~  →  "), change.new)
        if change.old != EMPTY
        else markup(bold(change.label), "\n", change.new)
        for change in changes.changes
    ]
    content: list[Block] = []
    if warning:
        content.append(blocks.section(markup(Markup(":warning: "), warning)))
    content.append(blocks.section(markup("Changes to ", bold(reference), ":")))
    content += map(blocks.section, rows)
    return blocks.form_modal(SAVE, "Check and save", "Save", content)


def delete_form(record_type: RecordType, key: str, name: str) -> View:
    """Return the form that asks for the key of the record to delete."""
    shown = markup(bold(name), "  ·  ", key) if name else bold(key)
    question = lines(
        [
            markup("This deletes ", shown, " in Chakra, for everyone."),
            "It can't be undone from Slack.",
        ]
    )
    typed = blocks.text_field(KEY, f"Type {key} to confirm"[:150], action="process.key")
    label = f"Delete {record_type.label.lower()}"
    return blocks.form_modal(REMOVE, label, "Delete", [blocks.section(question), typed])


def describe_update(
    record_type: RecordType, process: Process, update: Mapping[str, Any]
) -> RecordChanges:
    """Return an update with what it would change now."""
    changes = [
        Change(label, _root_value(process, name) or EMPTY, str(update[name]))
        for _, name, label in ROOT_BLOCKS
        if name in update
    ]
    data = update.get("data", {})
    changes += [
        Change(
            known.label,
            show_value(process.attributes.get(known.name)) or EMPTY,
            show_value(data[known.name]) or EMPTY,
        )
        for known in record_type.attributes
        if known.name in data
    ]
    return RecordChanges(update, tuple(changes))


def updated_at(process: Process) -> str:
    """Return when a record was last changed, as a form's state carries it."""
    return str(process.updated_at.timestamp()) if process.updated_at else ""
