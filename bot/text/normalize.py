"""Names as they are compared: without case, accents, apostrophes, and in any order of words."""

from __future__ import annotations

import re
import unicodedata

_APOSTROPHES = dict.fromkeys(map(ord, "'’‘‛ʼʻ`´′＇"))
_INVISIBLE = dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x2060, 0x2065), 0xFE0E, 0xFE0F])
_REMOVED_CHARACTERS = _APOSTROPHES | _INVISIBLE
# Letters that Unicode does not take apart, though people type the plain ones for them.
_PLAIN_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"}
)
_WORD = re.compile(r"[^\W_]+")


def normalize(text: str) -> str:
    """``Siobhán O’Brien`` -> ``siobhan obrien``, ``Łukasz`` -> ``lukasz``."""
    if text.isascii():
        return text.lower().replace("'", "").replace("`", "")
    # Twice: styled letters (𝐀) have a case only once they are taken apart, and losing it may join
    # what must be taken apart again.
    decomposed = unicodedata.normalize("NFKD", text.translate(_REMOVED_CHARACTERS))
    folded = unicodedata.normalize("NFKD", decomposed.casefold())
    plain = "".join([letter for letter in folded if not unicodedata.combining(letter)])
    return plain.translate(_PLAIN_LETTERS)


def tokenize(text: str) -> tuple[str, ...]:
    """The words of a text, folded; each emoji is a word too. Nothing but punctuation: none."""
    folded = normalize(text)
    found = _WORD.findall(folded)
    if not folded.isascii():
        found += [sign for sign in folded if unicodedata.category(sign) == "So"]
    return tuple(found)


def sorted_tokens(words: tuple[str, ...]) -> str:
    """The same for ``john doe`` and ``doe john``."""
    return " ".join(sorted(words))
