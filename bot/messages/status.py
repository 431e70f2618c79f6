"""The statuses of a send, in the order in which they replace one another."""

from __future__ import annotations

from enum import StrEnum


class SendStatus(StrEnum):
    """Lowest first: a status may be replaced by any later one here, but not by an earlier one.

    So the final status doesn't depend on the order of the events, or on repetitions. Meta may
    report ``read`` without ``delivered``, and ``delivered`` after ``failed`` (several devices):
    that a message arrived is proof, so ``failed`` ranks below both.
    """

    PREPARING = "preparing"  # claimed; its request has not left yet
    SENDING = "sending"  # claimed; its request may have left
    UNKNOWN = "unknown"  # no response: it may have been sent, and is not resent
    ACCEPTED = "accepted"  # by Chakra
    SENT = "sent"
    FAILED = "failed"  # refused in the response, or later by an event
    DELIVERED = "delivered"
    READ = "read"

    @property
    def replaceable(self) -> tuple[SendStatus, ...]:
        """The statuses that this one may replace."""
        return _ORDER[: self.rank]

    @property
    def rank(self) -> int:
        """Position in the order: higher replaces lower."""
        return _ORDER.index(self)

    @property
    def has_arrived(self) -> bool:
        """Whether it is known if the recipient's phone has the message."""
        return self in {SendStatus.FAILED, SendStatus.DELIVERED, SendStatus.READ}

    @property
    def is_final(self) -> bool:
        """Whether no further status is expected."""
        return self in {SendStatus.FAILED, SendStatus.READ}


_ORDER = tuple(SendStatus)
REACHED = (SendStatus.ACCEPTED, SendStatus.SENT, SendStatus.DELIVERED, SendStatus.READ)
"""Chakra accepted the message, and WhatsApp hasn't refused it."""
