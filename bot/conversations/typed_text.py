"""What a member typed in Slack, as WhatsApp shows it.

Bold, italic, strikethrough and code are written the same way in both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.errors import SlackError
from bot.slack.commands.command import UploadedFile
from bot.slack.commands.markup import MARKUP, parse_markup, unescape
from bot.slack.commands.tokens import Link, Mention
from bot.slack.members import Members
from bot.text.emoji import replace_emoji_names

_TYPED_SUBTYPES = (None, "", "file_share", "thread_broadcast")


def is_thread_reply(body: Mapping[str, Any]) -> bool:
    """Return whether a person has written in a thread, and not to a colleague."""
    text = body.get("text")
    return (
        isinstance(text, str)
        and isinstance(body.get("thread_ts"), str)
        and body["thread_ts"] != body.get("ts")
        and body.get("subtype") in _TYPED_SUBTYPES
        and not text.lstrip().startswith("<@")
    )


def read_files(body: Mapping[str, Any]) -> tuple[UploadedFile, ...]:
    """Return the IDs of a message's files: the event may leave out the details."""
    files = body.get("files")
    found = files if isinstance(files, list) else []
    ids = [str(item.get("id") or "") for item in found if isinstance(item, Mapping)]
    return tuple(UploadedFile(file_id) for file_id in ids if file_id)


async def read_typed_text(text: str, members: Members) -> str:
    """Return a Slack message as text, with the names of the members it mentions."""
    names = {}
    for member_id in find_mentions(text):
        try:
            names[member_id] = (await members.get_member(member_id)).value.name
        except SlackError:
            continue
    return to_whatsapp(text, names)


def find_mentions(text: str) -> tuple[str, ...]:
    """Return the IDs of the members that a message mentions."""
    tokens = map(parse_markup, MARKUP.finditer(text))
    return tuple(dict.fromkeys(token.id for token in tokens if isinstance(token, Mention)))


def to_whatsapp(text: str, names: Mapping[str, str]) -> str:
    """Return a Slack message as text, with ``names`` for the members it mentions."""
    return replace_emoji_names("".join(_iter_parts(text, names))).strip()


def _iter_parts(text: str, names: Mapping[str, str]) -> Iterator[str]:
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
