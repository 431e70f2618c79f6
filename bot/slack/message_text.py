"""The plain text of a Slack message: of its text, its blocks, its files and its attachments.

Lenient: what does not have the shape that Slack documents is skipped.
docs.slack.dev/reference/block-kit/blocks and docs.slack.dev/legacy/legacy-messaging/
legacy-secondary-message-attachments
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.slack.commands.markup import unescape
from bot.slack.message_files import (
    PICTURES,
    classify_unreadable,
    extract_file_text,
    render_link,
)

MAX_BLOCK_DEPTH = 12
"""The depth of nested blocks that is read; Slack's own are about half as deep."""

MAX_FORWARD_DEPTH = 3
"""How deep messages that are forwarded within others are read."""

_INLINE_CONTAINERS = frozenset({"rich_text_section", "rich_text_quote", "rich_text_preformatted"})
"""Their elements form one line."""
_INTERACTIVE_TYPES = frozenset(
    {"actions", "context_actions", "input", "button", "workflow_button", "overflow"}
)
"""Their labels and values are not part of the text; the links of buttons are."""
_TEXT_KEYS = (
    "text", "title", "subtitle", "body", "caption", "fields", "rows", "child_blocks", "details",
    "output", "tasks",
)  # fmt: skip
"""The fields of a block that people read; a control's ``value`` is not one."""
_CONTAINER_KEYS = ("elements", "accessory", "actions", "sources")
"""The keys under which a block has elements, some of which have links."""
_BLOCK_URL_KEYS = ("url", "title_url")
_ATTACHMENT_URL_KEYS = ("title_link", "author_link", "original_url", "from_url")
_ATTACHMENT_TEXT_KEYS = ("pretext", "author_name", "title", "text", "fallback", "footer")
_FIELD_TEXT_KEYS = ("title", "value")

_MARKUP = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")


def extract_text(message: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    """Yield the texts in reading order; what is in both the text and the blocks comes twice.

    A link to an address or a number (``mailto:``, ``tel:``) becomes the address or number, any
    other link its label and its URL, that of a button too. Emails and snippets are read, and what
    is forwarded in the message.
    """
    yield from _extract_value(message.get("text"))
    yield from _extract_value(message.get("blocks"))
    for file in _iter_objects(message.get("files")):
        yield from extract_file_text(file)
    for attachment in _iter_objects(message.get("attachments")):
        yield from _extract_attachment(attachment, depth)


def list_unreadable(message: Mapping[str, Any]) -> list[str]:
    """Return which kinds of files of the message have no text, such as "pictures"; each once."""
    kinds = [classify_unreadable(file) for file in _iter_all_files(message)]
    if any(block.get("type") == "image" for block in _iter_objects(message.get("blocks"))):
        kinds.append(PICTURES)
    return list(dict.fromkeys(filter(None, kinds)))


def _iter_all_files(message: Mapping[str, Any], depth: int = 0) -> Iterator[Mapping[str, Any]]:
    yield from _iter_objects(message.get("files"))
    yield from _iter_file_blocks(message.get("blocks"))
    if depth >= MAX_FORWARD_DEPTH:
        return
    for attachment in _iter_objects(message.get("attachments")):
        yield from _iter_all_files(attachment, depth + 1)
        for forwarded in _iter_forwarded_messages(attachment):
            yield from _iter_all_files(forwarded, depth + 1)


def _iter_file_blocks(blocks: object) -> Iterator[Mapping[str, Any]]:
    files = (block.get("file") for block in _iter_objects(blocks) if block.get("type") == "file")
    yield from (file for file in files if isinstance(file, Mapping))


def _extract_attachment(attachment: Mapping[str, Any], depth: int) -> Iterator[str]:
    yield from _extract_keys(attachment, _ATTACHMENT_TEXT_KEYS)
    for field in _iter_objects(attachment.get("fields")):
        yield from _extract_keys(field, _FIELD_TEXT_KEYS)
    yield from _extract_urls(attachment, _ATTACHMENT_URL_KEYS)
    for button in _iter_objects(attachment.get("actions")):
        yield from _extract_urls(button, ("url",))
    if depth >= MAX_FORWARD_DEPTH:
        return
    yield from extract_text({**attachment, "text": None}, depth + 1)
    for forwarded in _iter_forwarded_messages(attachment):
        yield from extract_text(forwarded, depth + 1)


def _iter_forwarded_messages(attachment: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for shared in _iter_objects(attachment.get("message_blocks")):
        message = shared.get("message")
        if isinstance(message, Mapping):
            yield message


def _extract_keys(holder: Mapping[str, Any], keys: tuple[str, ...]) -> Iterator[str]:
    for name in keys:
        if isinstance(holder.get(name), str):
            yield _to_plain_text(holder[name])


def _extract_urls(holder: Mapping[str, Any], keys: tuple[str, ...]) -> Iterator[str]:
    for name in keys:
        if isinstance(holder.get(name), str):
            yield render_link(unescape(holder[name]), "")


def _iter_objects(value: object) -> Iterator[Mapping[str, Any]]:
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
        yield "".join(_render_inline(element) for element in _iter_objects(block.get("elements")))
        return
    if kind == "raw_number" and isinstance(block.get("value"), int):
        yield str(block["value"])
    is_interactive = kind in _INTERACTIVE_TYPES
    for name in _CONTAINER_KEYS if is_interactive else (*_TEXT_KEYS, *_CONTAINER_KEYS):
        yield from _extract_value(block.get(name), depth + 1)
    yield from _extract_urls(block, _BLOCK_URL_KEYS)
    if kind == "overflow":
        for option in _iter_objects(block.get("options")):
            yield from _extract_urls(option, _BLOCK_URL_KEYS)
    if kind == "file" and isinstance(block.get("file"), Mapping):
        yield from extract_file_text(block["file"])


def _render_inline(element: Mapping[str, Any]) -> str:
    """Render an element of rich text, whose text is not escaped."""
    text, url = element.get("text"), element.get("url")
    label = text if isinstance(text, str) else ""
    if isinstance(url, str):
        return render_link(url, label)
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
    return render_link(unescape(target), unescape(label))
