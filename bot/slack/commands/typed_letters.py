"""The letters that keyboards, phones and web pages add to a typed line."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_CONTROLS: Final = [*range(0x20), *range(0x7F, 0xA0)]
_DIRECTION_MARKS: Final = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F)]
_INVISIBLE: Final = [0x00AD, 0x180E, 0x200B, *range(0x2060, 0x2070), 0xFEFF]
_SPACES: Final = [0x09, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000]
_LINE_BREAKS: Final = [*range(0x0A, 0x0E), 0x85, 0x2028, 0x2029]
_SURROGATES: Final = range(0xD800, 0xE000)
_CLEANUP_TABLE: Final[dict[int, str | None]] = {
    **dict.fromkeys([*_CONTROLS, *_DIRECTION_MARKS, *_INVISIBLE]),
    **dict.fromkeys(_SPACES, " "),
    **dict.fromkeys(_LINE_BREAKS, "\n"),
    **dict.fromkeys(_SURROGATES, "\ufffd"),
}
_JOINER: Final = re.compile("[\u200c\u200d]")

# Full-width letters come from East Asian keyboards. Only phone numbers and addresses lose them.
_HALF_WIDTH: Final = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
_HALF_WIDTH_PHONE: Final = {
    ord(wide): _HALF_WIDTH[ord(wide)] for wide in "＋－＠０１２３４５６７８９"
}


def remove_invisible_letters(text: str) -> str:
    """Remove control and invisible characters and lone surrogates, and unify spaces."""
    if text.isascii() and text.isprintable():
        return text
    return _JOINER.sub(_replace_joiner, text.replace("\r\n", "\n").translate(_CLEANUP_TABLE))


def to_half_width(text: str) -> str:
    """Return the digits and signs of a phone number, and all letters of an address, half-width."""
    if text.isascii():
        return text
    text = text.translate(_HALF_WIDTH_PHONE)
    return unicodedata.normalize("NFC", text.translate(_HALF_WIDTH)) if "@" in text else text


def _replace_joiner(found: re.Match[str]) -> str:
    """Keep joiners within Persian and Indic words and within emoji; drop them elsewhere."""
    before = found.string[found.start() - 1 : found.start()]
    after = found.string[found.end() : found.end() + 1]
    return found[0] if _is_joinable(before) and _is_joinable(after) else ""


def _is_joinable(letter: str) -> bool:
    if not letter or letter.isascii():
        return False
    category = unicodedata.category(letter)
    return category[0] in "LM" or category in {"So", "Sk", "Sm"}  # Sm: 🙂‍↔️
