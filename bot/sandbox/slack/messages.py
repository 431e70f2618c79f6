"""Messages as Slack stores them, ephemeral ones included, and as one person sees them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from bot.sandbox.slack.files import HostedFile

Json = dict[str, Any]
MessageChange = Literal["posted", "changed", "deleted"]


@dataclass(frozen=True)
class MessageContent:
    """A message's content; ``blocks`` are as Slack stored them."""

    text: str = ""
    blocks: list[Json] | None = None
    attachments: list[Json] | None = None
    metadata: Json | None = None
    files: tuple[HostedFile, ...] = ()


@dataclass(frozen=True)
class StoredMessage:
    """A stored message; ``id`` survives edits.

    ``only_for`` names the one person who sees an ephemeral message; ``edited_ts`` dates the last
    edit.
    """

    id: str
    channel: str
    ts: str
    author: str
    content: MessageContent
    only_for: str | None = None
    edited_ts: str | None = None
    thread_ts: str | None = None
    broadcast: bool = False

    def is_visible_to(self, person: str) -> bool:
        return self.only_for in (None, person)


@dataclass(frozen=True)
class VisibleMessage:
    """One message as a person sees it."""

    id: str
    ts: str
    channel: str
    author: str
    text: str
    blocks: list[Json] | None
    ephemeral: bool
    edited: bool
    thread_ts: str | None
    metadata: Json | None
    files: tuple[HostedFile, ...] = ()
    attachments: list[Json] | None = None


class MessageStore:
    """All messages by channel, in the order of posting; ``on_change`` is called for changes."""

    def __init__(self, on_change: Callable[[MessageChange, StoredMessage], None]) -> None:
        self._by_channel: dict[str, dict[str, StoredMessage]] = {}
        self._on_change = on_change

    def add(self, message: StoredMessage) -> StoredMessage:
        self._by_channel.setdefault(message.channel, {})[message.id] = message
        self._on_change("posted", message)
        return message

    def replace(
        self, message: StoredMessage, content: MessageContent, *, edited_ts: str | None = None
    ) -> StoredMessage:
        """Replace the content; ``edited_ts`` None leaves the mark of an earlier edit."""
        changed = replace(message, content=content, edited_ts=edited_ts or message.edited_ts)
        self._by_channel[message.channel][message.id] = changed
        self._on_change("changed", changed)
        return changed

    def delete(self, message: StoredMessage) -> None:
        del self._by_channel[message.channel][message.id]
        self._on_change("deleted", message)

    def get(self, message_id: str) -> StoredMessage | None:
        for messages in self._by_channel.values():
            if message_id in messages:
                return messages[message_id]
        return None

    def find_public(self, channel: str, ts: str) -> StoredMessage | None:
        """Return the message that chat.update and others can reach: never an ephemeral one."""
        return next(
            (m for m in self.list_messages(channel) if m.ts == ts and m.only_for is None), None
        )

    def list_messages(self, channel: str) -> list[StoredMessage]:
        return list(self._by_channel.get(channel, {}).values())

    def iter_newest_first(self, channels: list[str], person: str) -> Iterator[StoredMessage]:
        seen = [m for c in channels for m in self.list_messages(c) if m.is_visible_to(person)]
        return iter(sorted(seen, key=lambda message: message.ts, reverse=True))


def to_visible(message: StoredMessage) -> VisibleMessage:
    content = copy.deepcopy(message.content)
    return VisibleMessage(
        id=message.id,
        ts=message.ts,
        channel=message.channel,
        author=message.author,
        text=content.text,
        blocks=content.blocks,
        ephemeral=message.only_for is not None,
        edited=message.edited_ts is not None,
        thread_ts=message.thread_ts,
        metadata=content.metadata,
        files=content.files,
        attachments=content.attachments,
    )


def collect_text(content: VisibleMessage | Mapping[str, Any]) -> str:
    """Return everything that a person can read in a message or a view, one item per line.

    For a message with blocks that is its blocks: its ``text`` is only for notifications.
    """
    if isinstance(content, VisibleMessage):
        said = "\n".join(_iter_text(content.blocks)) if content.blocks else content.text
        return "\n".join(filter(None, [said, *(file.title for file in content.files)]))
    parts = ("title", "blocks", "submit", "close")
    return "\n".join(line for part in parts for line in _iter_text(content.get(part)))


_TEXT_KEYS = (
    "text",
    "title",
    "label",
    "alt_text",
    "hint",
    "placeholder",
    "description",
    "fields",
    "elements",
    "element",
    "accessory",
    "options",
    "option_groups",
    "initial_value",
    "chart",
    "segments",
    "series",
    "name",
    "data",
    "caption",
    "rows",
)
"""The keys of Block Kit's visible texts, in reading order."""


def _iter_text(value: object) -> Iterator[str]:
    if isinstance(value, str):
        if value:
            yield value
    elif isinstance(value, list):
        for inner in value:
            yield from _iter_text(inner)
    elif isinstance(value, Mapping):
        for key in _TEXT_KEYS:
            if key in value:
                yield from _iter_text(value[key])
