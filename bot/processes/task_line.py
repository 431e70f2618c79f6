"""Read a typed line about a task: ``LEAD-004038 call back tomorrow 10am for @mei``. Pure.

Each word is either understood or part of what is to be done.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from bot.processes.moment_words import FoundMoment, find_moments
from bot.processes.query import is_key
from bot.processes.query_schema import fold
from bot.processes.record_query import Person, QueryField, ValueType
from bot.processes.search import STATUS_SYNONYMS, STATUSES
from bot.processes.task_kinds import KindMatch, find_kind, match_kind, match_part
from bot.processes.task_times import describe_unread, extend_span, spell_times
from bot.processes.task_type import TaskType
from bot.processes.task_words import (
    BEFORE_NAMES,
    FILLERS,
    NAME_BREAKS,
    TO_ME,
    TaskWord,
    get_plain_word,
    is_date,
    join_quotes,
    read_person,
    strip_fillers,
)
from bot.processes.typed_task import TaskLine
from bot.slack.commands.tokens import Mention, Token
from bot.text.phones import is_phone_like

MIN_PHONE_DIGITS: Final = 7
MAX_NAME_WORDS: Final = 4

_ASSIGNEE_NAMES: Final = frozenset(
    ("assigned", "assignee", "assignedto", "owner", "agent", "for", "who", "user")
)
_TYPE_NAMES: Final = frozenset(("type", "kind", "tasktype"))
_STATUS_NAMES: Final = frozenset(("status",))
_DUE_NAMES: Final = frozenset(
    ("due", "when", "at", "on", "by", "date", "time", "deadline", "until")
)
_RECORD_NAMES: Final = frozenset(("record", "process", "lead", "ticket", "customer"))
_ASSIGN: Final = frozenset(("assign", "assigned", "assigning", "give", "given"))
_NAMED: Final = re.compile(r"([^\W\d][\w.-]*)[:=](?!//)(.*)", re.DOTALL)
_STATUSES: Final[Mapping[str, str]] = {
    **{status.casefold(): status for status in STATUSES},
    **dict(STATUS_SYNONYMS),
}


def read_task_line(
    tokens: Sequence[Token],
    types: Sequence[TaskType],
    record_types: Sequence[str],
    now: datetime,
) -> TaskLine:
    """Return the task that a line describes; ``now`` is in the person's zone."""
    return _TaskLineReader(tokens, types, record_types, now).read()


