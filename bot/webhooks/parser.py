"""What Chakra's webhooks say of messages that were sent, in both formats (contract, section 10).

Read leniently: what is odd is passed over, and nothing here raises.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bot.chakra.fields import text
from bot.chakra.meta import failure_in
from bot.messages.error_codec import failure_of
from bot.messages.status import State
from bot.messages.status_updates import Status

Json = Mapping[str, Any]

STATES: Mapping[str, State] = {
    "sent": State.SENT,
    "delivered": State.DELIVERED,
    "read": State.READ,
    "played": State.READ,  # a voice message
    "failed": State.FAILED,
}
STATUS_EVENTS = frozenset({"status", "deliveryStatus"})
"""The second is what older documentation calls it; the payload is the same."""

WHATSAPP = "whatsapp_business_account"
OTHER = "other"
META_KINDS: Mapping[str, str] = {
    "message_template_status_update": "template",
    "message_template_quality_update": "template",
    "template_category_update": "template",
    "account_update": "account",
    "account_alerts": "account",
    "account_review_update": "account",
    "phone_number_quality_update": "account",
    "phone_number_name_update": "account",
}
CHAKRA_KINDS: Mapping[str, str] = {
    "message": "message",
    "status": "status",
    "deliveryStatus": "status",
    "message_echo": "echo",
    "smb_message_echo": "echo",
}
_SECONDS_BEFORE = 100_000_000_000
"""A moment below this is in seconds, above it in milliseconds: Meta and Chakra differ."""


def parsed(body: bytes) -> Json | None:
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


def kind_of(event: Json) -> str:
    """A word from a short list, for the metrics: "status", "message", "template", "other" …"""
    if "entry" not in event:
        return CHAKRA_KINDS.get(str(event.get("event")), OTHER)
    for change in _changes(event):
        value = change.get("value")
        if change.get("field") == "messages" and isinstance(value, dict):
            return "status" if value.get("statuses") else "message"
        return META_KINDS.get(str(change.get("field")), OTHER)
    return OTHER


def statuses_in(body: bytes) -> list[Status]:
    event = parsed(body)
    if event is None:
        return []
    if event.get("event") in STATUS_EVENTS and isinstance(event.get("payload"), dict):
        found = [_chakras(event["payload"])]
    else:
        found = [_metas(one) for one in _meta_statuses(event)]
    return [one for one in found if one is not None]


def _chakras(payload: Json) -> Status | None:
    return _status(
        wamid=text(payload.get("externalId")),
        message_id=text(payload.get("id")),
        word=text(payload.get("deliveryStatus")),
        at=payload.get("timestamp"),
        failed=payload,
    )


def _metas(status: Json) -> Status | None:
    return _status(
        wamid=text(status.get("id")),
        message_id="",
        word=text(status.get("status")),
        at=status.get("timestamp"),
        failed=status.get("errors"),
    )


def _status(*, wamid: str, message_id: str, word: str, at: object, failed: object) -> Status | None:
    state = STATES.get(word.lower())
    if state is None or not (wamid or message_id):
        return None
    failure = failure_of(failure_in(failed)) if state is State.FAILED else None
    return Status(wamid, message_id, state, _seconds(at), failure)


def _meta_statuses(event: Json) -> Iterator[Json]:
    for change in _changes(event):
        value = change.get("value")
        if change.get("field") == "messages" and isinstance(value, dict):
            yield from _objects(value.get("statuses"))


def _changes(event: Json) -> Iterator[Json]:
    for entry in _objects(event.get("entry")):
        yield from _objects(entry.get("changes"))


def _objects(value: object) -> Iterator[Json]:
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, dict))


def _seconds(value: object) -> float:
    """0 where it is no moment."""
    digits = text(value)
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 16):
        return 0.0
    number = int(digits)
    return number / 1000 if number >= _SECONDS_BEFORE else float(number)
