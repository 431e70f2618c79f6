"""A record as its reader sees it: a row in a list, and the card with all its fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Final

from bot.chakra.fields import to_text
from bot.chakra.process import Process
from bot.processes.directory import Record
from bot.processes.photo_fields import list_photo_ids, render_photo_buttons
from bot.processes.query import is_key
from bot.processes.search import RecordType
from bot.slack import blocks
from bot.slack.age import format_date_token
from bot.slack.blocks import Markup, bold, escape, lines, markup
from bot.slack.button_state import ButtonState
from bot.slack.commands.reply import Block, EntityDetails, Message
from bot.slack.work_objects import (
    EntityAction,
    build_payload,
    text_field,
    time_field,
)

SHOW: Final = "process.show"
REFRESH: Final = "process.refresh"
SEND: Final = "process.send"
EDIT: Final = "process.edit"
TAKE: Final = "process.take"
ASSIGN: Final = "process.assign"
CHANGE_STATE: Final = "process.state"
DELETE: Final = "process.delete"
TASK: Final = "task.open"
MAX_FIELDS: Final = 40
"""Fields of a card; Slack allows 50 blocks, and a section has ten."""
MAX_VALUE_LENGTH: Final = 300
MAX_ACTION_ID_LENGTH: Final = 255
NO_NUMBER: Final = "Without a usable phone number, no WhatsApp message can be sent."
MAX_ASSIGNEE_LENGTH: Final = 200
NO_KEY: Final = "(without a key)"


class TakeButton(ButtonState):
    """The button that assigns a record to the presser: the record and its assignee."""

    command: ClassVar[str] = "/chakra leads"

    record: str
    assigned: str

    @classmethod
    def from_record(cls, record: Record) -> TakeButton:
        """Return the button of a record, with enough of its assignee to notice a change."""
        return cls(record=record.handle, assigned=record.process.assigned_to[:MAX_ASSIGNEE_LENGTH])


@dataclass(frozen=True, slots=True)
class CardField:
    """A field of a card: a text, or a moment."""

    label: str
    text: str = ""
    moment: datetime | None = None

    @property
    def markup(self) -> str:
        return format_date_token(self.moment.timestamp()) if self.moment else self.text


def render_record_row(record: Record, record_type: RecordType | None = None) -> Block:
    """Return the row of a list: name, key, state, assignee."""
    process = record.process
    show = record_type.show if record_type else str
    title = markup(bold(process.name or record.key or NO_KEY))
    assignee = record_type.show_person(process.assigned_to) if record_type else process.assigned_to
    facts = [record.shown_key if process.name else "", show(process.state), assignee]
    created = _format_created(process)
    details = Markup("  ·  ".join(escape(fact) for fact in (*facts, created) if fact))
    name = process.id or record.key
    button = blocks.button("Show", f"{SHOW}:{name}"[:MAX_ACTION_ID_LENGTH], record.handle)
    return blocks.section(lines([title, details]), accessory=button if name else None)


def render_record_card(
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
    kind = f"{record_type.label} {record.shown_key}".strip()
    title = markup(bold(process.name or record.key), "  ·  ", kind)
    fields = _list_fields(record, record_type)
    shown = [(field.label, field.markup) for field in fields[:MAX_FIELDS]]
    content = [blocks.section(title), *blocks.fields(shown)]
    if len(fields) > len(shown):
        hidden = len(fields) - len(shown)
        content.append(blocks.context(f"{hidden} more fields are in Chakra."))
    content.append(blocks.context(note))
    buttons = _render_record_buttons(record, may_send=may_send, may_edit=may_edit)
    if may_send and not process.phone:
        content.append(blocks.context(NO_NUMBER))
    photos = render_photo_buttons(record, record_type, may_edit=may_edit)
    refresh = blocks.button("Refresh", REFRESH, record.handle)
    content += [*photos, blocks.actions(*buttons, refresh)]
    buttons += [button for block in photos for button in block["elements"]]
    return Message(
        text=title,
        blocks=tuple(content),
        replace_original=replace,
        details=_build_details(record, record_type, fields, buttons),
    )


def _render_record_buttons(record: Record, *, may_send: bool, may_edit: bool) -> list[Block]:
    """Return the actions that one person may take on a record, the usual ones first."""
    sending = [("Send WhatsApp", SEND)] if may_send and record.process.phone else []
    editing = [
        ("Edit", EDIT),
        ("State…", CHANGE_STATE),
        ("Assign to me", TAKE),
        ("Assign…", ASSIGN),
        ("Task…", TASK),
        ("Delete…", DELETE),
    ]
    offered = sending + (editing if may_edit else [])
    return [
        blocks.button(label, action, _build_button_value(record, action))
        for label, action in offered
    ]


def _build_button_value(record: Record, action: str) -> str:
    """Return a button's value: the record's ID, or its key if people read it in a form.

    The button that assigns it has the assignee too, to detect a change.
    """
    if action == TAKE:
        return TakeButton.from_record(record).to_value()
    is_typed = is_key(record.key) and "/" not in record.key
    return record.reference if action == SEND and is_typed else record.handle


def _list_fields(record: Record, record_type: RecordType) -> list[CardField]:
    """Return everything known about a record, for one reader."""
    fields = [*_iter_root_fields(record, record_type), *_iter_attribute_fields(record, record_type)]
    return [replace(known, text=record_type.show(known.text)) for known in fields]


def _iter_root_fields(record: Record, record_type: RecordType) -> Iterable[CardField]:
    process = record.process
    yield from (
        CardField(label, value)
        for label, value in (
            ("State", process.state),
            ("Status", process.status),
            ("Assigned to", record_type.show_person(process.assigned_to)),
        )
        if value
    )
    for label, moment in (
        ("Created", process.created_at),
        ("Updated", process.updated_at),
        ("Next action", process.next_action_at),
    ):
        if moment:
            yield CardField(label, moment=moment)


def _iter_attribute_fields(record: Record, record_type: RecordType) -> Iterable[CardField]:
    """Yield the attributes in the order of the configuration, then those that it doesn't have."""
    values = record.process.attributes
    known = record_type.attributes
    for field in known:
        value = values.get(field.name)
        if field.name in record_type.photo_fields and list_photo_ids(value):
            continue
        if text := show_value(value):
            is_phone = record_type.is_phone(field)
            yield CardField(field.label, record_type.format_phone(text) if is_phone else text)
    names = {field.name for field in known}
    for name, value in (*values.items(), *record.process.other.items()):
        if name not in names and (text := show_value(value)):
            yield CardField(name, text)


