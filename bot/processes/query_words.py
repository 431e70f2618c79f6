"""The words and signs of a typed query that compare or join, and unsupported ones. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from bot.errors import UsageError
from bot.processes.date_words import DateSpan, find_dates, is_counted
from bot.processes.query_schema import EXAMPLE, fold, index_choices
from bot.processes.record_query import Group, QueryField, Term, ValueType
from bot.slack.commands.tokens import Mention, Token

OPERATORS: Final = {
    "!=": "!=", "<>": "!=", "≠": "!=", ">=": ">=", "=>": ">=", "≥": ">=", "<=": "<=", "=<": "<=",
    "≤": "<=", "==": "=", "=": "=", ":": "=", ">": ">", "<": "<",
}  # fmt: skip
_SPOKEN: Final[Mapping[str, str]] = {
    phrase: operator
    for operator, phrases in {
        "=": "is|are|equals|equal to|is equal to|in|is in|of|one of|any of|is one of|is any of",
        "!=": "is not|isn't|are not|aren't|not|not in|is not in|not equal to|none of|other than",
        ">=": "at least|is at least|no less than|not below|not under",
        "<=": "at most|is at most|no more than|not above|not over|up to",
        ">": "more than|is more than|greater than|is greater than|higher than|is higher than|"
        "bigger than|over|is over|above|is above",
        "<": "less than|is less than|fewer than|smaller than|lower than|is lower than|under|"
        "is under|below|is below",
    }.items()
    for phrase in phrases.split("|")
}
_ANY_SPOKEN: Final = "|".join(
    phrase.replace(" ", r"\s+") for phrase in sorted(_SPOKEN, key=len, reverse=True)
)
SPOKEN: Final = re.compile(rf"\s+({_ANY_SPOKEN})(?=[\s(])\s*", re.IGNORECASE)
SPOKEN_OF_DAYS: Final = re.compile(r"\s+(is\s+not|isn't|is|equals)(?=\s)\s*", re.IGNORECASE)
PART: Final = re.compile(
    r"\s*(contains?|containing|includes?|including|starts?\s+with|begins?\s+with|ends?\s+with|"
    r"like|match(?:es|ing)?|~)(?=[\s\w])",
    re.IGNORECASE,
)
SIGN_NOT: Final = re.compile(r"!(?=[^\s=])|-(?=[^\W\d])")
WORD_NOT: Final = re.compile(r"not\s+(?=[^\s)])", re.IGNORECASE)
BETWEEN: Final = re.compile(
    r"\s*(?:between|from)\s+([\d.,]+)\s+(?:and|to)\s+([\d.,]+)", re.IGNORECASE
)
NUMBERS: Final = re.compile(r"(\d+(?:\.\d+)?)(?:\s*[-–—]\s*|\s+to\s+)(\d+(?:\.\d+)?)(?![\w.-])")
PREFIX: Final = re.compile(r"(?:is|has|no|missing):(?=\w)", re.IGNORECASE)
"""Prefixes of other search boxes: ``is:open``, ``no:city``."""
_OTHER_DAYS: Final = re.compile(
    r"(?:overdue|due|next\s+(?:action|call|follow-?\s?up)|follow-?\s?ups?|call|callback|call\s+back"
    r"|updated|modified|changed|edited|touched|contacted|called|last\s+(?:updated|contacted|called))"
    r"(?:\s+(?:on|at|for|is|in))?(?=\s|$)"
)
_HAS: Final = re.compile(r"\b(?:with|without|with\s+no|has|have|no|missing)[\s:]*$", re.IGNORECASE)
_EMPTY: Final = frozenset(("empty", "none", "blank", "null", "nil", "missing", "unset"))
_NO_ONE: Final = re.compile(r"no-?(?:one|body)|unassigned")


def read_spoken(typed: str) -> str:
    """Return the operator of words such as "at least"."""
    return _SPOKEN[" ".join(typed.casefold().split())]


def invert(operator: str) -> str:
    """Return "!=" for "=" and vice versa; any other as it is."""
    return {"=": "!=", "!=": "="}.get(operator, operator)


def split_value(field: QueryField, token: Token) -> list[Token]:
    """Return the parts of ``NEW/CONVERTED``, if it isn't a value itself."""
    parts = token.text.split("/")
    has_values = field.has_other_values or field.choices
    if (
        token.quoted
        or not has_values
        or not all(parts)
        or fold(token.text) in _index_known_values(field)
    ):
        return [token]
    return [Token(part) for part in parts]


