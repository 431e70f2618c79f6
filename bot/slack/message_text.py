"""The plain text of a Slack message: of its text, its blocks and its attachments.

Lenient: what does not have the shape that Slack documents is skipped.
docs.slack.dev/reference/block-kit/blocks and docs.slack.dev/legacy/legacy-messaging/
legacy-secondary-message-attachments
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from bot.slack.commands.arguments import unescape

MAX_BLOCK_DEPTH = 12
"""The depth of nested blocks that is read; Slack's own are about half as deep."""

_INLINE_CONTAINERS = frozenset({"rich_text_section", "rich_text_quote", "rich_text_preformatted"})
"""Their elements form one line."""
_INTERACTIVE_TYPES = frozenset({"actions", "context_actions", "input", "button"})
_TEXT_KEYS = (
    "text", "title", "subtitle", "body", "caption", "fields", "elements", "rows", "child_blocks",
)  # fmt: skip
"""The fields of a block that people read; a control's ``value`` is not one."""
_ATTACHMENT_TEXT_KEYS = ("pretext", "author_name", "title", "text", "fallback", "footer")
_FIELD_TEXT_KEYS = ("title", "value")

_MARKUP = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")
_ADDRESS = re.compile(r"(?:mailto|tel):([^?]+)", re.IGNORECASE)


def extract_text(message: Mapping[str, Any]) -> Iterator[str]:
    """Yield the texts in reading order; what is in both the text and the blocks comes twice.

    A link to an address or a number (``mailto:``, ``tel:``) becomes the address or number, any
    other link its label and its URL.
    """
    yield from _extract_value(message.get("text"))
    yield from _extract_value(message.get("blocks"))
    for attachment in _objects(message.get("attachments")):
        yield from _extract_keys(attachment, _ATTACHMENT_TEXT_KEYS)
        for field in _objects(attachment.get("fields")):
            yield from _extract_keys(field, _FIELD_TEXT_KEYS)
        yield from _extract_value(attachment.get("blocks"))
        for shared in _objects(attachment.get("message_blocks")):
            message_inside = shared.get("message")
            if isinstance(message_inside, Mapping):
                yield from _extract_value(message_inside.get("blocks"))


def _extract_keys(holder: Mapping[str, Any], keys: tuple[str, ...]) -> Iterator[str]:
    for name in keys:
        if isinstance(holder.get(name), str):
            yield _to_plain_text(holder[name])


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, Mapping))


def _extract_value(value: object, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield _to_plain_text(value)
    elif depth >= MAX_BLOCK_DEPTH:
        return
    elif isinstance(value, list):
        for item in value:
            yield from _extract_value(item, depth + 1)
    elif isinstance(value, Mapping):
        yield from _extract_block(value, str(value.get("type")), depth)


def _extract_block(block: Mapping[str, Any], kind: str, depth: int) -> Iterator[str]:
    if kind in _INLINE_CONTAINERS:
        yield "".join(_render_inline(element) for element in _objects(block.get("elements")))
    elif kind not in _INTERACTIVE_TYPES:
        for name in _TEXT_KEYS:
            yield from _extract_value(block.get(name), depth + 1)


def _render_inline(element: Mapping[str, Any]) -> str:
    """Render an element of rich text, whose text is not escaped."""
    text, url = element.get("text"), element.get("url")
    label = text if isinstance(text, str) else ""
    if isinstance(url, str):
        return _render_link(url, label)
    return label or " "


def _to_plain_text(text: str) -> str:
    parts: list[str] = []
    end = 0
    for found in _MARKUP.finditer(text):
        parts += [unescape(text[end : found.start()]), _render_markup(found[1], found[2] or "")]
        end = found.end()
    return "".join([*parts, unescape(text[end:])])


def _render_markup(target: str, label: str) -> str:
    """Render a mention as nothing, and a date as its label."""
    if target[0] in "@#":
        return " "
    if target[0] == "!":
        return f" {unescape(label)} "
    return _render_link(unescape(target), unescape(label))


def _render_link(url: str, label: str) -> str:
    address = _ADDRESS.match(url)
    if address:
        return f" {unquote(address[1])} "
    return f" {label} {url} "
