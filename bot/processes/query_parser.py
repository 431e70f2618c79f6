"""Read a typed query for records: ``state:NEW assigned:me created:last week score>=5 -city:Pune``.

People type fields with a colon or a comparison, days in words, names and keys without a field, and
join terms with "or". A field or value that does not exist is answered with the nearest one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from itertools import takewhile
from typing import Final

from bot.errors import UsageError
from bot.processes.date_words import DateSpan, find_dates
from bot.processes.query_line import QueryLine
from bot.processes.query_schema import (
    EXAMPLE,
    OPERATOR,
    QuerySchema,
    choices_by_word,
    fold,
    name_patterns,
    read_value,
    unknown_field,
)
from bot.processes.record_query import (
    ME,
    AssignedTo,
    CannotNegate,
    Comparison,
    Group,
    InSpan,
    Person,
    QueryField,
    RecordQuery,
    Scalar,
    Term,
    ValueType,
    Words,
    negate,
)
from bot.slack.commands.tokens import Mention, Token

MAX_TERMS: Final = 50
MAX_DEPTH: Final = 10
MAX_CHOICE_WORDS: Final = 4

_OPERATORS: Final = {
    "!=": "!=", "<>": "!=", "≠": "!=", ">=": ">=", "=>": ">=", "≥": ">=", "<=": "<=", "=<": "<=",
    "≤": "<=", "==": "=", "=": "=", ":": "=", ">": ">", "<": "<",
}  # fmt: skip
_ANY_FIELD: Final = re.compile(
    rf"([^\W\d][\w.]*(?:-\w+)*)\s*({OPERATOR})(?!//)(?=\s*[^\s)])", re.IGNORECASE
)
_ADDRESS: Final = re.compile(r"(?:show|give|get|find|list|tell)\s+(?:me|us)\b", re.IGNORECASE)
_OPENING: Final = re.compile(r"\(")
_LEADING_OPERATOR: Final = re.compile(rf"\s*({OPERATOR})\s*")
_CLOSING: Final = re.compile(r"\)")
_COMMA: Final = re.compile(r"\s*,")
_HAS_LETTER: Final = re.compile(r"\w")
_CREATED: Final = frozenset({"created", "made", "added"})
_OR: Final = re.compile(r"(?:or|\|\|?)(?=[\s()\ue000]|$)", re.IGNORECASE)
_AND: Final = re.compile(r"(?:and|&&?|\+|,|;)(?=[\s()\ue000]|$)", re.IGNORECASE)
_NOT: Final = re.compile(r"(?:not\s+|without\s+|except\s+|-(?=[^\s\d-])|!(?=\S))", re.IGNORECASE)
_FILLERS: Final = frozenset(
    ("the", "all", "list", "show", "find", "get", "with", "where", "whose", "that", "which", "who",
     "are", "is", "in", "a", "an", "of", "for", "every", "please", "records", "record",
     "processes", "process")
)  # fmt: skip
_MINE: Final = frozenset({"mine", "my", "me"})


def parse_query(tokens: Sequence[Token], schema: QuerySchema, today: date) -> RecordQuery:
    """Return the query of a line's words. ``today`` is the person's.

    Raise ``UsageError`` for a field or value that does not exist, naming the nearest, and for what
    cannot be asked of Chakra.
    """
    return _Parser(tokens, schema, today).parse()


class _Parser:
    def __init__(self, tokens: Sequence[Token], schema: QuerySchema, today: date) -> None:
        self._line = QueryLine(tokens)
        self._schema = schema
        self._today = today
        self._count = 0

    def parse(self) -> RecordQuery:
        return RecordQuery(_flatten(self._parse_terms(depth=0)))

    # --- terms ------------------------------------------------------------------------------------

    def _parse_terms(self, depth: int) -> list[Term]:
        """Return the terms up to the end or the closing bracket; "or" joins its neighbours."""
        terms: list[Term] = []
        is_joined = False
        while not self._line.at_end():
            if self._line.take(_CLOSING):
                if depth:
                    break
            elif self._line.take(_OR):
                is_joined = bool(terms)
            elif self._line.take(_AND):
                continue
            elif term := self._parse_term(depth):
                terms[-1:] = [_either(terms[-1], term)] if is_joined else [*terms[-1:], term]
                is_joined = False
        return terms

    def _parse_term(self, depth: int) -> Term | None:
        self._count += 1
        if self._count > MAX_TERMS or depth > MAX_DEPTH:
            raise UsageError("That's too long for one query.", example=EXAMPLE)
        self._line.take(_ADDRESS)
        self._line.at_end()
        if choice := self._parse_bare_choice(min_words=2):  # "not interested" is a state
            return choice
        is_negated = bool(self._line.take(_NOT))
        self._line.at_end()
        if self._line.take(_OPENING):
            term = _group(_flatten(self._parse_terms(depth + 1)))
        else:
            term = self._parse_field() or self._parse_bare()
        if not is_negated or term is None:
            return term
        try:
            return negate(term)
        except CannotNegate as words:
            raise UsageError(
                f'Words can\'t be left out of a search: "{words}". Name the field, such as '
                "`-city:Pune`.",
                example=EXAMPLE,
            ) from None

    # --- fields -----------------------------------------------------------------------------------

    def _parse_field(self) -> Term | None:
        field, end, operator = self._match_field()
        if field is None:
            return None
        self._line.position = end
        if operator == "=" and (found := self._line.take(_LEADING_OPERATOR)):
            operator = _OPERATORS[found[1]]
        self._line.at_end()
        if field.type in (ValueType.DATE, ValueType.TIME):
            return self._parse_dates(field, operator)
        if field.type is ValueType.PERSON:
            return self._parse_people(field, operator)
        return self._parse_values(field, operator)

    def _match_field(self) -> tuple[QueryField | None, int, str]:
        """Return the field named here, where its value begins, and the operator."""
        for known in self._schema.fields:
            for pattern in name_patterns(known):
                if found := self._line.match(pattern):
                    return known, found.end(), _read_operator(found[1] or found[2])
        found = self._line.match(_ANY_FIELD)
        if found is None:
            return None, 0, ""
        field = self._schema.find(found[1])
        if field is None:
            raise unknown_field(found[1], self._schema)
        return field, found.end(2), _read_operator(found[2])

    def _parse_dates(self, field: QueryField, operator: str) -> Term:
        words, quoted_length = self._line.plain_words()
        found = find_dates(words, self._today)
        if found is None or (quoted_length and found.length != quoted_length):
            shown = " ".join(words[:quoted_length] or takewhile(_is_plain, words[:2]))
            raise UsageError(
                f'"{shown}" isn\'t a day. Try `{field.name}:today`, `{field.name}:"last week"` or '
                f"`{field.name}:2026-05-01`.",
                example=EXAMPLE,
            )
        self._line.skip_words(1 if quoted_length else found.length)
        return InSpan(field, _compare_span(found.span, operator), negated=operator == "!=")

    def _parse_people(self, field: QueryField, operator: str) -> Term:
        people = tuple(dict.fromkeys(map(_read_person, self._take_values(field))))
        return AssignedTo(field, people, negated=operator == "!=")

    def _parse_values(self, field: QueryField, operator: str) -> Term:
        values: list[Scalar] = []
        tokens: list[Token] = []
        while True:
            if chosen := self._take_choice(field):
                values.append(chosen)
            else:
                token = self._take_value(field)
                if _is_range(token):
                    return self._parse_range(field, token.text)
                tokens.append(token)
                values.append(read_value(field, token))
            if not self._take_comma():
                break
        if len(values) > 1:
            _check_several(field, operator, tokens)
        return Comparison(field, operator, tuple(dict.fromkeys(values)))

    def _parse_range(self, field: QueryField, text: str) -> Term:
        low, _, high = text.partition("..")
        bounds = [
            Comparison(field, operator, (read_value(field, Token(bound)),))
            for operator, bound in ((">=", low), ("<=", high.lstrip(".")))
            if bound
        ]
        term = _group(tuple(bounds))
        if term is None:
            raise UsageError(f"Give {field.name} a value.", example=EXAMPLE)
        return term

    def _take_comma(self) -> bool:
        """Step over a comma, unless another field follows it."""
        start = self._line.position
        if self._line.take(_COMMA):
            is_end = self._line.at_end() or self._line.startswith(")")
            if not is_end and self._match_field()[0] is None:
                return True
            self._line.position = start + 1
        return False

    def _take_choice(self, field: QueryField) -> str:
        """Take the longest run of words that is a known value: ``in progress``."""
        by_folded = choices_by_word(field)
        words = list(takewhile(_has_letter, self._line.words()[:MAX_CHOICE_WORDS]))
        for length in range(len(words), 0, -1):
            text = " ".join(word for word, _ in words[:length])
            before_comma = text.partition(",")[0]
            if (folded := fold(before_comma)) in by_folded:
                start = self._line.position
                self._line.position = (
                    words[length - 1][1] if before_comma == text else start + len(before_comma)
                )
                return by_folded[folded]
        return ""

    def _take_values(self, field: QueryField) -> list[Token]:
        tokens = [self._take_value(field)]
        while self._take_comma():
            tokens.append(self._take_value(field))
        return tokens

    def _take_value(self, field: QueryField) -> Token:
        token = self._line.take_value()
        if token is None:
            raise UsageError(f"Give {field.name} a value.", example=EXAMPLE)
        return token

    # --- words without a field --------------------------------------------------------------------

    def _parse_bare(self) -> Term | None:
        words = [word for word, _ in self._line.words()]
        if not words:
            self._line.position += 1
            return None
        found = self._parse_bare_dates(words) or self._parse_bare_choice()
        if term := found or self._parse_bare_person(words):
            return term
        token = self._line.take_word()
        people = self._schema.of_type(ValueType.PERSON)
        if isinstance(token, Mention) and people:
            return AssignedTo(people, (_read_person(token),))
        folded = token.text.strip(",;.!?").casefold()
        if not token.quoted and (folded in _FILLERS or folded in self._schema.kind_words):
            return None
        if not _HAS_LETTER.search(token.text):
            raise UsageError(f'"{token.text}" isn\'t understood here.', example=EXAMPLE)
        return Words(token.text.strip())

    def _parse_bare_dates(self, words: list[str]) -> Term | None:
        target = self._schema.of_type(ValueType.TIME)
        is_created = words[0].casefold() in _CREATED and len(words) > 1
        found = find_dates(words[1:] if is_created else words, self._today)
        is_name = not is_created and found and found.length == 1 and _is_only_name(words[0])
        if target is None or found is None or is_name:
            return None
        self._line.skip_words(found.length + is_created)
        return InSpan(target, found.span)

    def _parse_bare_choice(self, min_words: int = 1) -> Term | None:
        found = takewhile(_has_letter, self._line.words()[:MAX_CHOICE_WORDS])
        words = [word for word, _ in found if "\ue000" not in word]
        for field in self._schema.fields:
            by_folded = choices_by_word(field)
            for length in range(len(words), min_words - 1, -1):
                if choice := by_folded.get(fold(" ".join(words[:length]))):
                    self._line.skip_words(length)
                    return Comparison(field, "=", (choice,))
        return None

    def _parse_bare_person(self, words: list[str]) -> Term | None:
        target = self._schema.of_type(ValueType.PERSON)
        if target is None:
            return None
        first, second = words[0].casefold(), words[1].casefold() if len(words) > 1 else ""
        if first in _MINE:
            self._line.skip_words(1)
            return AssignedTo(target, (Person(ME),))
        if first in ("assigned", "owned") and second in ("to", "by") and len(words) > 2:
            self._line.skip_words(2)
            self._line.at_end()
            return self._parse_people(target, "=")
        return None


def _is_plain(word: str) -> bool:
    return not re.search(OPERATOR, word)


def _read_person(token: Token) -> Person:
    if isinstance(token, Mention):
        return Person(token.id, is_member_id=True)
    is_me = token.text.casefold() in _MINE and not token.quoted
    return Person(ME if is_me else token.text.removeprefix("@"))


def _read_operator(typed: str) -> str:
    words = typed.split()
    if words and words[0].isalpha():
        return "!=" if words[-1].casefold() == "not" else "="
    return _OPERATORS[typed]


def _has_letter(word: tuple[str, int]) -> bool:
    return bool(_HAS_LETTER.search(word[0]))


def _is_range(token: Token) -> bool:
    return not token.quoted and ".." in token.text and not isinstance(token, Mention)


def _check_several(field: QueryField, operator: str, tokens: Sequence[Token]) -> None:
    """Raise ``UsageError`` for values that can't be meant."""
    if operator not in ("=", "!="):
        raise UsageError(f"Compare {field.name} with one value.", example=EXAMPLE)
    texts = [token.text for token in tokens]
    if field.type is ValueType.NUMBER and all(len(text) == 3 for text in texts[1:]):
        one, two = "".join(texts), " or ".join(f"{field.name}:{text}" for text in texts)
        raise UsageError(
            f'"{",".join(texts)}" can be one number or several. Write `{field.name}:{one}` or '
            f"`{two}`.",
            example=EXAMPLE,
        )


