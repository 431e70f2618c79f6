"""Edits, deletions and reactions: events that change an earlier message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.webhooks.events import Json, MessageEvent
from bot.webhooks.fields import as_object, find_first_text
from bot.webhooks.recorded_event import RecordedEvent

CUSTOMER, PHONE_APP, META_AGENT = "customer", "phone app", "agent"
DELETED = "deleted"
"""The kind that `amend` gives to a message that its author deleted."""

_TARGET_FIELDS: Mapping[str, str] = {
    "edit": "original_message_id",
    "revoke": "original_message_id",
    "reaction": "message_id",
}
AMENDING_KINDS = frozenset(_TARGET_FIELDS)
"""Kinds of events that change an earlier message."""


@dataclass(frozen=True, slots=True)
class Amendments:
    """The later changes of a message.

    ``reactions`` are emoji by who reacted: `CUSTOMER`, `PHONE_APP` or `META_AGENT`.
    """

    edited: Json | None = None
    edited_at: float = 0.0
    is_deleted: bool = False
    reactions: Mapping[str, str] = field(default_factory=dict)


def find_target(event: MessageEvent) -> str:
    """Return Meta's ID of the message that an edit, a deletion or a reaction is about, or ""."""
    body = get_message_body(event)
    name = _TARGET_FIELDS.get(event.kind)
    return find_first_text(as_object(body.get(event.kind)), name) if name else ""


def get_message_body(event: MessageEvent) -> Json:
    """Return the message in Meta's shape: an echo in ``standby`` is nested."""
    return as_object(event.raw.get("message")) or event.raw


def find_author(event: MessageEvent) -> str:
    """Return who wrote it."""
    if not event.is_echo:
        return CUSTOMER
    return META_AGENT if event.is_standby else PHONE_APP


def read_amendments(event: MessageEvent, later: Iterable[RecordedEvent]) -> Amendments:
    """Return the changes of a message among ``later``, whatever their order."""
    edited: Json | None = None
    edited_at = 0.0
    is_deleted, reactions = False, dict[str, str]()
    for item in sorted(later, key=lambda item: (item.event.occurred_at, item.id)):
        change = item.event
        if not isinstance(change, MessageEvent) or find_target(change) != event.wamid:
            continue
        content = as_object(get_message_body(change).get(change.kind))
        is_authors = find_author(change) == find_author(event)
        if change.kind == "reaction":
            reactions.pop(find_author(change), None)
            if emoji := find_first_text(content, "emoji"):
                reactions[find_author(change)] = emoji
        elif change.kind == "edit" and is_authors:
            edited = as_object(content.get("message"))
            edited_at = change.occurred_at or item.recorded_at
        elif change.kind == "revoke" and is_authors:
            is_deleted = True
    return Amendments(edited, edited_at, is_deleted, reactions)


def amend(recorded: RecordedEvent, later: Sequence[RecordedEvent]) -> RecordedEvent:
    """Return the current event: with the text of an edit, without deleted text."""
    event = recorded.event
    if not later or not isinstance(event, MessageEvent) or event.kind in AMENDING_KINDS:
        return recorded
    found = read_amendments(event, later)
    if found.is_deleted:
        return replace(recorded, event=replace(event, kind=DELETED, raw={}))
    if found.edited:
        return replace(recorded, event=replace(event, raw=found.edited))
    return recorded
