"""Normalize names for comparison: no case, accents or apostrophes, words in any order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_APOSTROPHES = dict.fromkeys(map(ord, "'’‘‛ʼʻ`´′＇"))
_INVISIBLE = dict.fromkeys(
    [
        *(0xAD, 0x61C, 0x180E, 0xFE0E, 0xFE0F, 0xFEFF),
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
    ]
)
_REMOVED_CHARACTERS = _APOSTROPHES | _INVISIBLE
# Letters that Unicode doesn't decompose, though people type the plain ones instead.
_PLAIN_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"}
)
_WORD = re.compile(r"[^\W_]+")


def normalize(text: str) -> str:
    """Return ``siobhan obrien`` for ``Siobhán O’Brien``, ``lukasz`` for ``Łukasz``."""
    if text.isascii():
        return text.lower().replace("'", "").replace("`", "")
    # Decompose twice: styled letters (𝐀) have a case only once decomposed, and casefolding may
    # compose letters again.
    decomposed = unicodedata.normalize("NFKD", text.translate(_REMOVED_CHARACTERS))
    folded = unicodedata.normalize("NFKD", decomposed.casefold())
    plain = "".join([letter for letter in folded if not unicodedata.combining(letter)])
    return plain.translate(_PLAIN_LETTERS)


def tokenize(text: str) -> tuple[str, ...]:
    """Return the normalized words of a text; each emoji is a word, punctuation is none."""
    folded = normalize(text)
    found = _WORD.findall(folded)
    if not folded.isascii():
        found += [sign for sign in folded if unicodedata.category(sign) == "So"]
    return tuple(found)


def join_words(words: Iterable[str]) -> str:
    """Return the text of words in which `match_beginnings` looks: a space is before each."""
    return "".join(f" {word}" for word in words)


def match_beginnings(starts: Iterable[str], text: str) -> bool:
    """Return whether each start begins a word of a text that `join_words` returned."""
    for start in starts:  # noqa: SIM110 - `all` takes longer, and a menu asks for each template
        if f" {start}" not in text:
            return False
    return True


def sort_tokens(words: tuple[str, ...]) -> str:
    """Return the same text for ``john doe`` and ``doe john``."""
    return " ".join(sorted(words))
