"""What a person types to filter the opt-outs: sources, days, words and numbers. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import ClassVar, Final

from bot.customers.customer import KnownCustomer
from bot.customers.opt_out import OptOut, OptOutScope, OptOutSource
from bot.errors import UsageError
from bot.slack.commands.arguments import Arguments
from bot.slack.commands.tokens import ChannelMention, GroupMention, Link, Mention
from bot.slack.paging import (
    MAX_FILTER_LENGTH,
    FilterText,
    ListQuery,
    build_unknown_value_error,
    reject_negation,
)
from bot.text.normalize import normalize
from bot.text.phones import MIN_DIGITS, is_phone_like
from bot.text.typed_words import matches_typed

EXAMPLE: Final = "/chakra optouts typed this week"
SOURCE_WORDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("typed", "wrote", "message", "messaged", "stop"), OptOutSource.TYPED.value),
    **dict.fromkeys(
        ("preference", "preferences", "settings", "whatsapp"), OptOutSource.PREFERENCE.value
    ),
    **dict.fromkeys(("failure", "failed", "refused", "131050"), OptOutSource.FAILURE.value),
    **dict.fromkeys(("manual", "manually", "added", "hand"), OptOutSource.MANUAL.value),
}
SCOPE_WORDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("marketing", "promotions", "promotional"), OptOutScope.MARKETING.value),
    **dict.fromkeys(("everything", "completely"), OptOutScope.ALL.value),
}
DAY_WORDS: Final[Mapping[str, int]] = {
    "today": 0, "yesterday": 1, "week": 6, "month": 29, "year": 364,
}  # fmt: skip
"""Days back, to the end of today; yesterday is that day alone."""
LIFTED: Final = "lifted"
ADD_WORD: Final = "add"
BLOCK_WORDS: Final = frozenset({"block", "unsubscribe", "blacklist", "new"})
"""Words that add the number after them."""
LIFT_WORDS: Final = frozenset(
    {"lift", "remove", "delete", "undo", "restore", "resubscribe", "unblock", "allow", "reinstate"}
)
MAX_PHONE_TOKENS: Final = 8
FILLERS: Final = frozenset(
    ("the", "of", "in", "by", "this", "last", "past", "all", "who", "opted", "out", "opt", "outs",
     "optouts", "for", "from", "with", "and", "show", "list", "find", "since", "on", "has", "have",
     "unsubscribed", "stopped", "me", "is", "did", "customers", "customer", "people", "check",
     "status", "number", "history", "count", "how", "many", "are", "there", "any", "export", "csv",
     "download", "file", "excel", "as", "a", "to")
)  # fmt: skip
LINE_PHRASES: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("opt outs", "who opted out", "who unsubscribed", "who stopped", "do not contact list",
         "dnd list", "blocklist", "block list", "suppression list", "unsubscribe list",
         "list opt outs", "list optouts", "show opt outs", "show optouts",
         "opt out list", "opt-out list", "opted out customers", "export opt outs",
         "export opt-outs", "export optouts", "download opt outs", "download opt-outs",
         "download optouts", "who said stop",
         "unsubscribed customers", "who wants no messages", "who does not want messages"),
        "",
    ),
    **dict.fromkeys(
        ("lift opt out", "lift opt-out", "lift optout", "lift opt out for", "lift opt-out for",
         "lift opt out of", "lift opt-out of", "lift the opt-out of", "remove opt out",
         "remove opt-out", "remove opt out of", "remove opt-out of", "undo opt out",
         "undo opt-out of", "opt in", "allow messages to", "unblock …", "resubscribe …"),
        "lift",
    ),
    **dict.fromkeys(
        ("add opt out", "add optout", "stop messaging", "stop messages to", "do not message",
         "don't message", "do not contact", "don't contact", "never message", "opt out", "block …",
         "unsubscribe …", "stop …", "blacklist …", "abmelden …"),
        "add",
    ),
}  # fmt: skip
"""What people type in place of ``optouts``."""
_NAME = re.compile(r"[^\W\d_]{2,}(?:[ .'’-]{1,2}[^\W\d_]{2,}){0,2}")
_NO_NAMES: Final = frozenset(
    ("all", "everything", "everyone", "me", "us", "it", "this", "that", "here", "channel", "please",
     "from", "to", "the", "notifications", "notification", "alerts", "alert", "failed", "failures",
     "message", "messages", "status", "statuses", "template", "templates", "account", "posting",
     "posts", "them", "him", "her", "now", "watching", "following", "job", "jobs", "upload",
     "send", "sending", "schedule", "schedules", "query", "list", "leads", "lead", "digest", "rule",
     "rules", "my", "our")
)  # fmt: skip
"""Words after "stop" or "unsubscribe" that aren't a person's."""
_ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?")


def may_be_number(line: Arguments) -> bool:
    """Return whether words are a phone number or a name, and nothing else."""
    text = line.join_from()
    return is_number(text) or bool(
        _NAME.fullmatch(text) and _NO_NAMES.isdisjoint(text.casefold().split())
    )


def is_number(text: str) -> bool:
    """Return whether a text has the form and the digits of a phone number."""
    return is_phone_like(text) and sum(map(str.isdecimal, text)) >= MIN_DIGITS


class OptOutQuery(ListQuery):
    """The filters. ``day`` is a word, or a day or month in ISO format."""

    command: ClassVar[str] = "/chakra optouts"

    words: FilterText = ""
    source: FilterText = ""
    scope: FilterText = ""
    day: FilterText = ""
    lifted: bool = False


def parse_opt_out_query(line: Arguments) -> OptOutQuery:
    """Return the filters of a line. Raise ``UsageError`` for mentions and an unknown source."""
    found: dict[str, str] = {}
    typed = line.named.get("source")
    if typed and typed.text.strip():
        word = typed.text.strip().casefold()
        if word not in SOURCE_WORDS:
            sources = [source.value for source in OptOutSource]
            raise build_unknown_value_error("source", typed.text, sources, example=EXAMPLE)
        found["source"] = SOURCE_WORDS[word]
    words: list[str] = []
    is_lifted = False
    for token in line.tokens:
        if isinstance(token, Mention | GroupMention | ChannelMention | Link):
            raise UsageError("Filter the list by plain words, without @ or links.", example=EXAMPLE)
        word = token.text.casefold().strip(".,;:!?")
        if word == LIFTED:
            is_lifted = True
            continue
        name, value = _read_filter(word)
        if not name or found.setdefault(name, value) != value:
            words += [] if word in FILLERS else [token.text]
    reject_negation(words, example=EXAMPLE, line=[token.text for token in line.tokens])
    text = " ".join(" ".join(words).split())
    if len(text) > MAX_FILTER_LENGTH:
        raise UsageError("That's too long for a filter.", example=EXAMPLE)
    return OptOutQuery(
        words=text,
        source=found.get("source", ""),
        scope=found.get("scope", ""),
        day=found.get("day", ""),
        lifted=is_lifted,
    )


def split_number(line: Arguments) -> tuple[str, str]:
    """Return the number that a line begins with, and the rest of it."""
    texts = [token.text for token in line.tokens]
    for length in range(min(MAX_PHONE_TOKENS, len(texts)), 0, -1):
        if is_phone_like(" ".join(texts[:length])):
            return " ".join(texts[:length]), " ".join(texts[length:]).removeprefix("because ")
    return "", " ".join(texts)


def find_several(line: Arguments) -> bool:
    """Return whether a line has another phone number after the one that it begins with."""
    number, rest = split_number(line)
    words = rest.split()
    return bool(number) and any(
        is_number(" ".join(words[place : place + 3])) or is_number(word)
        for place, word in enumerate(words)
    )


def find_named(
    line: Arguments, pairs: Sequence[tuple[OptOut, KnownCustomer]]
) -> tuple[list[tuple[OptOut, KnownCustomer]], str, str]:
    """Return the opt-outs of the person that a line names, the words for them, and the rest.

    The rest is the reason; without anyone the words are the whole line.
    """
    number, rest = split_number(line)
    texts = [token.text for token in line.tokens]
    splits = [
        (" ".join(texts[:length]), " ".join(texts[length:])) for length in range(len(texts), 0, -1)
    ]
    for named, reason in [(number, rest)] if number else splits:
        found = [pair for pair in pairs if _is_of(pair[1], named)]
        if found:
            return found, named, reason.removeprefix("because ")
    return [], number or rest, ""


def _is_of(customer: KnownCustomer, typed: str) -> bool:
    names = normalize(f"{customer.name} {customer.username}")
    return matches_typed(typed, names, (customer.phone, *customer.former))


def _read_filter(word: str) -> tuple[str, str]:
    if word in SOURCE_WORDS:
        return "source", SOURCE_WORDS[word]
    if word in SCOPE_WORDS:
        return "scope", SCOPE_WORDS[word]
    if word in DAY_WORDS or _parse_period(word):
        return "day", word
    return "", ""


def matches_query(
    opt_out: OptOut, customer: KnownCustomer, query: OptOutQuery, now: float, zone: tzinfo
) -> bool:
    """Return whether an opt-out matches; days are in the person's time zone, ``zone``."""
    if query.source and opt_out.source != query.source:
        return False
    if query.scope and opt_out.scope != query.scope:
        return False
    start, end = find_days(query.day, now, zone)
    if not start <= opt_out.noted_at < end:
        return False
    names = normalize(f"{customer.name} {customer.username} {opt_out.words}")
    return matches_typed(query.words, names, (customer.phone, *customer.former))


def find_days(day: str, now: float, zone: tzinfo) -> tuple[float, float]:
    """Return the first second of a period and the first after it; all time for ""."""
    if not day:
        return 0.0, float("inf")
    if period := _parse_period(day):
        first, after = (
            datetime(each.year, each.month, each.day, tzinfo=zone).timestamp() for each in period
        )
        return first, after
    today = datetime.fromtimestamp(now, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    start = today - timedelta(days=DAY_WORDS.get(day, 0))
    return start.timestamp(), today.timestamp() if day == "yesterday" else float("inf")


def _parse_period(text: str) -> tuple[date, date] | None:
    """Return the first day of ``2026-05`` or ``2026-05-03`` and the day after it."""
    if not (found := _ISO_DAY.fullmatch(text)):
        return None
    try:
        first = datetime(int(found[1]), int(found[2]), int(found[3] or 1), tzinfo=UTC).date()
        if found[3]:
            return first, first + timedelta(days=1)
        return first, (first + timedelta(days=31)).replace(day=1)
    except (ValueError, OverflowError):
        return None
