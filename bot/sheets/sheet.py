"""A table as it was read, the limits of one, and the error that tells why a file is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from bot.errors import UsageError

MEGABYTE = 1024 * 1024
MAX_FILE_BYTES = 20 * MEGABYTE
MAX_ROWS = 200_000
MAX_COLUMNS = 200
MAX_CELLS = 3_000_000
"""Of the table without its header. All four are ours: they bound memory, about 60 bytes a cell."""


class InvalidSheet(UsageError):
    """The file cannot be used. ``message`` says what it is and what to do."""


class CellIssue(StrEnum):
    """What is wrong with a row before anybody knows what its cells mean."""

    TOO_MANY_CELLS = "too many"
    LONG_NUMBER = "long number"
    FORMULA_ERROR = "formula"
    MERGED_CELL = "merged"


WHOLE_ROW = -1
"""In the place of a column."""


@dataclass(frozen=True, slots=True)
class RowIssue:
    """``row`` as in the file; ``place`` of the column from 0, or ``WHOLE_ROW``."""

    row: int
    issue: CellIssue
    column_index: int = WHOLE_ROW


@dataclass(frozen=True, slots=True)
class Sheet:
    """Every row has as many cells as there are ``columns``; ``numbers`` are the rows' own in the
    file, where the first one is 1 whether or not it is blank. ``read_as`` is for the person:
    "CSV in UTF-8, separated by commas"."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = field(repr=False)
    row_numbers: tuple[int, ...] = field(repr=False)
    issues: tuple[RowIssue, ...] = field(default=(), repr=False)
    format_description: str = ""


def column_letter(index: int) -> str:
    """A column as spreadsheets call it: 0 -> A, 27 -> AB."""
    name = ""
    rest = index + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        name = chr(ord("A") + digit) + name
    return name
