"""What a typed rule means: events, filters, how and when they arrive. Pure.

Nothing that is typed is dropped: a word is part of the rule, or reported as not used.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import time

from bot.errors import SuggestedLine, UsageError
from bot.notifications.rule import EventGroup, Filters, Grouping, QuietHours, Rule, RuleSpec
from bot.notifications.rule_values import (
    EXAMPLE,
    RECORD_PATTERN,
    KnownNames,
    find_sender,
    find_template,
    fold,
    join_quoted,
    read_record,
    resolve_filter,
)
from bot.notifications.rule_words import (
    CATCH_ALL_WORDS,
    CATEGORY_WORDS,
    COMMAND_WORDS,
    EVENT_WORDS,
    FIELD_ALIASES,
    FILLERS,
    GROUPING_WORDS,
    LONG_NEGATIONS,
    MENTION_WORDS,
    NEGATIONS,
    OWN_WORDS,
    RECORD_WORDS,
    REPLY_WORDS,
)
from bot.notifications.times import parse_period, parse_time
from bot.slack.blocks import clip
from bot.slack.commands.arguments import Arguments
from bot.slack.commands.tokens import ChannelMention, GroupMention, Mention, Phrase, Token
from bot.slack.commands.unused_words import MAX_WORD_LENGTH, find_unused
from bot.text.countries import find_country
from bot.text.similarity import find_similar

MAX_FILTER_VALUES = 20
MAX_VALUE_LENGTH = 100
MIN_SIMILARITY = 75.0
HERE = "here"
WITHOUT_EXAMPLE = "/chakra notify add all except status"
_MAX_PHRASE_WORDS = 5
_SPLIT = re.compile(r"\s*[,;|]\s*")
_GROUPS = (
    EventGroup.MESSAGE,
    EventGroup.FAILED,
    EventGroup.STATUS,
    EventGroup.TEMPLATE,
    EventGroup.ACCOUNT,
)


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A typed rule; ``channel`` is the one it names. ``correction`` is a line without typos."""

    spec: RuleSpec
    channel: ChannelMention | None = None
    unused: tuple[str, ...] = ()
    correction: str = ""


@dataclass
class _Reading:
    """The state of the parser."""

    known: KnownNames
    events: list[EventGroup] = field(default_factory=list)
    without: list[EventGroup] = field(default_factory=list)
    values: dict[str, list[str]] = field(default_factory=dict)
    grouping: Grouping | None = None
    daily_at: time | None = None
    quiet: tuple[time, time] | None = None
    exceptions: list[EventGroup] = field(default_factory=list)
    takes_replies: bool = False
    is_catch_all: bool = False
    channel: ChannelMention | None = None
    unused: list[Token] = field(default_factory=list)

    @property
    def selection(self) -> tuple[int, Grouping | None]:
        """What the line says besides events: how many values, and how events arrive."""
        return sum(map(len, self.values.values())), self.grouping

    @property
    def excluded(self) -> int:
        """How many events the line excludes."""
        return len(self.without) + len(self.exceptions)

    def add(self, name: str, value: str) -> None:
        """Add a filter's value, or a mention. Raise ``UsageError`` if there are too many."""
        values = self.values.setdefault(name, [])
        if value not in values:
            values.append(value)
        if len(values) > MAX_FILTER_VALUES or len(value) > MAX_VALUE_LENGTH:
            raise UsageError(
                f"A rule takes up to {MAX_FILTER_VALUES} {name} of {MAX_VALUE_LENGTH} characters."
            )


def parse_rule(arguments: Arguments, known: KnownNames) -> RuleLine:
    """Return the rule that a line describes.

    Raise ``UsageError`` if it has no events, or a filter value that doesn't exist.
    """
    reading = _Reading(known)
    words = list(join_quoted(arguments.tokens))
    _read_words(reading, words)
    for name, token in arguments.pairs:
        _read_named(reading, name, token)
    unused = find_unused(reading.unused, FILLERS)
    correction = _correct(arguments, unused)
    if not reading.events and reading.values.get("words"):
        reading.events.append(EventGroup.MESSAGE)
    if not reading.events:
        raise UsageError(
            f"{_name_unknown(unused)}Say which events: message, failed, status, template, account "
            "or all.",
            example=EXAMPLE,
            suggested_lines=(SuggestedLine(f"notify {correction}"),) if correction else (),
        )
    return RuleLine(_build_spec(reading), reading.channel, unused, correction)


def _name_unknown(unused: Sequence[str]) -> str:
    """Return the sentence about words that aren't events, "" if there are none."""
    if not unused:
        return ""
    return f'I don\'t know the event "{clip(" ".join(unused), MAX_WORD_LENGTH)}". '


_TIME_UNITS = frozenset(
    ("minutes", "minute", "mins", "min", "hour", "hours", "h", "hrs", "hr", "day", "days", "week",
     "weeks", "am", "pm")
)  # fmt: skip


