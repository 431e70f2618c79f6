"""Names as they are compared: without case, accents, apostrophes, and in any order of words."""

from __future__ import annotations

import re
import unicodedata

_APOSTROPHES = dict.fromkeys(map(ord, "'’‘‛ʼʻ`´′＇"))
_INVISIBLE = dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x2060, 0x2065), 0xFE0E, 0xFE0F])
_DROPPED = _APOSTROPHES | _INVISIBLE
# Letters that Unicode does not take apart, though people type the plain ones for them.
_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"}
)
_WORD = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """``Siobhán O’Brien`` -> ``siobhan obrien``, ``Łukasz`` -> ``lukasz``."""
    if text.isascii():
        return text.lower().replace("'", "").replace("`", "")
    # Twice: styled letters (𝐀) have a case only once they are taken apart, and losing it may join
    # what must be taken apart again.
    styled = unicodedata.normalize("NFKD", text.translate(_DROPPED))
    taken_apart = unicodedata.normalize("NFKD", styled.casefold())
    plain = "".join([letter for letter in taken_apart if not unicodedata.combining(letter)])
    return plain.translate(_LETTERS)


def tokens(text: str) -> tuple[str, ...]:
    """The words of a text, folded; each emoji is a word too. Nothing but punctuation: none."""
    folded = fold(text)
    found = _WORD.findall(folded)
    if not folded.isascii():
        found += [sign for sign in folded if unicodedata.category(sign) == "So"]
    return tuple(found)


def any_order(words: tuple[str, ...]) -> str:
    """The same for ``john doe`` and ``doe john``."""
    return " ".join(sorted(words))
