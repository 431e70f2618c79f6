"""The identity of an event: the same event has the same key in Chakra's and in Meta's format."""

from __future__ import annotations

import hashlib
import json

from bot.webhooks.events import (
    AccountEvent,
    MessageEvent,
    StatusEvent,
    TemplateEvent,
    WebhookEvent,
)

MAX_ID_LENGTH = 200


def build_event_key(event: WebhookEvent) -> str:
    """Return the key under which the event is recorded once."""
    match event:
        case MessageEvent(wamid=wamid, message_id=message_id) if wamid or message_id:
            kind = "echo" if event.is_echo else "message"
            return _join(kind, wamid or message_id)
        case StatusEvent(wamid=wamid, message_id=message_id) if wamid or message_id:
            return _join("status", wamid or message_id, event.kind)
        case TemplateEvent():
            of = event.template_id or f"{event.name}/{event.language}"
            return _join(
                "template", of, event.kind, _compute_fingerprint(event), f"{event.occurred_at:g}"
            )
        case AccountEvent():
            return _join(
                "account", event.kind, _compute_fingerprint(event), f"{event.occurred_at:.0f}"
            )
    return _join("other", event.kind, _compute_fingerprint(event))


def _join(*parts: str) -> str:
    return ":".join(part[:MAX_ID_LENGTH] for part in parts)


def _compute_fingerprint(event: WebhookEvent) -> str:
    text = json.dumps(event.raw, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
