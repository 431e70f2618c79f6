"""Split a cleaned line into words, quoted words and ``name=value``, without Slack's text marks."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right, insort
from collections.abc import Collection, Iterator
from dataclasses import replace
from enum import Enum
from typing import Final

from bot.slack.commands.markup import MARKUP, parse_markup, parse_segment
from bot.slack.commands.tokens import ChannelMention, GroupMention, Link, Mention, Phrase, Token
from bot.slack.commands.typed_letters import to_half_width

NUMBERED: Final = "#"  # as one of the names: any number, such as ``1=John``
ANY_NAME: Final = "*"  # as one of the names: any variable's name, such as ``first_name=John``

# The marks that may close a quote. People and phones mix the directions („…“, “…”, ”…”, »…«).
_DOUBLE: Final = '"“”‟″＂'
_SINGLE: Final = "'‘’‛＇"
_ANGLED: Final = "«»‹›"
_QUOTES: Final = _DOUBLE + _SINGLE + _ANGLED
_CLOSING: Final = (
    dict.fromkeys(_DOUBLE + "„", _DOUBLE)
    | dict.fromkeys(_SINGLE + "‚", _SINGLE)
    | dict.fromkeys(_ANGLED, _ANGLED)
)
# A closing mark ends its word, or precedes a comma: in O’Brien it closes nothing.
_CLOSER: Final = re.compile(rf"<[^<>]*>|[{_QUOTES}](?=[,;\s]|\Z)")
_PLAIN: Final = re.compile(r"[^\s<]+|<")
_NAME: Final = re.compile(
    r"([^\s<>&=＝﹦:：﹕]{1,100})(?:([=＝﹦:：﹕])|[ \u00a0]([=＝﹦])(?=[ \u00a0]))"
)
"""A name with its sign; around an equals sign people put spaces: ``1 = John``."""
_EQUALS: Final = "=＝﹦"
_SEPARATORS: Final = (",", ";")
_NUMBER: Final = re.compile("0*([0-9]{1,3})")
_VARIABLE: Final = re.compile("[a-z][a-z0-9_]*")
_SPACES: Final = (" ", "\u00a0")

_CODE: Final = "`"
_TEXT_MARKS: Final = "*_~" + _CODE
"""Bold, italic, strike and code in Slack's composer.

docs.slack.dev/messaging/formatting-message-text"""
_MARK_RUN: Final = re.compile(rf"[{_TEXT_MARKS}]+")
MAX_NESTED_MARKS: Final = 8
"""Text marks of one word: a triple of backticks counts as three."""
_MARK_END: Final = rf"(?=[\s.,;:：!?…/=＝)\]<{_QUOTES}{_TEXT_MARKS}]|\Z)"
_MARKED_PART: Final = re.compile(
    rf"(?<![^\W_])(?<!\.)([{_TEXT_MARKS}]{{1,3}})"
    rf"([^\s{_TEXT_MARKS}](?:\S*?[^\s{_TEXT_MARKS}])?)\1(?![^\W_])"
)
"""Marks within a word, such as ``lead/`LEAD-004038```."""
_MAX_MARKED_LENGTH: Final = 200
"""Characters of a word that are searched for such marks."""
# A mark closes after a word, before a non-word character; code may end with a space.
_MARK_CLOSERS: Final = {
    **{mark: re.compile(rf"<[^<>]*>|(?<=\S){re.escape(mark)}{_MARK_END}") for mark in "*_~"},
    _CODE: re.compile(rf"<[^<>]*>|{_CODE}{_MARK_END}"),
}


class _Role(Enum):
    """The kind of a value after a sign."""

    FILTER = "filter"
    """A value that the product reads, such as a name: marks around it are understood."""
    VARIABLE = "variable"
    """A text for customers, as it was typed: ``*500*`` is WhatsApp's own bold."""


