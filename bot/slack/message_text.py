"""What a message of Slack's says, as plain texts: of its text, its blocks and its attachments.

Lenient: whoever wrote the message, and whatever of it is not as Slack documents, is passed over.
docs.slack.dev/reference/block-kit/blocks and docs.slack.dev/legacy/legacy-messaging/
legacy-secondary-message-attachments
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from bot.slack.commands.arguments import unescape

DEEPEST = 12
"""Blocks within blocks; Slack's own go about half as deep."""

_RUNS = frozenset({"rich_text_section", "rich_text_quote", "rich_text_preformatted"})
"""Their elements stand in one line."""
_CONTROLS = frozenset({"actions", "context_actions", "input", "button"})
_READ = (
    "text", "title", "subtitle", "body", "caption", "fields", "elements", "rows", "child_blocks",
)  # fmt: skip
"""Where a block keeps what people read. A control's ``value`` is not among it."""
_OF_ATTACHMENT = ("pretext", "author_name", "title", "text", "fallback", "footer")
_OF_FIELD = ("title", "value")

_MARKUP = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")
_ADDRESS = re.compile(r"(?:mailto|tel):([^?]+)", re.IGNORECASE)


def texts(message: Mapping[str, Any]) -> Iterator[str]:
    """In reading order; what stands in the text and in the blocks comes twice. Of a link to an
    address or a number (``mailto:``, ``tel:``) that is given, of another its label and itself."""
    yield from _read(message.get("text"))
    yield from _read(message.get("blocks"))
    for attachment in _objects(message.get("attachments")):
        yield from _named(attachment, _OF_ATTACHMENT)
        for field in _objects(attachment.get("fields")):
            yield from _named(field, _OF_FIELD)
        yield from _read(attachment.get("blocks"))
        for shared in _objects(attachment.get("message_blocks")):
            message_of_it = shared.get("message")
            if isinstance(message_of_it, Mapping):
                yield from _read(message_of_it.get("blocks"))


def _named(holder: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        if isinstance(holder.get(name), str):
            yield _plain(holder[name])


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, Mapping))


def _read(value: object, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield _plain(value)
    elif depth >= DEEPEST:
        return
    elif isinstance(value, list):
        for one in value:
            yield from _read(one, depth + 1)
    elif isinstance(value, Mapping):
        yield from _block(value, str(value.get("type")), depth)


def _block(block: Mapping[str, Any], kind: str, depth: int) -> Iterator[str]:
    if kind in _RUNS:
        yield "".join(_inline(one) for one in _objects(block.get("elements")))
    elif kind not in _CONTROLS:
        for name in _READ:
            yield from _read(block.get(name), depth + 1)


def _inline(element: Mapping[str, Any]) -> str:
    """An element of rich text. Its text is as it was typed, with nothing escaped."""
    said, url = element.get("text"), element.get("url")
    label = said if isinstance(said, str) else ""
    if isinstance(url, str):
        return _link(url, label)
    return label or " "


def _plain(text: str) -> str:
    parts: list[str] = []
    end = 0
    for found in _MARKUP.finditer(text):
        parts += [unescape(text[end : found.start()]), _marked(found[1], found[2] or "")]
        end = found.end()
    return "".join([*parts, unescape(text[end:])])


def _marked(target: str, label: str) -> str:
    """A mention says nothing here, a date its label."""
    if target[0] in "@#":
        return " "
    if target[0] == "!":
        return f" {unescape(label)} "
    return _link(unescape(target), unescape(label))


def _link(url: str, label: str) -> str:
    address = _ADDRESS.match(url)
    if address:
        return f" {unquote(address[1])} "
    return f" {label} {url} "
