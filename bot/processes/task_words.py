"""The words of a line about a task, and their individual meanings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.processes.record_query import ME, Person
from bot.slack.commands.tokens import Link, Mention, Token

NAME_BREAKS: Final = frozenset(("for", "about", "of", "on", "to", "with", "and", "re", "at", "by"))
BEFORE_NAMES: Final = NAME_BREAKS | {"call", "ring", "meet", "meeting", "visit", "demo", "remind",
    "me", "appointment", "follow", "up", "a", "an", "the"}  # fmt: skip
"""Words between the beginning of a line and the name of a record."""
TO_ME: Final = frozenset(("me", "myself"))
FILLERS: Final = frozenset(
    ("a", "an", "the", "to", "for", "on", "about", "of", "with", "and", "please", "pls", "task",
     "create", "add", "new", "make", "set", "that", "need", "-", "–", ":", ",", "")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TaskWord:
    token: Token

    @property
    def text(self) -> str:
        token = self.token
        if isinstance(token, Link) and token.label and "://" in token.url:
            return f"{token.label.strip()} {token.url}"
        return token.text.strip()

    @property
    def plain(self) -> str:
        """The word for comparison, "" for a quoted one or a mention."""
        if self.token.quoted or isinstance(self.token, Mention):
            return ""
        return self.text.casefold().strip(",;:.!?")

    @property
    def is_filler(self) -> bool:
        """Whether it means nothing at the beginning or the end of a line."""
        if self.token.quoted or isinstance(self.token, Mention):
            return False
        is_mark = self.text.isascii() and not any(map(str.isalnum, self.text))
        return is_mark or self.plain in FILLERS


def strip_fillers(words: Sequence[TaskWord]) -> Sequence[TaskWord]:
    """Return the words without the meaningless ones at both ends."""
    start, end = 0, len(words)
    while start < end and words[start].is_filler:
        start += 1
    while end > start and words[end - 1].is_filler:
        end -= 1
    return words[start:end]


def get_plain_word(words: Sequence[TaskWord], place: int) -> str:
    return words[place].plain if place < len(words) else ""


def read_person(token: Token) -> Person:
    if isinstance(token, Mention):
        return Person(token.id, is_member_id=True)
    text = token.text.strip().removeprefix("@")
    return Person(ME if text.casefold() in TO_ME and not token.quoted else text)


def is_date(text: str) -> bool:
    return bool(re.fullmatch(r"[\d./ :-]*", text)) and bool(
        re.search(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d:\d{2}", text)
    )


def join_quotes(tokens: Sequence[Token]) -> list[Token]:
    """Join the words of ``remarks:"call her"``, which arrive separately."""
    joined: list[Token] = []
    opened: list[str] = []
    for token in tokens:
        text = token.text
        is_plain = not token.quoted and not isinstance(token, Mention)
        if opened and is_plain:
            opened.append(text)
            if text.endswith(('"', "”")):
                joined.append(Token(" ".join(opened)))
                opened = []
        elif is_plain and re.search(r'[:=]["“][^"”]*$', text):
            opened = [text]
        else:
            joined += [Token(part) for part in opened]
            opened = []
            joined.append(token)
    return joined + [Token(part) for part in opened]
