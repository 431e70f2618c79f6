"""Chakra's webhooks in both formats, and their signature."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

SECRET = "webhook-secret-of-the-team"
EVENT_TIME = 1_700_000_010
RECIPIENT = "919876543210"
META_ERROR = {"code": 131026, "title": "Message undeliverable", "message": "Message undeliverable"}


def sign(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def encode(event: Any) -> bytes:
    return json.dumps(event).encode()


def build_event(
    word: str, wamid: str = "wamid.1", message_id: str = "m-1", name: str = "status", **more: Any
) -> dict[str, Any]:
    payload = {
        "id": message_id,
        "externalId": wamid,
        "deliveryStatus": word,
        "timestamp": EVENT_TIME * 1000,
        "recipientId": RECIPIENT,
        **more,
    }
    if word == "FAILED":
        payload["errorContext"] = {"message": META_ERROR["message"], "providerPayload": META_ERROR}
    return {"event": name, "payload": payload}


def build_meta(*statuses: dict[str, Any], **value: Any) -> dict[str, Any]:
    change = {"field": "messages", "value": {"statuses": list(statuses), **value}}
    return {"object": "whatsapp_business_account", "entry": [{"id": "837", "changes": [change]}]}


def build_status(word: str, wamid: str = "wamid.1", **more: Any) -> dict[str, Any]:
    status = {
        "id": wamid,
        "status": word,
        "timestamp": str(EVENT_TIME),
        "recipient_id": RECIPIENT,
        **more,
    }
    if word == "failed":
        status["errors"] = [{**META_ERROR, "error_data": {"details": "Not on WhatsApp."}}]
    return status
