"""Columns of a sheet <-> attributes of a process, by their names. What is not certain is never
taken: it is told, with what comes near."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from unicodedata import normalize

from rapidfuzz import fuzz, process

from bot.chakra.text import plain
from bot.sheets.guarding import unguarded

ID = "id"
ROOTS = ("state", "status", "assignedTo", "nextActionAt")
"""What a create or an update takes beside ``data`` (contract sections 4.3 and 4.9)."""
PROBLEM = "problem"
"""The column that this app adds to a list of rows with problems. In a sheet it is passed over."""

CLOSE = 70
"""Of 100, by ``fuzz.WRatio``: "phone" and "phone_number" have 90, "town" and "city" far less."""
NEAREST = 3
LONGEST = 60
"""Characters of a column's name in a sentence."""

_PASSED_OVER = re.compile(r"[\s_.:*/()'\"’‐-―\u200b-\u200f\u2060\ufeff-]+")
"""Between and around words: "Phone-number *" is ``phone_number``. Accents are letters here."""


class Purpose(StrEnum):
    CREATE = "create"
    UPDATE = "update"


class Role(StrEnum):
    """Where a value goes: into ``data``, beside it, or to name the process itself."""

    ATTRIBUTE = "attribute"
    ROOT = "root"
    IDENTIFIER = "identifier"


@dataclass(frozen=True, slots=True)
class Target:
    """An attribute of the process. ``type`` is Chakra's word for it, INFERRED and often unknown."""

    short_id: str
    name: str = ""
    type: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """The column at ``place`` holds values for ``target``; ``header`` is its name in the sheet."""

    place: int
    header: str
    target: Target
    role: Role

    @property
    def key(self) -> str:
        return self.target.short_id


@dataclass(frozen=True, slots=True)
class Unmatched:
    """``nearest``: short ids that look like it. More than one attribute may have this very name:
    then they are these, and ``several`` is true."""

    place: int
    header: str
    nearest: tuple[str, ...] = ()
    several: bool = False


@dataclass(frozen=True, slots=True)
class Doubled:
    """Columns that mean the same attribute: none of them is taken."""

    key: str
    headers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Matching:
    """``missing``: short ids of required attributes, or of what tells an update's process, that no
    column holds. Columns in ``unmatched`` are left out, which the person must be shown."""

    purpose: Purpose
    matched: tuple[Match, ...]
    unmatched: tuple[Unmatched, ...] = ()
    missing: tuple[str, ...] = ()
    doubled: tuple[Doubled, ...] = ()

    @property
    def obstacles(self) -> tuple[str, ...]:
        """Sentences; while there is one, nothing can be checked."""
        return (*self._doubled(), *self._missing(), *self._nothing())

    def _doubled(self) -> Iterable[str]:
        for one in self.doubled:
            named = " and ".join(f"“{plain(header, LONGEST)}”" for header in one.headers)
            yield f"The columns {named} both mean {one.key}. Keep one of them."

    def _missing(self) -> Iterable[str]:
        for key in self.missing:
            if self.purpose is Purpose.UPDATE:
                yield (
                    f"No column tells which records to change. Add one called {key}, or {ID} with "
                    "Chakra’s own ids."
                )
            else:
                yield f"No column holds {key}, which every record needs. Add one called so."

    def _nothing(self) -> Iterable[str]:
        changing = [one for one in self.matched if one.role is not Role.IDENTIFIER]
        if not changing and not self.doubled:
            yield (
                "No column has the name of an attribute. Name the columns in the first row by the "
                "short ids of the attributes, or by their names."
            )


def match(
    columns: Sequence[str],
    targets: Sequence[Target],
    purpose: Purpose,
    *,
    primary_key: str,
    chosen: Mapping[str, str] | None = None,
) -> Matching:
    """``primary_key`` is the short id of the attribute that is unique ("lead_id").

    ``chosen`` is what the person said of columns: header -> short id, "" to leave it out.
    """
    known = _known(targets, purpose, primary_key)
    names = _Names(known.values())
    said = chosen or {}
    found: dict[str, list[Match]] = defaultdict(list)
    left: list[Unmatched] = []
    for place, header in enumerate(columns):
        keys = _keys(header, names, said)
        if len(keys) == 1:
            target, role = known[keys[0]]
            found[keys[0]].append(Match(place, header, target, role))
        elif said.get(header) != "" and (keys or unguarded(header).casefold() != PROBLEM):
            left.append(Unmatched(place, header, keys, several=bool(keys)))
    single = [one for matches in found.values() if len(matches) == 1 for one in matches]
    return Matching(
        purpose,
        tuple(sorted(single, key=lambda one: one.place)),
        tuple(_suggested(one, names, found.keys()) for one in left),
        _missing(targets, purpose, primary_key, found.keys()),
        tuple(
            Doubled(key, tuple(one.header for one in matches))
            for key, matches in found.items()
            if len(matches) > 1
        ),
    )


def _known(
    targets: Sequence[Target], purpose: Purpose, primary_key: str
) -> dict[str, tuple[Target, Role]]:
    """By short id. An attribute that has the name of something beside ``data`` gives way to it."""
    known = {one.short_id: (one, Role.ATTRIBUTE) for one in targets}
    known |= {root: (Target(root), Role.ROOT) for root in ROOTS}
    key = next((one for one in targets if one.short_id == primary_key), Target(primary_key))
    known[primary_key] = (key, Role.IDENTIFIER)
    if purpose is Purpose.UPDATE:
        known[ID] = (Target(ID), Role.IDENTIFIER)
    return known


class _Names:
    """Every name that a column may have, as it is compared: without case, spaces, underscores."""

    def __init__(self, known: Iterable[tuple[Target, Role]]) -> None:
        self._exact: set[str] = set()
        self._folded: dict[str, dict[str, None]] = defaultdict(dict)
        for target, _ in known:
            self._exact.add(target.short_id)
            for name in (target.short_id, target.name):
                if folded := _fold(name):
                    self._folded[folded][target.short_id] = None

    def keys(self, header: str) -> tuple[str, ...]:
        """Short ids: the one that is written exactly so, else all whose id or name is this."""
        if header in self._exact:
            return (header,)
        return tuple(self._folded.get(_fold(header), ()))

    def has(self, key: str) -> bool:
        return key in self._exact

    def near(self, header: str, taken: Iterable[str]) -> tuple[str, ...]:
        folded = _fold(header)
        if len(folded) < 2:  # one letter is in every name
            return ()
        close = process.extract(
            folded, list(self._folded), scorer=fuzz.WRatio, limit=None, score_cutoff=CLOSE
        )
        keys = dict.fromkeys(key for name, *_ in close for key in self._folded[name])
        free = [key for key in keys if key not in set(taken)]
        return tuple(free[:NEAREST])


def _fold(name: str) -> str:
    return _PASSED_OVER.sub("", normalize("NFKC", name).casefold())


def _keys(header: str, names: _Names, said: Mapping[str, str]) -> tuple[str, ...]:
    if header in said:
        return (said[header],) if names.has(said[header]) else ()
    return names.keys(unguarded(header))


def _suggested(one: Unmatched, names: _Names, taken: Iterable[str]) -> Unmatched:
    if one.several:
        return one
    return Unmatched(one.place, one.header, names.near(one.header, taken))


def _missing(
    targets: Sequence[Target], purpose: Purpose, primary_key: str, found: Iterable[str]
) -> tuple[str, ...]:
    held = set(found)
    if purpose is Purpose.UPDATE:
        return () if held & {primary_key, ID} else (primary_key,)
    return tuple(one.short_id for one in targets if one.required and one.short_id not in held)
