"""The words that people type to find someone: parts of a name, or of a number with spaces in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from bot.text.normalize import normalize

MIN_DIGITS: Final = 2
MAX_SHOWN_DIGITS: Final = 4
"""Visible digits of a masked number."""
_NUMBER_WORD: Final = re.compile(r"\+?[\d().-]*\d[\d().-]*")


def matches_typed(words: str, text: str, numbers: Iterable[str]) -> bool:
    """Return whether each word is in the normalized ``text`` or ends one of the numbers.

    For a masked number, its visible end is enough.
    """
    digits = [extract_digits(number) for number in numbers]
    return all(_matches(word, text, digits) for word in _join_numbers(words.split()))


def extract_digits(text: str) -> str:
    return "".join(character for character in text if character.isascii() and character.isdigit())


def _matches(word: str, text: str, numbers: Sequence[str]) -> bool:
    if normalize(word) in text:
        return True
    typed = extract_digits(word).lstrip("0")
    if len(typed) < MIN_DIGITS or not _NUMBER_WORD.fullmatch(word):
        return False
    return any(
        number.endswith(typed) or (0 < len(number) <= MAX_SHOWN_DIGITS and typed.endswith(number))
        for number in numbers
    )


def _join_numbers(words: Sequence[str]) -> list[str]:
    """Return the words, with the parts of a number typed with spaces joined into one."""
    joined: list[str] = []
    for word in words:
        follows = bool(joined) and _NUMBER_WORD.fullmatch(joined[-1])
        if follows and _NUMBER_WORD.fullmatch(word) and not word.startswith("+"):
            joined[-1] += word
        else:
            joined.append(word)
    return joined
