"""The order of a list: ``sort:score``, ``sort by created desc``, ``newest first``.

Chakra's lists have no documented order and no parameter for one, so results are sorted here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.chakra.fields import to_text
from bot.errors import UsageError
from bot.processes.date_words import is_counted
from bot.processes.directory import Record
from bot.processes.query_schema import EXAMPLE, QuerySchema, build_unknown_field_error
from bot.processes.record_query import QueryField, ValueType
from bot.slack.commands.tokens import Token

CREATED: Final = "createdAt"
NAME: Final = QueryField("name", "Name")
KEY: Final = QueryField("key", "Key")
MAX_FIELD_WORDS: Final = 4
_INLINE: Final = re.compile(r"(?:sort|order)(?:ed)?(?:[-_]?by)?\s*[:=]\s*(.*)", re.IGNORECASE)
_VERBS: Final = frozenset({"sort", "sorted", "order", "ordered"})
_DESCENDING: Final = frozenset({"desc", "descending", "down", "newest", "latest", "highest"})
_ASCENDING: Final = frozenset({"asc", "ascending", "up", "oldest", "earliest", "lowest"})
_SUPERLATIVES: Final = {
    **dict.fromkeys(("highest", "biggest", "largest", "most", "top"), True),
    **dict.fromkeys(("lowest", "smallest", "least"), False),
}
_LIMITS: Final = frozenset({"top", "first", "last", "limit"})
_NOT_SORTED_BY: Final = frozenset(
    {"assigned", "owned", "created", "made", "added", "group", "grouped"}
)
"""Words after which "by" doesn't begin a sort order."""
_FIRST_WORDS: Final = {"newest": True, "latest": True, "oldest": False, "earliest": False}
_ORDER_WORDS: Final = frozenset({"by", *_VERBS, *_SUPERLATIVES, *_FIRST_WORDS})


@dataclass(frozen=True, slots=True)
class Sort:
    """The field by which a list is ordered."""

    field: QueryField
    descending: bool = False

    @property
    def words(self) -> str:
        """The words for it in a query."""
        return f"sort:{'-' if self.descending else ''}{self.field.name}"


def split_sort(
    tokens: Sequence[Token], schema: QuerySchema
) -> tuple[tuple[Token, ...], Sort | None]:
    """Return a query's words without those of its order, and that order; the last one counts.

    Raise ``UsageError`` for a field that doesn't exist.
    """
    rest: list[Token] = []
    found: Sort | None = None
    position = 0
    while position < len(tokens):
        before = tokens[position - 1].text.casefold() if position else ""
        sort, length = _read_sort(tokens[position:], schema, before)
        if sort is None:
            rest.append(tokens[position])
        found = sort or found
        position += length
    return tuple(rest), found


def find_order(tokens: Sequence[Token]) -> int:
    """Return the position of the first word that may begin an order, after others; 0 for none."""
    places = (
        place
        for place, token in enumerate(tokens)
        if place and not token.quoted and _may_begin_order(token.text.casefold())
    )
    return next(places, 0)


def _may_begin_order(word: str) -> bool:
    return word in _ORDER_WORDS or bool(_INLINE.fullmatch(word))


def find_field(schema: QuerySchema, typed: str) -> QueryField | None:
    """Return the field or column of a name."""
    columns = {"name": NAME, "key": KEY, "id": KEY}
    return schema.find(typed) or columns.get(typed.casefold())


def sort_records(records: Iterable[Record], sort: Sort) -> list[Record]:
    """Return the records in this order; those without a value come last."""
    keyed = [(_build_sort_key(find_value(record, sort.field)), record) for record in records]
    filled = [pair for pair in keyed if pair[0] is not None]
    filled.sort(key=lambda pair: pair[0] or (0, 0.0, ""), reverse=sort.descending)
    return [record for _, record in (*filled, *(pair for pair in keyed if pair[0] is None))]


def find_value(record: Record, field: QueryField) -> Any:
    """Return a record's value of a field, as Chakra sends it or as its model has it."""
    process = record.process
    if field is KEY:
        return record.key
    match field.name:
        case "name":
            return to_text(process.attributes.get("name")) or process.name or record.key
        case "state":
            return process.state
        case "status":
            return process.status
        case "assignedTo":
            return process.assigned_to
        case "createdAt":
            return process.created_at
    return process.attributes.get(field.name)