def check_value(field: QueryField, token: Token) -> None:
    """Raise ``UsageError`` for a value that asks for something Chakra doesn't support."""
    text = token.text.casefold()
    is_person = field.type is ValueType.PERSON
    if token.quoted or isinstance(token, Mention) or fold(text) in _index_known_values(field):
        return
    if text in _EMPTY or (is_person and _NO_ONE.fullmatch(text)):
        raise build_unknown_presence_error(field)
    if field.type is ValueType.TEXT and len(text) > 1 and text.strip("*") != text:
        raise build_partial_value_error(field, "*")


def check_several(field: QueryField, operator: str, tokens: Sequence[Token]) -> None:
    """Raise ``UsageError`` for values joined by commas that make no sense."""
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


def joins_values(field: QueryField, before: Token | None, after: Token) -> bool:
    """Return whether the word after "or" is another value: ``city:Pune or Mumbai``."""
    if before is None or field.choices or field.has_other_values:
        is_new = field.has_other_values and after.text.isupper()
        return fold(after.text) in _index_known_values(field) or is_new
    return _classify_shape(before.text) == _classify_shape(after.text)


def build_missing_value_error(field: QueryField, typed: str, before: str) -> UsageError:
    """Return the error for a field's name without a value; ``before`` is the line before it."""
    if _HAS.search(before):
        return build_unknown_presence_error(field)
    return UsageError(
        f'"{typed}" is a field. Give it a value, such as `{field.name}:…`, or put it in quotes to '
        "search for the word.",
        example=EXAMPLE,
    )


def build_unknown_presence_error(field: QueryField) -> UsageError:
    return UsageError(
        f"Chakra can't check whether {field.label} has a value. Sort by it instead, with "
        f"`sort:{field.name}`: records without one come last.",
        example=EXAMPLE,
    )


def build_partial_value_error(field: QueryField, typed: str) -> UsageError:
    return UsageError(
        f'"{typed}" isn\'t understood: Chakra compares whole values. Try `{field.name}:` with '
        "the whole value.",
        example=EXAMPLE,
    )


def check_days(words: Sequence[str], today: date) -> None:
    """Raise ``UsageError`` for days of what Chakra can't be asked about: ``due today``.

    That a list can be filtered by other dates of a record is UNKNOWN (API.md, Processes).
    """
    text = " ".join(words).casefold()
    found = _OTHER_DAYS.match(text)
    if found is None:
        return
    rest = text[found.end() :].split()
    if found[0] == "overdue" or (rest and find_dates(rest, today)):
        shown = " ".join(words[: len(found[0].split())])
        raise UsageError(
            f"Lists can't be filtered by \"{shown}\": of a record's dates, only the day it was "
            "created can be asked for. A record's card shows its next action.",
            example=EXAMPLE,
        )


def compare_span(field: QueryField, operator: str, span: DateSpan, phrase: str) -> DateSpan:
    """Return the days before or after those of a phrase.

    Raise ``UsageError`` for ``created>7d``, which is ambiguous.
    """
    if operator in ("=", "!="):
        return span
    if is_counted(phrase):
        raise UsageError(
            f'"{operator}{phrase}" can mean two things. Try `{field.name}:"newer than {phrase}"` '
            f'or `{field.name}:"older than {phrase}"`.',
            example=EXAMPLE,
        )
    match operator:
        case ">":
            return DateSpan(span.end, None)
        case ">=":
            return DateSpan(span.start, None)
        case "<":
            return DateSpan(None, span.start)
    return DateSpan(None, span.end)


def join_with_or(first: Term, second: Term) -> Term:
    """Return the terms joined by "or"."""
    before = first.terms if isinstance(first, Group) and first.is_or else (first,)
    return Group((*before, second), is_or=True)


def group(terms: tuple[Term, ...]) -> Term | None:
    """Return the terms joined by "and"; None for none."""
    return Group(terms) if len(terms) > 1 else next(iter(terms), None)


def _index_known_values(field: QueryField) -> Mapping[str, str]:
    return index_choices(field)


def _classify_shape(text: str) -> tuple[bool, bool]:
    return "@" in text, any(map(str.isdigit, text))
