"""Read a typed query for records: ``state:NEW assigned:me created:last week score>=5 -city:Pune``.

People type fields with a colon or a comparison, days in words, names and keys without a field, and
join terms with "or". For a field or value that doesn't exist, the nearest one is suggested.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from itertools import takewhile
from typing import Final

from bot.errors import UsageError
from bot.processes import query_words
from bot.processes.date_words import MAX_WORDS, find_dates
from bot.processes.query_fields import (
    CLOSING,
    FILLERS,
    MAX_CHOICE_WORDS,
    MINE,
    NOT,
    OPENING,
    FieldReader,
    has_letter,
    read_person,
)
from bot.processes.query_line import QueryLine
from bot.processes.query_schema import EXAMPLE, QuerySchema, fold, index_choices
from bot.processes.query_words import group, join_with_or
from bot.processes.record_query import (
    ME,
    AssignedTo,
    CannotNegate,
    Comparison,
    Group,
    InSpan,
    Person,
    RecordQuery,
    Term,
    TextTerm,
    ValueType,
    negate,
)
from bot.slack.commands.tokens import Mention, Token

MAX_TERMS: Final = 50
MAX_DEPTH: Final = 10

_ADDRESS: Final = re.compile(r"(?:show|give|get|find|list|tell)\s+(?:me|us)\b", re.IGNORECASE)
_CREATED: Final = frozenset({"created", "made", "added"})
_OR: Final = re.compile(r"(?:or|\|\|?)(?=[\s()\ue000]|$)", re.IGNORECASE)
_AND: Final = re.compile(r"(?:and|&&?|\+|,|;)(?=[\s()\ue000]|$)", re.IGNORECASE)


def parse_query(tokens: Sequence[Token], schema: QuerySchema, today: date) -> RecordQuery:
    """Return the query of a line's words. ``today`` is the person's.

    Raise ``UsageError`` for a field or value that does not exist, naming the nearest, and for
    conditions that Chakra doesn't support.
    """
    return _Parser(tokens, schema, today).parse()


class _Parser:
    def __init__(self, tokens: Sequence[Token], schema: QuerySchema, today: date) -> None:
        self._line = QueryLine(tokens)
        self._schema = schema
        self._fields = FieldReader(self._line, schema, today)
        self._today = today
        self._count = 0

    def parse(self) -> RecordQuery:
        return RecordQuery(_flatten(self._parse_terms(depth=0)))

    # --- terms ------------------------------------------------------------------------------------

    def _parse_terms(self, depth: int) -> list[Term]:
        """Return the terms up to the end or the closing bracket; "or" joins its neighbors."""
        terms: list[Term] = []
        is_joined = False
        while not self._line.is_at_end():
            if self._line.take(CLOSING):
                if depth:
                    break
            elif self._line.take(_OR):
                is_joined = bool(terms)
            elif self._line.take(_AND):
                continue
            elif term := self._parse_term(depth):
                terms[-1:] = [join_with_or(terms[-1], term)] if is_joined else [*terms[-1:], term]
                is_joined = False
        return terms

    def _parse_term(self, depth: int) -> Term | None:
        self._count += 1
        if self._count > MAX_TERMS or depth > MAX_DEPTH:
            raise UsageError("That's too long for one query.", example=EXAMPLE)
        self._line.take(_ADDRESS)
        self._line.is_at_end()
        self._line.take(query_words.PREFIX)
        if choice := self._parse_bare_choice(min_words=2):  # "not interested" is a state
            return choice
        is_negated = bool(self._line.take(NOT))
        self._line.is_at_end()
        if self._line.take(OPENING):
            term = group(_flatten(self._parse_terms(depth + 1)))
        else:
            term = self._fields.parse_field() or self._parse_bare()
        if not is_negated or term is None:
            return term
        try:
            return negate(term)
        except CannotNegate as words:
            raise UsageError(
                f'Words can\'t be left out of a search: "{words}". Name the field, such as '
                "`-state:NEW` or `-city:Pune`.",
                example=EXAMPLE,
            ) from None

    # --- words without a field --------------------------------------------------------------------

    def _parse_bare(self) -> Term | None:
        words = [word for word, _ in self._line.list_words(MAX_WORDS + 1)]
        if not words:
            self._line.position += 1
            return None
        found = self._fields.parse_named()
        if found is None:
            query_words.check_days(words, self._today)
            found = self._parse_bare_dates(words)
        found = found or self._parse_bare_choice()
        if term := found or self._parse_bare_person(words):
            return term
        token = self._line.take_word()
        people = self._schema.find_by_type(ValueType.PERSON)
        if isinstance(token, Mention) and people:
            return AssignedTo(people, (read_person(token),))
        folded = token.text.strip(",;.!?").casefold()
        if not token.quoted and (folded in FILLERS or folded in self._schema.kind_words):
            return None
        if not has_letter(token.text):
            raise UsageError(f'"{token.text}" isn\'t understood here.', example=EXAMPLE)
        return TextTerm(token.text.strip())

    def _parse_bare_dates(self, words: list[str]) -> Term | None:
        target = self._schema.find_by_type(ValueType.TIME)
        is_created = words[0].casefold() in _CREATED and len(words) > 1
        found = find_dates(words[1:] if is_created else words, self._today)
        is_name = not is_created and found and found.length == 1 and _is_only_name(words[0])
        if target is None or found is None or is_name:
            return None
        self._line.skip_words(found.length + is_created)
        return InSpan(target, found.span)

    def _parse_bare_choice(self, min_words: int = 1) -> Term | None:
        found = takewhile(has_letter, (word for word, _ in self._line.list_words(MAX_CHOICE_WORDS)))
        words = [word for word in found if "\ue000" not in word]
        for field in self._schema.fields:
            by_folded = index_choices(field)
            for length in range(len(words), min_words - 1, -1):
                if choice := by_folded.get(fold(" ".join(words[:length]))):
                    self._line.skip_words(length)
                    return Comparison(field, "=", (choice,))
        return None

    def _parse_bare_person(self, words: list[str]) -> Term | None:
        target = self._schema.find_by_type(ValueType.PERSON)
        if target is None:
            return None
        first, second = words[0].casefold(), words[1].casefold() if len(words) > 1 else ""
        if first == "unassigned":
            raise query_words.build_unknown_presence_error(target)
        if first in MINE:
            self._line.skip_words(1)
            return AssignedTo(target, (Person(ME),))
        if first in ("assigned", "owned") and second in ("to", "by") and len(words) > 2:
            self._line.skip_words(2)
            self._line.is_at_end()
            return self._fields.parse_people(target, "=")
        return None


def _flatten(terms: Sequence[Term]) -> tuple[Term, ...]:
    """Return the terms with groups of "and" flattened, and the words as one text."""
    flat: list[Term] = []
    for term in terms:
        parts = term.terms if isinstance(term, Group) and not term.is_or else (term,)
        for part in parts:
            if isinstance(part, TextTerm) and flat and isinstance(flat[-1], TextTerm):
                flat[-1] = TextTerm(f"{flat[-1].text} {part.text}")
            else:
                flat.append(part)
    return tuple(flat)


def _is_only_name(word: str) -> bool:
    """Return whether a word is as likely a name as a day: ``May``, ``2026``, ``3M``."""
    names = ("may", "april", "june", "august", "jan", "mar", "march", "sun", "mon")
    return word.casefold() in names or bool(re.fullmatch(r"\d+[A-Za-z]*", word))
