"""A channel's rules: which events it receives, and how."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class EventGroup(StrEnum):
    """The events that a rule can ask for, as they are typed."""

    MESSAGE = "message"
    FAILED = "failed"
    STATUS = "status"
    TEMPLATE = "template"
    ACCOUNT = "account"
    ALL = "all"


class Grouping(StrEnum):
    """How a channel receives its events, as it is typed."""

    EACH = "each"
    THREADED = "threaded"
    HOURLY = "hourly"
    DAILY = "daily"


class Filters(BaseModel):
    """What an event must match: one value of each non-empty field.

    ``senders`` are IDs of our numbers, ``countries`` ISO codes, ``members`` Slack IDs of those who
    sent the message in question. ``records`` are procedures ("lead") and attributes of the
    customer's record ("lead.city=Pune").
    """

    model_config = ConfigDict(frozen=True, defer_build=True, extra="ignore")

    senders: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    records: tuple[str, ...] = ()


class QuietHours(BaseModel):
    """Hours in which nothing is posted, in ``time_zone``; ``exceptions`` are posted even then."""

    model_config = ConfigDict(frozen=True, defer_build=True, extra="ignore")

    start: time
    end: time
    time_zone: str
    exceptions: tuple[EventGroup, ...] = ()


class RuleSpec(BaseModel):
    """The content of a rule, as stored.

    ``daily_at`` is for ``Grouping.DAILY``, in ``time_zone``. ``mentions`` are members (``U…``),
    user groups (``S…``) or "here". ``takes_replies``: customers can be answered from the channel.
    ``is_catch_all``: it takes what no other rule of the channel takes. ``allows_outsiders``: its
    author agreed that people from other companies read customers' words.
    """

    model_config = ConfigDict(frozen=True, defer_build=True, extra="ignore")

    events: tuple[EventGroup, ...]
    filters: Filters = Filters()
    grouping: Grouping = Grouping.EACH
    daily_at: time = time(9, 0)
    time_zone: str = "UTC"
    quiet: QuietHours | None = None
    mentions: tuple[str, ...] = ()
    takes_replies: bool = False
    is_catch_all: bool = False
    allows_outsiders: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a channel. Among matching rules, the one with the lowest position decides.

    ``member`` created it. ``problem`` is Slack's error code if its messages can't be posted.
    """

    id: int
    channel: str
    position: int
    member: str
    spec: RuleSpec
    problem: str = ""
    problem_at: float = 0.0
