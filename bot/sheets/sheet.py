"""A table as it was read, its limits, and the error for a file that isn't a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from bot.errors import UsageError

MEGABYTE = 1024 * 1024
MAX_FILE_BYTES = 20 * MEGABYTE
MAX_ROWS = 200_000
MAX_COLUMNS = 200
MAX_CELLS = 3_000_000
"""The cells below the header. All four limits are ours: a cell takes about 60 bytes of memory."""
MAX_ISSUES = 50_000
"""Cells with an error, a merge or the like: with more, the table itself needs fixing."""


class InvalidSheet(UsageError):
    """The file can't be used. ``message`` says what it is and what to do.

    ``sheets`` are the positions and names of the workbook's sheets, to choose another one.
    """

    def __init__(self, message: str, *, sheets: tuple[tuple[int, str], ...] = ()) -> None:
        super().__init__(message)
        self.sheets = sheets


class CellIssue(StrEnum):
    """What is wrong with a cell or a row, regardless of the meaning of its values."""

    TOO_MANY_CELLS = "too many"
    LONG_NUMBER = "long number"
    FORMULA_ERROR = "formula"
    UNCALCULATED_FORMULA = "uncalculated"
    UNREADABLE_FORMAT = "number format"
    MERGED_CELL = "merged"


WHOLE_ROW = -1
"""Instead of a column: the issue concerns the whole row."""


@dataclass(frozen=True, slots=True)
class RowIssue:
    """``row`` is its number in the file; ``column_index`` counts from 0, or is ``WHOLE_ROW``."""

    row: int
    issue: CellIssue
    column_index: int = WHOLE_ROW


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """The person's choices about reading: the workbook's sheet by position, the text's encoding."""

    sheet: int | None = None
    encoding: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a table came from, and what could be read instead.

    ``description`` is for people: "CSV in UTF-8, separated by commas". ``encoding`` is Python's
    name, ``is_guess`` whether it was assumed. ``sheets`` are places and names.
    """

    description: str = ""
    encoding: str = ""
    is_guess: bool = False
    sheet: int | None = None
    sheets: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: every row has as many cells as there are ``columns``.

    ``row_numbers`` are those of the file, whose first row is 1 even if it is blank. ``titles`` are
    the rows above the column names: their numbers and texts. ``plain_numbers`` are the numbers
    behind cells whose format adds characters, by column and row number.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = field(repr=False)
    row_numbers: tuple[int, ...] = field(repr=False)
    issues: tuple[RowIssue, ...] = field(default=(), repr=False)
    source: Source = Source()
    header_row: int = 1
    titles: tuple[tuple[int, str], ...] = field(default=(), repr=False)
    hidden_rows: frozenset[int] = field(default=frozenset(), repr=False)
    plain_numbers: Mapping[int, Mapping[int, str]] = field(default_factory=dict, repr=False)

    @property
    def format_description(self) -> str:
        return self.source.description

    def exclude_hidden_rows(self) -> Sheet:
        """Return the rows that are visible to a person who opens the file."""
        if not self.hidden_rows:
            return self
        visible = [
            (number, row)
            for number, row in zip(self.row_numbers, self.rows, strict=True)
            if number not in self.hidden_rows
        ]
        return replace(
            self,
            rows=tuple(row for _, row in visible),
            row_numbers=tuple(number for number, _ in visible),
        )


def format_column(index: int) -> str:
    """Return a column's name in spreadsheets: 0 -> A, 27 -> AB."""
    name = ""
    rest = index + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        name = chr(ord("A") + digit) + name
    return name
