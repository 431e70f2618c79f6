"""Events as JSON values, for the log, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from bot.webhooks.events import (
    AccountEvent,
    Customer,
    MessageEvent,
    StatusEvent,
    TemplateEvent,
    UnknownEvent,
    WebhookEvent,
)

_TYPES: Mapping[str, type[WebhookEvent]] = {
    event_type.label: event_type
    for event_type in (StatusEvent, MessageEvent, TemplateEvent, AccountEvent, UnknownEvent)
}
_CUSTOMERS = ("customer", "previous")


def dump_event(event: WebhookEvent) -> dict[str, Any]:
    """Return the event as JSON can express it."""
    values = {field.name: getattr(event, field.name) for field in fields(event)}
    values |= {name: asdict(values[name]) for name in _CUSTOMERS if name in values}
    return {"type": event.label, **values}


def load_event(value: object) -> WebhookEvent | None:
    """Return the event of a value that `dump_event` returned; None if it is no such value."""
    if not isinstance(value, Mapping):
        return None
    event_type = _TYPES.get(str(value.get("type")), UnknownEvent)
    names = {field.name for field in fields(event_type)} & value.keys()
    given = {name: value[name] for name in names}
    given |= {name: Customer(**given[name]) for name in _CUSTOMERS if name in given}
    try:
        return event_type(**given)
    except TypeError:
        return None