def _build_details(
    record: Record,
    record_type: RecordType,
    fields: Sequence[CardField],
    buttons: Sequence[Block],
) -> EntityDetails:
    """Return the card as the pane beside a link preview shows it."""
    rows = [
        time_field(field.label, field.moment)
        if field.moment
        else text_field(field.label, field.text)
        for field in fields[:MAX_FIELDS]
    ]
    payload = build_payload(
        title=record.process.name or record.key,
        display_type=record_type.label,
        display_id=record.key,
        fields=rows,
        actions=[EntityAction.from_button(button) for button in buttons],
    )
    return EntityDetails({"id": record.key, "type": record.procedure}, payload)


def show_value(value: Any) -> str:
    """Return an attribute's value as text; an object is shown by its parts."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, Mapping):
        parts = (f"{name}: {shown}" for name, item in value.items() if (shown := show_value(item)))
        return blocks.clip(", ".join(parts), MAX_VALUE_LENGTH)
    if isinstance(value, list):
        return blocks.clip(", ".join(filter(None, map(show_value, value))), MAX_VALUE_LENGTH)
    text = repr(value) if isinstance(value, float) else to_text(value).strip()
    return blocks.clip(text, MAX_VALUE_LENGTH)


def render_loaded_note(now: float) -> Markup:
    """Return the small line below a freshly loaded record."""
    return markup("From Chakra, ", format_date_token(now))


def _format_created(process: Process) -> str:
    moment = process.created_at
    return markup("created ", format_date_token(moment.timestamp())) if moment else ""
