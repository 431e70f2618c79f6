"""Read a delivery to the webhook route, in either format. Nothing here raises."""

from __future__ import annotations

import json

import structlog

from bot.webhooks.chakra_format import is_chakra_format, parse_chakra_events
from bot.webhooks.events import UNREADABLE, Json, UnknownEvent, WebhookEvent
from bot.webhooks.meta_format import is_meta_format, parse_meta_events


def decode(body: bytes) -> Json | None:
    """Return the JSON object of a delivery in either format; None if it is neither.

    Bytes that aren't valid UTF-8 cost only their letters, not the delivery: it may never be sent
    again.
    """
    try:
        value = _load(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    return value if is_chakra_format(value) or is_meta_format(value) else None


def _load(body: bytes) -> object:
    try:
        return json.loads(body)
    except UnicodeDecodeError:
        return json.loads(body.decode(errors="replace"))


def parse_events(body: bytes) -> list[WebhookEvent]:
    """Return the events of one delivery; one `UNREADABLE` event if it cannot be read at all."""
    value = decode(body)
    if value is None:
        return [UnknownEvent(kind=UNREADABLE)]
    try:
        parse = parse_chakra_events if is_chakra_format(value) else parse_meta_events
        return list(parse(value)) or [UnknownEvent(kind=UNREADABLE, raw=value)]
    except Exception:  # noqa: BLE001 - the deliveries after this one must still be processed
        structlog.get_logger("events").exception("event_parse_failed")
        return [UnknownEvent(kind=UNREADABLE, raw=value)]
