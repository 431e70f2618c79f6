"""Columns of a sheet <-> attributes of a process, by their names.

An uncertain match is never used: it is reported, with similar names.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from unicodedata import normalize

from bot.chakra.text import sanitize_line
from bot.text.csv_file import unescape_formula
from bot.text.similarity import find_similar

RECORD_ID = "id"
ROOT_FIELDS = ("state", "status", "assignedTo", "nextActionAt")
"""The fields of a create or an update beside ``data`` (bot/chakra/API.md, Processes)."""
PROBLEM_COLUMN = "problem"
"""The column that this app adds to a list of rows with problems. In a sheet it is ignored."""

MIN_SIMILARITY = 70
"""A ``fuzz.WRatio``: "phone" and "phone_number" have 90 of 100, "town" and "city" far less."""
MAX_SUGGESTIONS = 3
MAX_NAME_LENGTH = 60
"""Characters of a column's name in a sentence."""

_SEPARATORS = re.compile(r"[\s_.:*/()'\"’‐-―\u200b-\u200f\u2060\ufeff-]+")
"""Between and around words: "Phone-number *" is ``phone_number``. Accents count as letters."""


class Purpose(StrEnum):
    CREATE = "create"
    UPDATE = "update"


class ColumnRole(StrEnum):
    """Where a value goes: into ``data``, next to it, or into the key of the process."""

    ATTRIBUTE = "attribute"
    ROOT = "root"
    IDENTIFIER = "identifier"


@dataclass(frozen=True, slots=True)
class Target:
    """An attribute of the process. ``type`` is Chakra's name for it, INFERRED and often unknown."""

    short_id: str
    name: str = ""
    type: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class ColumnMatch:
    """The column at ``index`` has the values of ``target``; ``header`` is its name in the sheet."""

    index: int
    header: str
    target: Target
    role: ColumnRole

    @property
    def key(self) -> str:
        return self.target.short_id


@dataclass(frozen=True, slots=True)
class UnmatchedColumn:
    """A column without an attribute. ``suggestions`` are the short IDs that resemble its name.

    With ``ambiguous``, several attributes have exactly this name, and are the suggestions.
    """

    index: int
    header: str
    suggestions: tuple[str, ...] = ()
    ambiguous: bool = False


@dataclass(frozen=True, slots=True)
class DuplicateColumns:
    """Columns for the same attribute: none of them is used."""

    key: str
    headers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ColumnMatches:
    """The matched columns, and the others.

    ``missing`` are short IDs of required attributes, or of the key of an update's process, that no
    column has. Columns in ``unmatched`` are left out, which the person must be shown.
    """

    purpose: Purpose
    matched: tuple[ColumnMatch, ...]
    unmatched: tuple[UnmatchedColumn, ...] = ()
    missing: tuple[str, ...] = ()
    duplicates: tuple[DuplicateColumns, ...] = ()

    @property
    def errors(self) -> tuple[str, ...]:
        """Sentences; while one exists, nothing can be checked."""
        return (
            *self._iter_duplicate_errors(),
            *self._iter_missing_errors(),
            *self._iter_empty_errors(),
        )

    def _iter_duplicate_errors(self) -> Iterable[str]:
        for duplicate in self.duplicates:
            names = " and ".join(
                f"“{sanitize_line(header, MAX_NAME_LENGTH)}”" for header in duplicate.headers
            )
            yield f"The columns {names} both mean {duplicate.key}. Keep one of them."

    def _iter_missing_errors(self) -> Iterable[str]:
        for key in self.missing:
            if self.purpose is Purpose.UPDATE:
                yield (
                    f"No column says which records to change. Add one called {key}, or "
                    f"{RECORD_ID} with Chakra’s own IDs."
                )
            else:
                yield (
                    f"No column has {key}, which every record needs. Add a column with that name."
                )

    def _iter_empty_errors(self) -> Iterable[str]:
        changed = [match for match in self.matched if match.role is not ColumnRole.IDENTIFIER]
        if not changed and not self.duplicates:
            yield (
                "No column has the name of a Chakra field. Use the names below in the first row, "
                "or download an empty table and fill it in."
            )


