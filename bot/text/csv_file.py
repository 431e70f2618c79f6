"""Write CSV files that Excel reads correctly, and in which no cell can become a formula.

They are UTF-8 with a byte-order mark, without which Excel guesses the encoding; lines end as in RFC
4180. Guards of this and other programs are removed from the cells of files that come back.
Source: owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

BYTE_ORDER_MARK = "\ufeff".encode()
MAX_CELL_LENGTH = 32_000
"""Characters. Excel accepts 32,767. support.microsoft.com, "Excel specifications and limits"."""

APOSTROPHE = "'"
_FORMULA_START = re.compile(r"[=+\-@＝＋－＠\t\r\n]")
_INNER_START = r"(?:(?<=[;\r\n])|(?<=[;\r\n]\"))"
"""Where our cell may contain the start of another one: Excel with the separator ";" splits there,
and at line ends, since it ignores quotes in the middle of a cell."""
_INNER_FORMULA = re.compile(rf"{_INNER_START}(?=[=+\-@＝＋－＠])(?!-[0-9.]{{1,31}}(?:[;\r\n]|$))")
_GUARDED_INNER_FORMULA = re.compile(rf"{_INNER_START}'(?=[=+\-@＝＋－＠])")
_NEGATIVE_NUMBER = re.compile(r"-[0-9]{1,15}(?:\.[0-9]{1,15})?")
_GUARDED_NUMBER = re.compile(r"'(\+?\d[\d ().+/-]*)'?")
_TEXT_FORMULA = re.compile(r'=\s*(?:T\(\s*)?"((?:[^"]|"")*)"\s*\)?')
"""``="00123"``: a formula that keeps Excel from reading a number."""


def build_csv(rows: Iterable[Iterable[str]]) -> bytes:
    """Return a whole file."""
    return BYTE_ORDER_MARK + encode_rows(rows)


def encode_rows(rows: Iterable[Iterable[str]]) -> bytes:
    """Return rows as a part of a file; half a surrogate pair, which UTF-8 lacks, becomes "?"."""
    page = io.StringIO(newline="")
    csv.writer(page).writerows([escape_formula(cell) for cell in row] for row in rows)
    return page.getvalue().encode("utf-8", "replace")


def clip_cell(text: str) -> str:
    """Return the text, cut to a cell's maximum length."""
    return text if len(text) <= MAX_CELL_LENGTH else text[: MAX_CELL_LENGTH - 1] + "…"


def escape_formula(cell: str) -> str:
    """Return the cell with an apostrophe if a spreadsheet would read it as a formula.

    This includes phone numbers with a plus: as a formula they would lose it, and their last digits.
    """
    cell = _INNER_FORMULA.sub(APOSTROPHE, cell.replace("\0", ""))
    if not _FORMULA_START.match(cell) or _NEGATIVE_NUMBER.fullmatch(cell):
        return cell
    return APOSTROPHE + cell


def unescape_formula(cell: str) -> str:
    """Return the cell as it was before it was guarded, here or by another program."""
    cell = _GUARDED_INNER_FORMULA.sub("", cell)
    if cell.startswith(APOSTROPHE):
        if guarded := _GUARDED_NUMBER.fullmatch(cell):
            return guarded[1]
        return cell[1:] if _FORMULA_START.match(cell, 1) else cell
    if cell.startswith("=") and (found := _TEXT_FORMULA.fullmatch(cell)):
        return found[1].replace('""', '"').strip()
    return cell
