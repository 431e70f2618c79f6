"""The events about customers, in both formats; Chakra's is ``None`` if it has no such event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox.chakra.account import SenderNumber, WhatsAppAccount
from bot.sandbox.chakra.customer_identity import CustomerIdentity
from bot.sandbox.chakra.event_bodies import (
    EventBody,
    build_meta_change,
    build_meta_event,
    build_metadata,
)
from bot.sandbox.chakra.phone_message import to_chakra_id


@dataclass(frozen=True, slots=True)
class EventPair:
    """One event in Meta's format, and in Chakra's if it has such an event."""

    meta: EventBody
    chakra: EventBody | None = None


def build_inbound(
    message: Mapping[str, Any],
    contact: EventBody | None,
    account: WhatsAppAccount,
    sender: SenderNumber,
) -> EventPair:
    """Return a customer's message; system messages have no contact."""
    contacts = [contact] if contact else []
    named: EventBody = {"contacts": contacts} if contacts else {}
    meta = _build_messages_value(sender, {**named, "messages": [dict(message)]})
    payload = {
        "wabaId": account.waba_id,
        "externalId": message["id"],
        "messageId": to_chakra_id(message["id"]),
        "timestamp": int(message["timestamp"]) * 1000,
        "message": dict(message),
        "contacts": contacts,
    }
    return EventPair(
        build_meta_event(account, [build_meta_change("messages", meta)]),
        {"event": "message", "payload": payload},
    )


def build_standby(
    message: Mapping[str, Any], contact: EventBody, account: WhatsAppAccount, sender: SenderNumber
) -> EventPair:
    """Return a message of a conversation that Meta's agent has. Chakra's format has none."""
    inner = {"contacts": [contact], "messages": [dict(message)]}
    value = _build_messages_value(sender, {"standby": inner})
    return EventPair(build_meta_event(account, [build_meta_change("standby", value)]))


def echo(
    message: Mapping[str, Any], contact: EventBody, account: WhatsAppAccount, sender: SenderNumber
) -> EventPair:
    """Return a message that the business typed in its phone app."""
    named: EventBody = {"contacts": [contact]} if "user_id" in contact else {}
    echoes = {**named, "message_echoes": [dict(message)]}
    payload = {"wabaId": account.waba_id, **echoes}
    return EventPair(
        build_meta_event(
            account,
            [build_meta_change("smb_message_echoes", _build_messages_value(sender, echoes))],
        ),
        {"event": "smb_message_echo", "payload": payload},
    )


def build_agent_echo(
    message: Mapping[str, Any],
    identity: CustomerIdentity,
    account: WhatsAppAccount,
    sender: SenderNumber,
) -> EventPair:
    """Return an answer from Meta's agent, which has its own shape."""
    to = identity.build_fields("to", "to_user_id", "to_parent_user_id")
    content = {k: v for k, v in message.items() if k not in ("id", "timestamp")}
    echoed = {
        "id": message["id"],
        "timestamp": message["timestamp"],
        "message": {"messaging_product": "whatsapp", **to, **content},
    }
    value = _build_messages_value(sender, {"standby": {"message_echoes": [echoed]}})
    return EventPair(build_meta_event(account, [build_meta_change("standby", value)]))


def build_preference(
    identity: CustomerIdentity,
    value: str,
    at: float,
    account: WhatsAppAccount,
    sender: SenderNumber,
) -> EventPair:
    item = {
        **identity.build_fields("wa_id", "user_id", "parent_user_id"),
        "detail": f"User requested to {value} marketing messages",
        "category": "marketing_messages",
        "value": value,
        "timestamp": int(at),
    }
    fields = {"contacts": [identity.build_contact()], "user_preferences": [item]}
    return EventPair(
        build_meta_event(
            account, [build_meta_change("user_preferences", _build_messages_value(sender, fields))]
        )
    )


def build_handover(
    identity: CustomerIdentity,
    at: float,
    account: WhatsAppAccount,
    sender: SenderNumber,
    *,
    to_agent: bool,
) -> EventPair:
    kind = "control_passed" if to_agent else "control_taken"
    owners = ("customer_service", "ai_agent") if to_agent else ("ai_agent", "customer_service")
    value = {
        "messaging_product": "whatsapp",
        "recipient": build_metadata(sender),
        "sender": identity.build_fields("phone_number", "user_id", "parent_user_id"),
        "timestamp": str(int(at)),
        "type": kind,
        kind: dict(zip(("previous_owner_role", "new_owner_role"), owners, strict=True)),
    }
    return EventPair(build_meta_event(account, [build_meta_change("messaging_handovers", value)]))


def build_number_change(
    before: CustomerIdentity, after: CustomerIdentity, *, names_previous: bool
) -> EventBody:
    """Return the system message of a changed number, or of a user ID if the number is hidden."""
    is_visible = bool(after.visible_phone)
    changed = (before.visible_phone, after.phone) if is_visible else (before.user_id, after.user_id)
    previous = {
        "previous_user_id": before.user_id,
        "previous_parent_user_id": before.parent_user_id if after.parent_user_id else "",
    }
    system = {
        "body": f"User {before.name} changed from {changed[0]} to {changed[1]}",
        "type": "user_changed_number" if is_visible else "user_changed_user_id",
        **after.build_fields("wa_id", "user_id", "parent_user_id"),
        **({name: value for name, value in previous.items() if value} if names_previous else {}),
    }
    origin = {"from": before.visible_phone} if is_visible and before.visible_phone else {}
    return {**origin, "type": "system", "system": system}


def build_device_change(identity: CustomerIdentity, at: float) -> EventBody:
    return {
        "type": "system",
        "system": {
            "body": f"User {identity.name} has a new device",
            "type": "customer_identity_changed",
        },
        "identity": {
            "acknowledged": False,
            "created_timestamp": str(int(at)),
            "hash": "DF2lS5v2W6x=",
        },
    }


def _build_messages_value(sender: SenderNumber, fields: EventBody) -> EventBody:
    return {"messaging_product": "whatsapp", "metadata": build_metadata(sender), **fields}
