"""An opt-out: a customer who wants no more messages, since when, and how we know."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

MAX_QUOTED_LENGTH = 60
"""Characters of the customer's words that a sentence quotes."""
UNBLOCKED_CATEGORY = "AUTHENTICATION"
"""A code that the person has just asked for."""
MARKETING_CATEGORY = "MARKETING"


class OptOutSource(StrEnum):
    """How we know, as stored.

    A message from the customer, their preferences in WhatsApp, WhatsApp's refusal of a message
    (131050), or a member who entered it.
    """

    TYPED = "typed"
    PREFERENCE = "preference"
    FAILURE = "failure"
    MANUAL = "manual"


class OptOutScope(StrEnum):
    """What they don't want, as stored."""

    ALL = "all"
    MARKETING = "marketing"


@dataclass(frozen=True, slots=True)
class OptOut:
    """One opt-out. Times are in seconds since 1970.

    ``words`` are what the customer wrote, or why a member (``noted_by``) entered it.
    ``repeated_at`` is when they last repeated it, or 0. ``lifted_at`` is 0 while it is active;
    ``lifted_by`` is "" if the customer lifted it.
    """

    id: int
    customer_id: int
    source: OptOutSource
    scope: OptOutScope
    noted_at: float
    words: str = field(default="", repr=False)
    noted_by: str = ""
    repeated_at: float = 0.0
    lifted_at: float = 0.0
    lifted_by: str = ""
    lift_reason: str = field(default="", repr=False)

    @property
    def holds(self) -> bool:
        return not self.lifted_at

    @property
    def last_said_at(self) -> float:
        return max(self.noted_at, self.repeated_at)

    def blocks_template(self, category: str) -> bool:
        """Return whether templates of this category must not be sent."""
        if not self.holds:
            return False
        if self.scope is OptOutScope.MARKETING:
            return category.upper() == MARKETING_CATEGORY
        return category.upper() != UNBLOCKED_CATEGORY

    def blocks_reply(self, last_inbound_at: float) -> bool:
        """Return whether free text must not be sent to someone who last wrote at this time."""
        is_later = last_inbound_at > self.last_said_at
        return self.holds and self.scope is OptOutScope.ALL and not is_later


def describe_opt_out(opt_out: OptOut, name: str = "") -> str:
    """Return who asked for what, when and how, as a sentence in plain text.

    Without a ``name`` it contains no customer data.
    """
    who, on = name or "This person", format_day(opt_out.noted_at)
    words = _clip(opt_out.words) if name else ""
    what = "messages" if opt_out.scope is OptOutScope.ALL else "marketing messages"
    match opt_out.source:
        case OptOutSource.TYPED:
            typed = f" (typed “{words}”)" if words else ""
            return f"{who} asked for no more {what} on {on}{typed}."
        case OptOutSource.PREFERENCE:
            return f"{who} turned off your {what} in WhatsApp on {on}."
        case OptOutSource.FAILURE:
            return f"{who} has turned off your {what} in WhatsApp, as WhatsApp reported on {on}."
        case OptOutSource.MANUAL:
            reason = f" ({words})" if words else ""
            return f"{who} was added to your opt-outs on {on}{reason}."


def format_day(seconds: float) -> str:
    """Return the day in UTC, for places where Slack can't show a date in the reader's time zone."""
    day = datetime.fromtimestamp(seconds, UTC)
    return f"{day.day} {day:%b %Y}"


def _clip(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_QUOTED_LENGTH else line[: MAX_QUOTED_LENGTH - 1] + "…"
