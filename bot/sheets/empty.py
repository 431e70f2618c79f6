"""An empty table to fill in, whose columns match automatically when it is uploaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.sheets.columns import (
    PROBLEM_COLUMN,
    RECORD_ID,
    ROOT_FIELDS,
    Purpose,
    Target,
    normalize_name,
)
from bot.text.csv_file import build_csv


@dataclass(frozen=True, slots=True)
class EmptyTable:
    """``columns`` are its column names, the key's first; ``required`` are those to fill in."""

    columns: tuple[str, ...]
    required: tuple[str, ...]
    content: bytes = field(repr=False)


def build_empty_table(
    targets: Sequence[Target], purpose: Purpose, *, primary_key: str
) -> EmptyTable:
    """Return a CSV with a header: the key's column, required ones, then the others."""
    key = next(
        (target for target in targets if target.short_id == primary_key), Target(primary_key)
    )
    others = [target for target in targets if target.short_id != primary_key]
    ordered = [key, *sorted(others, key=lambda target: not target.required)]
    names = _choose_column_names(ordered)
    required = (
        (names[key.short_id],)
        if purpose is Purpose.UPDATE
        else tuple(names[target.short_id] for target in ordered if target.required)
    )
    content = build_csv([[names[target.short_id] for target in ordered]])
    return EmptyTable(tuple(names.values()), required, content)


def _choose_column_names(targets: Sequence[Target]) -> dict[str, str]:
    """Return the column of each short ID: its name, or the ID itself if the name is ambiguous.

    Names may be shared, resemble another's short ID, or be those of fields beside the attributes.
    """
    ids = Counter(
        normalize_name(name)
        for name in (RECORD_ID, *ROOT_FIELDS, *(each.short_id for each in targets))
    )
    shared = Counter(normalize_name(target.name) for target in targets)
    columns = {}
    for target in targets:
        folded = normalize_name(target.name)
        own = folded == normalize_name(target.short_id)
        is_clear = (
            folded and shared[folded] == 1 and ids[folded] == own and folded != PROBLEM_COLUMN
        )
        columns[target.short_id] = target.name if is_clear else target.short_id
    return columns
