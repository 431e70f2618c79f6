"""What a person types to filter the sends: statuses, days, people and words. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import ClassVar, Final

from bot.errors import UsageError
from bot.messages.details import SendDetails
from bot.messages.send import Send
from bot.messages.status import SendStatus
from bot.slack.commands.arguments import Arguments
from bot.slack.commands.tokens import Mention
from bot.slack.paging import (
    MAX_FILTER_LENGTH,
    FilterText,
    ListQuery,
    build_unknown_value_error,
    reject_negation,
)
from bot.text.normalize import normalize
from bot.text.typed_words import matches_typed

EXAMPLE: Final = "/chakra sends failed today"

_IN_FLIGHT = (SendStatus.PREPARING, SendStatus.SENDING, SendStatus.ACCEPTED)
STATUSES: Final[Mapping[str, tuple[SendStatus, ...]]] = {
    "failed": (SendStatus.FAILED,),
    "read": (SendStatus.READ,),
    "unread": (*_IN_FLIGHT, SendStatus.SENT, SendStatus.DELIVERED),
    "delivered": (SendStatus.DELIVERED,),
    "sent": (SendStatus.SENT,),
    "sending": (*_IN_FLIGHT, SendStatus.SENT),
    "unknown": (SendStatus.UNKNOWN,),
}
"""The names of ``status:`` with what they show."""
STATUS_WORDS: Final[Mapping[str, str]] = {
    **{name: name for name in STATUSES},
    **dict.fromkeys(
        ("not delivered", "not sent", "failures", "failure", "fail", "errors", "error", "bounced",
         "rejected", "undelivered"),
        "failed",
    ),
    **dict.fromkeys(
        ("not read", "not yet read", "not read yet", "not seen", "unseen", "unopened",
         "not opened"),
        "unread",
    ),
    **dict.fromkeys(("seen", "opened"), "read"),
    **dict.fromkeys(
        ("pending", "queued", "accepted", "in progress", "in transit", "underway",
         "not yet delivered", "not delivered yet"),
        "sending",
    ),
    **dict.fromkeys(("arrived", "received"), "delivered"),
    **dict.fromkeys(("uncertain", "unconfirmed", "not confirmed"), "unknown"),
}  # fmt: skip
DAY_WORDS: Final[Mapping[str, str]] = {
    **{day: day for day in ("today", "yesterday", "week")},
    **dict.fromkeys(("this week", "past week", "last week", "last 7 days", "7 days"), "week"),
}
_OWN_WORDS: Final = ("me", "my", "mine", "own", "myself", "by me", "from me")
_EVERYONE_WORDS: Final = ("everyone", "everyone's", "everyones", "everybody", "all",
    "team", "us", "our", "colleagues", "anyone")  # fmt: skip
_FILLERS: Final = (
    "to", "for", "of", "by", "from", "the", "last", "latest", "recent", "message", "messages",
    "sends", "send", "status", "whatsapp", "whatsapps", "which", "that", "were", "are", "and",
    "sent", "sent by", "sent to", "one", "ones", "what", "why", "who", "did", "was", "it", "is",
    "i", "list", "show", "templates", "template", "number"
)  # fmt: skip
EVERYONE: Final = "everyone"
_MEANINGS: Final[Mapping[str, tuple[str, str]]] = {
    **{phrase: ("status", status) for phrase, status in STATUS_WORDS.items()},
    **dict.fromkeys(_FILLERS, ("", "")),  # "sent today" means all of today, status:sent does not
    **{phrase: ("day", day) for phrase, day in DAY_WORDS.items()},
    **dict.fromkeys(_OWN_WORDS, ("member", "")),
    **dict.fromkeys(_EVERYONE_WORDS, ("member", EVERYONE)),
}
"""The filter that a phrase sets, and its value; "" means the person for the member, else
nothing."""
MAX_PHRASE_WORDS = 3
_LAST_COUNT = re.compile(r"(?:last|latest|recent) \d{1,3}")


class SendListQuery(ListQuery):
    """The filters. ``member`` is an ID, `EVERYONE`, or "" for what the person sees by default."""

    command: ClassVar[str] = "/chakra sends"

    words: FilterText = ""
    status: FilterText = ""
    day: FilterText = ""
    member: FilterText = ""


@dataclass(frozen=True, slots=True)
class Period:
    """Seconds since 1970; ``end`` is excluded."""

    start: float = 0.0
    end: float = float("inf")


def parse_query(line: Arguments, own_id: str) -> SendListQuery:
    """Return the filters of a line. Raise ``UsageError`` for an unknown status or two people."""
    typed = line.named.get("status")
    found = {"status": _parse_status(typed.text)} if typed and typed.text.strip() else {}
    members: set[str] = set()
    words: list[str] = []
    texts = [_simplify(token.text) for token in line.tokens]
    position = 0
    while position < len(texts):
        token = line.tokens[position]
        phrase = None if isinstance(token, Mention) else _find_phrase(texts[position:])
        length, kind, value = phrase or (1, "word", token.text)
        if isinstance(token, Mention):
            members.add(token.id)
        elif kind == "member":
            members.add(value or own_id)
        elif kind == "word" or found.get(kind, value) != value:
            words += [token.text for token in line.tokens[position : position + length]]
        elif kind:
            found[kind] = value
        position += length
    reject_negation(words, example=EXAMPLE, line=[token.text for token in line.tokens])
    if len(members) > 1:
        raise UsageError("Name one person, or none.", example=EXAMPLE)
    text = " ".join(" ".join(words).split())
    if len(text) > MAX_FILTER_LENGTH:
        raise UsageError("That's too long for a filter.", example=EXAMPLE)
    return SendListQuery(
        words=text,
        status=found.get("status", ""),
        day=found.get("day", ""),
        member=next(iter(members), ""),
    )


def _find_phrase(texts: Sequence[str]) -> tuple[int, str, str] | None:
    """Return how many words the longest known phrase has here, and what it means."""
    for length in range(min(MAX_PHRASE_WORDS, len(texts)), 0, -1):
        phrase = " ".join(texts[:length])
        if phrase in _MEANINGS:
            return length, *_MEANINGS[phrase]
        if _LAST_COUNT.fullmatch(phrase):
            return length, "", ""
    return None


def _simplify(text: str) -> str:
    return text.casefold().replace("\u2019", "'").strip(".,;:!?")


def _parse_status(typed: str) -> str:
    status = STATUS_WORDS.get(" ".join(typed.casefold().replace("_", " ").split()))
    if status is None:
        raise build_unknown_value_error("status", typed, tuple(STATUSES), example=EXAMPLE)
    return status


def find_period(day: str, now: float, zone: tzinfo) -> Period:
    """Return the period that a day means in the person's time zone; all time for ""."""
    if not day:
        return Period()
    today = datetime.fromtimestamp(now, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    if day == "yesterday":
        return Period((today - timedelta(days=1)).timestamp(), today.timestamp())
    start = today - timedelta(days=6) if day == "week" else today
    return Period(start.timestamp())


def matches_words(send: Send, details: SendDetails | None, words: str) -> bool:
    """Return whether each word is in the template, in the recipient's name, or in the number.

    Without details the number's visible end is compared.
    """
    name = f"{details.name} {details.to}" if details else send.recipient
    text = normalize(f"{send.title} {send.template.replace('_', ' ')} {name}")
    number = details.number if details else send.recipient.rpartition("•")[2]
    return matches_typed(words, text, (number,))
