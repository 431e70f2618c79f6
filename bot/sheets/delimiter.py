"""What separates the cells of a text table: told by its first rows, read in every way there is."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from io import StringIO

SAMPLE = 64 * 1024
"""Characters that are looked at."""
ROWS = 30
NONE = "\x1f"
"""Stands for the delimiter of a table with one column: no text has it, so cells stay whole."""

SAID: Mapping[str, str] = {
    ",": "commas",
    ";": "semicolons",
    "\t": "tabs",
    "|": "pipes",
}
"""In the order of likelihood, where two fit equally well."""

_TOLD = re.compile(r'"?sep=([,;\t|])"?(?:\r\n|\r|\n)', re.IGNORECASE)


def told(head: str) -> tuple[str, int]:
    """Excel's own first line, ``sep=;``, which is no row: the delimiter and the line's length;
    nothing where there is none."""
    found = _TOLD.match(head)
    return (found[1], found.end()) if found else ("", 0)


def sniff(head: str) -> str:
    """The delimiter under which the header has several cells, and most rows as many."""
    fits = {mark: _fit(head, mark) for mark in SAID}
    best = max(SAID, key=lambda mark: fits[mark])
    return best if fits[best] > (0, 0) else NONE


def _fit(head: str, mark: str) -> tuple[float, int]:
    """The share of rows that agree with the header, and its cells; zeros where it has but one.

    A row agrees that is divided too, and has no more cells with something in them."""
    rows = _rows(head, mark)
    header = rows[0][1] if rows else 0
    if header < 2:
        return (0, 0)
    agreeing = sum(cells > 1 and filled <= header for cells, filled in rows[1:])
    return (agreeing / len(rows[1:]) if rows[1:] else 1.0, header)


def _rows(head: str, mark: str) -> list[tuple[int, int]]:
    """Of each row that is not blank its cells, and those up to the last that has something in it.

    Under a wrong delimiter quotation marks stand in odd places, and reading ends there. The last
    row may be cut off by the sample, and is left out."""
    found: list[tuple[int, int]] = []
    try:
        for cells in csv.reader(StringIO(head, newline=""), delimiter=mark, strict=True):
            filled = [place for place, cell in enumerate(cells, 1) if cell.strip()]
            if filled:
                found.append((len(cells), filled[-1]))
            if len(found) > ROWS:
                break
    except csv.Error:
        return found
    return found if len(found) < 2 or len(head) < SAMPLE else found[: len(found) - 1]
