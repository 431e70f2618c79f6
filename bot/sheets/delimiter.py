"""Find the delimiter of a text table, by reading its first rows with each one."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from io import StringIO

from bot.sheets.header import HEAD_ROWS, RawRow, count_filled, find_header

MAX_CELL_LENGTH = 131_072
"""Characters; the limit of Python's reader. Excel's is 32,767, so a longer cell has an unclosed
quotation mark."""
SAMPLE_LENGTH = 64 * 1024
"""Characters that are inspected."""
MAX_SAMPLE_ROWS = HEAD_ROWS
SINGLE_COLUMN = "\x1f"
"""The delimiter of a table with one column: no text has it, so cells stay whole."""

DISPLAY_NAMES: Mapping[str, str] = {
    ",": "commas",
    ";": "semicolons",
    "\t": "tabs",
    "|": "pipes",
}
"""If two fit equally well, the first one wins."""

WORST_SCORE = (0.0, 0, 0)
TITLE_FACTOR = 0.75
"""A delimiter that only fits below a title is less likely."""

_SEP_LINE = re.compile(r'"?sep=([,;\t|])"?(?:\r\n|\r|\n)', re.IGNORECASE)


def read_declared_delimiter(sample: str) -> tuple[str, int]:
    """Return the delimiter of Excel's own first line, ``sep=;``, and the line's length."""
    found = _SEP_LINE.match(sample)
    return (found[1], found.end()) if found else ("", 0)


def sniff(sample: str) -> str:
    """Return the delimiter under which the header has several cells, and most rows as many."""
    if not sample.strip("".join(DISPLAY_NAMES) + " \r\n"):
        return next(iter(DISPLAY_NAMES))
    scores = {mark: _score(sample, mark) for mark in DISPLAY_NAMES}
    best = max(DISPLAY_NAMES, key=lambda mark: scores[mark])
    if scores[best] != WORST_SCORE:
        return best
    return next((mark for mark in DISPLAY_NAMES if _has_empty_columns(sample, mark)), SINGLE_COLUMN)


def _has_empty_columns(sample: str, delimiter: str) -> bool:
    """Return whether only the first cell of each row is filled, as when columns were cleared."""
    rows = _read_sample_rows(sample, delimiter)
    return bool(rows) and all(
        len(row.cells) > 1 and _count_up_to_last(row.cells) == 1 for row in rows
    )


def has_spaced_quotes(sample: str, delimiter: str) -> bool:
    """Return whether there are spaces between the delimiters and the quotation marks."""
    return bool(_compile_spaced_quotes(delimiter).search(sample))


def remove_spaces_around_quotes(text: str, delimiter: str) -> str:
    """Return ``"E1", "Rao, Ravi"`` as ``"E1","Rao, Ravi"``; quoted text is unchanged."""
    return _compile_quoted_cell(delimiter).sub(r"\1\2", text)


def _match_spaces(delimiter: str) -> str:
    wide = "\u00a0\u2000-\u200b\u202f\u3000\ufeff"
    return f"[ {wide}]" if delimiter == "\t" else f"[ \t{wide}]"


def _compile_spaced_quotes(delimiter: str) -> re.Pattern[str]:
    mark, spaces = re.escape(delimiter), _match_spaces(delimiter)
    return re.compile(rf'(?:\A|[\r\n]|{mark})(?:{spaces}+"|"[^"\r\n]*"{spaces}+(?:{mark}|[\r\n]))')


def _compile_quoted_cell(delimiter: str) -> re.Pattern[str]:
    """Match possessively: backtracking over a long cell would take gigabytes."""
    mark, spaces = re.escape(delimiter), _match_spaces(delimiter)
    quoted = (
        rf'"[^"]{{0,{MAX_CELL_LENGTH}}}+(?:""[^"]{{0,{MAX_CELL_LENGTH}}}+){{0,{MAX_CELL_LENGTH}}}+"'
    )
    return re.compile(rf"(\A|[\r\n]|{mark}){spaces}*+({quoted}){spaces}*+(?={mark}|[\r\n]|\Z)")


def _score(sample: str, delimiter: str) -> tuple[float, int, int]:
    """Return the score of a delimiter, for comparison.

    It is the share of rows that agree with the header, its cells, and a penalty for cells that
    begin with a space: "city, country" is more likely one cell. A row agrees if it is divided too,
    and has no more non-empty cells.
    """
    rows = _read_sample_rows(sample, delimiter)
    place = find_header(rows) if rows else 0
    header = rows[place].cells if rows else ()
    width = _count_up_to_last(header)
    if width < 2:
        return WORST_SCORE
    body = [row.cells for row in rows[place + 1 :]]
    agreeing = sum(len(cells) > 1 and _count_up_to_last(cells) <= width for cells in body)
    share = agreeing / len(body) if body else 1.0
    spaced = sum(cell.startswith(" ") for cell in header)
    return (share * TITLE_FACTOR if place else share, width, -spaced)


def _count_up_to_last(cells: Sequence[str]) -> int:
    return max((place for place, cell in enumerate(cells, 1) if cell.strip()), default=0)


def _read_sample_rows(sample: str, delimiter: str) -> list[RawRow]:
    """Return the first rows that aren't blank.

    With a wrong delimiter, quotation marks are in odd places, and reading ends there. The last row
    may be cut off by the sample, and is left out.
    """
    found: list[RawRow] = []
    text = sample
    if has_spaced_quotes(sample, delimiter):
        text = remove_spaces_around_quotes(sample, delimiter)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for number, cells in enumerate(reader, 1):
            if count_filled(cells):
                found.append(RawRow(number, cells))
            if len(found) > MAX_SAMPLE_ROWS:
                break
    except csv.Error:
        return found
    return found if len(found) < 2 or len(sample) < SAMPLE_LENGTH else found[: len(found) - 1]
