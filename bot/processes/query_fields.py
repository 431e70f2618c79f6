"""Read the fields of a typed query and their comparisons: ``city:Pune or Mumbai``."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from itertools import takewhile
from typing import Final

from bot.errors import UsageError
from bot.processes import query_words
from bot.processes.date_words import MAX_WORDS, find_dates
from bot.processes.query import is_phone_key, normalize_key
from bot.processes.query_line import QueryLine
from bot.processes.query_schema import (
    EXAMPLE,
    OPERATOR,
    QuerySchema,
    build_unknown_field_error,
    compile_name_patterns,
    compile_spelled_names,
    fold,
    index_choices,
    read_value,
)
from bot.processes.query_words import group
from bot.processes.record_query import (
    ME,
    AssignedTo,
    Comparison,
    InSpan,
    Person,
    QueryField,
    Term,
    ValueType,
    negate,
)
from bot.slack.commands.tokens import Mention, Token

MAX_CHOICE_WORDS: Final = 4
MAX_OR_VALUES: Final = 50
"""Values of one field that "or" joins; each takes a few milliseconds to read."""
OPENING: Final = re.compile(r"\(")
CLOSING: Final = re.compile(r"\)")
NOT: Final = re.compile(r"(?:not\s+|without\s+|except\s+|-(?=[^\s\d-])|!(?=\S))", re.IGNORECASE)
FILLERS: Final = frozenset(
    ("the", "all", "list", "show", "find", "get", "with", "where", "whose", "that", "which", "who",
     "are", "is", "in", "a", "an", "of", "for", "every", "please", "records", "record",
     "processes", "process", "from", "at", "named", "called")
)  # fmt: skip
MINE: Final = frozenset({"mine", "my", "me"})
_ANY_FIELD: Final = re.compile(
    rf"([^\W\d][\w.]*(?:-\w+)*)\s*({OPERATOR})(?!//)(?=\s*[^\s)])", re.IGNORECASE
)
_LEADING_OPERATOR: Final = re.compile(rf"\s*({OPERATOR})\s*")
_COMMA: Final = re.compile(r"\s*,")
_OR_VALUE: Final = re.compile(r"\s*\|{1,2}\s*|\s+or\s+", re.IGNORECASE)
_IN_BRACKETS: Final = re.compile(r"[\s,;|/]*(?:\b(?:or|and)\s+)?", re.IGNORECASE)
_DIGITS: Final = re.compile(r"\s+(\(?\d[\d()./-]*)(?=[\s),]|$)")
_HAS_LETTER: Final = re.compile(r"\w")
_PAST_FIELDS: Final = frozenset({"createdAt", "updatedAt"})
_JOINS: Final = re.compile(r"or|and|[|&,;+]+", re.IGNORECASE)


class FieldReader:
    """Reads what is at the current position of a line, and moves past it."""

    def __init__(self, line: QueryLine, schema: QuerySchema, today: date) -> None:
        self._line = line
        self._schema = schema
        self._today = today

    def parse_field(self) -> Term | None:
        field, end, operator = self._match_field()
        if field is None:
            return None
        if not operator:
            return self.parse_named()
        self._line.position = end
        if operator == "=" and (found := self._line.take(_LEADING_OPERATOR)):
            operator = query_words.OPERATORS[found[1]]
        self._line.is_at_end()
        return self._parse_compared(field, operator)

    def _parse_compared(self, field: QueryField, operator: str) -> Term:
        """Return a field compared with what follows."""
        is_not = self._line.take(query_words.SIGN_NOT) or (
            not self._takes_choice(field) and self._line.take(query_words.WORD_NOT)
        )
        operator = query_words.invert(operator) if is_not else operator
        if field.type in (ValueType.DATE, ValueType.TIME):
            return self._parse_dates(field, operator)
        if field.type is ValueType.PERSON:
            return self.parse_people(field, operator)
        return self._parse_values(field, operator)

    def parse_named(self) -> Term | None:
        """Return a field that is named without a sign: ``score over 50``, ``city Pune``."""
        field, name = self._find_named()
        if field is None:
            return None
        start, operator = self._line.position, "="
        self._line.position += len(name)
        is_day = field.type in (ValueType.DATE, ValueType.TIME)
        if found := self._line.take(query_words.PART):
            raise query_words.build_partial_value_error(field, found[1])
        spoken = query_words.SPOKEN_OF_DAYS if is_day else query_words.SPOKEN
        if found := self._line.take(spoken):
            operator = query_words.read_spoken(found[1])
        words = [] if self._line.is_at_end() else self._line.list_words(1)
        is_value = bool(words) and not _JOINS.fullmatch(words[0][0])
        if field.type is ValueType.BOOLEAN and not (is_value and _is_boolean(words[0][0])):
            return Comparison(field, operator, (True,))
        if (not is_value and not self._line.starts_with("(")) or self._match_field()[0]:
            raise query_words.build_missing_value_error(field, name, self._line.text[:start])
        return self._parse_compared(field, operator)

    def _find_named(self) -> tuple[QueryField | None, str]:
        """Return the field whose name is here, the longest one, and the name as it is typed."""
        found = [
            (match[0], known)
            for known in self._schema.fields
            for pattern in compile_spelled_names(known)
            if (match := self._line.match(pattern))
            and match[0].casefold() not in FILLERS | MINE
            and fold(match[0]) not in self._schema.kind_words
        ]
        name, field = max(found, key=lambda pair: len(pair[0]), default=("", None))
        is_choice = any(fold(name) in index_choices(known) for known in self._schema.fields)
        return (None, "") if is_choice else (field, name)

    def _match_field(self) -> tuple[QueryField | None, int, str]:
        """Return the field named here, where its value begins, and the operator, "" for words."""
        for known in self._schema.fields:
            for pattern in compile_name_patterns(known):
                if found := self._line.match(pattern):
                    operator = query_words.OPERATORS[found[1]] if found[1] else ""
                    return known, found.end(), operator
        found = self._line.match(_ANY_FIELD)
        if found is None:
            return None, 0, ""
        field = self._schema.find(found[1])
        if field is None:
            raise build_unknown_field_error(found[1], self._schema)
        return field, found.end(2), query_words.OPERATORS[found[2]]

    def _parse_dates(self, field: QueryField, operator: str) -> Term:
        words, quoted_length = self._line.list_plain_words()
        is_planned = field.name not in _PAST_FIELDS
        found = find_dates(words, self._today, is_planned=is_planned)
        if found is None or (quoted_length and found.length != quoted_length):
            shown = " ".join(words[:quoted_length] or takewhile(_is_plain, words[:2]))
            raise UsageError(
                f'"{shown}" isn\'t a day. Try `{field.name}:today`, `{field.name}:"last week"` or '
                f"`{field.name}:2026-05-01`.",
                example=EXAMPLE,
            )
        self._line.skip_words(1 if quoted_length else found.length)
        phrase = " ".join(words[: found.length])
        span = query_words.compare_span(field, operator, found.span, phrase)
        return InSpan(field, span, negated=operator == "!=")

    def parse_people(self, field: QueryField, operator: str) -> Term:
        people = [read_person(token) for token in self._take_all(field, self._take_value)]
        return AssignedTo(field, tuple(dict.fromkeys(people)), negated=operator == "!=")

    def _parse_values(self, field: QueryField, operator: str) -> Term:
        if field.type is ValueType.NUMBER and operator in ("=", "!="):
            found = self._line.take(query_words.BETWEEN) or self._line.take(query_words.NUMBERS)
            if found:
                return self._build_range(field, operator, found[1], found[2])
        tokens = self._take_all(field, self._take_known)
        if len(tokens) == 1 and _is_range(tokens[0]):
            low, _, high = tokens[0].text.partition("..")
            return self._build_range(field, operator, low, high.lstrip("."))
        values = [
            read_value(field, part)
            for token in tokens
            for part in query_words.split_value(field, token)
        ]
        if len(values) > 1 and operator not in ("=", "!="):
            raise UsageError(f"Compare {field.name} with one value.", example=EXAMPLE)
        return Comparison(field, operator, tuple(dict.fromkeys(values)))

    def _build_range(self, field: QueryField, operator: str, low: str, high: str) -> Term:
        bounds = tuple(
            Comparison(field, sign, (read_value(field, Token(bound)),))
            for sign, bound in ((">=", low), ("<=", high))
            if bound
        )
        term = group(bounds)
        if term is None:
            raise UsageError(f"Give {field.name} a value.", example=EXAMPLE)
        return negate(term) if operator == "!=" else term

    def _take_all(self, field: QueryField, take: Callable[[QueryField], Token]) -> list[Token]:
        """Take a value, and those that a comma, "or" or brackets join to it."""
        if self._line.take(OPENING):
            tokens: list[Token] = []
            while not tokens or not (self._line.is_at_end() or self._line.take(CLOSING)):
                tokens.append(take(field))
                self._line.take(_IN_BRACKETS)
            return tokens
        tokens = [take(field)]
        by_comma = tokens[:]
        while True:
            if self._take_comma():
                tokens.append(take(field))
                by_comma.append(tokens[-1])
            elif self._take_or(field, tokens[0]):
                tokens.append(take(field))
                if len(tokens) - len(by_comma) > MAX_OR_VALUES:
                    raise UsageError("That's too long for one query.", example=EXAMPLE)
            else:
                break
        if len(by_comma) > 1:
            query_words.check_several(field, "=", by_comma)
        return tokens

    def _take_comma(self) -> bool:
        """Skip a comma, unless another field follows it."""
        start = self._line.position
        if self._line.take(_COMMA):
            is_end = self._line.is_at_end() or self._line.starts_with(")")
            if not is_end and self._match_field()[0] is None:
                return True
            self._line.position = start + 1
        return False

    def _take_or(self, field: QueryField, before: Token) -> bool:
        """Skip an "or" that is followed by another value of the field."""
        start = self._line.position
        if self._line.take(_OR_VALUE) and not self._line.is_at_end():
            is_other = self._line.match(NOT) or self._line.match(OPENING) or self._find_named()[0]
            if not is_other and self._match_field()[0] is None and not self._is_other_term(field):
                value = None if self._takes_choice(field) else self._line.peek_value()
                if value is None or query_words.joins_values(field, before, value):
                    return True
        self._line.position = start
        return False

    def _is_other_term(self, field: QueryField) -> bool:
        """Return whether the words here are days, or a choice of another field."""
        words = [word for word, _ in self._line.list_words(MAX_WORDS)]
        if not words or field.type is ValueType.PERSON:
            return not words
        others = (known for known in self._schema.fields if known != field)
        is_day = find_dates(words, self._today) is not None
        return is_day or words[0].casefold() in MINE or any(map(self._takes_choice, others))

    def _takes_choice(self, field: QueryField) -> bool:
        start = self._line.position
        taken = self._take_choice(field)
        self._line.position = start
        return bool(taken)

    def _take_known(self, field: QueryField) -> Token:
        choice = self._take_choice(field)
        return Token(choice) if choice else self._take_value(field)

    def _take_choice(self, field: QueryField) -> str:
        """Take the longest run of words that is a known value: ``in progress``."""
        by_folded = index_choices(field)
        if not by_folded:
            return ""
        words = list(
            takewhile(lambda word: has_letter(word[0]), self._line.list_words(MAX_CHOICE_WORDS))
        )
        for length in range(len(words), 0, -1):
            text = " ".join(word for word, _ in words[:length])
            before_comma = re.split(r"[,|]", text, maxsplit=1)[0]
            if (folded := fold(before_comma)) in by_folded:
                start = self._line.position
                self._line.position = (
                    words[length - 1][1] if before_comma == text else start + len(before_comma)
                )
                return by_folded[folded]
        return ""

    def _take_value(self, field: QueryField) -> Token:
        token = self._line.take_value()
        if token is None:
            raise UsageError(f"Give {field.name} a value.", example=EXAMPLE)
        query_words.check_value(field, token)
        is_number = not token.quoted and is_phone_key(normalize_key(field.name))
        while is_number and (found := self._line.take(_DIGITS)):
            token = Token(f"{token.text} {found[1]}")
        return token


def read_person(token: Token) -> Person:
    if isinstance(token, Mention):
        return Person(token.id, is_member_id=True)
    is_me = token.text.casefold() in MINE and not token.quoted
    return Person(ME if is_me else token.text.removeprefix("@"))


def has_letter(word: str) -> bool:
    """Return whether a word has a letter or a digit."""
    return bool(_HAS_LETTER.search(word))


def _is_plain(word: str) -> bool:
    return not re.search(OPERATOR, word)


def _is_boolean(word: str) -> bool:
    return word.casefold().strip(",)") in ("yes", "no", "true", "false", "y", "n", "1", "0")


def _is_range(token: Token) -> bool:
    return not token.quoted and ".." in token.text and not isinstance(token, Mention)
