"""What a member typed in Slack, as WhatsApp shows it.

Bold, italic, struck and code text is written alike in both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.slack.commands.markup import MARKUP, parse_markup, unescape
from bot.slack.commands.tokens import Link, Mention
from bot.text.emoji import replace_emoji_names


def find_mentions(text: str) -> tuple[str, ...]:
    """Return the IDs of the members that a message mentions."""
    tokens = map(parse_markup, MARKUP.finditer(text))
    return tuple(dict.fromkeys(token.id for token in tokens if isinstance(token, Mention)))


def to_whatsapp(text: str, names: Mapping[str, str]) -> str:
    """Return a message of Slack as text, with ``names`` for the members it mentions."""
    return replace_emoji_names("".join(_parts(text, names))).strip()


def _parts(text: str, names: Mapping[str, str]) -> Iterator[str]:
    end = 0
    for found in MARKUP.finditer(text):
        token = parse_markup(found)
        if token is None:
            continue
        yield unescape(text[end : found.start()])
        end = found.end()
        if isinstance(token, Mention):
            yield f"@{names.get(token.id) or token.name or 'someone'}"
        elif isinstance(token, Link) and token.label and token.label != token.url:
            yield f"{token.label} ({token.url})"
        else:
            yield token.text
    yield unescape(text[end:])
