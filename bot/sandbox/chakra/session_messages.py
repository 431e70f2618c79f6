"""Messages other than templates: text and media, inside the 24-hour window only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.sandbox.chakra.meta import INVALID_PARAMETER, MetaApiError
from bot.sandbox.chakra.template_parameters import check_media_link

WINDOW_SECONDS = 24 * 3600
WINDOW_CLOSED_CODE = 131047
PARAMETER_MISSING = 131008
MAX_TEXT_LENGTH = 4096
MAX_CAPTION_LENGTH = 1024
"""Characters, Meta's messages reference."""


def extract_text(message: Mapping[str, Any]) -> str:
    """Return what the recipient reads. Raise ``MetaApiError`` for an invalid message."""
    kind = message.get("type", "text")
    check = EXTRACTORS.get(kind) if isinstance(kind, str) else None
    if check is None:
        allowed = ", ".join(sorted(kind.upper() for kind in (*EXTRACTORS, "template")))
        raise MetaApiError(INVALID_PARAMETER, f"Param type must be one of {{{allowed}}}")
    content = message.get(kind)
    if not isinstance(content, dict):
        raise MetaApiError(INVALID_PARAMETER, f"The parameter {kind} is required.")
    return check(content, kind)


def _extract_body(content: Mapping[str, Any], kind: str) -> str:
    body = content.get("body")
    if not isinstance(body, str) or not body:
        raise MetaApiError(INVALID_PARAMETER, f"The parameter {kind}['body'] is required.")
    if len(body) > MAX_TEXT_LENGTH:
        raise MetaApiError(
            INVALID_PARAMETER, f"Param {kind}['body'] must be at most {MAX_TEXT_LENGTH} characters"
        )
    return body


def _extract_caption(content: Mapping[str, Any], kind: str) -> str:
    check_media_link(content, kind)
    caption = content.get("caption", "")
    if not isinstance(caption, str) or len(caption) > MAX_CAPTION_LENGTH:
        raise MetaApiError(
            INVALID_PARAMETER,
            f"Param {kind}['caption'] must be at most {MAX_CAPTION_LENGTH} characters",
        )
    return caption


def _extract_interactive_text(content: Mapping[str, Any], kind: str) -> str:
    body, action = content.get("body"), content.get("action")
    if not isinstance(body, dict) or not isinstance(action, dict) or "type" not in content:
        raise MetaApiError(PARAMETER_MISSING, f"{kind} needs a type, a body and an action")
    return str(body.get("text", ""))


def _extract_location_name(content: Mapping[str, Any], kind: str) -> str:
    if not {"latitude", "longitude"} <= content.keys():
        raise MetaApiError(PARAMETER_MISSING, f"{kind} needs a latitude and a longitude")
    return str(content.get("name", ""))


def _extract_emoji(content: Mapping[str, Any], kind: str) -> str:
    if not {"message_id", "emoji"} <= content.keys():
        raise MetaApiError(PARAMETER_MISSING, f"{kind} needs a message_id and an emoji")
    return str(content["emoji"])


EXTRACTORS: Mapping[str, Callable[[Mapping[str, Any], str], str]] = {
    "text": _extract_body,
    "image": _extract_caption,
    "video": _extract_caption,
    "audio": _extract_caption,
    "document": _extract_caption,
    "sticker": _extract_caption,
    "interactive": _extract_interactive_text,
    "location": _extract_location_name,
    "reaction": _extract_emoji,
}
