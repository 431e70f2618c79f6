"""Find the row with the column names below titles, notes and blank rows, and check the names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from bot.chakra.text import sanitize_line
from bot.sheets.sheet import MAX_COLUMNS, CellIssue, InvalidSheet, format_column

EMPTY_MESSAGE = "This file is empty. Choose one that has a table in it."
HEAD_ROWS = 30
"""Non-blank rows that are searched for the column names."""
MAX_HEADER_LENGTH = 1000
"""Characters of a column's name."""
MAX_TITLE_LENGTH = 100
MAX_NAME_LENGTH = 40
"""Characters of a column's name in a sentence."""
BYTE_ORDER_MARK = "\ufeff"
"""If two programs each wrote one, the second stays in the first name."""

_DATA_LIKE_NAME = re.compile(r"[^\s@]+@[^\s@]+\.\w+|\+?\d[\d\s().-]{5,}\d")
"""An email address or a phone number: never a column's name."""
_DIGIT = re.compile(r"\d")
_NUMBERS_TITLE = re.compile(
    r"(?:Table|Tabelle|Tableau|Tabla|Tabella|Tabela|Tabel|Tabell|Таблица|表格|表|표) ?\d+(?:-\d+)*"
)
"""The title that Apple Numbers writes above each table."""


class RawRow(NamedTuple):
    """A row as in the file: issues and plain numbers by the position of the cell."""

    number: int
    cells: Sequence[str]
    issues: Sequence[tuple[int, CellIssue]] = ()
    is_hidden: bool = False
    plain_numbers: Sequence[tuple[int, str]] = ()


