"""A customer's thread in a channel, and its stored state."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

PARENT_PREFIX = "conversation"


class ConversationState(StrEnum):
    """The state of a conversation, as stored."""

    OPEN = "open"
    RESOLVED = "resolved"
    SNOOZED = "snoozed"


@dataclass(frozen=True, slots=True)
class Conversation:
    """One row. Times are in seconds since 1970, 0 if there is none.

    ``post_key`` is the outbox's key of the message that begins the thread. ``assignee`` is the
    member who answers it, or "". ``phone_number_id`` is Meta's ID of our number that the customer
    wrote to last, and ``last_event_id`` the recorded event of that message. ``raised_event_id`` is
    that of the last message that was shown in the channel itself, not in the thread alone.
    """

    id: int
    channel: str
    customer_id: int
    post_key: str
    state: ConversationState
    state_at: float
    takes_replies: bool
    assignee: str
    snoozed_until: float
    unanswered_since: float
    reminded_at: float
    phone_number_id: str
    last_message_at: float
    last_event_id: int
    raised_event_id: int
    opened_at: float

    @property
    def is_renewed(self) -> bool:
        """Whether the thread began again because the earlier one can't be used."""
        return "." in self.post_key


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """What a conversation records about a customer's message; ``at`` is in seconds since 1970."""

    event_id: int
    customer_id: int
    phone_number_id: str
    at: float


def build_parent_key(conversation_id: int, event_id: int = 0) -> str:
    """Return the outbox's key of the message that begins the thread.

    ``event_id`` is that of the message with which the thread begins again, because Slack refused
    the first one or no longer has it.
    """
    return f"{PARENT_PREFIX}:{conversation_id}" + (f".{event_id}" if event_id else "")


def parse_parent_key(key: str) -> int:
    """Return the ID of the conversation whose thread an outbox message is in, else 0."""
    prefix, _, rest = key.partition(":")
    number = rest.partition(":")[0].partition(".")[0]
    return int(number) if prefix == PARENT_PREFIX and number.isdecimal() else 0


def build_message_key(conversation_id: int, event_id: int) -> str:
    """Return the outbox's key of the message that shows an event in the thread.

    It has the event's number, not Meta's message ID, which contains the customer's number. The
    zeros make the order of keys that of the events.
    """
    return f"{PARENT_PREFIX}:{conversation_id}:{event_id:012d}"
