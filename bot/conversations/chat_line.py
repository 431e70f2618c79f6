"""A typed line about a customer's messages: who it is, and words that no command uses. Pure."""

from __future__ import annotations

from typing import Final

from bot.processes.moment_words import has_moment
from bot.slack.commands.arguments import Arguments
from bot.slack.commands.tokens import Token
from bot.slack.commands.unused_words import find_unused

LIST_WORDS: Final = frozenset({"list", "all", "in chakra", "all chats", "every chat"})
_COUNTS: Final = frozenset({"last", "latest", "previous", "first", "recent"})
_AGO: Final = frozenset({"days", "day", "weeks", "week", "hours", "hour", "minutes", "months"})
_LIST_FILLERS: Final = frozenset({"chats", "chat", "of", "the", "in", "chakra", "my", "our"})


def split_customer(line: Arguments) -> tuple[str, tuple[str, ...]]:
    """Return who a line is about, and the words after that: a text, a time, how many messages."""
    tokens = line.tokens
    if len(tokens) > 1 and tokens[0].text.casefold() in LIST_WORDS:
        return tokens[0].text, find_unused(tokens[1:], _LIST_FILLERS)
    end = next((place for place in range(1, len(tokens)) if _ends_name(tokens, place)), len(tokens))
    if end == len(tokens):
        return line.join_from(), ()
    who = " ".join(token.text for token in tokens[:end]).rstrip(":,")
    return who, find_unused(tokens[end:])


def _ends_name(tokens: tuple[Token, ...], place: int) -> bool:
    """Return whether the name ends before this word."""
    before, token = tokens[place - 1].text, tokens[place]
    if token.quoted or before.endswith(":"):
        return True
    plain, following = token.text.casefold(), tokens[place + 1 : place + 2]
    is_count = bool(following) and following[0].text.isdecimal()
    if plain in _COUNTS and (is_count or not following):
        return True
    if plain.isdecimal() and following and following[0].text.casefold() in _AGO:
        return True
    return plain.isalpha() and has_moment([token.text])
