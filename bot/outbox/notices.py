"""What a member is told when something that they asked for could not be delivered."""

from __future__ import annotations

import json

from bot.outbox import content
from bot.outbox.repository import FailureNotice, Post
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, markup
from bot.slack.commands.reply import Block, Message
from bot.slack.copy.undelivered import explain_undelivered

MAX_BLOCKS = 50
"""docs.slack.dev/reference/block-kit/blocks"""
MAX_BLOCKS_LENGTH = 11_000
"""Slack refuses a message whose blocks hold more than about 12,000 characters."""
MAX_TEXT_LENGTH = 1_000
"""Characters of a message whose blocks Slack refused: 4,000 bytes, which `chat.update` takes."""


def text_only(message: Message) -> Message:
    """Without its blocks: what notifications and screen readers get of it."""
    return Message(text=blocks.clip(Markup(message.text), MAX_TEXT_LENGTH))


def failure_notice(post: Post, error_code: str) -> FailureNotice:
    """The sentence with the message that it is about; the message alone for those after it."""
    message = content.loads(post.content)
    what, remedy = explain_undelivered(error_code, post.channel)
    said = blocks.section(blocks.lines([markup(Markup(":warning: "), bold(what)), remedy]))
    told = Message(text=f"{what} {remedy}", blocks=(said, *_quoted_blocks(message)))
    return FailureNotice(told, message)


def _quoted_blocks(message: Message) -> tuple[Block, ...]:
    said = (blocks.section(Markup(message.text)),)
    whole = message.blocks or said
    fits = len(whole) < MAX_BLOCKS and len(json.dumps(whole)) <= MAX_BLOCKS_LENGTH
    return whole if fits else said
