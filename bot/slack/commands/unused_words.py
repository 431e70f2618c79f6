"""The words of a line that a command didn't use: mentioned in its answer, never dropped."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Final

from bot.slack import blocks
from bot.slack.blocks import Markup, markup
from bot.slack.commands.reply import Message
from bot.slack.commands.tokens import Token

POLITE_WORDS: Final = frozenset(
    {"please", "pls", "plz", "thanks", "thank", "you", "thx", "now", "hey", "hi", "hello"}
)
MAX_NAMED_WORDS: Final = 10
MAX_WORD_LENGTH: Final = 40


def find_unused(words: Iterable[Token], understood: Collection[str] = ()) -> tuple[str, ...]:
    """Return the words that are neither polite nor ``understood``, which is in lower case."""
    texts = [word.text.strip(",.!?;:") or word.text for word in words]
    return tuple(
        text
        for text in texts
        if text.casefold() not in POLITE_WORDS
        and text not in {"", "-"}
        and text.casefold() not in understood
    )


def describe_unused(unused: Iterable[str]) -> Markup:
    """Return ``Not used: "foo", "bar".``; empty if all words were used."""
    named = [blocks.clip(word, MAX_WORD_LENGTH) for word in unused]
    if not named:
        return markup()
    quoted = ", ".join([f'"{word}"' for word in named[:MAX_NAMED_WORDS]])
    more = f" and {len(named) - MAX_NAMED_WORDS} more" if len(named) > MAX_NAMED_WORDS else ""
    return markup(f"Not used: {quoted}{more}.")


def name_unused(message: Message, unused: Iterable[str]) -> Message:
    """Return the message with a line about the unused words."""
    note = describe_unused(unused)
    if not note:
        return message
    content = message.blocks or (blocks.section(message.text),)
    return replace(
        message, text=markup(message.text, " ", note), blocks=(*content, blocks.context(note))
    )