class Tokenizer:
    """Reads a cleaned text once, left to right."""

    def __init__(self, text: str, names: Collection[str], variables: Collection[str]) -> None:
        self._text = text
        self._position = 0
        self._names = {normalize_name(name): (name, _Role.VARIABLE) for name in variables}
        self._names |= {
            normalize_name(name): (name, _Role.FILTER)
            for name in names
            if name not in (NUMBERED, ANY_NAME)
        }
        self._numbers = NUMBERED in names
        self._any_name = ANY_NAME in names
        self._closers = _find_closers(text)
        self._mark_closers: dict[str, list[int]] = {}
        self._marks: set[int] = set()
        """The positions of text marks, which belong to no word."""

    def tokenize(self) -> Iterator[tuple[str | None, Token]]:
        """Yield each word with its name, or ``None``."""
        self._skip_spaces()
        while self._position < len(self._text):
            self._open_marks()
            if not self._text[
                self._position : self._position + 1
            ].strip():  # code may begin like this
                self._skip_spaces()
                continue
            name, role = self._take_name()
            if role is _Role.VARIABLE:
                yield name, self._take_quoted() or self._without_comma(self._take_text())
            else:
                self._open_marks()
                yield name, self._take_quoted(remove_marks=True) or self._take_bare()
            self._skip_spaces()

    def _skip_spaces(self) -> None:
        while self._position < len(self._text) and (
            self._position in self._marks or self._text[self._position].isspace()
        ):
            self._position += 1

    def _open_marks(self) -> None:
        """Skip text marks that are closed later on, and remember both ends."""
        while (mark := self._text[self._position : self._position + 1]) in _MARK_CLOSERS:
            if self._position in self._marks:
                self._position += 1
                continue
            closer = self._find_mark_closer(mark)
            if closer is None:
                return
            self._marks |= {self._position, closer}
            self._allow_quote_before(closer)
            self._position += 1

    def _find_mark_closer(self, mark: str) -> int | None:
        marks = _MARK_RUN.match(self._text, self._position)
        content = marks.end() if marks else len(self._text)
        if not self._text[content:].strip() or (mark != _CODE and self._text[content].isspace()):
            return None
        if mark not in self._mark_closers:
            found = _MARK_CLOSERS[mark].finditer(self._text)
            self._mark_closers[mark] = [match.start() for match in found if match[0] == mark]
        closers = self._mark_closers[mark]
        place = bisect_right(closers, content)
        return closers.pop(place) if place < len(closers) else None

    def _allow_quote_before(self, closer: int) -> None:
        """Let a quote close before a text mark: ``*"John Doe"*``."""
        first = max(closer - MAX_NESTED_MARKS, self._position + 1)
        before = (place for place in reversed(range(first, closer)) if place not in self._marks)
        position = next(before, self._position)
        kind = _CLOSING.get(self._text[position])
        if kind is not None:
            insort(self._closers.setdefault(kind, []), position)

    def _take_name(self) -> tuple[str | None, _Role]:
        found = _NAME.match(self._text, self._position)
        if found is None:
            return None, _Role.FILTER
        typed = normalize_name(self._slice(found.start(1), found.end(1))).strip("{}")
        name, role = self._names.get(typed, (None, _Role.VARIABLE))
        if name is None and (found[2] or found[3]) in _EQUALS:
            name = self._match_variable(typed)
        if name is None or (found[3] and role is _Role.FILTER):
            return None, _Role.FILTER
        self._position = found.end()
        if role is _Role.VARIABLE or _NUMBER.fullmatch(name):
            self._skip_space_before_value()
        return name, role

    def _without_comma(self, value: Token) -> Token:
        """Return a value without the comma that only separates it from the next one."""
        following = _NAME.match(self._text, self._position + 1)
        typed = normalize_name(following[1]).strip("{}") if following else ""
        if value.text[-1:] not in _SEPARATORS or not self._is_name(typed):
            return value
        return replace(value, text=value.text[:-1])

    def _is_name(self, typed: str) -> bool:
        return typed in self._names or bool(_NUMBER.fullmatch(typed))

    def _skip_space_before_value(self) -> None:
        """Skip the space of ``1: ORD-1``, but not that of ``1= 2=May``."""
        place = self._position
        while self._text[place : place + 1] in _SPACES:
            place += 1
        following = _NAME.match(self._text, place)
        typed = normalize_name(following[1]) if following else ""
        if place < len(self._text) and not self._is_name(typed):
            self._position = place

    def _match_variable(self, typed: str) -> str | None:
        number = _NUMBER.fullmatch(typed) if self._numbers else None
        if number:
            return number[1]
        return typed if self._any_name and _VARIABLE.fullmatch(typed) else None

    def _take_quoted(self, *, remove_marks: bool = False) -> Token | None:
        mark = self._text[self._position : self._position + 1]
        closers = self._closers.get(_CLOSING.get(mark, ""), ())
        following = bisect_right(closers, self._position)
        if following == len(closers):
            return None
        inner = self._slice(self._position + 1, closers[following])
        self._position = closers[following] + 1
        if self._text[self._position : self._position + 1] in {",", ";"}:
            self._position += 1
        # French puts spaces inside its guillemets.
        inner = inner.strip() if mark in _ANGLED else inner
        word = parse_segment(_remove_marks_around(inner) if remove_marks else inner)
        return replace(word, quoted=True)

    def _take_text(self) -> Token:
        """Return the text up to the next space outside markup, with mentions where they are."""
        start = self._position
        while self._position < len(self._text) and not self._text[self._position].isspace():
            found = MARKUP.match(self._text, self._position)
            if found and parse_markup(found):
                self._position = found.end()
            else:
                self._skip_plain()
        return parse_segment(self._slice(start, self._position))

    def _take_bare(self) -> Token:
        """Return the text up to the next space outside markup.

        A member, channel or group is always a separate word: as part of a text it would lose its
        ID.
        """
        start = self._position
        while self._position < len(self._text) and not self._text[self._position].isspace():
            found = MARKUP.match(self._text, self._position)
            word = parse_markup(found) if found else None
            if found is None or word is None:
                self._skip_plain()
            elif isinstance(word, Mention | ChannelMention | GroupMention):
                if self._position == start:
                    self._position = found.end()
                    return word
                break
            else:
                self._position = found.end()
        word = parse_segment(self._slice(start, self._position))
        if isinstance(word, Link | Phrase):
            return word
        text = word.text
        if len(text) <= _MAX_MARKED_LENGTH:
            text = _MARKED_PART.sub(r"\2", text)
        return Token(to_half_width(text))

    def _skip_plain(self) -> None:
        found = _PLAIN.match(self._text, self._position)
        self._position = found.end() if found else self._position + 1

    def _slice(self, start: int, end: int) -> str:
        """Return a part of the text without its text marks."""
        if not self._marks:
            return self._text[start:end]
        kept = (self._text[place] for place in range(start, end) if place not in self._marks)
        return "".join(kept)


def normalize_name(name: str) -> str:
    """Return a name for comparison: without case and width of letters."""
    return unicodedata.normalize("NFKC", name).casefold()


def _remove_marks_around(text: str) -> str:
    while (
        len(text) > 2
        and text[0] == text[-1]
        and text[0] in _TEXT_MARKS
        and not text[1].isspace()
        and not text[-2].isspace()
    ):
        text = text[1:-1]
    return text


def _find_closers(text: str) -> dict[str, list[int]]:
    """Return the positions where quotes may close, by the kind of quote, never within markup.

    They are found once, so that a text full of opening quotes takes no longer than any other.
    """
    positions: dict[str, list[int]] = {}
    for found in _CLOSER.finditer(text):
        kind = _CLOSING.get(found[0])
        if kind is not None:
            positions.setdefault(kind, []).append(found.start())
    return positions
