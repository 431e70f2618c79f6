"""What a person typed after a slash command -> `Arguments`: words, quoted words and ``name=value``.

Slack escapes ``& < >`` and wraps what it recognises in angle brackets
(docs.slack.dev/messaging/formatting-message-text); phones add curly quotes, no-break spaces and
invisible characters. `parse_arguments` undoes all of it and never raises.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

MAX_TEXT_LENGTH: Final = 8_000  # characters that are read; people type far fewer
_SIMPLE: Final = re.compile(r"[A-Za-z0-9@._+ -]*")
_NO_NAMED: Final[Mapping[str, Token]] = MappingProxyType({})
NUMBERED: Final = "#"  # as one of the names: any number, such as ``1=John``
ANY_NAME: Final = "*"  # as one of the names: any variable's name, such as ``first_name=John``


@dataclass(frozen=True)
class Token:
    """``text`` is what a person reads: unescaped, in Unicode's normal form C."""

    text: str


@dataclass(frozen=True)
class Mention(Token):
    text: str = field(init=False)
    id: str
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", f"@{self.name or self.id}")


@dataclass(frozen=True)
class ChannelMention(Token):
    """The name is empty if Slack does not disclose it: in private channels."""

    text: str = field(init=False)
    id: str
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", f"#{self.name or self.id}")


@dataclass(frozen=True)
class GroupMention(Token):
    text: str = field(init=False)
    id: str
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", f"@{self.name or self.id}")


@dataclass(frozen=True)
class Link(Token):
    text: str = field(init=False)
    url: str
    label: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", self.label or self.url)


@dataclass(frozen=True)
class Arguments:
    """The parsed words of a line.

    ``tokens`` are in the order typed; ``named`` has the names that `parse_arguments` was given,
    numbers without leading zeros, and the last value of a repeated name. ``raw`` is the text
    itself.
    """

    tokens: tuple[Token, ...]
    named: Mapping[str, Token]
    raw: str

    def text_from(self, start: int = 0) -> str:
        """Return the words from ``start`` as one text: ``john doe``, ``+91 98765 43210``."""
        return " ".join(word.text for word in self.tokens[start:])

    def tail(self) -> Arguments:
        return Arguments(self.tokens[1:], self.named, self.raw)


def parse_arguments(text: str, names: Collection[str] = ()) -> Arguments:
    """Return the words and the named values of a line.

    Only ``names`` make ``name=value`` and ``name:value``, in any case and width of letters, so
    ``https://…``, ``10:30`` and ``a:b`` are words. `NUMBERED` among them admits ``1=value``,
    `ANY_NAME` every other variable before an equals sign. An unclosed quote, and markup that Slack
    does not write, are text.
    """
    raw = text[:MAX_TEXT_LENGTH]
    if _SIMPLE.fullmatch(raw):  # most lines: nothing to undo
        return Arguments(tuple([Token(word) for word in raw.split()]), _NO_NAMED, raw)
    words: list[Token] = []
    named: dict[str, Token] = {}
    for name, word in _Tokenizer(_clean(raw), names).tokenize():
        if name is None:
            words.append(word)
        else:
            named[name] = word
    return Arguments(tuple(words), MappingProxyType(named), raw)


def unescape(text: str) -> str:
    """Undo Slack's escaping of ``& < >``, once: ``&amp;lt;`` is a typed ``&lt;``."""
    return _ENTITY.sub(lambda entity: _ENTITIES[entity[1]], text) if "&" in text else text


_ENTITIES: Final = {"amp": "&", "lt": "<", "gt": ">"}
_ENTITY: Final = re.compile("&(amp|lt|gt);")


# --- the letters ---------------------------------------------------------------------------------

_CONTROLS: Final = [*range(0x20), *range(0x7F, 0xA0)]
_DIRECTION_MARKS: Final = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F)]
_INVISIBLE: Final = [0x00AD, 0x180E, 0x200B, *range(0x2060, 0x2070), 0xFEFF]
_SPACES: Final = [0x09, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000]
_LINE_BREAKS: Final = [*range(0x0A, 0x0E), 0x85, 0x2028, 0x2029]
_SURROGATES: Final = range(0xD800, 0xE000)
_CLEANUP_TABLE: Final[dict[int, str | None]] = {
    **dict.fromkeys([*_CONTROLS, *_DIRECTION_MARKS, *_INVISIBLE]),
    **dict.fromkeys(_SPACES, " "),
    **dict.fromkeys(_LINE_BREAKS, "\n"),
    **dict.fromkeys(_SURROGATES, "\ufffd"),
}
_JOINER: Final = re.compile("[\u200c\u200d]")


