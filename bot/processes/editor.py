"""Forms that create and change a record, and the changes of a submitted one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any, Final

from bot.chakra.process import Process
from bot.errors import UsageError
from bot.processes.field_inputs import (
    MAX_TEXT_LENGTH,
    NOT_SET,
    display_text,
    format_input_text,
    infer_field,
    is_editable,
    read_input,
    render_field,
)
from bot.processes.lead_fields import order_fields
from bot.processes.record_query import QueryField
from bot.processes.search import STATUSES, RecordType
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, lines, markup
from bot.slack.commands.reply import Block, Choice, View
from bot.text.phones import PhoneParser

SUBMIT: Final = "process.submit"
SAVE: Final = "process.save"
CREATE: Final = "process.create"
REMOVE: Final = "process.remove"
KEY: Final = "key"
STATUS, STATE, ASSIGNEE = "status", "state", "assignee"
FIELD_PREFIX: Final = "field_"
MAX_FORM_FIELDS: Final = 60
"""Slack allows 100 blocks in a view."""
MAX_NAME_LENGTH: Final = 200
MAX_SHOWN_LENGTH: Final = 300
MAX_NAMED_FIELDS: Final = 8
RANGE: Final = "process.fields"
LONG_PREFIX: Final = "long_"
NO_TEXTS: Final[Mapping[str, str]] = {}
EMPTY: Final = "empty"
MAX_UPDATE_LENGTH: Final = 2_500
"""Characters: Slack allows 3,000 in a view's metadata."""
CHANGED_WARNING: Final = "This record has changed in Chakra. Compare with what is there now."
ROOT_BLOCKS: Final = (
    (STATE, "state", "State"),
    (STATUS, "status", "Status"),
    (ASSIGNEE, "assignedTo", "Assigned to"),
)
"""The form's field, Chakra's, and its label."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field that a form changes; ``old`` and ``new`` are for display."""

    label: str
    old: str = field(repr=False)
    new: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RecordChanges:
    """``update`` is the body of the write, ``changes`` are its description for people."""

    update: Mapping[str, Any] = field(default_factory=dict, repr=False)
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class InvalidFields(Exception):
    """Sentences by ``block_id``."""

    errors: Mapping[str, str]


def list_form_fields(record_type: RecordType, process: Process | None = None) -> list[QueryField]:
    """Return the fields that a form can change, including those that only the record has.

    Photos are added from the card, and the key of a record is not changed.
    """
    stored = process.attributes if process else {}
    known = [field for field in record_type.attributes if _is_offered(record_type, field, process)]
    names = {field.name for field in record_type.attributes}
    known += [infer_field(name, value) for name, value in stored.items() if name not in names]
    found = [field for field in known if is_editable(field, stored.get(field.name))]
    return found if process else order_fields(found, record_type.phone_fields)


def _is_offered(record_type: RecordType, known: QueryField, process: Process | None) -> bool:
    is_key = process is not None and known.name == record_type.key_field
    return not is_key and known.name not in record_type.photo_fields


def _list_locked(record_type: RecordType, process: Process | None) -> list[str]:
    """Return the labels of the fields that are objects, or are too long for a form."""
    stored = process.attributes if process else {}
    offered = {field.name for field in list_form_fields(record_type, process)}
    skipped = {record_type.key_field, *record_type.photo_fields, *offered}
    labels = {field.name: field.label for field in record_type.attributes}
    names = (*labels, *stored) if process else tuple(labels)
    return [labels.get(name, name) for name in dict.fromkeys(names) if name not in skipped]


def build_block_id(known: QueryField) -> str:
    """Return the ``block_id`` of a field: at most 255 characters."""
    name = known.name
    if len(name) > MAX_NAME_LENGTH:
        name = hashlib.blake2s(name.encode(), digest_size=16).hexdigest()
    return f"{FIELD_PREFIX}{name}"


def find_first_field(record_type: RecordType) -> str:
    """Return the ``block_id`` of the form's first attribute."""
    known = list_form_fields(record_type, None)
    return build_block_id(known[0]) if known else STATE


