"""Events as JSON values, for the log, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
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
_FIELDS: Mapping[type[WebhookEvent], tuple[str, ...]] = {
    event_type: tuple(field.name for field in fields(event_type)) for event_type in _TYPES.values()
}
_CUSTOMERS = ("customer", "previous")
_CUSTOMER_FIELDS = tuple(field.name for field in fields(Customer))


def dump_event(event: WebhookEvent) -> dict[str, Any]:
    """Return the event as a JSON value, without empty fields."""
    values = _dump(event, _FIELDS[type(event)])
    for name in _CUSTOMERS:
        if name in values:
            values[name] = _dump(values[name], _CUSTOMER_FIELDS)
    return {"type": event.label, "kind": event.kind, **values}


def _dump(value: object, names: Sequence[str]) -> dict[str, Any]:
    return {name: item for name in names if (item := getattr(value, name))}


def load_event(value: object) -> WebhookEvent | None:
    """Return the event from a value that `dump_event` returned; None for any other value."""
    if not isinstance(value, Mapping):
        return None
    event_type = _TYPES.get(str(value.get("type")), UnknownEvent)
    given = {name: value[name] for name in _FIELDS[event_type] if name in value}
    given |= {name: Customer(**given[name]) for name in _CUSTOMERS if name in given}
    try:
        return event_type(**given)
    except TypeError:
        return None
