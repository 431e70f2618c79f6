"""The bodies of webhooks: Chakra's own format, and Meta's as it is passed through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.sandbox.chakra.accepted_send import AcceptedSend, DeliveryStatus
from bot.sandbox.chakra.account import SenderNumber, WhatsAppAccount
from bot.sandbox.chakra.meta import error_title, status_error
from bot.sandbox.chakra.template import EmbeddedTemplate
from bot.sandbox.chakra.whatsapp_ids import to_whatsapp_id

EventBody = dict[str, Any]
CONVERSATION_SECONDS = 24 * 3600


def status_event(
    send: AcceptedSend,
    delivery_status: DeliveryStatus,
    timestamp: float,
    account: WhatsAppAccount,
    code: int | None,
) -> EventBody:
    """Return Chakra's ``status`` event; ``at`` is in epoch seconds, ``code`` is Meta's."""
    payload: EventBody = {
        "id": send.id,
        "externalId": send.wamid,
        "wabaId": account.waba_id,
        "deliveryStatus": delivery_status,
        "timestamp": int(timestamp * 1000),
        "recipientId": send.to,
    }
    if code is not None:
        title = error_title(code)
        payload["errorContext"] = {
            "message": title,
            "providerPayload": {"code": code, "title": title, "message": title},
        }
    return {"event": "status", "payload": payload}


def legacy_status_event(
    send: AcceptedSend, delivery_status: DeliveryStatus, timestamp: float
) -> EventBody:
    """Return the event's older format, which has neither the account nor an error."""
    payload = {
        "id": send.id,
        "externalId": send.wamid,
        "deliveryStatus": delivery_status,
        "timestamp": int(timestamp * 1000),
        "recipientId": send.to,
    }
    return {"event": "deliveryStatus", "payload": payload}


def meta_status_event(
    send: AcceptedSend,
    delivery_status: DeliveryStatus,
    timestamp: float,
    account: WhatsAppAccount,
    code: int | None,
) -> EventBody:
    status: EventBody = {
        "id": send.wamid,
        "status": delivery_status.lower(),
        "timestamp": str(int(timestamp)),
        "recipient_id": to_whatsapp_id(send.to),
    }
    category = send.category.lower()
    if delivery_status == "SENT":
        status["conversation"] = {
            "id": send.id.replace("-", ""),
            "expiration_timestamp": str(int(timestamp) + CONVERSATION_SECONDS),
            "origin": {"type": category},
        }
    if delivery_status in ("SENT", "DELIVERED"):
        status["pricing"] = {
            "billable": True,
            "pricing_model": "PMP",
            "category": category,
            "type": "regular",
        }
    if code is not None:
        status["errors"] = [status_error(code)]
    return _meta_messages_event(account, account.get_sender(send.sender_id), {"statuses": [status]})


def message_event(
    inbound: Mapping[str, Any], contact: EventBody, message_id: str, account: WhatsAppAccount
) -> EventBody:
    """Return Chakra's ``message`` event; ``heard`` is Meta's message object."""
    payload = {
        "wabaId": account.waba_id,
        "externalId": inbound["id"],
        "messageId": message_id,
        "timestamp": int(inbound["timestamp"]) * 1000,
        "message": dict(inbound),
        "contacts": [contact],
    }
    return {"event": "message", "payload": payload}


def meta_message_event(
    inbound: Mapping[str, Any], contact: EventBody, account: WhatsAppAccount, sender: SenderNumber
) -> EventBody:
    return _meta_messages_event(
        account, sender, {"contacts": [contact], "messages": [dict(inbound)]}
    )


def template_events(
    before: EmbeddedTemplate, after: EmbeddedTemplate, account: WhatsAppAccount
) -> Iterator[EventBody]:
    """Yield an event for each kind of change: status, quality, category, and text."""
    template: EventBody = {
        "message_template_id": int(after.id),
        "message_template_name": after.name,
        "message_template_language": after.language,
    }
    if after.status != before.status:
        value = {"event": after.status, **template, "reason": after.rejected_reason}
        yield _meta_event(account, value, "message_template_status_update")
    if after.quality != before.quality:
        scores = {"previous_quality_score": before.quality, "new_quality_score": after.quality}
        yield _meta_event(account, {**scores, **template}, "message_template_quality_update")
    if after.category != before.category:
        names: EventBody = {"previous_category": before.category, "new_category": after.category}
        yield _meta_event(account, {**template, **names}, "template_category_update")
    elif after.correct_category and after.correct_category != before.correct_category:
        names = {"correct_category": after.correct_category, "new_category": after.category}
        yield _meta_event(account, {**template, **names}, "template_category_update")
    if after.components != before.components:
        value = {**template, "message_template_element": after.body_text}
        yield _meta_event(account, value, "message_template_components_update")


def _meta_messages_event(
    account: WhatsAppAccount, sender: SenderNumber, fields: EventBody
) -> EventBody:
    metadata = {"display_phone_number": sender.digits, "phone_number_id": sender.id}
    value = {"messaging_product": "whatsapp", "metadata": metadata, **fields}
    return _meta_event(account, value, "messages")


def _meta_event(account: WhatsAppAccount, value: EventBody, field: str) -> EventBody:
    entry = {"id": account.waba_id, "changes": [{"value": value, "field": field}]}
    return {"object": "whatsapp_business_account", "entry": [entry]}
