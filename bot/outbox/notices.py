"""The notice to a member whose message could not be delivered."""

from __future__ import annotations

import json

from bot.outbox import content
from bot.outbox.post import FailureNotice, Post
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, markup
from bot.slack.commands.reply import Block, Message
from bot.slack.copy.undelivered import explain_undelivered

MAX_BLOCKS = 50
"""Slack's limit. docs.slack.dev/reference/block-kit/blocks."""
MAX_BLOCKS_LENGTH = 11_000
"""Slack rejects messages whose blocks have more than about 12,000 characters."""
MAX_TEXT_LENGTH = 1_000
"""4,000 bytes, which `chat.update` accepts; for messages whose blocks Slack rejected."""


def strip_blocks(message: Message) -> Message:
    """Return the message without blocks: its text for notifications and screen readers."""
    return Message(text=blocks.clip(Markup(message.text), MAX_TEXT_LENGTH))


def build_failure_notice(post: Post, error_code: str) -> FailureNotice:
    """Return the notice with the message it is about; ``repeat`` is the message alone."""
    message = content.load_message(post.content)
    what, remedy = explain_undelivered(error_code, post.channel)
    heading = blocks.section(blocks.lines([markup(Markup(":warning: "), bold(what)), remedy]))
    notice = Message(text=f"{what} {remedy}", blocks=(heading, *_quote_blocks(message)))
    return FailureNotice(notice, message)


def _quote_blocks(message: Message) -> tuple[Block, ...]:
    text = (blocks.section(Markup(message.text)),)
    quoted = message.blocks or text
    fits = len(quoted) < MAX_BLOCKS and len(json.dumps(quoted)) <= MAX_BLOCKS_LENGTH
    return quoted if fits else text
