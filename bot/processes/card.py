"""A record as its reader sees it: a row of a list, and the card with all its fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from bot.chakra.fields import to_text
from bot.chakra.process import Process
from bot.processes.directory import Record
from bot.processes.photo_fields import photo_buttons, photo_ids
from bot.processes.search import RecordType
from bot.slack import blocks
from bot.slack.age import date_token
from bot.slack.blocks import Markup, bold, escape, lines, markup
from bot.slack.commands.reply import Block, Message

SHOW: Final = "process.show"
REFRESH: Final = "process.refresh"
SEND: Final = "process.send"
EDIT: Final = "process.edit"
TAKE: Final = "process.take"
DELETE: Final = "process.delete"
TASK: Final = "task.open"
MAX_FIELDS: Final = 40
"""Fields of a card; Slack takes 50 blocks, and a section has ten."""
MAX_VALUE_LENGTH: Final = 300


def record_row(record: Record) -> Block:
    """Return the row of a list: name, key, state, assignee."""
    process = record.process
    title = markup(bold(process.name or record.key))
    facts = [record.key if process.name else "", process.state, process.assigned_to]
    created = _created(process)
    details = Markup("  ·  ".join(escape(fact) for fact in (*facts, created) if fact))
    button = blocks.button("Show", f"{SHOW}:{process.id or record.key}", record.reference)
    return blocks.section(lines([title, details]), accessory=button)


def record_card(
    record: Record,
    record_type: RecordType,
    *,
    may_send: bool,
    may_edit: bool,
    note: str,
    replace: bool = False,
) -> Message:
    """Return the card for one reader, who sees numbers and addresses in full."""
    process = record.process
    title = markup(bold(process.name or record.key), "  ·  ", record.reference)
    pairs = list(_root_pairs(record)) + list(_attribute_pairs(record, record_type))
    shown = pairs[:MAX_FIELDS]
    content = [blocks.section(title), *blocks.fields(shown)]
    if len(pairs) > len(shown):
        hidden = len(pairs) - len(shown)
        content.append(blocks.context(f"{hidden} more fields are in Chakra."))
    content.append(blocks.context(note))
    buttons = []
    if may_send and process.phone:
        buttons.append(blocks.button("Send WhatsApp", SEND, record.reference))
    if may_edit:
        buttons += [
            blocks.button("Edit", EDIT, record.reference),
            blocks.button("Assign to me", TAKE, record.reference),
            blocks.button("Task…", TASK, record.reference),
            blocks.button("Delete…", DELETE, record.reference),
        ]
    buttons.append(blocks.button("Refresh", REFRESH, record.reference))
    content += photo_buttons(record, record_type, may_edit=may_edit)
    content.append(blocks.actions(*buttons))
    return Message(text=title, blocks=tuple(content), replace_original=replace)


def _root_pairs(record: Record) -> Iterable[tuple[str, str]]:
    process = record.process
    yield from (
        (label, value)
        for label, value in (
            ("State", process.state),
            ("Status", process.status),
            ("Assigned to", process.assigned_to),
        )
        if value
    )
    for label, moment in (
        ("Created", process.created_at),
        ("Updated", process.updated_at),
        ("Next action", process.next_action_at),
    ):
        if moment:
            yield label, date_token(moment.timestamp())


def _attribute_pairs(record: Record, record_type: RecordType) -> Iterable[tuple[str, str]]:
    """Yield the attributes in the order of the configuration, then those that it doesn't have."""
    values = record.process.attributes
    known = record_type.attributes
    for field in known:
        value = values.get(field.name)
        if field.name in record_type.photo_fields and photo_ids(value):
            continue
        if text := show_value(value):
            yield field.label, text
    names = {field.name for field in known}
    for name, value in values.items():
        if name not in names and (text := show_value(value)):
            yield name, text


def show_value(value: Any) -> str:
    """Return an attribute's value as text: what has no text of its own is shown by its parts."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, Mapping):
        parts = (f"{name}: {shown}" for name, item in value.items() if (shown := show_value(item)))
        return blocks.clip(", ".join(parts), MAX_VALUE_LENGTH)
    if isinstance(value, list):
        return blocks.clip(", ".join(filter(None, map(show_value, value))), MAX_VALUE_LENGTH)
    return blocks.clip(to_text(value).strip(), MAX_VALUE_LENGTH)


def loaded_note(now: float) -> Markup:
    """Return the small line below what was just loaded."""
    return markup("From Chakra, ", date_token(now))


def _created(process: Process) -> str:
    moment = process.created_at
    return markup("created ", date_token(moment.timestamp())) if moment else ""
