"""What separates the cells of a text table: told by its first rows, read in every way there is."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from io import StringIO

SAMPLE_LENGTH = 64 * 1024
"""Characters that are looked at."""
MAX_SAMPLE_ROWS = 30
SINGLE_COLUMN = "\x1f"
"""Stands for the delimiter of a table with one column: no text has it, so cells stay whole."""

DISPLAY_NAMES: Mapping[str, str] = {
    ",": "commas",
    ";": "semicolons",
    "\t": "tabs",
    "|": "pipes",
}
"""In the order of likelihood, where two fit equally well."""

WORST_SCORE = (0.0, 0, 0)

_SEP_LINE = re.compile(r'"?sep=([,;\t|])"?(?:\r\n|\r|\n)', re.IGNORECASE)


def declared_delimiter(sample: str) -> tuple[str, int]:
    """Excel's own first line, ``sep=;``, which is no row: the delimiter and the line's length;
    nothing where there is none."""
    found = _SEP_LINE.match(sample)
    return (found[1], found.end()) if found else ("", 0)


def sniff(sample: str) -> str:
    """The delimiter under which the header has several cells, and most rows as many."""
    if not sample.strip("".join(DISPLAY_NAMES) + " \r\n"):
        return next(iter(DISPLAY_NAMES))
    fits = {mark: _score(sample, mark) for mark in DISPLAY_NAMES}
    best = max(DISPLAY_NAMES, key=lambda mark: fits[mark])
    return SINGLE_COLUMN if fits[best] == WORST_SCORE else best


def _score(sample: str, delimiter: str) -> tuple[float, int, int]:
    """To be compared: the share of rows that agree with the header, its cells, and how many of them
    begin with a space, less of which is better: "city, country" is more likely one cell.

    A row agrees that is divided too, and has no more cells with something in them."""
    rows = _sample_rows(sample, delimiter)
    header = _count_filled(rows[0]) if rows else 0
    if header < 2:
        return WORST_SCORE
    agreeing = sum(len(row) > 1 and _count_filled(row) <= header for row in rows[1:])
    share = agreeing / len(rows[1:]) if rows[1:] else 1.0
    return (share, header, -sum(cell.startswith(" ") for cell in rows[0]))


def _count_filled(row: list[str]) -> int:
    """Cells up to the last that has something in it."""
    return max((place for place, cell in enumerate(row, 1) if cell.strip()), default=0)


def _sample_rows(sample: str, delimiter: str) -> list[list[str]]:
    """Those that are not blank. Under a wrong delimiter quotation marks stand in odd places, and
    reading ends there. The last row may be cut off by the sample, and is left out."""
    found: list[list[str]] = []
    try:
        for cells in csv.reader(StringIO(sample, newline=""), delimiter=delimiter, strict=True):
            if _count_filled(cells):
                found.append(cells)
            if len(found) > MAX_SAMPLE_ROWS:
                break
    except csv.Error:
        return found
    return found if len(found) < 2 or len(sample) < SAMPLE_LENGTH else found[: len(found) - 1]
