"""The form of a new lead, and the write of a submitted one."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Final

from bot.processes.directory import Record
from bot.processes.editor import (
    ASSIGNEE,
    FIELD_PREFIX,
    STATE,
    STATUS,
    InvalidFields,
    RecordChanges,
    describe_states,
    list_form_fields,
    read_form,
)
from bot.processes.field_inputs import MAX_TEXT_LENGTH, describe_format
from bot.processes.lead_fields import LeadDraft, LeadFields
from bot.processes.record_query import QueryField
from bot.processes.record_title import render_record_title
from bot.processes.search import STATUSES, RecordType
from bot.slack import blocks
from bot.slack.blocks import Markup, lines, markup
from bot.slack.commands.reply import Block, Choice, View
from bot.text.phones import PhoneParser

SUBMIT: Final = "lead.submit"
OPEN_EXISTING: Final = "lead.show"
MAX_DUPLICATES: Final = 5
UNCHECKED: Final = "unchecked"
"""Represents records that couldn't be looked up, among those that the person has seen."""
NOTHING_ENTERED: Final = "Fill in at least one field."
NOT_AN_EMAIL: Final = "That's not an email address. Write it as mei@example.com."
UNCHECKED_NOTE: Final = (
    "We couldn't check whether a record with this number or address already exists."
)
_EMAIL: Final = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")


@dataclass(frozen=True, slots=True)
class DuplicateRecord:
    """A record that has the number or the address of a new lead; ``what`` says which."""

    record: Record
    what: str


@dataclass(frozen=True, slots=True)
class LeadForm:
    """``values`` are by ``block_id``; ``duplicates`` are shown before the lead is created."""

    record_type: RecordType
    fields: LeadFields
    required: Collection[str] = ()
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    notes: Sequence[str] = field(default=(), repr=False)
    duplicates: Sequence[DuplicateRecord] = ()
    is_unchecked: bool = False

    def render_view(self) -> View:
        content = [*self._render_warnings()]
        content += [self._render_field(known) for known in list_form_fields(self.record_type)]
        content += self._render_root_fields()
        asked = self.duplicates or self.is_unchecked
        submit = "Create anyway" if asked else "Create"
        return blocks.form_modal(SUBMIT, "New lead", submit, content)

    def _render_warnings(self) -> list[Block]:
        content = [
            blocks.section(
                _describe(duplicate),
                accessory=blocks.button(
                    "Open it", f"{OPEN_EXISTING}:{number}", duplicate.record.reference
                ),
            )
            for number, duplicate in enumerate(self.duplicates[:MAX_DUPLICATES])
        ]
        notes = [*self.notes, *([UNCHECKED_NOTE] if self.is_unchecked else [])]
        if notes:
            content.append(
                blocks.section(lines(markup(Markup(":warning: "), note) for note in notes))
            )
        return content

    def _render_field(self, known: QueryField) -> Block:
        block_id = f"{FIELD_PREFIX}{known.name}"
        hint = describe_format(known)
        if known is self.fields.phone:
            hint = "With its country code, such as +91 98765 43210."
        elif known.name == self.record_type.key_field:
            hint = "Leave it empty if Chakra numbers leads automatically."
        return blocks.text_field(
            block_id[:255],
            known.label,
            action=f"lead.{block_id}"[:255],
            initial=self.values.get(block_id, ""),
            hint=hint,
            optional=known.name not in self.required,
            max_length=MAX_TEXT_LENGTH,
        )

    def _render_root_fields(self) -> list[Block]:
        return [
            blocks.text_field(
                STATE,
                "State",
                action=f"lead.{STATE}",
                initial=self.values.get(STATE, ""),
                hint=describe_states(self.record_type.states),
                optional=True,
                max_length=200,
            ),
            blocks.select_field(
                STATUS,
                "Status",
                action=f"lead.{STATUS}",
                placeholder="Choose a status",
                choices=[Choice(status.capitalize(), status) for status in STATUSES],
                initial=self.values.get(STATUS) or STATUSES[0],
            ),
            blocks.text_field(
                ASSIGNEE,
                "Assigned to",
                action=f"lead.{ASSIGNEE}",
                initial=self.values.get(ASSIGNEE, ""),
                hint="A name, email address or username in Chakra, or me.",
                optional=True,
                max_length=200,
            ),
        ]


def to_values(draft: LeadDraft) -> dict[str, str]:
    """Return a draft as the values of the form."""
    values = {f"{FIELD_PREFIX}{name}": value for name, value in draft.values.items()}
    root = {STATE: draft.state, STATUS: draft.status}
    return values | {name: value for name, value in root.items() if value}


def read_lead(
    form: LeadForm,
    values: Mapping[str, str],
    username: str,
    phones: PhoneParser,
    zone: tzinfo = UTC,
) -> RecordChanges:
    """Return the write of a submitted form. Raise `InvalidFields`."""
    errors: dict[str, str] = {}
    email = form.fields.email
    entered = values.get(f"{FIELD_PREFIX}{email.name}", "").strip() if email else ""
    if email and entered and not _EMAIL.fullmatch(entered):
        errors[f"{FIELD_PREFIX}{email.name}"] = NOT_AN_EMAIL
    try:
        changes = read_form(form.record_type, None, {**values, ASSIGNEE: username}, phones, zone)
    except InvalidFields as invalid:
        raise InvalidFields({**invalid.errors, **errors}) from None
    if errors:
        raise InvalidFields(errors)
    update = dict(changes.update)
    if update.get("status") == STATUSES[0]:
        del update["status"]  # required for a new lead, as in the documented body
    if not update.get("data"):
        first = form.fields.fields[0].name
        raise InvalidFields({f"{FIELD_PREFIX}{first}": NOTHING_ENTERED})
    return RecordChanges(update, changes.changes)


def _describe(duplicate: DuplicateRecord) -> Markup:
    who = render_record_title(duplicate.record, ", ")
    return markup(Markup(":warning: "), "There is already ", who, f", with this {duplicate.what}.")