def render_record_form(
    record_type: RecordType,
    process: Process | None,
    *,
    callback: str,
    zone: tzinfo = UTC,
    start: int = 0,
) -> View:
    """Return the form of a new record, or of ``process`` as it is now.

    It has the attributes from ``start``, up to `MAX_FORM_FIELDS`; times are those of ``zone``.
    """
    values = process.attributes if process else {}
    known = list_form_fields(record_type, process)
    states = record_type.states
    status = process.status if process else ""
    statuses = list(dict.fromkeys((*filter(None, [status]), *STATUSES)))
    root = [
        _show_text(STATE, "State", process.state if process else "", hint=describe_states(states)),
        blocks.select_field(
            STATUS,
            "Status",
            action="process.status",
            placeholder="Choose a status",
            choices=[Choice(item.capitalize(), item) for item in statuses],
            initial=status or STATUSES[0],
        ),
        _show_text(
            ASSIGNEE,
            "Assigned to",
            process.assigned_to if process else "",
            hint="A name, email address or username in Chakra, or me.",
        ),
    ]
    fields = [
        render_field(field_, values.get(field_.name), zone, build_block_id(field_))
        for field_ in known[start : start + MAX_FORM_FIELDS]
    ]
    content = [*_render_range_menu(known, start), *root, *fields] if process else [*fields, *root]
    content += _render_notes(known, _list_locked(record_type, process), process)
    title = "Edit" if process else "New"
    submit = "Check" if process else "Create"
    return blocks.form_modal(callback, f"{title} {record_type.label.lower()}", submit, content)


def _render_range_menu(known: Sequence[QueryField], start: int) -> list[Block]:
    """Return the menu that shows other fields; none if all are shown."""
    if len(known) <= MAX_FORM_FIELDS:
        return []
    choices = []
    for first in range(0, len(known), MAX_FORM_FIELDS):
        part = known[first : first + MAX_FORM_FIELDS]
        text = f"{first + 1}–{first + len(part)}: {part[0].label} to {part[-1].label}"
        choices.append(Choice(text, str(first)))
    menu = blocks.select_field(
        RANGE,
        "Fields",
        action=RANGE,
        placeholder="Choose",
        choices=choices,
        initial=str(start),
        hint="Save your changes before you choose other fields.",
        dispatch_action=True,
    )
    return [menu]


def _render_notes(
    known: Sequence[QueryField], locked: Sequence[str], process: Process | None
) -> list[Block]:
    notes = []
    if process is None and len(known) > MAX_FORM_FIELDS:
        notes.append(f"{len(known) - MAX_FORM_FIELDS} more fields can be filled in later.")
    if locked:
        names = ", ".join(locked[:MAX_NAMED_FIELDS])
        more = f" and {len(locked) - MAX_NAMED_FIELDS} more" * (len(locked) > MAX_NAMED_FIELDS)
        notes.append(f"Can only be changed in Chakra: {names}{more}.")
    return [blocks.context(note) for note in notes]


def _show_text(block_id: str, label: str, initial: str, *, hint: str = "") -> Block:
    return blocks.text_field(
        block_id,
        label,
        action=f"process.{block_id}",
        initial=initial,
        hint=hint,
        optional=True,
        max_length=MAX_TEXT_LENGTH,
    )


def describe_states(states: Sequence[str]) -> str:
    """Return the hint for the field of the state."""
    return f"For example {', '.join(states[:6])}." if states else ""


# --- what was entered
# ------------------------------------------------------------------------------


