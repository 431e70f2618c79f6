"""Forms and lines to manage a conversation: assign, note, snooze."""

from __future__ import annotations

from datetime import datetime, time, timedelta, tzinfo

from bot.conversations.controls import ASSIGN, COMMAND, NOTE
from bot.conversations.conversation import Conversation, ConversationState
from bot.slack import blocks
from bot.slack.age import format_date_token
from bot.slack.blocks import Markup, bold, lines, markup, mention
from bot.slack.button_state import OutdatedButton
from bot.slack.choice_fields import member_field
from bot.slack.commands.reply import Message, OpenForm

MEMBER, TEXT, CONVERSATION = "member", "text", "conversation"
NOT_A_COLLEAGUE = (
    "Choose a member of your team, not a guest, an app or someone from another company."
)
MORNING = time(9, 0)
SNOOZE_SECONDS = {"1h": 3_600.0, "3h": 10_800.0}
UNTIL_MORNING = "9:00"


def snooze_end(choice: str, now: float, zone: tzinfo) -> float:
    """Return when a snoozed conversation comes back. Raise ``OutdatedButton``."""
    if choice in SNOOZE_SECONDS:
        return now + SNOOZE_SECONDS[choice]
    if choice != UNTIL_MORNING:
        raise OutdatedButton(COMMAND)
    tomorrow = datetime.fromtimestamp(now, zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, MORNING, zone).timestamp()


def assign_form(conversation: Conversation) -> OpenForm:
    """Return the form that asks who to assign the conversation to."""
    field = member_field(
        MEMBER,
        "Who answers this customer?",
        action=f"{ASSIGN}:{MEMBER}",
        placeholder="Choose a member",
        initial=conversation.assignee,
        hint="Leave it empty to assign it to no one.",
    )
    return OpenForm(
        blocks.form_modal(ASSIGN, "Assign", "Assign", [field]),
        {CONVERSATION: str(conversation.id)},
    )


def render_note_form(conversation: Conversation) -> OpenForm:
    """Return the form for a note, which the customer never sees."""
    field = blocks.text_field(
        TEXT,
        "Note",
        action=f"{NOTE}:{TEXT}",
        hint="It stays in Slack. The customer doesn't see it.",
        multiline=True,
    )
    return OpenForm(
        blocks.form_modal(NOTE, "Note", "Add note", [field]), {CONVERSATION: str(conversation.id)}
    )


def render_note(text: str, member: str, author: str) -> Message:
    """Return the note as a message in the thread."""
    title = markup(Markup(":memo: "), bold(f"Note by {author}" if author else "Note"))
    body = lines(Markup(f"> {blocks.escape(line)}") for line in text.splitlines())
    by = [] if author else [blocks.context(markup("by ", mention(member)))]
    shown = markup(title, ": ", blocks.clip(text, 150))
    return Message(shown, (blocks.section(title), *blocks.sections(body), *by))


def render_assigned(assignee: str, by_name: str) -> Message:
    """Return the line that notifies the member who was assigned a conversation by another."""
    line = markup(mention(assignee), f" {by_name or 'A colleague'} assigned this customer to you.")
    return Message(line, (blocks.section(line),))


def describe_change(conversation: Conversation, *, is_new: bool) -> Markup:
    """Return the state for the person who pressed; ``is_new``: this press changed it."""
    match conversation.state:
        case ConversationState.SNOOZED:
            return markup("Snoozed until ", format_date_token(conversation.snoozed_until), ".")
        case ConversationState.RESOLVED:
            return markup("Resolved." if is_new else "It's already resolved.")
        case ConversationState.OPEN:
            return markup("Open again." if is_new else "It's already open.")


def render_already_claimed(conversation: Conversation) -> Message:
    return blocks.text_message(
        markup(
            mention(conversation.assignee),
            " already has this conversation. Press Assign… to change that.",
        )
    )
