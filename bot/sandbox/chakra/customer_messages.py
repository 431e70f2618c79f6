"""The messages that customers send: Meta's message objects, without ID, time and sender."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

MessageJson = dict[str, Any]
UNSUPPORTED_TYPE_CODE = 131051
META_MEDIA_URL = "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid="
"""Meta's own address of a media file; it rejects the token of Chakra."""


def build_text(body: str) -> MessageJson:
    return {"type": "text", "text": {"body": body}}


def build_media(
    kind: str, media_id: str, content: bytes, media_type: str, *, caption: str, filename: str
) -> MessageJson:
    """Return an image, video, audio file, document or sticker; empty fields are omitted."""
    file = {
        "caption": caption,
        "filename": filename,
        "mime_type": media_type,
        "sha256": sha256(content).hexdigest(),
        "id": media_id,
        "url": META_MEDIA_URL + media_id,
    }
    return {"type": kind, kind: {name: value for name, value in file.items() if value}}


def build_location(latitude: float, longitude: float, *, name: str, address: str) -> MessageJson:
    named = {"name": name, "address": address}
    place = {"latitude": latitude, "longitude": longitude}
    return {"type": "location", "location": place | {k: v for k, v in named.items() if v}}


def build_contact_card(name: str, phone: str, *, origin: str = "") -> MessageJson:
    """Return a contact card; ``origin`` is ``contact_request`` for an answer to our request."""
    card: MessageJson = {
        "name": {"formatted_name": name, "first_name": name.split(" ")[0]},
        "phones": [{"phone": f"+{phone}", "wa_id": phone, "type": "MOBILE"}],
    }
    return {"type": "contacts", "contacts": [card]} | ({"origin": origin} if origin else {})


def build_order(*items: tuple[str, int, float], note: str, currency: str) -> MessageJson:
    """Return an order from the catalog: product IDs with quantities and prices."""
    products = [
        {
            "product_retailer_id": product,
            "quantity": quantity,
            "item_price": price,
            "currency": currency,
        }
        for product, quantity, price in items
    ]
    return {
        "type": "order",
        "order": {"catalog_id": "194836987003835", "text": note, "product_items": products},
    }


def build_reaction(wamid: str, emoji: str) -> MessageJson:
    """Return a reaction; an empty emoji removes it."""
    return {"type": "reaction", "reaction": {"message_id": wamid, "emoji": emoji}}


def build_edit(wamid: str, message: Mapping[str, Any]) -> MessageJson:
    return {"type": "edit", "edit": {"original_message_id": wamid, "message": dict(message)}}


def revoke(wamid: str) -> MessageJson:
    return {"type": "revoke", "revoke": {"original_message_id": wamid}}


def build_template_button(title: str, payload: str = "") -> MessageJson:
    return {"type": "button", "button": {"payload": payload or title, "text": title}}


def build_interactive_reply(kind: str, reply_id: str, title: str) -> MessageJson:
    """Return the choice of a button (``button_reply``) or a list row (``list_reply``)."""
    return {
        "type": "interactive",
        "interactive": {"type": kind, kind: {"id": reply_id, "title": title}},
    }


def build_flow_reply(answers: Mapping[str, Any]) -> MessageJson:
    reply = {"name": "flow", "body": "Sent", "response_json": json.dumps(dict(answers))}
    return {"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": reply}}


def build_unsupported(kind: str) -> MessageJson:
    """Return what Meta sends for a message that the API can't show, such as a poll."""
    error = {
        "code": UNSUPPORTED_TYPE_CODE,
        "title": "Message type unknown",
        "message": "Message type unknown",
        "error_data": {"details": "Message type is currently not supported."},
    }
    return {"type": "unsupported", "errors": [error]} | (
        {"unsupported": {"type": kind}} if kind else {}
    )


def summarize(message: Mapping[str, Any]) -> str:
    """Return the text or caption of a message, as a chat list shows it; "" without any."""
    kind = str(message.get("type", ""))
    content = message.get(kind)
    if not isinstance(content, dict):
        return ""
    inner = content.get(str(content.get("type")), {}) if kind == "interactive" else content
    return str(
        next((inner[k] for k in ("body", "caption", "text", "title", "name") if k in inner), "")
    )
