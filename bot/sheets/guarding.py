"""Cells that a spreadsheet would take for a formula: written with an apostrophe, read without.

Source: owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import re

APOSTROPHE = "'"
_FORMULA_START = re.compile(r"[=+\-@＝＋－＠\t\r\n]")
_NEGATIVE_NUMBER = re.compile(r"-\d{1,15}(?:\.\d{1,15})?")


def escape_formula(cell: str) -> str:
    """Also a phone number with a plus: as a formula it would lose it, and its last digits."""
    if not _FORMULA_START.match(cell) or _NEGATIVE_NUMBER.fullmatch(cell):
        return cell
    return APOSTROPHE + cell


def unescape_formula(cell: str) -> str:
    """What people mean, who repair such a file and choose it again."""
    if cell.startswith(APOSTROPHE) and _FORMULA_START.match(cell, 1):
        return cell[1:]
    return cell