def find_header(rows: Sequence[RawRow]) -> int:
    """Return the position of the column names among the first non-blank rows.

    Rows above are titles if they have at most half as many non-empty cells, and more rows of that
    width follow. Without any, the first row has the names.
    """
    if len(rows) > 2 and (_is_numbers_title(rows[0]) or _is_title_of_one_column(rows)):
        return 1 + find_header(rows[1:])
    counts = [
        1 if _is_label(rows, place) or _is_sentence(rows, place) else count_filled(row.cells)
        for place, row in enumerate(rows)
    ]
    widest_above = 0
    for place, count in enumerate(counts):
        if (
            0 < widest_above <= count // 2
            and _looks_like_names(rows[place].cells)
            and any(later > count // 2 for later in counts[place + 1 :])
            and not _is_list_of_phrases(rows, place)
            and not _is_numbered_alike(rows[place].cells, rows[place + 1].cells)
        ):
            return place
        widest_above = max(widest_above, count)
    return 0


def count_filled(cells: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in cells)


def is_blank(cells: Sequence[str]) -> bool:
    return not any(map(str.strip, cells))


def describe_title(row: RawRow) -> str:
    return sanitize_line(" ".join(filter(None, map(str.strip, row.cells))), MAX_TITLE_LENGTH)


def _is_numbers_title(row: RawRow) -> bool:
    filled = [cell.strip() for cell in row.cells if cell.strip()]
    return len(filled) == 1 and bool(_NUMBERS_TITLE.fullmatch(filled[0]))


def _is_title_of_one_column(rows: Sequence[RawRow]) -> bool:
    """Return whether a blank row separates the first from a name with numbers or emails below."""
    return (
        rows[1].number > rows[0].number + 1
        and all(count_filled(row.cells) == 1 for row in rows)
        and _looks_like_names(rows[1].cells)
        and not any(_looks_like_names(row.cells) for row in rows[2:])
    )


def _looks_like_names(cells: Sequence[str]) -> bool:
    """Return whether each cell is a distinct short text with a letter in it."""
    names = [cell.strip().casefold() for cell in cells if cell.strip()]
    return len(set(names)) == len(names) and all(
        len(name) <= MAX_TITLE_LENGTH
        and any(map(str.isalpha, name))
        and not _DATA_LIKE_NAME.fullmatch(name)
        for name in names
    )


def _is_list_of_phrases(rows: Sequence[RawRow], place: int) -> bool:
    """Return whether a column with a one-word name has texts such as "Pune, India"."""
    above = [cell.strip() for row in rows[:place] for cell in row.cells if cell.strip()]
    return (
        len(above) == 1
        and " " not in above[0]
        and all(cell.startswith(" ") for row in rows[place:] for cell in row.cells[1:] if cell)
    )


def _is_numbered_alike(cells: Sequence[str], below: Sequence[str]) -> bool:
    """Return whether a cell and the one below differ only in digits: E1 and E2 are data."""
    return any(
        _DIGIT.search(cell) and _DIGIT.sub("0", cell) == _DIGIT.sub("0", next_cell)
        for cell, next_cell in zip(cells, below, strict=False)
    )


def _is_label(rows: Sequence[RawRow], place: int) -> bool:
    """Return whether a row is a label with its value above a wider table: "Exported by:,Mei"."""
    filled = [cell.strip() for cell in rows[place].cells if cell.strip()]
    return (
        len(filled) == 2
        and filled[0].endswith(":")
        and not filled[1].endswith(":")
        and any(count_filled(row.cells) > 2 for row in rows[place + 1 :])
    )


def _is_sentence(rows: Sequence[RawRow], place: int) -> bool:
    """Return whether a row is a text with commas in it: "Leads, July 2026".

    It has no names, like "July 1, 2026", or fewer cells than each row below it.
    """
    cells = rows[place].cells
    below = [row for row in rows[place + 1 :] if not _has_spaces(row.cells)]
    if not (_has_spaces(cells) and below):
        return False
    width = count_filled(cells)
    return not _looks_like_names(cells) or (
        len(below) > 1 and all(count_filled(row.cells) > width for row in below)
    )


def _has_spaces(cells: Sequence[str]) -> bool:
    """Return whether every cell after the first begins with a space."""
    later = [cell for cell in cells[1:] if cell.strip()]
    return bool(later) and all(cell.startswith(" ") for cell in later)


# --- the names ---------------------------------------------------------------------------------


def parse_header(header: RawRow, first_column_index: int) -> tuple[str, ...]:
    """Return the column names. Raise ``InvalidSheet`` if they can't be used."""
    names = [" ".join(cell.replace(BYTE_ORDER_MARK, "").split()) for cell in header.cells]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise InvalidSheet(EMPTY_MESSAGE)
    if len(names) > MAX_COLUMNS:
        raise InvalidSheet(
            f"This table has {len(names):,} columns; the limit is {MAX_COLUMNS}. "
            "Delete those you don't need."
        )
    _reject_long_names(names, first_column_index)
    where = f"row {header.number}"
    if any(_DATA_LIKE_NAME.fullmatch(name) for name in names):
        raise InvalidSheet(
            f"The first row, {where}, looks like data. Put a row with the names of the columns "
            "above it."
        )
    unnamed = [
        format_column(first_column_index + place) for place, name in enumerate(names) if not name
    ]
    if unnamed:
        raise InvalidSheet(
            f"{_name_columns('Column', unnamed)} no name in {where}, which was read as the row "
            "with the column names. Name it or delete it; if the names are further down, delete "
            "the rows above them."
        )
    _reject_duplicate_names(names, first_column_index)
    return tuple(names)


def _reject_long_names(names: Sequence[str], first_column_index: int) -> None:
    for place, name in enumerate(names):
        if len(name) > MAX_HEADER_LENGTH:
            raise InvalidSheet(
                f"The name of column {format_column(first_column_index + place)} has more than "
                f"{MAX_HEADER_LENGTH:,} characters. Shorten it."
            )


def _name_columns(word: str, letters: Sequence[str]) -> str:
    if len(letters) == 1:
        return f"{word} {letters[0]} has"
    more = " and others" if len(letters) > 3 else ""
    return f"{word}s {', '.join(letters[:3])}{more} have"


def _reject_duplicate_names(names: Sequence[str], first_column_index: int) -> None:
    """Case doesn't distinguish two columns, since it doesn't when they are matched either."""
    counted = Counter(map(str.casefold, names))
    for place, name in enumerate(names):
        if counted[name.casefold()] > 1:
            again = next(
                twin_place
                for twin_place, twin in enumerate(names)
                if twin_place != place and twin.casefold() == name.casefold()
            )
            raise InvalidSheet(
                f"Columns {format_column(first_column_index + place)} and "
                f"{format_column(first_column_index + again)} are both called "
                f"“{sanitize_line(name, MAX_NAME_LENGTH)}”. Give each its own name."
            )
