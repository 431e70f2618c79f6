"""A query for records as terms, the ``where`` that they make, and their echo."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, tzinfo
from enum import Enum
from typing import Any, Final

from bot.processes.date_words import DateSpan

Where = Mapping[str, Any]
Scalar = str | int | float | bool

NEGATED_OPERATORS: Final[Mapping[str, str]] = {
    "=": "!=", "!=": "=", ">": "<=", ">=": "<", "<": ">=", "<=": ">",
}  # fmt: skip
ME: Final = "me"


class ValueType(Enum):
    """How the values of a field are typed and compared."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    """A day; that Chakra compares ``2026-05-01`` as text is INFERRED."""
    TIME = "time"
    """A moment, as an ISO timestamp: ``createdAt`` (CONFIRMED) and attributes (INFERRED)."""
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class QueryField:
    """A field of a type of records.

    ``name`` is Chakra's, ``choices`` are its known values; ``synonyms`` are other words for them.
    ``has_other_values``: there may be more than the known ones, all short IDs such as "NEW".
    ``is_multiple``: its value is a list; ``is_object``: it has parts, which a form can't change.
    """

    name: str
    label: str
    type: ValueType = ValueType.TEXT
    aliases: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    synonyms: tuple[tuple[str, str], ...] = ()
    has_other_values: bool = False
    is_multiple: bool = False
    is_object: bool = False
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """A colleague in a query: `ME`, a Slack member's ID, or what was typed."""

    text: str
    is_member_id: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """``field`` compared with any of ``values``; the operators of order have one value."""

    field: QueryField
    operator: str
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class InSpan:
    """``field`` within days, or outside them."""

    field: QueryField
    span: DateSpan
    negated: bool = False