def read_form(
    record_type: RecordType,
    process: Process | None,
    values: Mapping[str, str],
    phones: PhoneParser,
    zone: tzinfo = UTC,
) -> RecordChanges:
    """Return what a form would write: the filled-in fields, or those that differ from ``process``.

    Raise `InvalidFields`.
    """
    errors: dict[str, str] = {}
    root = _read_root_fields(process, values, errors)
    own = _read_attributes(record_type, process, values, phones, zone, errors)
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
        if block_id not in values:
            continue
        old, new = _get_root_value(process, name), values[block_id].strip()
        if name == "state":
            new = read_state(new)
        if new == old or (not new and process is None):
            continue
        if not new:
            errors[block_id] = f"Enter a value. Chakra may not accept an empty {label.lower()}."
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
    phones: PhoneParser,
    zone: tzinfo,
    errors: dict[str, str],
) -> RecordChanges:
    stored = process.attributes if process else {}
    data: dict[str, Any] = {}
    for known in list_form_fields(record_type, process):
        block_id, value = build_block_id(known), stored.get(known.name)
        if block_id not in values:
            continue
        entered, shown = values[block_id].strip(), format_input_text(known, value, zone).strip()
        if entered == shown or (entered == NOT_SET and not shown):
            if process is None and known.is_required:
                errors[block_id] = "Enter a value: every record needs it."
            continue
        try:
            new = read_input(known, record_type, entered, phones, zone, value)
        except UsageError as error:
            errors[block_id] = error.message
            continue
        if not _is_same(new, value):
            data[known.name] = new
    return RecordChanges(data, tuple(_describe_data(record_type, process, data, zone)))


def _is_same(new: Any, stored: Any) -> bool:
    if isinstance(new, list) and isinstance(stored, list):
        return sorted(map(str, new)) == sorted(map(str, stored))
    return type(new) is type(stored) and bool(new == stored)


def _describe_data(
    record_type: RecordType, process: Process | None, data: Mapping[str, Any], zone: tzinfo
) -> Iterator[Change]:
    stored = process.attributes if process else {}
    fields = {known.name: known for known in record_type.attributes}
    for name, value in data.items():
        known = fields.get(name) or infer_field(name, stored.get(name))
        old, new = (
            blocks.clip(display_text(known, format_input_text(known, item, zone)), MAX_SHOWN_LENGTH)
            for item in (stored.get(name), value)
        )
        yield Change(known.label, old or EMPTY, new or EMPTY)


def _get_root_value(process: Process | None, name: str) -> str:
    if process is None:
        return ""
    roots = {"state": process.state, "status": process.status, "assignedTo": process.assigned_to}
    return roots[name]


# --- views ----------------------------------------------------------------------------------------


def render_check_view(
    title: Markup,
    changes: RecordChanges,
    *,
    warning: str = "",
    long_texts: Mapping[str, str] = NO_TEXTS,
) -> View:
    """Return "Check and save": what is stored now, and what would be.

    ``long_texts`` are those too long for the form's state: they are in inputs, and sent from there.
    """
    rows = [
        markup(bold(change.label), "\n", Markup("~"), change.old, Markup("~  →  "), change.new)
        if change.old != EMPTY
        else markup(bold(change.label), "\n", change.new)
        for change in changes.changes
    ]
    content: list[Block] = []
    if warning:
        content.append(blocks.section(markup(Markup(":warning: "), warning)))
    content.append(blocks.section(markup("Changes to ", title, ":")))
    content += map(blocks.section, rows)
    content += [
        blocks.text_field(
            f"{LONG_PREFIX}{number}",
            f"{name}, as it will be saved"[:MAX_NAME_LENGTH],
            action="process.long",
            initial=text,
            multiline=True,
            optional=True,
        )
        for number, (name, text) in enumerate(long_texts.items())
    ]
    return blocks.form_modal(SAVE, "Check and save", "Save", content)


def render_delete_form(record_type: RecordType, key: str, name: str) -> View:
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
    record_type: RecordType, process: Process, update: Mapping[str, Any], zone: tzinfo = UTC
) -> RecordChanges:
    """Return an update with the changes that it would make now."""
    root = [
        Change(label, _get_root_value(process, name) or EMPTY, str(update[name]))
        for _, name, label in ROOT_BLOCKS
        if name in update
    ]
    own = _describe_data(record_type, process, update.get("data", {}), zone)
    return RecordChanges(update, (*root, *own))


def compute_version(process: Process) -> str:
    """Return a fingerprint of a record: a different one means that it has changed.

    ``updatedAt`` alone isn't enough, since whether each response has it is UNKNOWN.
    """
    content = process.model_dump_json(exclude={"other"}, fallback=str)
    return hashlib.blake2s(content.encode("utf-8", "replace"), digest_size=16).hexdigest()