class _TaskLineReader:
    def __init__(
        self,
        tokens: Sequence[Token],
        types: Sequence[TaskType],
        record_types: Sequence[str],
        now: datetime,
    ) -> None:
        self._words = [TaskWord(token) for token in join_quotes(tokens) if token.text.strip()]
        self._types = types
        self._record_types = {fold(name): name for name in record_types}
        self._now = now
        self._notes: list[str] = []
        self._values: dict[str, str] = {}
        self._people: list[Person] = []
        self._record = self._record_type = self._status = ""
        self._kind: TaskType | None = None
        self._due: list[str] = []
        self._has_several_times = False

    def read(self) -> TaskLine:
        self._take_named_values()
        self._take_people()
        self._take_record()
        moment = self._take_moment()
        if not self._record:
            self._skip_type()
        place = self._take_kind()
        self._words = list(strip_fillers(self._words))
        spans = () if self._record else self._find_names(place)
        self._name_misplaced_values()
        if not self._has_several_times:
            self._notes += filter(None, (describe_unread(word.plain for word in self._words),))
        return TaskLine(
            record=self._record,
            record_type=self._record_type,
            spans=spans,
            kind=self._kind,
            person=self._choose_person(),
            moment=moment,
            status=self._status,
            values=self._values,
            words=tuple(word.text for word in self._words),
            has_quoted_name=bool(spans) and any(word.token.quoted for word in self._words),
            notes=tuple(self._notes),
        )

    # --- name:value -------------------------------------------------------------------------------

    def _take_named_values(self) -> None:
        remaining: list[TaskWord] = []
        words, place = self._words, 0
        while place < len(words):
            found = self._match_name(words[place])
            place += 1
            if found is None:
                remaining.append(words[place - 1])
                continue
            name, beginning = found
            value: Token | None = Token(beginning) if beginning else None
            if value is None and place < len(words):
                length = self._count_value_words(name, words[place:])
                taken = words[place : place + length]
                is_one = length == 1
                value = taken[0].token if is_one else Token(" ".join(word.text for word in taken))
                place += length
            if value is None:
                self._notes.append(f'"{name}:" has no value.')
            else:
                self._set(name, value, remaining)
        self._words = remaining

    def _match_name(self, word: TaskWord) -> tuple[str, str] | None:
        """Return the name and the beginning of the value of ``name:value``."""
        found = _NAMED.fullmatch(word.text) if word.plain else None
        if found is None or not self._knows(found[1]):
            return None
        return found[1], found[2].strip('"“”')

    def _count_value_words(self, name: str, words: Sequence[TaskWord]) -> int:
        """Return how many words the value after ``name:`` has: a text ends at the next name."""
        known = self._find_field(name)
        if known is None or known.type is not ValueType.TEXT or words[0].token.quoted:
            return 1
        ends = (place for place, word in enumerate(words) if place and self._match_name(word))
        return next(ends, len(words))

    def _knows(self, name: str) -> bool:
        folded = fold(name)
        usual = _ASSIGNEE_NAMES | _TYPE_NAMES | _STATUS_NAMES | _DUE_NAMES | _RECORD_NAMES
        return folded in usual or self._find_field(name) is not None

    def _find_field(self, name: str) -> QueryField | None:
        folded = fold(name)
        ordered = [self._kind] if self._kind else self._types
        for kind in ordered:
            for known in kind.fields:
                if folded in (fold(known.name), fold(known.label)):
                    return known
        return None

    def _set(self, name: str, value: Token, remaining: list[TaskWord]) -> None:
        folded = fold(name)
        if known := self._find_field(name):
            self._values[known.name] = value.text
        elif folded in _ASSIGNEE_NAMES:
            self._people.append(read_person(value))
        elif folded in _STATUS_NAMES:
            self._set_status(value.text)
        elif folded in _TYPE_NAMES:
            self._set_kind(value.text)
        elif folded in _RECORD_NAMES:
            self._record, self._record_type = value.text, self._record_types.get(folded, "")
        else:
            remaining += [TaskWord(Token(word)) for word in value.text.split()]  # a time

    def _set_status(self, text: str) -> None:
        status = _STATUSES.get(text.strip().casefold(), "")
        if status:
            self._status = status
        else:
            known = ", ".join(status.lower() for status in STATUSES)
            self._notes.append(f'There is no status "{text}". There are: {known}.')

    def _set_kind(self, text: str) -> None:
        kind = find_kind(text, self._types)
        if kind is None:
            self._notes.append(f'There is no task called "{text}". Choose one below.')
        self._kind = kind

    def _name_misplaced_values(self) -> None:
        """Say which values belong to another kind of task than the one that is chosen."""
        if self._kind is None:
            return
        names = {known.name for known in self._kind.fields}
        for name in [name for name in self._values if name not in names]:
            value = self._values.pop(name)
            self._notes.append(
                f'{self._kind.label} has no field {name}, so this is left out: "{value}".'
            )

    # --- people -----------------------------------------------------------------------------------

    def _take_people(self) -> None:
        remaining: list[TaskWord] = []
        words, place = self._words, 0
        while place < len(words):
            length = self._match_person(words[place:])
            if length:
                place += length
                continue
            remaining.append(words[place])
            place += 1
        self._words = remaining

    def _match_person(self, words: Sequence[TaskWord]) -> int:
        """Return how many words name the assignee, 0 if none do here."""
        first = words[0].plain
        if isinstance(words[0].token, Mention):
            self._people.append(read_person(words[0].token))
            return 1
        is_assigning = first in _ASSIGN
        length = 1 if is_assigning else 0
        if is_assigning and get_plain_word(words, length) in ("it", "this", "task"):
            length += 1
        preposition = get_plain_word(words, length)
        if preposition not in ("to", "for", "by", "owner"):
            return 0
        length += 1
        if length >= len(words):
            return 0
        target = words[length]
        if isinstance(target.token, Mention) or target.plain in TO_ME:
            self._people.append(read_person(target.token))
            return length + 1
        if is_assigning and (target.token.quoted or target.plain.isalpha()):
            self._people.append(Person(target.text))
            return length + 1
        return 0

    def _choose_person(self) -> Person | None:
        people = list(dict.fromkeys(self._people))
        if len(people) > 1:
            self._notes.append("A task has one assignee. Choose who it is for.")
            return None
        return people[0] if people else None

    # --- the record -------------------------------------------------------------------------------

    def _take_record(self) -> None:
        if self._record:
            return
        keys = [
            place
            for place, word in enumerate(self._words)
            if word.plain and is_key(word.text.strip(",;:.!?"))
        ]
        letters = tuple(self._record_types)
        keys.sort(key=lambda place: not fold(self._words[place].text).startswith(letters))
        if keys:
            self._record = self._words[keys[0]].text.strip(",;:.!?")
            self._cut(keys[0], 1)
            return
        for place, word in enumerate(self._words):
            if "@" in word.text and "." in word.text and not isinstance(word.token, Mention):
                self._record = word.text.strip(",;!?<>")
                self._cut(place, 1)
                return
        self._take_number()

    def _take_number(self) -> None:
        """Take the longest run of words that is a phone number."""
        words = self._words
        for start in range(len(words)):
            for end in range(min(len(words), start + 6), start, -1):
                text = " ".join(word.text for word in words[start:end])
                digits = sum(map(str.isdecimal, text))
                if is_phone_like(text) and digits >= MIN_PHONE_DIGITS and not is_date(text):
                    self._record = text
                    self._cut(start, end - start)
                    return

    def _cut(self, place: int, length: int) -> None:
        """Remove the record's words, with its type and preposition before them."""
        start = place
        before = self._words[start - 1].plain if start else ""
        if fold(before) in self._record_types:
            self._record_type = self._record_types[fold(before)]
            start -= 1
        if start and self._words[start - 1].plain in ("for", "on", "about", "of", "to", "with"):
            start -= 1
        self._words = self._words[:start] + self._words[place + length :]

    # --- when -------------------------------------------------------------------------------------

    def _take_moment(self) -> FoundMoment | None:
        plain = [word.plain for word in self._words]
        found = find_moments(spell_times(plain), self._now)
        if not found:
            return None
        if len(found) > 1:
            named = " and ".join(f'"{self._quote_phrase(moment)}"' for moment in found)
            self._notes.append(f"That's several times: {named}. Which one is it?")
            self._has_several_times = True
            return None
        moment = found[0]
        if moment.problem:
            self._notes.append(moment.problem)
        start, end = extend_span(plain, moment.start, moment.start + moment.length)
        self._words = self._words[:start] + self._words[end:]
        return moment

    def _quote_phrase(self, moment: FoundMoment) -> str:
        words = self._words[moment.start : moment.start + moment.length]
        return " ".join(word.text for word in words)

    # --- what -------------------------------------------------------------------------------------

    def _take_kind(self) -> int:
        """Choose the kind of task; return where its words were, -1 if they stay."""
        if self._kind is not None:
            return -1
        found = match_kind(self._words, self._types)
        if found is not None:
            self._kind = found.kind
            self._note(found)
            return self._remove_kind(found.start, found.length)
        words = strip_fillers(self._words)
        part = match_part(words, self._types)
        if len(self._types) == 1:
            self._kind = self._types[0]
        elif part is not None:
            self._kind = part.kind
            self._note(part)
            self._words = [] if len(words) == 1 else self._words
        return -1

    def _note(self, found: KindMatch) -> None:
        if found.is_guess:
            self._notes.append(f'"{found.typed}" is read as {found.kind.label}.')

    def _remove_kind(self, start: int, length: int) -> int:
        """Remove the words at an end of the line; in the middle they are part of a sentence."""
        before, after = self._words[:start], self._words[start + length :]
        if self._record and after and not all(word.plain in FILLERS for word in before):
            return -1
        self._words = [*strip_fillers(before), *strip_fillers(after)]
        return len(strip_fillers(before))

    # --- a name -----------------------------------------------------------------------------------

    def _skip_type(self) -> None:
        """Leave out "for lead" before the name."""
        for place, word in enumerate(self._words):
            if fold(word.plain) in self._record_types and place + 1 < len(self._words):
                self._record_type = self._record_types[fold(word.plain)]
                self._words = self._words[:place] + self._words[place + 1 :]
                return

    def _find_names(self, kind_place: int) -> tuple[tuple[int, int], ...]:
        """Return where a record's name may be: before the kind of task, or after it."""
        quoted = [place for place, word in enumerate(self._words) if word.token.quoted]
        if quoted:
            return ((quoted[0], quoted[0] + 1),)
        count = len(self._words)
        starts = [0] if kind_place <= 0 or kind_place >= count else [0, kind_place]
        opening = (place for place in range(count) if self._words[place].plain not in BEFORE_NAMES)
        starts.append(next(opening, 0))
        spans: list[tuple[int, int]] = []
        for start in dict.fromkeys(starts):
            end = kind_place if start == 0 and kind_place > 0 else count
            longest = min(end, start + MAX_NAME_WORDS)
            breaks = (place for place in range(start, longest) if self._is_break(place))
            longest = next(breaks, longest)
            spans += [(start, stop) for stop in range(longest, start, -1)]
        return tuple(dict.fromkeys(spans))

    def _is_break(self, place: int) -> bool:
        """Return whether a name ends before this word."""
        return self._words[place].plain in NAME_BREAKS
