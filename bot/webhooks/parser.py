"""What Chakra's webhooks say of messages that were sent, in both formats (contract, section 10).

Read leniently: what is odd is passed over, and nothing here raises.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bot.chakra.fields import to_text
from bot.chakra.meta import error_from_status
from bot.messages.error_codec import serialize_error
from bot.messages.status import SendStatus
from bot.messages.status_updates import StatusUpdate

Json = Mapping[str, Any]

STATUS_BY_NAME: Mapping[str, SendStatus] = {
    "sent": SendStatus.SENT,
    "delivered": SendStatus.DELIVERED,
    "read": SendStatus.READ,
    "played": SendStatus.READ,  # a voice message
    "failed": SendStatus.FAILED,
}
STATUS_EVENTS = frozenset({"status", "deliveryStatus"})
"""The second is what older documentation calls it; the payload is the same."""

WHATSAPP_OBJECT = "whatsapp_business_account"
OTHER_EVENT_TYPE = "other"
META_EVENT_TYPES: Mapping[str, str] = {
    "message_template_status_update": "template",
    "message_template_quality_update": "template",
    "template_category_update": "template",
    "account_update": "account",
    "account_alerts": "account",
    "account_review_update": "account",
    "phone_number_quality_update": "account",
    "phone_number_name_update": "account",
}
CHAKRA_EVENT_TYPES: Mapping[str, str] = {
    "message": "message",
    "status": "status",
    "deliveryStatus": "status",
    "message_echo": "echo",
    "smb_message_echo": "echo",
}
_MIN_MILLISECONDS = 100_000_000_000
"""A moment below this is in seconds, above it in milliseconds: Meta and Chakra differ."""


def parse_event(body: bytes) -> Json | None:
    """The object in a delivery of either format; nothing where it is neither."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    chakras = isinstance(value.get("event"), str) and isinstance(value.get("payload"), dict)
    metas = isinstance(value.get("entry"), list)
    return value if chakras or metas else None


def event_type(event: Json) -> str:
    """A word from a short list, for the metrics: "status", "message", "template", "other" …"""
    if "entry" not in event:
        return CHAKRA_EVENT_TYPES.get(str(event.get("event")), OTHER_EVENT_TYPE)
    for change in _iter_changes(event):
        value = change.get("value")
        if change.get("field") == "messages" and isinstance(value, dict):
            return "status" if value.get("statuses") else "message"
        return META_EVENT_TYPES.get(str(change.get("field")), OTHER_EVENT_TYPE)
    return OTHER_EVENT_TYPE


def parse_status_updates(body: bytes) -> list[StatusUpdate]:
    event = parse_event(body)
    if event is None:
        return []
    if event.get("event") in STATUS_EVENTS and isinstance(event.get("payload"), dict):
        found = [_parse_chakra_status(event["payload"])]
    else:
        found = [_parse_meta_status(one) for one in _iter_meta_statuses(event)]
    return [one for one in found if one is not None]


def _parse_chakra_status(payload: Json) -> StatusUpdate | None:
    return _build_status_update(
        wamid=to_text(payload.get("externalId")),
        message_id=to_text(payload.get("id")),
        status_name=to_text(payload.get("deliveryStatus")),
        timestamp=payload.get("timestamp"),
        failure_data=payload,
    )


def _parse_meta_status(status: Json) -> StatusUpdate | None:
    return _build_status_update(
        wamid=to_text(status.get("id")),
        message_id="",
        status_name=to_text(status.get("status")),
        timestamp=status.get("timestamp"),
        failure_data=status.get("errors"),
    )


def _build_status_update(
    *, wamid: str, message_id: str, status_name: str, timestamp: object, failure_data: object
) -> StatusUpdate | None:
    state = STATUS_BY_NAME.get(status_name.lower())
    if state is None or not (wamid or message_id):
        return None
    failure = (
        serialize_error(error_from_status(failure_data)) if state is SendStatus.FAILED else None
    )
    return StatusUpdate(wamid, message_id, state, _parse_timestamp(timestamp), failure)


def _iter_meta_statuses(event: Json) -> Iterator[Json]:
    for change in _iter_changes(event):
        value = change.get("value")
        if change.get("field") == "messages" and isinstance(value, dict):
            yield from _iter_objects(value.get("statuses"))


def _iter_changes(event: Json) -> Iterator[Json]:
    for entry in _iter_objects(event.get("entry")):
        yield from _iter_objects(entry.get("changes"))


def _iter_objects(value: object) -> Iterator[Json]:
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, dict))


def _parse_timestamp(value: object) -> float:
    """0 where it is no moment."""
    digits = to_text(value)
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 16):
        return 0.0
    number = int(digits)
    return number / 1000 if number >= _MIN_MILLISECONDS else float(number)
