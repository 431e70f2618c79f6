"""The forms to change every record of a list: what to change, then the list with a confirmation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bot.bulk.list_change import ListChange, NewValue
from bot.bulk.record_list import MAX_RECORDS
from bot.processes.search import STATUSES, RecordType
from bot.slack import blocks
from bot.slack.age import format_time_token
from bot.slack.blocks import Markup, bold, lines, markup
from bot.slack.commands.reply import Block, Choice, Message, View

PLAN_FORM: Final = "bulk.change_plan"
CONFIRM_FORM: Final = "bulk.change_confirm"
STATE, STATUS, ASSIGNEE = "state", "status", "assignee"
FIELD, VALUE, COUNT = "field", "value", "count"
UNCHANGED: Final = "-"
MAX_UNTYPED: Final = 100
"""The most records that are changed without typing their number."""
MAX_FIELD_CHOICES: Final = 99
MAX_SHOWN_STATES: Final = 6
_NOT_DIGITS = re.compile(r"[\s,._']")


def render_change_form(record_type: RecordType, echo: str) -> View:
    """Return the form that asks what to change in the records of a query."""
    plural = record_type.plural.lower()
    which = markup(bold(record_type.plural), "  ·  ", echo) if echo else bold(f"All {plural}")
    head = lines(
        [
            which,
            f"Choose what to change in all of them, up to {MAX_RECORDS:,}.",
            "You'll see how many there are before anything is changed.",
        ]
    )
    states = record_type.states[:MAX_SHOWN_STATES]
    fields = [
        blocks.section(head),
        blocks.text_field(
            STATE,
            "State",
            action="bulk.change_state",
            optional=True,
            max_length=200,
            hint=f"For example {', '.join(states)}." if states else "",
        ),
        blocks.select_field(
            STATUS,
            "Status",
            action="bulk.change_status",
            placeholder="Choose",
            choices=[
                Choice("Leave as it is", UNCHANGED),
                *(Choice(status.capitalize(), status) for status in STATUSES),
            ],
            initial=UNCHANGED,
        ),
        blocks.text_field(
            ASSIGNEE,
            "Assigned to",
            action="bulk.change_assignee",
            optional=True,
            max_length=200,
            hint="A name, email address or username in Chakra, or me.",
        ),
        *_render_attribute_fields(record_type),
    ]
    return blocks.form_modal(PLAN_FORM, f"Change {plural}", "Show what changes", fields)


def _render_attribute_fields(record_type: RecordType) -> list[Block]:
    known = [field for field in record_type.attributes if field.name != record_type.key_field]
    if not known:
        return []
    if len(known) <= MAX_FIELD_CHOICES:
        chooser = blocks.select_field(
            FIELD,
            "Another field",
            action="bulk.change_field",
            placeholder="Choose",
            choices=[
                Choice("None", UNCHANGED),
                *(Choice(field.label, field.name, field.name) for field in known),
            ],
            initial=UNCHANGED,
        )
    else:
        chooser = blocks.text_field(
            FIELD,
            "Another field",
            action="bulk.change_field",
            optional=True,
            max_length=200,
            hint="Its name, as in Chakra.",
        )
    value = blocks.text_field(
        VALUE,
        "New value of that field",
        action="bulk.change_value",
        optional=True,
        hint="Write days as 2026-05-31, times as 2026-05-31 09:30, and yes or no.",
    )
    return [chooser, value]


def render_check_form(change: ListChange, record_type: RecordType) -> View:
    """Return the list as it was read, and what changes in it."""
    count = len(change.records)
    read_at = format_time_token(change.read_at)
    total = count_records(count + change.unchanged, record_type)
    echo = markup("  ·  ", change.echo) if change.echo else ""
    content = [
        blocks.section(markup(bold(total), ", read at ", read_at, echo)),
        blocks.section(lines(_render_change_lines(change.values))),
    ]
    if change.samples:
        content.append(blocks.section(_render_samples(change)))
    content += [blocks.context(note) for note in _render_notes(change, record_type)]
    if not count:
        content.append(blocks.section("There is nothing to change."))
        return blocks.info_modal(_render_title(record_type), content)
    if count > MAX_UNTYPED:
        content.append(
            blocks.text_field(
                COUNT, f"Type {count} to confirm", action="bulk.change_count", max_length=20
            )
        )
    return blocks.form_modal(CONFIRM_FORM, _render_title(record_type), f"Change {count:,}", content)


def is_confirmed(change: ListChange, typed: str) -> bool:
    """Return whether the number of records was typed, if it must be."""
    count = len(change.records)
    return count <= MAX_UNTYPED or _NOT_DIGITS.sub("", typed) == str(count)


def render_started(started: int, planned: ListChange, record_type: RecordType) -> Message:
    """Return the confirmation, with what was left out since the list was read."""
    text = f"Changing {count_records(started, record_type)}. We'll send you a direct message when "
    parts = [f"{text}it finishes."]
    if left_out := len(planned.records) - started:
        parts.append(_render_left_out(left_out, planned, record_type))
    return blocks.text_message(markup(*_separate_with_spaces(parts)))


def render_nothing_left(planned: ListChange, record_type: RecordType) -> View:
    """Return the view for a list in which every record has changed."""
    text = _render_left_out(len(planned.records), planned, record_type)
    return blocks.info_modal(
        _render_title(record_type), [blocks.section(markup("Nothing was changed. ", text))]
    )


def count_records(count: int, record_type: RecordType) -> str:
    """Return ``1 lead`` or ``1,204 leads``."""
    noun = record_type.label if count == 1 else record_type.plural
    return f"{count:,} {noun.lower()}"


def _render_left_out(count: int, planned: ListChange, record_type: RecordType) -> Markup:
    noun, verb = count_records(count, record_type), "was" if count == 1 else "were"
    return markup(
        f"{noun} {verb} left out: changed or no longer in the list since ",
        format_time_token(planned.read_at),
        ".",
    )


def _render_title(record_type: RecordType) -> str:
    return f"Change {record_type.plural.lower()}"


def _render_change_lines(values: Sequence[NewValue]) -> list[Markup]:
    return [markup(bold(value.label), "  →  ", value.shown) for value in values]


def _render_samples(change: ListChange) -> Markup:
    rows = [bold("The first of them")]
    for sample in change.samples:
        old = ", ".join(text or "empty" for text in sample.old)
        shown = markup(sample.name, "  ·  ", sample.key) if sample.name else markup(sample.key)
        rows.append(markup("• ", shown, ": ", old))
    if more := len(change.records) - len(change.samples):
        rows.append(markup(f"and {more:,} more"))
    return Markup(blocks.clip(lines(rows), blocks.MAX_SECTION_TEXT_LENGTH))


def _render_notes(change: ListChange, record_type: RecordType) -> list[str]:
    notes = []
    if change.unchanged:
        verb = "has this already and is" if change.unchanged == 1 else "have this already and are"
        notes.append(f"{count_records(change.unchanged, record_type)} {verb} left out.")
    if change.repeated:
        notes.append(
            "The list changed in Chakra while it was read, so a few records may be missing. "
            "Run it again afterwards."
        )
    state = next((str(value.value) for value in change.values if value.name == "state"), "")
    if state and record_type.states and state not in record_type.states:
        seen = ", ".join(record_type.states[:MAX_SHOWN_STATES])
        notes.append(
            f"No {record_type.label.lower()} with the state {state} was seen yet. Seen: {seen}."
        )
    return notes


def _separate_with_spaces(parts: Sequence[str]) -> list[str]:
    return [part for text in parts for part in (text, " ")][:-1]
