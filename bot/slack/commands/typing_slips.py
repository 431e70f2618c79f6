"""Detect whether a word is a command's name with a typo. Pure."""

from __future__ import annotations

from collections.abc import Iterable

MIN_LENGTH = 3
"""Minimum letters of a word that may be a misspelled name."""
MAX_LENGTH = 30
LONG_NAME = 5
"""Letters from which one wrong letter leaves no doubt."""
LONGER_NAME = 6
"""Letters from which two wrong ones make a name similar: ``maria`` isn't ``media``."""
VERY_LONG_NAME = 8
"""Letters from which two wrong ones leave no doubt."""

_REAL_WORDS = frozenset({
    "why", "how", "what", "when", "where", "was", "has", "had", "use", "used", "sent", "seen",
    "want", "work", "wish", "time", "them", "then", "than", "next", "last", "best", "lest", "mend",
    "bend", "lend", "tend", "sand", "step", "stop", "file", "full", "pull", "test", "rest", "top",
    "set", "get", "put", "say", "said", "read", "run", "add", "end", "that", "chap", "load", "dead",
    "head", "ask", "asks", "save", "what's", "who's", "how's",
})  # fmt: skip
"""Words that aren't typos although they resemble a name."""


def find_slips(typed: str, names: Iterable[str]) -> tuple[str, bool] | None:
    """Return the nearest name, and whether the word can hardly be anything else.

    A short word with one other letter may be a person's name: ``jon`` is near ``job``.
    """
    if not MIN_LENGTH <= len(typed) <= MAX_LENGTH or typed in _REAL_WORDS:
        return None
    from rapidfuzz.distance import OSA  # 3 MB, which a bot without typing mistakes does not need

    near: list[tuple[bool, int, str]] = []
    for name in names:
        distance = OSA.distance(typed, name, score_cutoff=2)
        if 0 < distance <= (2 if min(len(name), len(typed)) >= LONGER_NAME else 1):
            near.append((not _is_certain(typed, name, distance), distance, name))
    if not near:
        return None
    doubtful, _, name = min(near, key=lambda item: item[:2])
    return name, not doubtful


def _is_certain(typed: str, name: str, distance: int) -> bool:
    if distance > 1:
        return len(name) >= VERY_LONG_NAME
    if len(name) >= LONG_NAME or sorted(typed) == sorted(name):
        return True
    if len(typed) > len(name):
        return _has_double_letter(typed, name)
    is_shorter = len(typed) < len(name)
    return is_shorter and (typed[0], typed[-1]) == (name[0], name[-1])


def _has_double_letter(typed: str, name: str) -> bool:
    return any(
        typed[place] == typed[place - 1] and typed[:place] + typed[place + 1 :] == name
        for place in range(1, len(typed))
    )