def _read_sort(
    tokens: Sequence[Token], schema: QuerySchema, before: str
) -> tuple[Sort | None, int]:
    """Return the order in the first words, and how many they are; None and 1 for none.

    ``before`` is the word before them.
    """
    first = tokens[0]
    if first.quoted:
        return None, 1
    word = first.text.casefold()
    following = tokens[1].text.casefold() if len(tokens) > 1 else ""
    if word in _FIRST_WORDS and following == "first":
        created = schema.find(CREATED)
        return (Sort(created, _FIRST_WORDS[word]), 2) if created else (None, 1)
    inline = _INLINE.fullmatch(first.text)
    name = re.split(r"[:=]", word)[0]
    if inline and not schema.find(name):
        typed = [Token(inline[1]), *tokens[1:]] if inline[1] else list(tokens[1:])
        field, length = _read_field(typed, schema)
        return field, length + (not inline[1])
    if word in _VERBS and following == "by":
        field, length = _read_field(tokens[2:], schema)
        return field, length + 2
    if word == "by" and before not in _NOT_SORTED_BY and _find_longest(tokens[1:], schema):
        field, length = _read_field(tokens[1:], schema)
        return field, length + 1
    if word in _SUPERLATIVES and (named := _find_longest(tokens[1:], schema)):
        known, length = named
        has_first = _get_word(tokens, length + 1) == "first"
        return Sort(known, _SUPERLATIVES[word]), length + 1 + has_first
    is_limit = word in _LIMITS and following.isdecimal()
    if is_limit and not is_counted(f"1 {_get_word(tokens, 2)}"):
        raise UsageError(
            f'"{first.text} {following}" isn\'t understood: a list has all records, in pages. '
            "Sort it to see the first ones, such as `sort:-created`.",
            example=EXAMPLE,
        )
    return None, 1


def _get_word(tokens: Sequence[Token], index: int) -> str:
    return tokens[index].text.casefold() if index < len(tokens) else ""


def _find_longest(tokens: Sequence[Token], schema: QuerySchema) -> tuple[QueryField, int] | None:
    """Return the field named by the first words, and how many they are."""
    words = [token.text.strip(",").lstrip("-+") for token in tokens[:MAX_FIELD_WORDS]]
    for length in range(len(words), 0, -1):
        if field := find_field(schema, " ".join(words[:length])):
            return field, length
    return None


def _read_field(tokens: Sequence[Token], schema: QuerySchema) -> tuple[Sort, int]:
    if not tokens:
        raise UsageError("Sort by which field?", example=f"{EXAMPLE} sort:created")
    first = tokens[0].text.strip(",")
    descending = first.startswith("-")
    first, _, direction = first.lstrip("-+").partition(":")
    if not direction and "," in first:
        first, _, direction = first.partition(",")
    created = schema.find(CREATED)
    if created and first.casefold() in _FIRST_WORDS:
        return Sort(created, _FIRST_WORDS[first.casefold()]), 1
    words = [first, *(token.text.strip(",") for token in tokens[1:MAX_FIELD_WORDS])]
    for length in range(1 if direction else len(words), 0, -1):
        field = find_field(schema, " ".join(words[:length]))
        if field is not None:
            typed, more = (direction, 0) if direction else _read_direction(tokens[length:])
            if tokens[length + more - 1].text.endswith(",") and (
                _find_longest(tokens[length + more :], schema)
            ):
                raise UsageError("A list is sorted by one field.", example=f"{EXAMPLE} sort:score")
            return Sort(field, descending or typed.casefold() in _DESCENDING), length + more
    raise build_unknown_field_error(first, schema)


def _read_direction(tokens: Sequence[Token]) -> tuple[str, int]:
    """Return the direction in the first words, and how many they are."""
    words = [token.text.casefold().strip(",") for token in tokens[:2]]
    if not words or words[0] not in _DESCENDING | _ASCENDING:
        return "", 0
    return words[0], 2 if words[1:] == ["first"] else 1


def _build_sort_key(value: Any) -> tuple[int, float, str] | None:
    """Return the sort key of a number, date or text; None if there is no value."""
    if isinstance(value, bool):
        return 0, float(value), ""
    if isinstance(value, int | float):
        return 0, float(value), ""
    if hasattr(value, "timestamp"):
        return 0, float(value.timestamp()), ""
    text = to_text(value).strip()
    if not text:
        return None
    try:
        number = float(text.replace(",", ""))
    except ValueError:
        return 1, 0.0, text.casefold()
    return (0, number, "") if math.isfinite(number) else (1, 0.0, text.casefold())


def describe_sort(sort: Sort) -> str:
    """Return the order as an echo describes it."""
    if sort.field.type is ValueType.TIME:
        return f"{sort.field.label.lower()}, {'newest' if sort.descending else 'oldest'} first"
    return f"{sort.field.label.lower()}{', descending' if sort.descending else ''}"
