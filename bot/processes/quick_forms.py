"""The small forms of a card: change the state, and change the assignee."""

from __future__ import annotations

from typing import Final

from bot.processes.directory import Record
from bot.processes.search import RecordType
from bot.slack import blocks
from bot.slack.blocks import bold, markup
from bot.slack.choice_fields import member_field
from bot.slack.commands.reply import Block, Choice, View

STATE_FORM: Final = "process.save_state"
ASSIGN_FORM: Final = "process.save_assignee"
STATE, OTHER_STATE = "state", "other_state"
MEMBER, NAME = "member", "name"
MAX_STATES: Final = 98
OTHER: Final = "-other-"


def render_state_form(record: Record, record_type: RecordType) -> View:
    """Return the form with the known states; others can be typed."""
    now = record.process.state
    states = [state for state in record_type.states if state != now][:MAX_STATES]
    content = [_render_head(record, "State", now)]
    if states:
        choices = [*(Choice(state, state) for state in states), Choice("Another state", OTHER)]
        content.append(
            blocks.select_field(
                STATE,
                "New state",
                action="process.new_state",
                placeholder="Choose a state",
                choices=choices,
            )
        )
    content.append(
        blocks.text_field(
            OTHER_STATE,
            "Another state" if states else "New state",
            action="process.other_state",
            optional=True,
            max_length=200,
            hint="Its short ID in Chakra, such as IN_PROGRESS.",
        )
    )
    return blocks.form_modal(STATE_FORM, "Change the state", "Save", content)


def assign_form(record: Record, record_type: RecordType) -> View:
    """Return the form that asks for a colleague: one of this Slack, or a user of Chakra."""
    content = [
        _render_head(record, "Assigned to", record_type.show_person(record.process.assigned_to)),
        member_field(
            MEMBER, "A colleague in Slack", action="process.member", placeholder="Choose someone"
        ),
        blocks.text_field(
            NAME,
            "Or someone else in Chakra",
            action="process.name",
            optional=True,
            max_length=200,
            hint="A name, email address or username.",
        ),
    ]
    return blocks.form_modal(ASSIGN_FORM, "Assign", "Save", content)


def _render_head(record: Record, label: str, now: str) -> Block:
    name = record.process.name or record.key
    return blocks.section(markup(bold(name), "  ·  ", f"{label}: {now or 'none'}"))