def match_columns(
    columns: Sequence[str],
    targets: Sequence[Target],
    purpose: Purpose,
    *,
    primary_key: str,
    choices: Mapping[str, str] | None = None,
) -> ColumnMatches:
    """Return the matches; ``primary_key`` is the short ID of the unique attribute ("lead_id").

    ``choices`` is what the person chose for columns: header -> short id, "" to leave it out.
    """
    known = _index_known_fields(targets, purpose, primary_key)
    names = _NameIndex(known.values())
    chosen_keys = choices or {}
    found: dict[str, list[ColumnMatch]] = defaultdict(list)
    unmatched: list[UnmatchedColumn] = []
    for place, header in enumerate(columns):
        keys = _resolve_keys(header, names, chosen_keys)
        if len(keys) == 1:
            target, role = known[keys[0]]
            found[keys[0]].append(ColumnMatch(place, header, target, role))
        elif chosen_keys.get(header) != "" and (
            keys or unescape_formula(header).casefold() != PROBLEM_COLUMN
        ):
            unmatched.append(UnmatchedColumn(place, header, keys, ambiguous=bool(keys)))
    single = [match for matches in found.values() if len(matches) == 1 for match in matches]
    return ColumnMatches(
        purpose,
        tuple(sorted(single, key=lambda match: match.index)),
        tuple(_suggest_targets(column, names, found.keys()) for column in unmatched),
        _find_missing(targets, purpose, primary_key, found.keys()),
        tuple(
            DuplicateColumns(key, tuple(match.header for match in matches))
            for key, matches in found.items()
            if len(matches) > 1
        ),
    )


def _index_known_fields(
    targets: Sequence[Target], purpose: Purpose, primary_key: str
) -> dict[str, tuple[Target, ColumnRole]]:
    """Return the fields by short ID. A root field wins over an attribute of the same name."""
    known = {target.short_id: (target, ColumnRole.ATTRIBUTE) for target in targets}
    known |= {root: (Target(root), ColumnRole.ROOT) for root in ROOT_FIELDS}
    key = next(
        (target for target in targets if target.short_id == primary_key), Target(primary_key)
    )
    known[primary_key] = (key, ColumnRole.IDENTIFIER)
    if purpose is Purpose.UPDATE:
        known[RECORD_ID] = (Target(RECORD_ID), ColumnRole.IDENTIFIER)
    return known


class _NameIndex:
    """All names that a column may have, compared without case, spaces and underscores."""

    def __init__(self, known: Iterable[tuple[Target, ColumnRole]]) -> None:
        self._short_ids: set[str] = set()
        self._short_ids_by_name: dict[str, dict[str, None]] = defaultdict(dict)
        for target, _ in known:
            self._short_ids.add(target.short_id)
            for name in (target.short_id, target.name):
                if folded := normalize_name(name):
                    self._short_ids_by_name[folded][target.short_id] = None

    def find_keys(self, header: str) -> tuple[str, ...]:
        """Return the short ID with exactly this spelling, else all whose ID or name matches."""
        if header in self._short_ids:
            return (header,)
        return tuple(self._short_ids_by_name.get(normalize_name(header), ()))

    def has(self, key: str) -> bool:
        return key in self._short_ids

    def find_similar(self, header: str, used_keys: Iterable[str]) -> tuple[str, ...]:
        folded = normalize_name(header)
        if len(folded) < 2:  # a single letter occurs in every name
            return ()
        similar = find_similar(
            folded, list(self._short_ids_by_name), min_score=MIN_SIMILARITY, match_parts=True
        )
        keys = dict.fromkeys(
            key for found in similar for key in self._short_ids_by_name[found.word]
        )
        free = [key for key in keys if key not in set(used_keys)]
        return tuple(free[:MAX_SUGGESTIONS])


def normalize_name(name: str) -> str:
    """Return the name as columns are compared: without case, spaces, hyphens and underscores."""
    return _SEPARATORS.sub("", normalize("NFKC", name).casefold())


def _resolve_keys(header: str, names: _NameIndex, choices: Mapping[str, str]) -> tuple[str, ...]:
    if header in choices:
        return (choices[header],) if names.has(choices[header]) else ()
    return names.find_keys(unescape_formula(header))


def _suggest_targets(
    column: UnmatchedColumn, names: _NameIndex, used_keys: Iterable[str]
) -> UnmatchedColumn:
    if column.ambiguous:
        return column
    return UnmatchedColumn(
        column.index, column.header, names.find_similar(column.header, used_keys)
    )


def _find_missing(
    targets: Sequence[Target], purpose: Purpose, primary_key: str, used_keys: Iterable[str]
) -> tuple[str, ...]:
    used = set(used_keys)
    if purpose is Purpose.UPDATE:
        return () if used & {primary_key, RECORD_ID} else (primary_key,)
    return tuple(
        target.short_id for target in targets if target.required and target.short_id not in used
    )
