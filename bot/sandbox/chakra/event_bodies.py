"""The bodies of webhooks: Chakra's own format, and Meta's as it is passed through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.sandbox.chakra.accepted_send import AcceptedSend, DeliveryStatus
from bot.sandbox.chakra.account import SenderNumber, WhatsAppAccount
from bot.sandbox.chakra.customer_identity import CustomerIdentity
from bot.sandbox.chakra.meta import build_status_error, find_error_title
from bot.sandbox.chakra.whatsapp_ids import to_whatsapp_id

EventBody = dict[str, Any]
CONVERSATION_SECONDS = 24 * 3600


def build_status_event(
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
        title = find_error_title(code)
        payload["errorContext"] = {
            "message": title,
            "providerPayload": {"code": code, "title": title, "message": title},
        }
    return {"event": "status", "payload": payload}


def build_legacy_status_event(
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


def build_meta_status_event(
    send: AcceptedSend,
    delivery_status: DeliveryStatus,
    timestamp: float,
    account: WhatsAppAccount,
    code: int | None,
    identity: CustomerIdentity | None = None,
) -> EventBody:
    """Return Meta's status; ``identity`` is the recipient's, if they have more than a number."""
    status: EventBody = {
        "id": send.wamid,
        "status": delivery_status.lower(),
        "timestamp": str(int(timestamp)),
    }
    if identity is None or (identity.matches(send.to) and identity.visible_phone):
        status["recipient_id"] = to_whatsapp_id(send.to)
    has_user_id = identity is not None and bool(identity.user_id)
    if identity is not None and has_user_id:
        status["recipient_user_id"] = identity.user_id
        if identity.parent_user_id:
            status["recipient_parent_user_id"] = identity.parent_user_id
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
        status["errors"] = [build_status_error(code)]
    contacts = (
        [identity.build_contact()] if identity is not None and has_user_id and code is None else []
    )
    value = {
        "messaging_product": "whatsapp",
        "metadata": build_metadata(account.get_sender(send.sender_id)),
        **({"contacts": contacts} if contacts else {}),
        "statuses": [status],
    }
    return build_meta_event(account, [build_meta_change("messages", value)])


def build_metadata(sender: SenderNumber) -> EventBody:
    return {"display_phone_number": sender.digits, "phone_number_id": sender.id}


def build_meta_change(field: str, value: EventBody) -> EventBody:
    return {"value": value, "field": field}


def build_meta_event(
    account: WhatsAppAccount, changes: Sequence[EventBody], time: float | None = None
) -> EventBody:
    """Return a delivery from Meta with one entry; template and account events have a time."""
    dated = {} if time is None else {"time": int(time)}
    entry = {"id": account.waba_id, **dated, "changes": list(changes)}
    return {"object": "whatsapp_business_account", "entry": [entry]}
