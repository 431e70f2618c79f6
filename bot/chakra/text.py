"""Text from outside, made harmless to show. Escaping for Slack is not done here."""

from __future__ import annotations

import unicodedata

_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They turn round everything that follows on the line. Right-to-left letters need none of them."""


def sanitize_line(text: str, max_length: int | None = None) -> str:
    """One line without control characters, half pairs or changes of direction; clipped to `most`
    characters with an ellipsis."""
    if not text.isprintable():
        text = "".join(map(_sanitize_character, text))
    text = " ".join(text.split())
    if max_length is not None and len(text) > max_length:
        return text[: max_length - 1].rstrip() + "…"
    return text


def sanitize_text(text: str) -> str:
    """As `plain`, with its line breaks and spaces as they were written."""
    if text.isprintable():
        return text
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join("".join(map(_sanitize_character, line)) for line in lines)


_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})
"""Categories. Unassigned characters are seen: a newer Unicode may have given them a shape."""


def _sanitize_character(character: str) -> str:
    if character in _BIDI_CONTROLS:
        return ""
    category = unicodedata.category(character)
    if category == "Cs":
        return "\N{REPLACEMENT CHARACTER}"
    return " " if category in {"Cc", "Zl", "Zp"} else character


def has_visible_text(text: str) -> bool:
    """Whether there is anything to see: a name may consist of zero-width characters only."""
    return any(unicodedata.category(character) not in _INVISIBLE_CATEGORIES for character in text)
