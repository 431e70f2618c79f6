"""The delivery of an event to a channel, and the message that shows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.notifications.planner import DIGEST, LATE

EACH = "each"
"""``post_key`` of a delivery that is presented in separate messages."""
STORM = "storm"
"""Prefix of the keys of messages that count a burst."""
BURST = "burst"
"""Prefix of the keys for several messages from one customer that are posted as one."""
GATHERED = (STORM, BURST, DIGEST, LATE)
"""Prefixes of the keys of messages that show several events."""


class DeliveryState(StrEnum):
    """The state of a delivery, as stored."""

    WAITING = "waiting"
    QUEUED = "queued"  # the outbox has the message that shows it
    DONE = "done"  # the message is posted
    CANCELED = "canceled"  # its rule was removed, or its event can't be read


@dataclass(frozen=True, slots=True)
class Delivery:
    """One row. Times are in seconds since 1970."""

    id: int
    event_id: int
    rule_id: int
    channel: str
    stream: str
    state: str
    due_at: float
    post_key: str
    created_at: float


@dataclass(frozen=True, slots=True)
class DueStream:
    """The due events of one group and rule that no message shows yet."""

    rule_id: int
    stream: str
    count: int
    first_event_id: int


@dataclass(frozen=True, slots=True)
class GatheredPost:
    """A message of several events, the last of which the outbox doesn't have yet."""

    post_key: str
    rule_id: int
    last_event_id: int
    stream: str
