"""One message of a thread: a customer's words, with later edits and reactions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.conversations.controls import READ, SHOW_FILE, render_entry_button, render_reply_button
from bot.conversations.names import format_bold_name
from bot.conversations.shapes import MAX_BODY_LENGTH, Shape, read_shape
from bot.slack import blocks
from bot.slack.age import format_date_token
from bot.slack.blocks import NO_MARKUP, Markup, italic, lines, markup
from bot.slack.commands.reply import Block, Message
from bot.webhooks.amendments import (
    CUSTOMER,
    META_AGENT,
    PHONE_APP,
    find_author,
    get_message_body,
    read_amendments,
)
from bot.webhooks.events import Json, MessageEvent
from bot.webhooks.fields import as_object, find_first_text
from bot.webhooks.recorded_event import RecordedEvent

LATE_SECONDS = 300.0
"""Seconds between a message and its arrival here, beyond which its time is shown."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A message and its later changes.

    ``reactions`` are emoji by who reacted: `CUSTOMER`, `PHONE_APP` or `META_AGENT`.
    """

    recorded: RecordedEvent
    event: MessageEvent
    edited: Json | None = None
    edited_at: float = 0.0
    is_deleted: bool = False
    reactions: Mapping[str, str] = field(default_factory=dict)


def build_entry(
    recorded: RecordedEvent, event: MessageEvent, later: Iterable[RecordedEvent]
) -> Entry:
    """Return the message with the changes among ``later``, whatever their order."""
    found = read_amendments(event, later)
    return Entry(recorded, event, found.edited, found.edited_at, found.is_deleted, found.reactions)


@dataclass(frozen=True, slots=True)
class EntryContext:
    """The context of a message.

    ``customer`` is their name; ``number`` the name of our number, if we have several. ``quote`` is
    what it answers; ``mentions`` are shown below it. ``conversation_id`` is 0 outside a thread.
    """

    customer: str
    conversation_id: int = 0
    number: str = ""
    quote: Markup = NO_MARKUP
    mentions: Markup = NO_MARKUP
    can_answer: bool = False


def render_entry(entry: Entry, around: EntryContext) -> Message:
    """Return the message of the thread."""
    author = _find_author_name(entry.event, around.customer)
    shape = choose_current_shape(entry)
    rows = [format_bold_name(author), blocks.clip_counted(shape.body, MAX_BODY_LENGTH)]
    notes = _render_notes(entry, around)
    buttons = [] if entry.is_deleted else _render_buttons(entry, shape, around)
    content: list[Block] = []
    if around.quote:
        content.append(blocks.context(markup(":leftwards_arrow_with_hook: ", around.quote)))
    content.append(blocks.section(lines(rows)))
    if notes:
        content.append(blocks.context(markup(*_join(notes))))
    if buttons:
        content.append(blocks.actions(*buttons))
    if around.mentions:
        content.append(blocks.context(around.mentions))
    return Message(markup(author, ": ", shape.summary), tuple(content))


def choose_current_shape(entry: Entry) -> Shape:
    """Return what the message shows now."""
    if entry.is_deleted:
        line = italic("Deleted from WhatsApp" if entry.event.is_echo else "Deleted by the customer")
        return Shape(line, line)
    return read_shape(entry.edited or entry.event.raw)


def quote_of(entry: Entry, customer: str) -> Markup:
    """Return a short quote of the message, for an answer to it."""
    shape = choose_current_shape(entry)
    return markup(_find_author_name(entry.event, customer), ": ", shape.summary)


# --- internal -------------------------------------------------------------------------------------


def _find_author_name(event: MessageEvent, customer: str) -> str:
    names = {CUSTOMER: customer, PHONE_APP: "From the phone app", META_AGENT: "Meta's agent"}
    return names[find_author(event)]


def _render_buttons(entry: Entry, shape: Shape, around: EntryContext) -> list[Block]:
    event_id = entry.recorded.id
    buttons = []
    if shape.media is not None:
        label = f"Show {shape.media.kind.noun}"
        buttons.append(render_entry_button(label, SHOW_FILE, around.conversation_id, event_id))
    if shape.more:
        buttons.append(render_entry_button(shape.more, READ, around.conversation_id, event_id))
    if around.can_answer:
        buttons.append(render_reply_button(around.conversation_id, event_id))
    return buttons


def _render_notes(entry: Entry, around: EntryContext) -> list[Markup]:
    event, body = entry.event, get_message_body(entry.event)
    context, referral = as_object(body.get("context")), as_object(body.get("referral"))
    occurred_at = event.occurred_at
    notes = []
    if around.number:
        notes.append(markup("from " if event.is_echo else "to ", around.number))
    if occurred_at and entry.recorded.recorded_at - occurred_at >= LATE_SECONDS:
        notes.append(markup("written ", format_date_token(occurred_at)))
    if context.get("forwarded") is True or context.get("frequently_forwarded") is True:
        notes.append(markup("forwarded"))
    if body.get("group_id"):
        notes.append(markup("in a group, not only to you"))
    if referral:
        headline = find_first_text(referral, "headline", "body", "source_url")
        notes.append(markup("from an ad: ", blocks.clip(headline, 100)))
    if event.is_standby and not event.is_echo:
        notes.append(markup("Meta's agent has this conversation; an answer from you takes it over"))
    if entry.edited and not entry.is_deleted:
        before = read_shape(event.raw).summary
        notes.append(
            markup("edited ", format_date_token(entry.edited_at), ", before: “", before, "”")
        )
    for who, emoji in entry.reactions.items():
        name = {CUSTOMER: around.customer, PHONE_APP: "the phone app"}.get(who, "Meta's agent")
        notes.append(markup(blocks.clip(emoji, 20), " by ", name))
    return notes


def _join(notes: Sequence[Markup]) -> list[str]:
    joined: list[str] = []
    for note in notes:
        joined += [" · ", note] if joined else [note]
    return joined
