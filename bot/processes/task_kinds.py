"""Find the kind of task that the words of a line mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.processes.query_schema import fold
from bot.processes.task_type import TaskType
from bot.processes.task_words import TaskWord
from bot.text.similarity import find_similar

MAX_KIND_WORDS: Final = 5
MAX_FUZZY_WORDS: Final = 3
MIN_KIND_SIMILARITY: Final = 80
MIN_FUZZY_LENGTH: Final = 4


@dataclass(frozen=True, slots=True)
class KindMatch:
    """A kind of task, and the words that mean it; ``is_guess`` if they only resemble its name."""

    kind: TaskType
    start: int
    length: int
    typed: str = ""
    is_guess: bool = False


def find_kind(text: str, types: Sequence[TaskType]) -> TaskType | None:
    """Return the kind with this name, or with a similar one."""
    by_word = _index_by_word(types)
    folded = fold(text)
    return by_word.get(folded) or _find_similar(folded, by_word)


def match_kind(words: Sequence[TaskWord], types: Sequence[TaskType]) -> KindMatch | None:
    """Return the longest run of words that is the name of a kind, or else similar to one."""
    by_word = _index_by_word(types)
    folded = [fold(word.plain) for word in words]
    for length in range(min(MAX_KIND_WORDS, len(folded)), 0, -1):
        for start in range(len(folded) - length + 1):
            part = folded[start : start + length]
            if all(part) and (kind := by_word.get("".join(part))):
                return KindMatch(kind, start, length)
    for length in range(min(MAX_FUZZY_WORDS, len(folded)), 0, -1):
        for start in range(len(folded) - length + 1):
            part = folded[start : start + length]
            text = "".join(part)
            if not all(part) or len(text) < MIN_FUZZY_LENGTH:
                continue
            if near := _find_similar(text, by_word):
                typed = " ".join(word.text for word in words[start : start + length])
                return KindMatch(near, start, length, typed, is_guess=True)
    return None


def match_part(words: Sequence[TaskWord], types: Sequence[TaskType]) -> KindMatch | None:
    """Return the one kind with the first or the last word in its name."""
    for place in (0, len(words) - 1) if words else ():
        plain = words[place].plain
        kinds = [kind for kind in types if plain and plain in kind.label.casefold().split()]
        if len(kinds) == 1:
            return KindMatch(kinds[0], place, 1, words[place].text, is_guess=True)
    return None


def _index_by_word(types: Sequence[TaskType]) -> Mapping[str, TaskType]:
    return {fold(name): kind for kind in types for name in kind.words if fold(name)}


def _find_similar(text: str, by_word: Mapping[str, TaskType]) -> TaskType | None:
    near = find_similar(text, tuple(by_word), min_score=MIN_KIND_SIMILARITY, limit=1)
    return by_word[near[0].word] if near else None
