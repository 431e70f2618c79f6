"""The bodies of webhooks: Chakra's own format, and Meta's as it is passed through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.sandbox.chakra.account import Account, Sender
from bot.sandbox.chakra.meta import status_error, title_of
from bot.sandbox.chakra.sent import Sent, State
from bot.sandbox.chakra.template import Template

Body = dict[str, Any]
CONVERSATION_SECONDS = 24 * 3600


def status(sent: Sent, state: State, at: float, account: Account, code: int | None) -> Body:
    """Return Chakra's ``status`` event; ``at`` is in epoch seconds, ``code`` is Meta's."""
    payload: Body = {
        "id": sent.id,
        "externalId": sent.wamid,
        "wabaId": account.waba_id,
        "deliveryStatus": state,
        "timestamp": int(at * 1000),
        "recipientId": sent.to,
    }
    if code is not None:
        title = title_of(code)
        payload["errorContext"] = {
            "message": title,
            "providerPayload": {"code": code, "title": title, "message": title},
        }
    return {"event": "status", "payload": payload}


def legacy_status(sent: Sent, state: State, at: float) -> Body:
    """Return the event's older format, which has neither the account nor an error."""
    payload = {
        "id": sent.id,
        "externalId": sent.wamid,
        "deliveryStatus": state,
        "timestamp": int(at * 1000),
        "recipientId": sent.to,
    }
    return {"event": "deliveryStatus", "payload": payload}


def meta_status(sent: Sent, state: State, at: float, account: Account, code: int | None) -> Body:
    told: Body = {
        "id": sent.wamid,
        "status": state.lower(),
        "timestamp": str(int(at)),
        "recipient_id": sent.to,
    }
    category = sent.category.lower()
    if state == "SENT":
        told["conversation"] = {
            "id": sent.id.replace("-", ""),
            "expiration_timestamp": str(int(at) + CONVERSATION_SECONDS),
            "origin": {"type": category},
        }
    if state in ("SENT", "DELIVERED"):
        told["pricing"] = {
            "billable": True,
            "pricing_model": "PMP",
            "category": category,
            "type": "regular",
        }
    if code is not None:
        told["errors"] = [status_error(code)]
    return _messages(account, account.sender(sent.sender), {"statuses": [told]})


def message(heard: Mapping[str, Any], contact: Body, message_id: str, account: Account) -> Body:
    """Return Chakra's ``message`` event; ``heard`` is Meta's message object."""
    payload = {
        "wabaId": account.waba_id,
        "externalId": heard["id"],
        "messageId": message_id,
        "timestamp": int(heard["timestamp"]) * 1000,
        "message": dict(heard),
        "contacts": [contact],
    }
    return {"event": "message", "payload": payload}


def meta_message(heard: Mapping[str, Any], contact: Body, account: Account, sender: Sender) -> Body:
    return _messages(account, sender, {"contacts": [contact], "messages": [dict(heard)]})


def template_status(template: Template, account: Account) -> Body:
    value = {
        "event": template.status,
        "message_template_id": int(template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
        "reason": template.rejected_reason,
    }
    return _entry(account, value, "message_template_status_update")


def _messages(account: Account, sender: Sender, told: Body) -> Body:
    metadata = {"display_phone_number": sender.digits, "phone_number_id": sender.id}
    value = {"messaging_product": "whatsapp", "metadata": metadata, **told}
    return _entry(account, value, "messages")


def _entry(account: Account, value: Body, field: str) -> Body:
    entry = {"id": account.waba_id, "changes": [{"value": value, "field": field}]}
    return {"object": "whatsapp_business_account", "entry": [entry]}