def find_numbered(arguments: Arguments, rules: Sequence[Rule]) -> Rule | None:
    """Return the rule with the typed number; without one, the only rule there is."""
    if not arguments.tokens:
        return rules[0] if len(rules) == 1 else None
    numbers = _list_typed_numbers(arguments)
    return next((rule for rule in rules if numbers == [str(rule.position)]), None)


def describe_missing(arguments: Arguments) -> str:
    """Return the sentence that there's no rule with the typed number; "" if none is typed."""
    numbers = _list_typed_numbers(arguments)
    return f"There's no rule {clip(numbers[0], 9)}." if numbers else ""


def _list_typed_numbers(arguments: Arguments) -> list[str]:
    texts = [token.text.strip("#.") for token in arguments.tokens]
    if not _TIME_UNITS.isdisjoint(texts):
        return []  # "mute for 2 hours" is not about rule 2
    return [text for text in texts if text.isascii() and text.isdigit()]


def _build_spec(reading: _Reading) -> RuleSpec:
    events = tuple(dict.fromkeys(reading.events))
    if reading.without:
        wanted = _GROUPS if EventGroup.ALL in events else events
        events = tuple(group for group in wanted if group not in reading.without)
    elif len(events) > 1 and EventGroup.ALL in events and not reading.is_catch_all:
        events = tuple(group for group in events if group is not EventGroup.ALL)  # "all failed"
    if not events:
        raise UsageError("That leaves no events. Name the ones to receive.", example=EXAMPLE)
    zone, mentions = reading.known.time_zone, tuple(reading.values.pop("mentions", ()))
    quiet = None
    if reading.quiet is not None:
        start, end = reading.quiet
        quiet = QuietHours(
            start=start, end=end, time_zone=zone, exceptions=tuple(reading.exceptions)
        )
    if reading.grouping is None and reading.daily_at is not None:
        reading.grouping = Grouping.DAILY
    return RuleSpec(
        events=events,
        filters=Filters.model_validate(reading.values),
        grouping=reading.grouping or Grouping.EACH,
        daily_at=reading.daily_at or time(9, 0),
        time_zone=zone,
        quiet=quiet,
        mentions=mentions,
        takes_replies=reading.takes_replies,
        is_catch_all=reading.is_catch_all,
    )


# --- words ---------------------------------------------------------------------------------------


def _read_words(reading: _Reading, words: Sequence[Token]) -> None:
    place, negated, excluded = 0, False, 0
    while place < len(words):
        word = words[place]
        text = fold(word.text)
        follows = f"{text} {fold(words[place + 1].text)}" if place + 1 < len(words) else ""
        is_but = text == "but" and EventGroup.ALL in reading.events  # "all but status"
        length = 2 if follows in LONG_NEGATIONS else 1
        if length == 2 or is_but or (text in NEGATIONS and follows not in REPLY_WORDS):
            negated, excluded = True, reading.excluded
            place += length
            if text not in FILLERS and not any(_is_event(other) for other in words[place:]):
                reading.unused.append(word)
            continue
        before = reading.selection
        if _read_special(reading, word, words[place - 1] if place else None):
            length = 1
        else:
            length = _read_phrase(reading, words[place:], negated=negated)
        is_negated = negated and reading.excluded == excluded
        if is_negated and reading.selection != before:
            typed = clip(
                " ".join(item.text for item in words[place : place + length]), MAX_WORD_LENGTH
            )
            raise UsageError(
                f'A rule can leave out events, but not "{typed}".', example=WITHOUT_EXAMPLE
            )
        if not length:
            reading.unused.append(word)
        if text not in FILLERS and not _is_event(word):
            negated = False
        place += length or 1


def _read_special(reading: _Reading, word: Token, before: Token | None) -> bool:
    """Read a mention, a channel, a quoted text or a field of records."""
    is_mention = before is not None and fold(before.text) in MENTION_WORDS
    if isinstance(word, ChannelMention):
        reading.channel = reading.channel or word
    elif len(word.text) > 1 and word.text.startswith("#"):
        name = clip(word.text, MAX_WORD_LENGTH)
        raise UsageError(f"There is no channel {name} that I can see.")
    elif isinstance(word, GroupMention):
        reading.add("mentions", word.id)
    elif isinstance(word, Mention):
        reading.add("mentions" if is_mention else "members", word.id)
    elif fold(word.text) in {"@here", "@channel"} or (is_mention and fold(word.text) == HERE):
        reading.add("mentions", HERE)
    elif found := RECORD_PATTERN.fullmatch(word.text):
        _add_record(reading, found)
    elif word.quoted or isinstance(word, Phrase):
        reading.add("words", " ".join(word.text.split()))
    else:
        return False
    return True


def _read_phrase(reading: _Reading, words: Sequence[Token], *, negated: bool) -> int:
    """Read the longest phrase that the words begin with; return its number of words."""
    texts = [fold(word.text) for word in words[: _MAX_PHRASE_WORDS + 2]]
    if length := _read_times(reading, texts):
        return length
    for length in range(min(_MAX_PHRASE_WORDS, len(texts)), 0, -1):
        if any(word.quoted or isinstance(word, Mention) for word in words[:length]):
            continue
        if _read_meaning(reading, " ".join(texts[:length]), negated=negated):
            return length
        typed = " ".join(word.text for word in words[:length])
        is_code = length == 1 and len(typed) == 2 and not typed.isupper()
        if not is_code and _read_name(reading, typed.strip(",.")):
            return length
    return 0


