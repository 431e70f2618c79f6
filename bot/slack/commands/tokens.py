"""The words of a typed line, as `bot.slack.commands.arguments` reads them."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class Token:
    """``text`` is what a person reads: unescaped, in Unicode's normal form C.

    ``quoted`` if it was between quotation marks.
    """

    text: str
    quoted: bool = field(default=False, compare=False, kw_only=True)


@dataclass(frozen=True)
class NamedToken(Token):
    """Something of Slack's, by its ID. The name is empty unless Slack adds it."""

    sign: ClassVar[str] = "@"

    text: str = field(init=False)
    id: str
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", f"{self.sign}{self.name or self.id}")


@dataclass(frozen=True)
class Mention(NamedToken):
    """A member."""


@dataclass(frozen=True)
class ChannelMention(NamedToken):
    """A channel. Slack does not disclose the name of a private one."""

    sign: ClassVar[str] = "#"


@dataclass(frozen=True)
class GroupMention(NamedToken):
    """A user group."""


@dataclass(frozen=True)
class Link(Token):
    """A whole address, or a label with an address of its own.

    An address without its scheme (``acme.com``), which Slack links too, is a plain `Token`.
    """

    text: str = field(init=False)
    url: str
    label: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", self.label or self.url)


@dataclass(frozen=True)
class Phrase(Token):
    """A text with mentions or links in it: ``"ask @mei today"``."""

    text: str = field(init=False)
    parts: tuple[Token, ...]

    def __post_init__(self) -> None:
        text = "".join(part.text for part in self.parts)
        object.__setattr__(self, "text", unicodedata.normalize("NFC", text))
