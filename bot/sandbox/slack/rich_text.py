"""A typed text as the ``build_rich_text`` block that Slack's message box makes of it.

Apps get it beside the message's ``text``:
docs.slack.dev/reference/block-kit/blocks/rich-text-block, and a full example in
github.com/slackapi/bolt-python, tests/scenario_tests/test_shortcut.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bot.sandbox.slack.emoji_names import find_code_points

Json = dict[str, Any]

_MARKUP = re.compile(r"<(?P<target>[^<>|\n]+)(?:\|(?P<label>[^<>\n]*))?>")
_EMOJI_NAME = re.compile(r":(?P<name>[a-z0-9_+-]+):(?::skin-tone-(?P<tone>[2-6]):)?")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def to_rich_text_block(text: str, block_id: str) -> Json:
    """Return the block for a message's ``text``: escaped, with IDs and links in angle brackets."""
    section = {"type": "rich_text_section", "elements": list(_iter_elements(text))}
    return {"type": "rich_text", "block_id": block_id, "elements": [section]}


def _iter_elements(text: str) -> Iterator[Json]:
    end = 0
    for found in _MARKUP.finditer(text):
        element = _parse_element(found["target"], found["label"])
        if element is None:
            continue
        yield from _iter_text_elements(text[end : found.start()])
        yield element
        end = found.end()
    yield from _iter_text_elements(text[end:])


def _parse_element(target: str, label: str | None) -> Json | None:
    sign, rest = target[0], target[1:]
    if sign == "@":
        return {"type": "user", "user_id": rest}
    if sign == "#":
        return {"type": "channel", "channel_id": rest}
    if target in ("!here", "!channel", "!everyone"):
        return {"type": "broadcast", "range": rest}
    if sign == "!" or ":" not in target:
        return None
    link: Json = {"type": "link", "url": _unescape(target)}
    return {**link, "text": _unescape(label)} if label else link


def _iter_text_elements(text: str) -> Iterator[Json]:
    """Yield the text, and each standard emoji as an element of its own."""
    end = 0
    for found in _EMOJI_NAME.finditer(text):
        code_points = find_code_points(found["name"])
        if not code_points:
            continue
        yield from _iter_plain_elements(text[end : found.start()])
        emoji: Json = {"type": "emoji", "name": found["name"], "unicode": code_points}
        yield {**emoji, "skin_tone": int(found["tone"])} if found["tone"] else emoji
        end = found.end()
    yield from _iter_plain_elements(text[end:])


def _iter_plain_elements(text: str) -> Iterator[Json]:
    if text:
        yield {"type": "text", "text": _unescape(text)}


def _unescape(text: str) -> str:
    for entity, sign in _ENTITIES:
        text = text.replace(entity, sign)
    return text