def _either(first: Term, second: Term) -> Term:
    before = first.terms if isinstance(first, Group) and first.is_or else (first,)
    return Group((*before, second), is_or=True)


def _group(terms: tuple[Term, ...]) -> Term | None:
    return Group(terms) if len(terms) > 1 else next(iter(terms), None)


def _flatten(terms: Sequence[Term]) -> tuple[Term, ...]:
    """Return the terms with groups of "and" dissolved, and the words as one text."""
    flat: list[Term] = []
    for term in terms:
        parts = term.terms if isinstance(term, Group) and not term.is_or else (term,)
        for part in parts:
            if isinstance(part, Words) and flat and isinstance(flat[-1], Words):
                flat[-1] = Words(f"{flat[-1].text} {part.text}")
            else:
                flat.append(part)
    return tuple(flat)


def _compare_span(span: DateSpan, operator: str) -> DateSpan:
    match operator:
        case ">":
            return DateSpan(span.end, None)
        case ">=":
            return DateSpan(span.start, None)
        case "<":
            return DateSpan(None, span.start)
        case "<=":
            return DateSpan(None, span.end)
    return span


def _is_only_name(word: str) -> bool:
    """Return whether a word is as likely a name as a day: ``May``, ``April``, ``2026``."""
    return word.casefold() in ("may", "april", "june", "august", "jan", "mar", "march", "sun", "mon"
        ) or word.isdecimal()  # fmt: skip