@dataclass(frozen=True, slots=True)
class AssignedTo:
    field: QueryField
    people: tuple[Person, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class TextTerm:
    """A name, key, number or address, compared with several fields."""

    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """All ``terms`` (``and``), or any of them."""

    terms: tuple[Term, ...]
    is_or: bool = False


Term = Comparison | InSpan | AssignedTo | TextTerm | Group


@dataclass(frozen=True, slots=True)
class RecordQuery:
    """The terms of a query, all of which must match."""

    terms: tuple[Term, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The names, keys, numbers and addresses that are searched for."""
        return tuple(term.text for term in _iter_leaves(self.terms) if isinstance(term, TextTerm))

    @property
    def fields(self) -> tuple[QueryField, ...]:
        """The fields that the terms compare."""
        leaves = _iter_leaves(self.terms)
        named = [term.field for term in leaves if not isinstance(term, TextTerm | Group)]
        return tuple(dict.fromkeys(named))

    @property
    def people(self) -> tuple[Person, ...]:
        """The colleagues whose usernames the ``where`` needs."""
        assigned = [term for term in _iter_leaves(self.terms) if isinstance(term, AssignedTo)]
        return tuple(dict.fromkeys(person for term in assigned for person in term.people))


def _iter_leaves(terms: Sequence[Term]) -> Iterator[Term]:
    for term in terms:
        if isinstance(term, Group):
            yield from _iter_leaves(term.terms)
        else:
            yield term


class CannotNegate(ValueError):
    """A term that can't be negated; the message has its words."""


def negate(term: Term) -> Term:
    """Return the negation of a term. Raise `CannotNegate` for words."""
    match term:
        case Comparison(operator=operator):
            return replace(term, operator=NEGATED_OPERATORS[operator])
        case InSpan() | AssignedTo():
            return replace(term, negated=not term.negated)
        case TextTerm(text):
            raise CannotNegate(text)
        case Group(terms, is_or):
            return Group(tuple(map(negate, terms)), is_or=not is_or)


# --- where ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WhereBuilder:
    """Builds the ``where`` of a list (API.md, Processes).

    ``usernames`` has those of each person, ``find_words`` builds the query for a name, key or
    number.
    """

    zone: tzinfo
    usernames: Mapping[Person, Sequence[str]] = field(default_factory=dict)
    words: Mapping[str, Where] = field(default_factory=dict)
    spell: Callable[[QueryField, tuple[Scalar, ...]], tuple[Scalar, ...]] = lambda _, values: values
    """Return a field's values in each spelling that may be stored."""

    def build(self, query: RecordQuery) -> Where:
        """Return the ``where`` of all terms."""
        return self._build_all(query.terms)

    def _build_all(self, terms: Sequence[Term]) -> Where:
        merged: dict[str, Any] = {}
        parts = map(self._build_term, _join_equal(terms))
        rest = [part for part in parts if not _merge(merged, part)]
        return {**merged, "and": rest} if rest else merged

    def _build_term(self, term: Term) -> Where:
        match term:
            case Comparison():
                is_equal = term.operator in ("=", "!=")
                values = self.spell(term.field, term.values) if is_equal else term.values
                return _build_comparison(term.field.name, term.operator, values)
            case InSpan(target, span, negated):
                return self._build_span(target, span, negated=negated)
            case AssignedTo(target, people, negated):
                names = [name for person in people for name in self.usernames.get(person, ())]
                return _build_comparison(target.name, "!=" if negated else "=", tuple(names))
            case TextTerm(text):
                return self.words.get(text, {})
            case Group(terms, is_or):
                if not is_or:
                    return self._build_all(terms)
                return {"or": [self._build_term(inner) for inner in terms]}

    def _build_span(self, target: QueryField, span: DateSpan, *, negated: bool) -> Where:
        start = self._edge(target, span.start) if span.start else None
        end = self._edge(target, span.end) if span.end else None
        if negated:
            parts = [
                {target.name: {operator: edge}}
                for operator, edge in (("<", start), (">=", end))
                if edge
            ]
            return parts[0] if len(parts) == 1 else {"or": parts}
        edges = {">=": start, "<": end}
        return {target.name: {operator: edge for operator, edge in edges.items() if edge}}

    def _edge(self, target: QueryField, day: date) -> str:
        if target.type is ValueType.DATE:
            return day.isoformat()
        return datetime.combine(day, time(), self.zone).isoformat()


def _build_comparison(name: str, operator: str, values: tuple[Scalar, ...]) -> Where:
    if operator == "=":
        return {name: values[0] if len(values) == 1 else list(values)}
    parts = [{name: {operator: value}} for value in values]
    return parts[0] if len(parts) == 1 else {"and": parts}


def _join_equal(terms: Sequence[Term]) -> list[Term]:
    """Join ``state:NEW state:WON``: a field has one value, so people mean either."""
    joined: list[Term] = []
    for term in terms:
        if isinstance(term, Comparison) and term.operator == "=":
            same = next(
                (
                    other
                    for other in joined
                    if isinstance(other, Comparison)
                    and (other.field, other.operator) == (term.field, "=")
                ),
                None,
            )
            if same:
                values = tuple(dict.fromkeys((*same.values, *term.values)))
                joined[joined.index(same)] = replace(same, values=values)
                continue
        joined.append(term)
    return joined


def _merge(merged: dict[str, Any], part: Where) -> bool:
    """Add ``part`` to ``merged``, unless a field is in both with the same operator."""
    for name, wanted in part.items():
        known = merged.get(name)
        if known is None:
            continue
        both = isinstance(known, dict) and isinstance(wanted, dict)
        if name in ("or", "and") or not both or known.keys() & wanted.keys():
            return False
    for name, wanted in part.items():
        known = merged.get(name)
        merged[name] = {**known, **wanted} if isinstance(known, dict) else wanted
    return True


# --- echo -----------------------------------------------------------------------------------------

_COMPARED: Final[Mapping[str, str]] = {
    "!=": "is not", ">": "above", ">=": "at least", "<": "below", "<=": "at most",
}  # fmt: skip


def describe(query: RecordQuery, names: Mapping[Person, str]) -> str:
    """Return how the query was understood: ``State NEW, assigned to you, created since 1 May``.

    ``names`` are the colleagues' names.
    """
    text = ", ".join(_describe(term, names) for term in _join_equal(query.terms))
    return text[:1].upper() + text[1:]


def _describe(term: Term, names: Mapping[Person, str]) -> str:
    match term:
        case Comparison(target, operator, values):
            compared = f" {_COMPARED[operator]}" if operator != "=" else ""
            return f"{target.label.lower()}{compared} {' or '.join(map(_show, values))}"
        case InSpan(target, span, negated):
            return f"{'not ' if negated else ''}{target.label.lower()} {describe_span(span)}"
        case AssignedTo(_, people, negated):
            shown = " or ".join(names.get(person, person.text) for person in people)
            return f"{'not ' if negated else ''}assigned to {shown}"
        case TextTerm(text):
            return f'matching "{text}"'
        case Group(terms, is_or):
            joint = " or " if is_or else " and "
            return f"({joint.join(_describe(inner, names) for inner in terms)})"


def _show(value: Scalar) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if not isinstance(value, str) or value else "empty"


def describe_span(span: DateSpan) -> str:
    """Return ``on 1 May 2026``, ``from 1 May 2026 to 7 May 2026``, ``since …``, ``before …``."""
    if span.start is None:
        return f"before {_format_day(span.end)}" if span.end else "at any time"
    if span.end is None:
        return f"since {_format_day(span.start)}"
    last = date.fromordinal(span.end.toordinal() - 1)
    if last == span.start:
        return f"on {_format_day(last)}"
    return f"from {_format_day(span.start)} to {_format_day(last)}"


def _format_day(day: date | None) -> str:
    return f"{day.day} {day:%B %Y}" if day else ""
