"""The states of a send, in the order in which they replace one another."""

from __future__ import annotations

from enum import StrEnum


class SendStatus(StrEnum):
    """Lowest first: a state gives way to any later one here, and never to an earlier one.

    So the last state is the same in whatever order the news of it come, and however often.
    ``failed`` stands below ``delivered``: that a message arrived is proof (contract, section 10).
    """

    PREPARING = "preparing"  # claimed; what comes first is on its way, the request is not
    SENDING = "sending"  # claimed; its request is on the way
    UNKNOWN = "unknown"  # no answer came: it may have gone out, and is not sent again
    ACCEPTED = "accepted"  # Chakra took it on
    SENT = "sent"
    FAILED = "failed"  # refused at once, or later by an event
    DELIVERED = "delivered"
    READ = "read"

    @property
    def replaceable(self) -> tuple[SendStatus, ...]:
        """The states that this one may replace."""
        return _ORDER[: self.rank]

    @property
    def rank(self) -> int:
        return _ORDER.index(self)

    @property
    def is_final(self) -> bool:
        """Whether nothing more is to be expected."""
        return self in {SendStatus.FAILED, SendStatus.READ}


_ORDER = tuple(SendStatus)
