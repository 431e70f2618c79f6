"""The phrases of all commands, found at the beginning or the end of a typed line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic

from bot.slack.commands.command import Command, ContextT

ELLIPSIS: Final = "…"
_WORD: Final = re.compile(r"(?:<[^<>]*>|[^\s<]|<)+")
_EDGES: Final = " \t\n,.!?¿¡:;*_~`\"'“”„«»…"
_APOSTROPHES: Final = str.maketrans("’‘ʼ`´", "'''''")
_CONTRACTIONS: Final = {
    word.replace("'", ""): word
    for word in ("what's", "who's", "where's", "how's", "don't", "doesn't", "didn't", "isn't",
                 "aren't", "hasn't", "haven't", "can't", "won't")
}  # fmt: skip
"""What hurried people type -> the word. Those that are words of their own, as "its", are not."""


@dataclass(frozen=True, slots=True)
class TypedWord:
    """A word of a line: for comparison, and where it is in the line."""

    text: str
    start: int
    end: int


def split_words(line: str) -> list[TypedWord]:
    """Return the words for comparison, without case and punctuation; "" for a lone sign."""
    return [
        TypedWord(_fold(found[0]), found.start(), found.end()) for found in _WORD.finditer(line)
    ]


def _fold(word: str) -> str:
    """Return a word for comparison; a question mark and Slack's markup stay as they are."""
    if word.startswith("<") or not word.strip("?-/"):
        return word
    folded = unicodedata.normalize("NFKC", word.translate(_APOSTROPHES)).casefold()
    return _complete(folded.strip(_EDGES))


def _complete(word: str) -> str:
    return _CONTRACTIONS.get(word, word)


@dataclass(frozen=True, slots=True)
class CommandPhrase(Generic[ContextT]):
    """``words`` mean ``command`` with ``arguments``; ``needs_fit``: if its offer fits the rest."""

    words: tuple[str, ...]
    command: Command[ContextT]
    arguments: str = ""
    needs_fit: bool = False


@dataclass(frozen=True, slots=True)
class PhraseBook(Generic[ContextT]):
    """Phrases by their first word, and those that end a line; longer ones come first."""

    opening: Mapping[str, Sequence[CommandPhrase[ContextT]]]
    closing: Sequence[CommandPhrase[ContextT]]
    single_words: tuple[str, ...]
    """The phrases of one word."""

    def may_open(self, first: str, second: str) -> bool:
        """Return whether a phrase may begin with these words; ``second`` is "" at the end."""
        return any(
            len(phrase.words) == 1 or phrase.words[1] == second
            for phrase in self.opening.get(first, ())
        )

    def find_opening(self, words: Sequence[str]) -> Iterable[CommandPhrase[ContextT]]:
        """Yield the phrases that the words begin with, the longest first."""
        for phrase in self.opening.get(words[0], ()) if words else ():
            if tuple(words[: len(phrase.words)]) == phrase.words:
                yield phrase

    def find_closing(self, words: Sequence[str]) -> CommandPhrase[ContextT] | None:
        """Return the longest phrase that ends a line of more words."""
        for phrase in self.closing:
            length = len(phrase.words)
            if length < len(words) and tuple(words[-length:]) == phrase.words:
                return phrase
        return None


def build_phrase_book(commands: Iterable[Command[ContextT]]) -> PhraseBook[ContextT]:
    opening: dict[str, list[CommandPhrase[ContextT]]] = {}
    closing: list[CommandPhrase[ContextT]] = []
    for command in commands:
        for typed, arguments in command.phrases.items():
            words = tuple(map(_complete, typed.split()))
            if words[0] == ELLIPSIS:
                closing.append(CommandPhrase(words[1:], command, arguments))
                continue
            needs_fit = words[-1] == ELLIPSIS
            words = words[:-1] if needs_fit else words
            phrase = CommandPhrase(words, command, arguments, needs_fit)
            opening.setdefault(words[0], []).append(phrase)
    for found in opening.values():
        found.sort(key=_build_length_sort_key)
    single = [word for word, found in opening.items() if len(found[-1].words) == 1]
    return PhraseBook(opening, sorted(closing, key=_build_length_sort_key), tuple(single))


def _build_length_sort_key(phrase: CommandPhrase[ContextT]) -> tuple[int, bool]:
    return -len(phrase.words), not phrase.needs_fit
