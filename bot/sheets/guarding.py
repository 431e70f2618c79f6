"""Guard cells that a spreadsheet would read as a formula or a number, and read guarded ones.

Source: owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import re

APOSTROPHE = "'"
_FORMULA_START = re.compile(r"[=+\-@＝＋－＠\t\r\n]")
_NEGATIVE_NUMBER = re.compile(r"-\d{1,15}(?:\.\d{1,15})?")
_GUARDED_NUMBER = re.compile(r"'(\+?\d[\d ().+/-]*)'?")
_TEXT_FORMULA = re.compile(r'=\s*(?:T\(\s*)?"((?:[^"]|"")*)"\s*\)?')
"""``="00123"``: a formula that keeps Excel from reading a number."""


def escape_formula(cell: str) -> str:
    """Return the cell with an apostrophe if a spreadsheet would take it for a formula.

    A phone number with a plus too: as a formula it would lose it, and its last digits.
    """
    if not _FORMULA_START.match(cell) or _NEGATIVE_NUMBER.fullmatch(cell):
        return cell
    return APOSTROPHE + cell


def unescape_formula(cell: str) -> str:
    """Return the cell as it was before it was guarded, here or by another program."""
    if cell.startswith(APOSTROPHE):
        if guarded := _GUARDED_NUMBER.fullmatch(cell):
            return guarded[1]
        return cell[1:] if _FORMULA_START.match(cell, 1) else cell
    if cell.startswith("=") and (found := _TEXT_FORMULA.fullmatch(cell)):
        return found[1].replace('""', '"').strip()
    return cell
