"""What a member is told when something that they asked for could not be delivered."""

from __future__ import annotations

import json

from bot.outbox import content
from bot.outbox.repository import Post, Telling
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, markup
from bot.slack.commands.reply import Block, Message
from bot.slack.copy.undelivered import explain_undelivered

MOST_BLOCKS = 50
"""docs.slack.dev/reference/block-kit/blocks"""
MOST_CHARACTERS = 11_000
"""Slack refuses a message whose blocks hold more than about 12,000 characters."""
IN_WORDS = 1_000
"""Characters of a message whose blocks Slack refused: 4,000 bytes, which `chat.update` takes."""


def in_words(message: Message) -> Message:
    """Without its blocks: what notifications and screen readers get of it."""
    return Message(text=blocks.clip(Markup(message.text), IN_WORDS))


def telling(post: Post, refusal: str) -> Telling:
    """The sentence with the message that it is about; the message alone for those after it."""
    message = content.read(post.content)
    what, remedy = explain_undelivered(refusal, post.channel)
    said = blocks.section(blocks.lines([markup(Markup(":warning: "), bold(what)), remedy]))
    told = Message(text=f"{what} {remedy}", blocks=(said, *_shown(message)))
    return Telling(content.written(told), content.written(message))


def _shown(message: Message) -> tuple[Block, ...]:
    said = (blocks.section(Markup(message.text)),)
    whole = message.blocks or said
    fits = len(whole) < MOST_BLOCKS and len(json.dumps(whole)) <= MOST_CHARACTERS
    return whole if fits else said
