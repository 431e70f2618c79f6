"""Remove unsafe characters from text of other systems. Escaping for Slack is not done here."""

from __future__ import annotations

import unicodedata

_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They reverse the rest of the line. Right-to-left letters do not need them."""


def sanitize_line(text: str, max_length: int | None = None) -> str:
    """Return a text as one line without control characters, surrogates or bidi controls.

    It is cut to ``max_length`` characters, with an ellipsis.
    """
    if not text.isprintable():
        text = "".join(map(_sanitize_character, text))
    text = " ".join(text.split())
    if max_length is not None and len(text) > max_length:
        return text[: max_length - 1].rstrip() + "…"
    return text


def sanitize_text(text: str) -> str:
    """Return a text cleaned like ``sanitize_line``, with its line breaks and spaces."""
    if text.isprintable():
        return text
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join("".join(map(_sanitize_character, line)) for line in lines)


_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})
"""Unassigned characters count as visible: a newer Unicode version may define them."""


def _sanitize_character(character: str) -> str:
    if character in _BIDI_CONTROLS:
        return ""
    category = unicodedata.category(character)
    if category == "Cs":
        return "\N{REPLACEMENT CHARACTER}"
    return " " if category in {"Cc", "Zl", "Zp"} else character


def has_visible_text(text: str) -> bool:
    """Return whether a text has a visible character: a name may be all zero-width ones."""
    return any(unicodedata.category(character) not in _INVISIBLE_CATEGORIES for character in text)
