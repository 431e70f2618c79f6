"""What a person typed after a slash command -> `Arguments`: words, quoted words and ``name=value``.

Slack escapes ``& < >``, wraps what it recognizes in angle brackets, spells emoji by name and keeps
its composer's marks (``*bold*``); phones add curly quotes, no-break spaces and invisible
characters. `parse_arguments` undoes all of it and never raises.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from itertools import repeat
from types import MappingProxyType
from typing import Final

from bot.slack.commands.tokenizer import Tokenizer
from bot.slack.commands.tokens import Token
from bot.slack.commands.typed_letters import remove_invisible_letters
from bot.text.emoji import replace_emoji_names

MAX_TEXT_LENGTH: Final = 8_000  # characters that are read; people type far fewer
_SIMPLE: Final = re.compile(
    r"[A-Za-z0-9@.+ -]*(?:(?<=[A-Za-z0-9])_(?=[A-Za-z0-9])[A-Za-z0-9@.+ -]*)*"
)
_NO_NAMED: Final[Mapping[str, Token]] = MappingProxyType({})
_MARKUP_OR_TEXT: Final = re.compile(r"<[^<>]*>|[^<]+|<")


@dataclass(frozen=True)
class Arguments:
    """The parsed words of a line.

    ``tokens`` are in the order typed; ``named`` has the names that `parse_arguments` was given,
    numbers without leading zeros, and the last value of a repeated name. ``raw`` is the text
    itself, and ``repeated`` are the names that were given several times. ``places`` are how many
    named values or removed words come before each token; () if there are none. ``pairs`` are all
    named values in the order typed.
    """

    tokens: tuple[Token, ...]
    named: Mapping[str, Token]
    raw: str
    repeated: frozenset[str] = frozenset()
    places: tuple[int, ...] = field(default=(), compare=False)
    pairs: tuple[tuple[str, Token], ...] = field(default=(), compare=False)

    def join_from(self, start: int = 0) -> str:
        """Return the words from ``start`` as one text: ``john doe``, ``+91 98765 43210``."""
        return " ".join(word.text for word in self.tokens[start:])

    def skip_first(self) -> Arguments:
        """Return the line without its first token, which isn't in a run with the others."""
        return Arguments(
            self.tokens[1:], self.named, self.raw, self.repeated, self.places[1:], self.pairs
        )

    def without(self, position: int) -> Arguments:
        """Return the line without the token at ``position``, which interrupts its run."""
        before, after = self.tokens[:position], self.tokens[position + 1 :]
        places = self.places or (0,) * len(self.tokens)
        later = [place + 1 for place in places[position + 1 :]]
        return replace(self, tokens=before + after, places=(*places[:position], *later))

    def split_runs(self) -> list[list[Token]]:
        """Return the words in runs that no named value or removed word interrupts."""
        found: dict[int, list[Token]] = {}
        for place, word in zip(self.places or repeat(0), self.tokens, strict=False):
            found.setdefault(place, []).append(word)
        return list(found.values())


def parse_arguments(
    text: str, names: Collection[str] = (), variables: Collection[str] = ()
) -> Arguments:
    """Return the words and the named values of a line.

    Only ``names`` and ``variables`` make ``name=value`` and ``name:value``, in any case and width
    of letters, so ``https://…``, ``10:30`` and ``a:b`` are words. `NUMBERED` among the names admits
    ``1=value``, `ANY_NAME` every other variable before an equals sign. Composer marks around words
    and values of ``names`` are removed; values of variables stay as typed. An unclosed quote, and
    markup that Slack does not write, are text.
    """
    raw = text[:MAX_TEXT_LENGTH]
    if _SIMPLE.fullmatch(raw):  # most lines: nothing to undo
        return Arguments(tuple([Token(word) for word in raw.split()]), _NO_NAMED, raw)
    cleaned = _replace_emoji_outside_markup(remove_invisible_letters(raw))
    words: list[Token] = []
    named: dict[str, Token] = {}
    repeated: set[str] = set()
    places: list[int] = []
    pairs: list[tuple[str, Token]] = []
    for name, word in Tokenizer(cleaned, names, variables).tokenize():
        if name is None:
            words.append(word)
            places.append(len(pairs))
            continue
        if name in named:
            repeated.add(name)
        named[name] = word
        pairs.append((name, word))
    return Arguments(
        tuple(words),
        MappingProxyType(named),
        raw,
        frozenset(repeated),
        tuple(places),
        tuple(pairs),
    )


def _replace_emoji_outside_markup(text: str) -> str:
    if text.count(":") < 2:
        return text
    if "<" not in text:
        return replace_emoji_names(text)
    return "".join(
        part[0] if part[0].startswith("<") else replace_emoji_names(part[0])
        for part in _MARKUP_OR_TEXT.finditer(text)
    )