def _read_meaning(reading: _Reading, text: str, *, negated: bool) -> bool:
    if text in CATCH_ALL_WORDS:
        reading.is_catch_all = True
        reading.events.append(EventGroup.ALL)
    elif text in REPLY_WORDS:
        reading.takes_replies = REPLY_WORDS[text]
    elif text in EVENT_WORDS:
        target = reading.events
        if negated:
            target = reading.exceptions if reading.quiet is not None else reading.without
        target.append(EVENT_WORDS[text])
    elif text in GROUPING_WORDS:
        reading.grouping = GROUPING_WORDS[text]
    elif text in CATEGORY_WORDS:
        reading.add("categories", CATEGORY_WORDS[text])
    elif text in RECORD_WORDS:
        reading.add("records", "lead")
    elif text in OWN_WORDS:
        reading.add("members", reading.known.member)
    else:
        return False
    return True


def _read_name(reading: _Reading, typed: str) -> bool:
    """Read a country, one of our numbers, or a template."""
    if country := find_country(typed):
        reading.add("countries", country)
    elif sender := find_sender(typed, reading.known.senders):
        reading.add("senders", sender.id)
    elif template := find_template(typed, reading.known):
        reading.add("templates", template)
    else:
        return False
    return True


def _read_times(reading: _Reading, texts: Sequence[str]) -> int:
    """Read ``quiet 22:00 to 7:00`` or ``at 9am``; return the number of words."""
    if texts[0] == "quiet":
        for length in range(min(7, len(texts)), 1, -1):
            if period := parse_period(" ".join(texts[1:length])):
                reading.quiet = period
                return length
    if texts[0] == "at" and len(texts) > 1:
        for length in (3, 2):
            if moment := parse_time(" ".join(texts[1:length])):
                reading.daily_at = moment
                return length
    return 0


# --- name:value ----------------------------------------------------------------------------------


def _read_named(reading: _Reading, name: str, token: Token) -> None:
    target = FIELD_ALIASES[name]
    if isinstance(token, Mention | GroupMention):
        is_mention = target == "mentions" or isinstance(token, GroupMention)
        reading.add("mentions" if is_mention else "members", token.id)
        return
    if target == "words" and token.quoted:
        reading.add("words", " ".join(token.text.split()))
        return
    for value in filter(None, _SPLIT.split(token.text.strip())):
        add_value(reading, target, value)


def add_value(reading: _Reading, target: str, value: str) -> None:
    """Add one value of a field by name. Raise ``UsageError`` if it doesn't exist."""
    text = fold(value)
    if target == "quiet" and (period := parse_period(value)):
        reading.quiet = period
    elif target == "at" and (moment := parse_time(value)):
        reading.daily_at = moment
    elif target == "grouping" and text in GROUPING_WORDS:
        reading.grouping = GROUPING_WORDS[text]
    elif target == "mode" and text in {"reply", "replies", "on", "yes", "alerts", "off", "no"}:
        reading.takes_replies = text in {"reply", "replies", "on", "yes"}
    elif target == "events" and text in EVENT_WORDS:
        reading.events.append(EVENT_WORDS[text])
    elif target == "except" and text in EVENT_WORDS:
        reading.exceptions.append(EVENT_WORDS[text])
    elif target == "mentions" and text.removeprefix("@") in {HERE, "channel"}:
        reading.add("mentions", HERE)
    elif target == "senders" and (country := find_country(value)):
        reading.add("countries", country)  # from:India
    else:
        reading.add(target, resolve_filter(target, value, reading.known))


# --- records, slips, quotes ----------------------------------------------------------------------


def _add_record(reading: _Reading, found: re.Match[str]) -> None:
    typed = found[3].strip()
    values = [typed] if typed[:1] in {'"', "“"} else _SPLIT.split(typed)
    for value in filter(None, (value.strip('"“”') for value in values)):
        reading.add("records", read_record(f"{found[1]}.{found[2]}={value}"))


def _correct(arguments: Arguments, unused: Sequence[str]) -> str:
    """Return the line after the command, with words replaced that nearly match those of a rule.

    "" if none is.
    """
    candidates = [word for word in (*EVENT_WORDS, *GROUPING_WORDS) if " " not in word]
    line = " ".join(arguments.raw.split())
    if fold(line.partition(" ")[0]) in COMMAND_WORDS:
        line = line.partition(" ")[2]
    corrected = line
    for word in unused:
        similar = find_similar(fold(word), candidates, min_score=MIN_SIMILARITY, limit=1)
        if similar and len(word) > 3:
            corrected = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", similar[0].word, corrected)
    return corrected if corrected != line else ""


def _is_event(word: Token) -> bool:
    return fold(word.text) in EVENT_WORDS