def _clean(text: str) -> str:
    """Remove control and invisible characters and lone surrogates, and unify spaces."""
    if text.isascii() and text.isprintable():
        return text
    return _JOINER.sub(_replace_joiner, text.replace("\r\n", "\n").translate(_CLEANUP_TABLE))


def _replace_joiner(found: re.Match[str]) -> str:
    """Keep joiners within Persian and Indic words and within emoji; drop them elsewhere."""
    before = found.string[found.start() - 1 : found.start()]
    after = found.string[found.end() : found.end() + 1]
    return found[0] if _is_joinable(before) and _is_joinable(after) else ""


def _is_joinable(letter: str) -> bool:
    if not letter or letter.isascii():
        return False
    category = unicodedata.category(letter)
    return category[0] in "LM" or category in {"So", "Sk"}


# Full-width letters come from East Asian keyboards. Only phone numbers and addresses lose them.
_HALF_WIDTH: Final = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
_HALF_WIDTH_PHONE: Final = {
    ord(wide): _HALF_WIDTH[ord(wide)] for wide in "＋－＠０１２３４５６７８９"
}


def _to_half_width(text: str) -> str:
    if text.isascii():
        return text
    text = text.translate(_HALF_WIDTH_PHONE)
    return unicodedata.normalize("NFC", text.translate(_HALF_WIDTH)) if "@" in text else text


# --- Slack's markup ------------------------------------------------------------------------------

_MARKUP: Final = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")
_MEMBER: Final = re.compile(r"@([UW][A-Z0-9]+)")
_CHANNEL: Final = re.compile(r"#([CDG][A-Z0-9]+)")
_GROUP: Final = re.compile(r"!subteam\^(S[A-Z0-9]+)")
_BROADCAST: Final = re.compile(r"!(here|channel|everyone)")
_SPECIAL: Final = re.compile(r"![a-z]+\^.+")  # such as <!date^…|Monday>: the label is its text
_ADDRESS: Final = re.compile(r"(?:mailto|tel):([^?]+)(?:\?.*)?", re.IGNORECASE)
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)


def _parse_markup(found: re.Match[str]) -> Token | None:
    """Return what Slack meant, or ``None`` for what Slack would not have written."""
    target, label = found[1], _to_normal_text(found[2] or "")
    if target[0] == "@":
        member = _MEMBER.fullmatch(target)
        return Mention(member[1], label) if member else None
    if target[0] == "#":
        channel = _CHANNEL.fullmatch(target)
        return ChannelMention(channel[1], label) if channel else None
    if target[0] == "!":
        return _parse_special(target, label)
    address = _ADDRESS.fullmatch(target)
    if address:
        return Token(_to_normal_text(address[1]))
    return Link(_to_normal_text(target), label) if _URL.fullmatch(target) else None


def _parse_special(target: str, label: str) -> Token | None:
    group = _GROUP.fullmatch(target)
    if group:
        return GroupMention(group[1], label.removeprefix("@"))
    broadcast = _BROADCAST.fullmatch(target)
    if broadcast:
        return Token(f"@{broadcast[1]}")
    return Token(label) if label and _SPECIAL.fullmatch(target) else None


def _to_normal_text(escaped: str) -> str:
    return unicodedata.normalize("NFC", unescape(escaped))


def _parse_segment(segment: str) -> Token:
    """Return one word. Markup alone keeps its type; mixed with text it becomes text."""
    parts: list[str] = []
    end = 0
    for found in _MARKUP.finditer(segment):
        word = _parse_markup(found)
        if word is None:
            continue
        if found.span() == (0, len(segment)):
            return word
        parts += unescape(segment[end : found.start()]), word.text
        end = found.end()
    parts.append(unescape(segment[end:]))
    return Token(unicodedata.normalize("NFC", "".join(parts)))


# --- words, quotes, names ------------------------------------------------------------------------

