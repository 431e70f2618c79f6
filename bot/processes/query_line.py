"""A typed query as one text, read from left to right: words, quoted words and mentions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import Final

from bot.processes.date_words import MAX_WORDS
from bot.slack.commands.tokens import Mention, Token

_ATOM: Final = re.compile("\ue000(\\d+)\ue001")
_WORD: Final = re.compile("\ue000\\d+\ue001|[^\\s()\ue000\ue001]+")
_VALUE: Final = re.compile("\\s*(\ue000\\d+\ue001|[^\\s,|()\ue000\ue001]+)")
_QUOTED: Final = re.compile(
    r"(?<=[:=<>(\-,])(?:[\"“”„«»]([^\"“”«»]*)[\"“”«»]|['‘’]([^'‘’]*)['’](?=[\s,)]|$))"
)
_DOTS: Final = re.compile(r"(?<=[A-Za-z])\.\.(?=\w)")
"""Matches the dots of ``1 May..7 May``."""


class QueryLine:
    """Each quoted word and mention is an atom: its number between two private characters."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._atoms: list[Token] = []
        self.text = self._join(tokens)
        self.position = 0

    def _join(self, tokens: Sequence[Token]) -> str:
        parts = []
        for token in tokens:
            if token.quoted or isinstance(token, Mention):
                parts.append(self._add_atom(token))
            else:
                parts.append(re.sub("[\ue000\ue001]", "", token.text))
        text = _DOTS.sub(" .. ", " ".join(parts))
        return _QUOTED.sub(
            lambda found: self._add_atom(Token(found[1] or found[2] or "", quoted=True)), text
        )

    def _add_atom(self, token: Token) -> str:
        self._atoms.append(token)
        return f"\ue000{len(self._atoms) - 1}\ue001"

    def is_at_end(self) -> bool:
        """Skip spaces, and return whether nothing follows."""
        while self.text[self.position : self.position + 1].isspace():
            self.position += 1
        return self.position >= len(self.text)

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        return pattern.match(self.text, self.position)

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Return a match here, and move past it."""
        if found := self.match(pattern):
            self.position = found.end()
        return found

    def starts_with(self, text: str) -> bool:
        return self.text.startswith(text, self.position)

    def list_words(self, limit: int | None = None) -> list[tuple[str, int]]:
        """Return the words from here to the next bracket, each with where it ends."""
        end = self.text.find(")", self.position)
        found = _WORD.finditer(self.text, self.position, end if end >= 0 else len(self.text))
        return [(match[0], match.end()) for match in islice(found, limit)]

    def list_plain_words(self) -> tuple[list[str], int]:
        """Return the words from here, a quoted first word split up, and how many words that has."""
        words = [word for word, _ in self.list_words(MAX_WORDS)]
        first = self._find_atom(words[0]) if words else None
        if first is None or isinstance(first, Mention):
            return words, 0
        return first.text.split(), len(first.text.split())

    def skip_words(self, count: int) -> None:
        self.position = self.list_words(count)[count - 1][1]

    def take_word(self) -> Token:
        word, self.position = self.list_words(1)[0]
        return self._find_atom(word) or Token(word)

    def take_value(self) -> Token | None:
        """Return the word up to the next space or comma."""
        found = self.take(_VALUE)
        return (self._find_atom(found[1]) or Token(found[1])) if found else None

    def peek_value(self) -> Token | None:
        """Return the word up to the next space or comma, without moving past it."""
        start = self.position
        value = self.take_value()
        self.position = start
        return value

    def _find_atom(self, word: str) -> Token | None:
        found = _ATOM.fullmatch(word)
        return self._atoms[int(found[1])] if found else None
