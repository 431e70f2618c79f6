"""Work Objects: the content of a link's preview and of the pane beside it. Pure.

docs.slack.dev/messaging/work-objects-implementation
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from bot.slack import blocks
from bot.slack.age import LAST_SECOND
from bot.slack.commands.markup import unescape
from bot.slack.commands.reply import Block, EntityDetails

ENTITY_TYPE: Final = "slack#/entities/item"
"""The general type, whose fields are all custom."""
PRODUCT_NAME: Final = "ChakraHQ"
MAX_PRIMARY_ACTIONS: Final = 2
MAX_OVERFLOW_ACTIONS: Final = 5
MAX_TITLE_LENGTH: Final = 150
MAX_WIDE_LENGTH: Final = 60
"""Characters of a text that fits next to another."""
NOTHING: Final = "–"
MAX_PREVIEW_BYTES: Final = 3_400
"""The previews of a message together: programs in production found that Slack refuses more with
error_processing_metadata. Slack documents no limit."""


@dataclass(frozen=True, slots=True)
class EntityAction:
    """A button of a Work Object; ``action_id`` and ``value`` are as in a message."""

    label: str
    action_id: str
    value: str

    @classmethod
    def from_button(cls, button: Block) -> EntityAction:
        """Return the button of a message as one of a Work Object."""
        return cls(button["text"]["text"], button["action_id"], button["value"])

    def to_json(self) -> Block:
        label = blocks.clip(self.label, blocks.MAX_BUTTON_TEXT_LENGTH)
        return {"text": label, "action_id": self.action_id, "value": self.value}


def text_field(label: str, text: str) -> Block:
    """Return a field that shows a text as it is."""
    field = {"label": clean_text(label), "type": "string", "value": clean_text(text)}
    return {**field, "long": True} if len(text) > MAX_WIDE_LENGTH else field


def time_field(label: str, moment: datetime) -> Block:
    """Return a field that shows a moment in the reader's time zone.

    Before 1970, which Slack refuses, and after the last year of a calendar, it is a text.
    """
    value = int(moment.timestamp())
    if not 0 < value <= LAST_SECOND:
        return text_field(label, moment.isoformat(" ", "minutes"))
    return {"label": clean_text(label), "type": "slack#/types/timestamp", "value": value}


def build_payload(
    *,
    title: str,
    display_type: str,
    display_id: str = "",
    fields: Sequence[Block] = (),
    actions: Sequence[EntityAction] = (),
) -> Block:
    """Return the content of a Work Object. Actions beyond the seventh are left out."""
    attributes: Block = {
        "title": {"text": blocks.clip(clean_text(title), MAX_TITLE_LENGTH)},
        "display_type": clean_text(display_type),
        "product_name": PRODUCT_NAME,
    }
    if display_id:
        attributes["display_id"] = clean_text(display_id)
    payload: Block = {"attributes": attributes}
    if fields:
        payload["custom_fields"] = [
            {"key": f"field_{number}", **field} for number, field in enumerate(fields, 1)
        ]
    if actions:
        payload["actions"] = _place_actions([action.to_json() for action in actions])
    return payload


def _place_actions(actions: Sequence[Block]) -> Block:
    overflow = actions[MAX_PRIMARY_ACTIONS : MAX_PRIMARY_ACTIONS + MAX_OVERFLOW_ACTIONS]
    primary = {"primary_actions": list(actions[:MAX_PRIMARY_ACTIONS])}
    return {**primary, "overflow_actions": list(overflow)} if overflow else primary


def build_entity(
    details: EntityDetails, url: str, external_ref: Mapping[str, Any] | None = None
) -> Block:
    """Return the Work Object. ``external_ref`` is the one that Slack asked with."""
    return {
        "entity_type": ENTITY_TYPE,
        **({"url": url} if url else {}),
        "external_ref": dict(external_ref or details.external_ref),
        "entity_payload": dict(details.payload),
    }


def shorten(details: EntityDetails, max_bytes: int) -> EntityDetails:
    """Return the details within about ``max_bytes``; the last field says how much is missing."""
    fields = details.payload.get("custom_fields") or []
    kept = list(
        _take_fitting(fields, max_bytes - measure_json({**details.payload, "custom_fields": []}))
    )
    missing = len(fields) - len(kept)
    if not missing:
        return details
    note = text_field("More", f"{missing} more fields are in Chakra.")
    shown = [*kept, {"key": "field_more", **note}]
    return EntityDetails(details.external_ref, {**details.payload, "custom_fields": shown})


def _take_fitting(fields: Iterable[Block], max_bytes: int) -> Iterable[Block]:
    for field in fields:
        max_bytes -= measure_json(field) + 1
        if max_bytes < 0:
            return
        yield field


def measure_json(value: Any) -> int:
    """Return the bytes of ``value`` as JSON."""
    return len(json.dumps(value, ensure_ascii=False).encode(errors="replace"))


def clean_text(text: str) -> str:
    """Return text from outside without characters that hide or reorder their neighbors.

    Slack refuses a Work Object with an empty text.
    """
    return unescape(blocks.escape(text)).strip() or NOTHING
