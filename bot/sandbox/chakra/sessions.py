"""Messages other than templates: text and media, inside the 24-hour window only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.sandbox.chakra.meta import INVALID_PARAMETER, MetaRefused
from bot.sandbox.chakra.parameters import check_link

WINDOW_SECONDS = 24 * 3600
WINDOW_CLOSED = 131047
MISSING = 131008
LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
"""Characters, Meta's messages reference."""


def text_of(message: Mapping[str, Any]) -> str:
    """Return what the recipient reads. Raise ``MetaRefused`` for an invalid message."""
    kind = message.get("type", "text")
    check = KINDS.get(kind) if isinstance(kind, str) else None
    if check is None:
        allowed = ", ".join(sorted(kind.upper() for kind in (*KINDS, "template")))
        raise MetaRefused(INVALID_PARAMETER, f"Param type must be one of {{{allowed}}}")
    content = message.get(kind)
    if not isinstance(content, dict):
        raise MetaRefused(INVALID_PARAMETER, f"The parameter {kind} is required.")
    return check(content, kind)


def _words(content: Mapping[str, Any], kind: str) -> str:
    body = content.get("body")
    if not isinstance(body, str) or not body:
        raise MetaRefused(INVALID_PARAMETER, f"The parameter {kind}['body'] is required.")
    if len(body) > LONGEST_TEXT:
        raise MetaRefused(
            INVALID_PARAMETER, f"Param {kind}['body'] must be at most {LONGEST_TEXT} characters"
        )
    return body


def _media(content: Mapping[str, Any], kind: str) -> str:
    check_link(content, kind)
    caption = content.get("caption", "")
    if not isinstance(caption, str) or len(caption) > LONGEST_CAPTION:
        raise MetaRefused(
            INVALID_PARAMETER,
            f"Param {kind}['caption'] must be at most {LONGEST_CAPTION} characters",
        )
    return caption


def _interactive(content: Mapping[str, Any], kind: str) -> str:
    body, action = content.get("body"), content.get("action")
    if not isinstance(body, dict) or not isinstance(action, dict) or "type" not in content:
        raise MetaRefused(MISSING, f"{kind} needs a type, a body and an action")
    return str(body.get("text", ""))


def _location(content: Mapping[str, Any], kind: str) -> str:
    if not {"latitude", "longitude"} <= content.keys():
        raise MetaRefused(MISSING, f"{kind} needs a latitude and a longitude")
    return str(content.get("name", ""))


def _reaction(content: Mapping[str, Any], kind: str) -> str:
    if not {"message_id", "emoji"} <= content.keys():
        raise MetaRefused(MISSING, f"{kind} needs a message_id and an emoji")
    return str(content["emoji"])


KINDS: Mapping[str, Callable[[Mapping[str, Any], str], str]] = {
    "text": _words,
    "image": _media,
    "video": _media,
    "audio": _media,
    "document": _media,
    "sticker": _media,
    "interactive": _interactive,
    "location": _location,
    "reaction": _reaction,
}
