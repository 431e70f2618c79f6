"""The fields that a query may name, and the values that they take."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from bot.errors import UsageError
from bot.processes.record_query import QueryField, Scalar, ValueType
from bot.slack.commands.tokens import Token
from bot.text.similarity import find_similar

EXAMPLE: Final = "/chakra process list lead state:NEW assigned:me"
MIN_SIMILARITY: Final = 60
"""The score, up to 100, from which a field or value is suggested for one that does not exist."""
MAX_NAMED_FIELDS: Final = 12
MAX_EXACT_INTEGER: Final = 2**53
OPERATOR: Final = r"!=|<>|>=|<=|=>|=<|≠|≥|≤|==|=|:|>|<"
_OPERATOR_WORDS: Final = r"is\s+not|isn't|is|equals"
_TRUE: Final = frozenset({"true", "yes", "y", "1", "on"})
_FALSE: Final = frozenset({"false", "no", "n", "0", "off"})


@dataclass(frozen=True, slots=True)
class QuerySchema:
    """The fields of a type of records, and the words for its kind ("lead", "leads")."""

    fields: tuple[QueryField, ...]
    kind_words: frozenset[str] = frozenset()

    def find(self, typed: str) -> QueryField | None:
        """Return the field of a name, label or alias, however it is spelled.

        A word that only one field's name has is enough: ``phone`` for ``phone_number``.
        """
        wanted = fold(typed)
        if named := next((field for field in self.fields if wanted in list_names(field)), None):
            return named
        having = [field for field in self.fields if wanted in _list_words(field)]
        return having[0] if len(having) == 1 else None

    def suggest(self, typed: str) -> QueryField | None:
        """Return the field whose name is nearest."""
        names = {name: field for field in self.fields for name in list_names(field)}
        nearest = find_nearest(fold(typed), tuple(names))
        return names[nearest] if nearest else None

    def find_by_type(self, *types: ValueType) -> QueryField | None:
        """Return the first field of these types."""
        return next((field for field in self.fields if field.type in types), None)


def fold(text: str) -> str:
    """Return a name for comparison: ``Phone Number``, ``phoneNumber`` and ``phone_number``."""
    return re.sub(r"[\W_]+", "", text).casefold()


def _list_words(field: QueryField) -> set[str]:
    return {fold(word) for name in (field.name, field.label) for word in re.split(r"[\W_]+", name)}


def list_names(field: QueryField) -> set[str]:
    return {fold(name) for name in (field.name, field.label, *field.aliases)}


@lru_cache(maxsize=1_000)
def compile_name_patterns(field: QueryField) -> tuple[re.Pattern[str], ...]:
    """Return patterns of the field's names with an operator; group 1 is the operator."""
    return tuple(
        re.compile(rf"{name}(?:\s*({OPERATOR})|\s+({_OPERATOR_WORDS})\s+)", re.IGNORECASE)
        for name in _spell(field)
    )


@lru_cache(maxsize=1_000)
def compile_spelled_names(field: QueryField) -> tuple[re.Pattern[str], ...]:
    """Return patterns of the field's names as words of their own."""
    return tuple(re.compile(rf"{name}(?=[\s)~]|$)", re.IGNORECASE) for name in _spell(field))


def _spell(field: QueryField) -> list[str]:
    names = sorted({field.label, field.name, *field.aliases}, key=len, reverse=True)
    return [r"[\s_-]*".join(map(re.escape, re.split(r"[\s_-]+", name))) for name in names]


def index_choices(field: QueryField) -> dict[str, str]:
    """Return the known values by each normalized word for them."""
    named = ((choice, choice) for choice in field.choices)
    return {fold(word): choice for word, choice in (*field.synonyms, *named)}


def find_nearest(text: str, words: Sequence[str]) -> str:
    """Return the word that resembles ``text`` most, or "" if none is close."""
    found = find_similar(text, words, min_score=MIN_SIMILARITY, limit=1)
    return found[0].word if found else ""


def build_unknown_field_error(typed: str, schema: QuerySchema) -> UsageError:
    nearest = schema.suggest(typed)
    if nearest:
        return UsageError(
            f'There\'s no field "{typed}". Did you mean {nearest.name}?', example=EXAMPLE
        )
    names = ", ".join(field.name for field in schema.fields[:MAX_NAMED_FIELDS])
    return UsageError(f'There\'s no field "{typed}". There are: {names}.', example=EXAMPLE)


def read_value(field: QueryField, token: Token) -> Scalar:
    """Return a typed value as Chakra stores it. Raise ``UsageError``."""
    text = token.text.strip()
    if field.type is ValueType.NUMBER:
        return _read_number(field, text)
    if field.type is ValueType.BOOLEAN:
        return _read_boolean(field, text)
    by_folded = index_choices(field)
    if (folded := fold(text)) in by_folded:
        return by_folded[folded]
    if field.has_other_values:
        return re.sub(r"[\s-]+", "_", text).upper() if text.islower() else text
    if not field.choices:
        return text
    nearest = find_nearest(folded, tuple(by_folded))
    hint = (
        f"Did you mean {by_folded[nearest]}?"
        if nearest
        else f"There are: {', '.join(field.choices)}."
    )
    raise UsageError(f'{field.label} has no value "{text}". {hint}', example=EXAMPLE)


def _read_number(field: QueryField, text: str) -> Scalar:
    plain = re.sub(r"(?<=\d)[, _](?=\d{2,3}\b)", "", text.lstrip("₹$€£"))
    try:
        number = float(plain)
    except ValueError:
        raise UsageError(
            f'{field.label} is a number, and "{text}" isn\'t.', example=EXAMPLE
        ) from None
    if not math.isfinite(number):
        raise UsageError(f'{field.label} is a number, and "{text}" isn\'t.', example=EXAMPLE)
    return int(number) if number.is_integer() and abs(number) < MAX_EXACT_INTEGER else number


def _read_boolean(field: QueryField, text: str) -> Scalar:
    if text.casefold() in _TRUE | _FALSE:
        return text.casefold() in _TRUE
    raise UsageError(f'{field.label} is yes or no, not "{text}".', example=EXAMPLE)
