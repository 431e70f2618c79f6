"""Mask a message that everyone in a channel can read: the one place that does so.

Authors need not know where their message goes. The outbox and the answers do: they call
`mask_for_channel` unless one person alone reads it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.privacy import mask_text
from bot.slack import blocks
from bot.slack.blocks import Markup
from bot.slack.commands.markup import unescape
from bot.slack.commands.reply import Block, Message

PRIVATE_ID_PREFIXES = ("U", "W", "D")
"""IDs of members and of DMs: the app's messages there have one reader."""

_NOT_DISPLAYED = frozenset(
    {"type", "action_id", "block_id", "value", "style", "user_id", "channel_id", "usergroup_id"}
)
"""Keys of blocks whose values Slack doesn't show."""
_URL_KEYS = frozenset({"url", "image_url", "title_url", "thumb_url", "video_url"})
_MARKUP_TYPE = "mrkdwn"
_TOKEN = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")
"""``<@U1>``, ``<#C1|name>``, ``<!date^…|fallback>``, ``<https://…|label>``: only made by us."""
_MAX_LENGTHS = (75, 100, 150, 200, 300, 2_000, 3_000)
_MAX_MARKUP_LENGTHS = (300, 2_000, 3_000)
"""Slack's text limits. A mask is longer than a short number: a text stays below its next limit.
"""
_QUOTE_MARK = "\ufdd0"
"""Represents our own ``>``, which marks a quote; those of other people are escaped."""


def is_private(channel_id: str) -> bool:
    """Return whether what the app posts to ``channel_id`` has one reader."""
    return channel_id.startswith(PRIVATE_ID_PREFIXES)


def mask_for_channel(message: Message) -> Message:
    """Return ``message`` without phone numbers and addresses in its text and in any block.

    Pictures and buttons whose URL contains one are removed, and links become their label.
    """
    text = _mask_markup(message.text)
    masked = tuple(block for block in map(_mask_block, message.blocks) if block is not None)
    if text == message.text and masked == message.blocks:
        return message
    return replace(message, text=text, blocks=masked)


def _mask_block(block: Block) -> Block | None:
    if any(_is_personal_url(block.get(key)) for key in _URL_KEYS):
        return None
    if block.get("type") == "raw_number" and mask_text(str(block.get("value"))) != str(
        block.get("value")
    ):
        return {"type": "raw_text", "text": mask_text(str(block.get("text")))}
    masked = {}
    for key, value in block.items():
        kept = _mask_value(key, value, is_markup=block.get("type") == _MARKUP_TYPE)
        if kept is not None:
            masked[key] = kept
    return None if block.get("elements") and not masked["elements"] else masked


def _mask_value(key: str, value: Any, *, is_markup: bool) -> Any:
    if isinstance(value, str):
        if key in _NOT_DISPLAYED or key in _URL_KEYS:
            return value
        return _mask_markup(value) if is_markup else _clip_grown(mask_text(value), value)
    if isinstance(value, Mapping):
        return _mask_block(dict(value))
    if isinstance(value, list | tuple):
        masked = [_mask_value(key, item, is_markup=is_markup) for item in value]
        return [item for item in masked if item is not None]
    return value


def _is_personal_url(url: object) -> bool:
    return isinstance(url, str) and mask_text(url) != url


def _mask_markup(text: str) -> Markup:
    """Mask mrkdwn between its tokens, and their labels."""
    parts, end = [], 0
    for token in _TOKEN.finditer(text):
        parts += [_mask_escaped(text[end : token.start()]), _mask_token(token)]
        end = token.end()
    masked = "".join([*parts, _mask_escaped(text[end:])])
    return Markup(_clip_grown(Markup(masked), text, _MAX_MARKUP_LENGTHS))


def _mask_token(token: re.Match[str]) -> str:
    target, label = token[1], token[2]
    if target.startswith(("@", "!")):
        return token[0]
    shown = _mask_escaped(label if label is not None else target)
    if not target.startswith("#") and _is_personal_url(unescape(target)):
        return shown
    return token[0] if label is None else f"<{target}|{shown}>"


def _mask_escaped(text: str) -> str:
    plain = unescape(text.replace(">", _QUOTE_MARK))
    masked = mask_text(plain)
    if masked == plain:
        return text
    escaped = masked.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace(_QUOTE_MARK, ">")


def _clip_grown(masked: str, text: str, limits: Sequence[int] = _MAX_LENGTHS) -> str:
    longest = next((length for length in limits if length >= len(text)), len(text))
    return masked if len(masked) <= longest else blocks.clip(masked, longest)
