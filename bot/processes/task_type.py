"""The kinds of tasks that a record may have, and which of their fields are for text or a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.chakra.attributes import Attribute
from bot.chakra.config import Config
from bot.processes.query import normalize_key
from bot.processes.query_schema import fold
from bot.processes.record_query import QueryField, ValueType
from bot.processes.search import TYPE_NAMES

_TITLE_NAMES: Final = (
    "title", "subject", "summary", "task", "description", "detail", "note", "remark", "comment",
    "instruction", "message", "text",
)  # fmt: skip
"""Parts of the names of fields for the description, the likeliest first."""
_DUE_NAMES: Final = re.compile(
    r"due|deadline|remind|follow_?up|schedul|when|next_.*(?:date|time|at$)|call_?back_(?:date|time)"
)
_TEXT_DUE_NAMES: Final = re.compile(
    r"(?:due|deadline|reminder?|follow_?up)_?(?:date|time|at|on)$|next_\w+_(?:date|time|at)$"
)
"""Names of fields that are for a time although their type doesn't say so."""


@dataclass(frozen=True, slots=True)
class TaskType:
    """A kind of task. ``name`` is the short ID of a state task, ``fields`` are its attributes.

    ``is_related`` if the configuration says that the fields are this task's. ``title`` is the field
    for text, ``due`` the one for a time; None if there is none, or it isn't clear which.
    """

    name: str
    label: str
    fields: tuple[QueryField, ...] = ()
    is_related: bool = False
    title: QueryField | None = None
    due: QueryField | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """The names by which it is typed."""
        return tuple(dict.fromkeys((self.label, self.name)))


def list_task_types(config: Config, procedure: str, state: str = "") -> tuple[TaskType, ...]:
    """Return the tasks that a record of this type may have; those of ``state`` come first."""
    kinds = config.list_task_kinds(procedure)
    ordered = sorted(kinds, key=lambda kind: bool(kind.states) and state not in kind.states)
    unrelated = tuple(
        attribute
        for attribute in config.attributes
        if not (attribute.procedures or attribute.entities or attribute.task_types)
    )
    types = []
    for kind in ordered:
        related = config.list_task_attributes(kind)
        fields = tuple(_build_field(attribute) for attribute in related or unrelated)
        types.append(
            TaskType(
                kind.short_id,
                kind.label,
                fields,
                is_related=bool(related),
                title=_find_title(fields),
                due=_find_due(fields),
            )
        )
    return tuple(types)


def format_due(field: QueryField, moment: datetime) -> str:
    """Return a time as the field stores it: the one in the documented example has no zone."""
    return f"{moment:%Y-%m-%d}" if field.type is ValueType.DATE else f"{moment:%Y-%m-%dT%H:%M:%S}"


def _build_field(attribute: Attribute) -> QueryField:
    return QueryField(attribute.short_id, attribute.label, _read_type(attribute))


def _read_type(attribute: Attribute) -> ValueType:
    folded = fold(attribute.type)
    if known := TYPE_NAMES.get(folded):
        return known
    if "datetime" in folded or "timestamp" in folded:
        return ValueType.TIME
    if folded.endswith("date"):
        return ValueType.DATE
    is_time = _TEXT_DUE_NAMES.search(normalize_key(attribute.short_id))
    return ValueType.TIME if is_time else ValueType.TEXT


def _find_title(fields: Sequence[QueryField]) -> QueryField | None:
    texts = [field for field in fields if field.type is ValueType.TEXT]
    for part in _TITLE_NAMES:
        for field in texts:
            if part in normalize_key(field.name) or part in normalize_key(field.label):
                return field
    return texts[0] if len(texts) == 1 else None


def _find_due(fields: Sequence[QueryField]) -> QueryField | None:
    times = [field for field in fields if field.type in (ValueType.DATE, ValueType.TIME)]
    named = [field for field in times if _DUE_NAMES.search(normalize_key(field.name))]
    candidates = named or times
    return candidates[0] if len(candidates) == 1 else None