# The marks that may close a quote. People and phones mix the directions („…“, “…”, ”…”, »…«).
_DOUBLE: Final = '"“”‟″＂'
_SINGLE: Final = "'‘’‛＇"
_ANGLED: Final = "«»‹›"
_CLOSING: Final = (
    dict.fromkeys(_DOUBLE + "„", _DOUBLE)
    | dict.fromkeys(_SINGLE + "‚", _SINGLE)
    | dict.fromkeys(_ANGLED, _ANGLED)
)
# A closing mark ends its word, or precedes a comma: in O’Brien it closes nothing.
_CLOSER: Final = re.compile(rf"<[^<>]*>|[{_DOUBLE}{_SINGLE}{_ANGLED}](?=[,;\s]|\Z)")
_PLAIN: Final = re.compile(r"[^\s<]+|<")
_SPACE: Final = re.compile(r"\s*")
_NAME: Final = re.compile(r"([^\s<>&=＝﹦:：﹕]{1,100})([=＝﹦:：﹕])")
_EQUALS: Final = "=＝﹦"
_NUMBER: Final = re.compile("0*([0-9]{1,3})")
_VARIABLE: Final = re.compile("[a-z][a-z0-9_]*")


class _Tokenizer:
    """Reads a cleaned text once, left to right."""

    def __init__(self, text: str, names: Collection[str]) -> None:
        self._text = text
        self._position = 0
        self._names = {
            _normalize_name(name): name for name in names if name not in (NUMBERED, ANY_NAME)
        }
        self._numbers = NUMBERED in names
        self._any_name = ANY_NAME in names
        self._closers = _find_closers(text)

    def tokenize(self) -> Iterator[tuple[str | None, Token]]:
        """Yield each word with its name, or ``None``."""
        self._skip(_SPACE)
        while self._position < len(self._text):
            name = self._take_name()
            yield name, self._take_quoted() or self._take_bare()
            self._skip(_SPACE)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self._text, self._position)
        if found:
            self._position = found.end()

    def _take_name(self) -> str | None:
        found = _NAME.match(self._text, self._position)
        if found is None:
            return None
        typed = _normalize_name(found[1])
        name = self._names.get(typed)
        if name is None and self._numbers and found[2] in _EQUALS:
            number = _NUMBER.fullmatch(typed)
            name = number[1] if number else None
        if name is None and self._any_name and found[2] in _EQUALS and _VARIABLE.fullmatch(typed):
            name = typed
        if name is not None:
            self._position = found.end()
        return name

    def _take_quoted(self) -> Token | None:
        mark = self._text[self._position : self._position + 1]
        closers = self._closers.get(_CLOSING.get(mark, ""), ())
        following = bisect_right(closers, self._position)
        if following == len(closers):
            return None
        inner = self._text[self._position + 1 : closers[following]]
        self._position = closers[following] + 1
        if self._text[self._position : self._position + 1] in {",", ";"}:
            self._position += 1
        # French puts spaces inside its guillemets.
        return _parse_segment(inner.strip() if mark in _ANGLED else inner)

    def _take_bare(self) -> Token:
        """Return the text up to the next space outside markup.

        A member, channel or group is always a word of its own: as part of a text it would lose its
        ID.
        """
        start = self._position
        while self._position < len(self._text) and not self._text[self._position].isspace():
            found = _MARKUP.match(self._text, self._position)
            word = _parse_markup(found) if found else None
            if found is None or word is None:
                self._skip(_PLAIN)
            elif isinstance(word, Mention | ChannelMention | GroupMention):
                if self._position == start:
                    self._position = found.end()
                    return word
                break
            else:
                self._position = found.end()
        word = _parse_segment(self._text[start : self._position])
        return word if isinstance(word, Link) else Token(_to_half_width(word.text))


def _find_closers(text: str) -> dict[str, list[int]]:
    """Return the positions where quotes may close, by the kind of quote; none is within markup.

    They are found once, so that a text full of opening quotes takes no longer than any other.
    """
    positions: dict[str, list[int]] = {}
    for found in _CLOSER.finditer(text):
        kind = _CLOSING.get(found[0])
        if kind is not None:
            positions.setdefault(kind, []).append(found.start())
    return positions


def _normalize_name(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
