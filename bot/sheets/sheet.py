"""A table as it was read, the limits of one, and the error that tells why a file is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from bot.errors import UsageError

MEGABYTE = 1024 * 1024
MOST_BYTES = 20 * MEGABYTE
MOST_ROWS = 200_000
MOST_COLUMNS = 200
MOST_CELLS = 3_000_000
"""Of the table without its header. All four are ours: they bound memory, about 60 bytes a cell."""


class SheetRefused(UsageError):
    """The file cannot be used. ``message`` says what it is and what to do."""


class Flaw(StrEnum):
    """What is wrong with a row before anybody knows what its cells mean."""

    TOO_MANY = "too many"
    LONG_NUMBER = "long number"
    FORMULA = "formula"
    MERGED = "merged"


WHOLE_ROW = -1
"""In the place of a column."""


@dataclass(frozen=True, slots=True)
class Fault:
    """``row`` as in the file; ``place`` of the column from 0, or ``WHOLE_ROW``."""

    row: int
    flaw: Flaw
    place: int = WHOLE_ROW


@dataclass(frozen=True, slots=True)
class Sheet:
    """Every row has as many cells as there are ``columns``; ``numbers`` are the rows' own in the
    file, where the first one is 1 whether or not it is blank. ``read_as`` is for the person:
    "CSV in UTF-8, separated by commas"."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = field(repr=False)
    numbers: tuple[int, ...] = field(repr=False)
    faults: tuple[Fault, ...] = field(default=(), repr=False)
    read_as: str = ""


def letter(place: int) -> str:
    """A column as spreadsheets call it: 0 -> A, 27 -> AB."""
    name = ""
    rest = place + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        name = chr(ord("A") + digit) + name
    return name
