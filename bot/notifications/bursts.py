"""Several messages of one customer as one message in their thread. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import replace

from bot.notifications.gathering import render_show_all_button
from bot.outbox.message import OutboxMessage
from bot.slack import blocks
from bot.slack.blocks import Markup, markup
from bot.slack.commands.reply import Block, Message

MAX_BLOCKS = 40
MAX_LENGTH = 9_000
"""Characters of all blocks: Slack refuses more than about 12,000."""


def combine(
    post_key: str, presented: Sequence[OutboxMessage], known_keys: Collection[str]
) -> list[OutboxMessage]:
    """Return the messages, with all new replies of a thread combined under the key ``post_key``.

    Messages that the outbox already has are edited separately, and so are those that begin a
    thread; of several versions the last counts.
    """
    newest = {message.key: message for message in presented}
    replies = [
        message
        for message in newest.values()
        if message.thread_key and message.key not in known_keys
    ]
    if not replies:
        return list(newest.values())
    rest = [message for message in newest.values() if message not in replies]
    first = replies[0]
    combined = _join(post_key, [reply.message for reply in replies])
    broadcast = any(reply.broadcast for reply in replies)
    return [*rest, replace(first, key=post_key, message=combined, broadcast=broadcast)]


def _join(post_key: str, messages: Sequence[Message]) -> Message:
    content: list[Block] = []
    length = shown = 0
    for message in messages:
        own = list(message.blocks) or [blocks.section(Markup(message.text))]
        size = len(json.dumps(own))
        if shown and (len(content) + len(own) > MAX_BLOCKS or length + size > MAX_LENGTH):
            break
        content += own
        length += size
        shown += 1
    missing = len(messages) - shown
    text = Markup(messages[0].text)
    if len(messages) > 1:
        text = markup(text, f" (and {len(messages) - 1:,} more)")
    if missing:
        noun = "message" if missing == 1 else "messages"
        content += [
            blocks.context(markup(f"{missing:,} more {noun}, which came at the same time.")),
            blocks.actions(render_show_all_button(post_key)),
        ]
    return Message(text, tuple(content))
