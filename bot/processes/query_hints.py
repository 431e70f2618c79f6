"""What may be wrong with a query that finds nothing. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from bot.processes.query import is_key
from bot.processes.record_query import (
    ME,
    AssignedTo,
    Comparison,
    RecordQuery,
    Term,
    TextTerm,
    ValueType,
)
from bot.text.similarity import find_similar

MIN_TYPE_SIMILARITY: Final = 70
MAX_WORDS_LENGTH: Final = 60
RECORD_NOUNS: Final = frozenset(
    ("account", "case", "claim", "company", "contact", "deal", "invoice", "opportunity", "order",
     "project", "ticket")
)  # fmt: skip
"""Names that people use for record types that a team may not have."""


def find_hint(query: RecordQuery, type_names: Sequence[str], *, is_sorted: bool = False) -> str:
    """Return what to try instead; "" if nothing is known to be wrong.

    Words next to a sort order are rarely a name: ``hot leads sort:score`` means a kind of lead.
    """
    for before, after in pairwise(query.terms):
        if isinstance(after, TextTerm) and (first := _open_value(before)):
            name, value = first
            return f'Put a value of several words in quotes: `{name}:"{value} {after.text}"`.'
    for words in (term.text for term in query.terms if isinstance(term, TextTerm)):
        typed = words.split()[0]
        near = find_similar(typed, type_names, min_score=MIN_TYPE_SIMILARITY, limit=1)
        if near and near[0].word.casefold() != typed.casefold():
            return f'There are no records called "{typed}". Did you mean {near[0].word}?'
        if not near and typed.casefold().removesuffix("s") in RECORD_NOUNS:
            return f'There are no records called "{typed}". There are: {", ".join(type_names)}.'
        if is_key(typed) and len(query.terms) > 1:
            return f"To change {typed}, show its card: `/chakra process show {typed}`."
        if is_sorted and words[:1].isalpha() and "@" not in words:
            return (
                f'"{words[:MAX_WORDS_LENGTH]}" isn\'t a state, so it was searched for as a name. '
                "Your saved queries: `/chakra process saved`."
            )
    return ""


def _open_value(term: Term) -> tuple[str, str] | None:
    """Return the field and the value of a term that the next words may belong to."""
    match term:
        case Comparison(field, "=" | "!=", (*_, str(value))):
            is_open = field.type is ValueType.TEXT and not field.choices and value
            return (field.name, value) if is_open else None
        case AssignedTo(field, (*_, person)):
            is_typed = not person.is_member_id and person.text != ME
            return (field.name, person.text) if is_typed else None
    return None
