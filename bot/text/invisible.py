"""Remove invisible characters from values that are compared or dialed."""

from __future__ import annotations

import unicodedata

_BLANK_CHARACTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffc")
"""Blank although Unicode counts them as letters, marks or symbols: fillers, joiners and such."""


def remove_invisible(text: str) -> str:
    """Return a number, an address or a key without invisible characters, and with plain spaces.

    Contacts and WhatsApp Web put direction marks around numbers, web pages put zero-width spaces
    and soft hyphens into addresses. Not for prose, which needs the joiners of scripts and emoji.
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    return " ".join("".join(map(_replace_invisible, text)).split())


def _replace_invisible(character: str) -> str:
    if character.isspace():
        return " "
    if character in _BLANK_CHARACTERS or _is_variation_selector(character):
        return ""
    return "" if unicodedata.category(character) in ("Cc", "Cf") else character


def _is_variation_selector(character: str) -> bool:
    return (
        "\ufe00" <= character <= "\ufe0f"
        or "\u180b" <= character <= "\u180f"
        or "\U000e0100" <= character <= "\U000e01ef"
    )
