"""Events in Chakra's own format: ``{"event": …, "payload": {…}}``.

Source: apidocs.chakrahq.com, "Inbound Events Webhook" (doc-919167). Most of the shape is known
from other integrations only, so every field is read leniently.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from bot.chakra.fields import to_text
from bot.webhooks.events import Json, StatusEvent, UnknownEvent, WebhookEvent
from bot.webhooks.fields import (
    Contacts,
    as_object,
    build_customer,
    find_first_text,
    is_status_kind,
    iter_objects,
    read_each,
    read_message,
    to_epoch_seconds,
    to_kind,
)

STATUS_EVENTS = frozenset({"status", "deliveryStatus"})
"""Older documentation has the second name for the same payload."""
ECHO_EVENTS = frozenset({"message_echo", "smb_message_echo", "smb_message_echoes"})
PHONE_NUMBER_ID_FIELDS = ("phone_number_id", "phoneNumberId", "whatsappPhoneNumberId")


def is_chakra_format(body: Json) -> bool:
    """Return whether a delivery is in Chakra's format."""
    return isinstance(body.get("event"), str) and isinstance(body.get("payload"), dict)


def parse_chakra_events(body: Json) -> Iterator[WebhookEvent]:
    """Yield the events of one delivery."""
    name, payload = to_text(body.get("event")), as_object(body.get("payload"))
    if name in STATUS_EVENTS:
        yield from read_each(_read_status, iter((payload,)))
    elif name == "message":
        yield from read_each(_read_message, iter((payload,)))
    elif name in ECHO_EVENTS:
        contacts = Contacts(payload.get("contacts"))
        yield from read_each(partial(_read_echo, payload, contacts), _iter_echoes(payload))
    else:
        yield UnknownEvent(kind=to_kind(name), raw=payload)


def _read_status(payload: Json) -> WebhookEvent:
    kind = to_kind(payload.get("deliveryStatus")).lower()
    wamid, message_id = find_first_text(payload, "externalId"), find_first_text(payload, "id")
    if not is_status_kind(kind) or not (wamid or message_id):
        return UnknownEvent(kind=f"status:{kind}", raw=payload)
    return StatusEvent(
        kind=kind,
        occurred_at=to_epoch_seconds(payload.get("timestamp")),
        waba_id=find_first_text(payload, "wabaId"),
        phone_number_id=find_first_text(payload, *PHONE_NUMBER_ID_FIELDS),
        customer=build_customer(payload.get("recipientId")),
        raw=payload,
        wamid=wamid,
        message_id=message_id,
        error=payload if kind == "failed" else None,
    )


def _read_message(payload: Json) -> WebhookEvent:
    return read_message(
        as_object(payload.get("message")),
        Contacts(payload.get("contacts")),
        fallback_wamid=find_first_text(payload, "externalId"),
        message_id=find_first_text(payload, "messageId"),
        fallback_time=payload.get("timestamp"),
        waba_id=find_first_text(payload, "wabaId"),
        phone_number_id=find_first_text(payload, *PHONE_NUMBER_ID_FIELDS),
    )


def _read_echo(payload: Json, contacts: Contacts, echo: Json) -> WebhookEvent:
    return read_message(
        echo,
        contacts,
        fallback_wamid=find_first_text(payload, "externalId"),
        message_id=find_first_text(payload, "messageId"),
        fallback_time=payload.get("timestamp"),
        is_echo=True,
        waba_id=find_first_text(payload, "wabaId"),
        phone_number_id=find_first_text(payload, *PHONE_NUMBER_ID_FIELDS),
    )


def _iter_echoes(payload: Json) -> Iterator[Json]:
    for name in ("message_echoes", "messageEchoes"):
        yield from iter_objects(payload.get(name))
    yield from iter_objects([payload.get("message")])
