"""Compare two texts word by word: removed words are struck out, new ones bold. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby

from bot.slack.blocks import Markup, escape, lines

_WORD_OR_BREAK = re.compile(r"\n|[^\s]+")
_MARKS = str.maketrans(dict.fromkeys("*_~`"))
"""Characters that Slack would read as the end of bold or struck text."""
_VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")


def diff_words(old: str, new: str) -> Markup:
    """Return the new text in Slack's markup, with the words of the old one that it replaces.

    "" if nothing but spaces differs. Variables are shown as ‹1›.
    """
    before, after = _split(old), _split(new)
    if before == after:
        return Markup("")
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    parts: list[str] = []
    for operation, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if operation == "equal":
            parts += [_strip_word(word) for word in after[new_start:new_end]]
            continue
        parts += _mark(before[old_start:old_end], "~")
        parts += _mark(after[new_start:new_end], "*")
    return _join(parts)


def _split(text: str) -> list[str]:
    shown = _VARIABLE.sub(r"‹\1›", text.strip())
    return _WORD_OR_BREAK.findall(shown)


def _mark(words: Sequence[str], mark: str) -> Iterator[str]:
    """Yield the words between marks, which Slack reads within one line only.

    Removed line breaks are left out.
    """
    for is_break, run in groupby(words, key="\n".__eq__):
        plain = [word for word in map(_strip_word, run) if word]
        if not is_break and plain:
            yield f"{mark}{' '.join(plain)}{mark}"
        elif is_break and mark == "*":
            yield from plain


def _strip_word(word: str) -> str:
    return word if word == "\n" else escape(word.translate(_MARKS))


def _join(parts: Sequence[str]) -> Markup:
    text = " ".join(part for part in parts if part)
    return lines([Markup(line.strip()) for line in text.split("\n")])
