"""Events in Meta's format, which Chakra's pass-through webhook relays.

Source: developers.facebook.com/documentation/business-messaging/whatsapp, "Webhooks",
"Business-scoped user IDs", "System messages". Which fields Chakra relays is not documented.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from bot.webhooks.events import (
    UNREADABLE,
    AccountEvent,
    Json,
    StatusEvent,
    TemplateEvent,
    UnknownEvent,
    WebhookEvent,
)
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

MESSAGE_FIELDS = frozenset({"messages", "smb_message_echoes", "message_echoes", "standby"})
TEMPLATE_KINDS: Mapping[str, str] = {
    "message_template_status_update": "status",
    "message_template_quality_update": "quality",
    "message_template_components_update": "components",
    "template_category_update": "category",
}
PREFERENCE_FIELDS = frozenset({"user_preferences", "user_id_update"})
ACCOUNT_FIELDS = frozenset(
    {
        "account_alerts",
        "account_review_update",
        "account_update",
        "business_capability_update",
        "business_status_update",
        "calls",
        "flows",
        "history",
        "messaging_handovers",
        "phone_number_name_update",
        "phone_number_quality_update",
        "security",
        "smb_app_state_sync",
    }
)


def is_meta_format(body: Json) -> bool:
    """Return whether a delivery is in Meta's format."""
    return isinstance(body.get("entry"), list)


def parse_meta_events(body: Json) -> Iterator[WebhookEvent]:
    """Yield the events of one delivery: it may hold several entries, changes and messages."""
    for entry in iter_objects(body.get("entry")):
        waba_id, time = find_first_text(entry, "id"), to_epoch_seconds(entry.get("time"))
        changes = list(iter_objects(entry.get("changes")))
        events = (event for change in changes for event in _parse_change(change, waba_id))
        for event in events if changes else (UnknownEvent(kind=UNREADABLE, raw=entry),):
            if event.waba_id == waba_id and event.occurred_at:
                yield event  # copying it takes as long as building it
            else:
                yield replace(event, waba_id=waba_id, occurred_at=event.occurred_at or time)


def _parse_change(change: Json, waba_id: str) -> Iterator[WebhookEvent]:
    """Yield the events of a change; an unknown one if it has no known one."""
    events = _read_change(change, waba_id)
    first = next(events, None)
    if first is None:
        yield UnknownEvent(kind=to_kind(change.get("field")), raw=change)
    else:
        yield first
        yield from events


def _read_change(change: Json, waba_id: str) -> Iterator[WebhookEvent]:
    field, value = to_kind(change.get("field")), as_object(change.get("value"))
    if field in MESSAGE_FIELDS:
        inner = as_object(value.get("standby")) or value  # one level deeper than elsewhere
        yield from _parse_messages(inner, value, waba_id, is_standby=field == "standby")
    elif field in TEMPLATE_KINDS:
        yield from read_each(partial(_read_template, TEMPLATE_KINDS[field]), iter((value,)))
    elif field in PREFERENCE_FIELDS:
        items = value.get(field, value)
        preferences = filter(None, iter_objects(items if isinstance(items, list) else [items]))
        contacts = Contacts(value.get("contacts"))
        yield from read_each(partial(_read_preference, field, value, contacts), preferences)
    elif field == "calls":
        calls = iter_objects(value.get("calls"))
        values: list[Json] = [{**value, "calls": [call]} for call in calls]
        yield from read_each(partial(_read_account, field), iter(values or [value]))
    elif field in ACCOUNT_FIELDS:
        yield from read_each(partial(_read_account, field), iter((value,)))


def _parse_messages(
    inner: Json, value: Json, waba_id: str, *, is_standby: bool
) -> Iterator[WebhookEvent]:
    contacts = Contacts(inner.get("contacts") or value.get("contacts"))
    phone_number_id = find_first_text(as_object(value.get("metadata")), "phone_number_id")
    read = partial(
        read_message,
        contacts=contacts,
        is_standby=is_standby,
        waba_id=waba_id,
        phone_number_id=phone_number_id,
    )
    read_status = partial(
        _read_status, contacts=contacts, waba_id=waba_id, phone_number_id=phone_number_id
    )
    yield from read_each(read_status, iter_objects(inner.get("statuses")))
    yield from read_each(read, iter_objects(inner.get("messages")))
    for name in ("message_echoes", "messageEchoes"):
        yield from read_each(partial(read, is_echo=True), iter_objects(inner.get(name)))


def _read_status(
    status: Json, contacts: Contacts, waba_id: str, phone_number_id: str
) -> WebhookEvent:
    kind, wamid = to_kind(status.get("status")).lower(), find_first_text(status, "id")
    if not is_status_kind(kind) or not wamid:
        return UnknownEvent(kind=f"status:{kind}", raw=status)
    is_group = to_kind(status.get("recipient_type")) == "group"  # then it is the group's ID
    identifiers = (
        status.get("recipient_user_id") or status.get("recipient_participant_user_id"),
        status.get("recipient_participant_id") if is_group else status.get("recipient_id"),
    )
    return StatusEvent(
        kind=kind,
        occurred_at=to_epoch_seconds(status.get("timestamp")),
        waba_id=waba_id,
        phone_number_id=phone_number_id,
        customer=build_customer(
            *identifiers,
            contact=contacts.find(*identifiers),
            parent_user_id=find_first_text(
                status,
                "recipient_parent_user_id",
                "parent_recipient_user_id",  # an early copy of Meta's page
                "parent_user_id",
            ),
        ),
        raw=status,
        wamid=wamid,
        error=status.get("errors") if kind == "failed" else None,
    )


def _read_template(kind: str, value: Json) -> WebhookEvent:
    return TemplateEvent(
        kind=kind,
        raw=value,
        template_id=find_first_text(value, "message_template_id"),
        name=find_first_text(value, "message_template_name"),
        language=find_first_text(value, "message_template_language"),
    )


def _read_preference(field: str, value: Json, contacts: Contacts, preference: Json) -> WebhookEvent:
    user_id = preference.get("user_id")
    current = user_id.get("current") if isinstance(user_id, dict) else user_id
    identifiers = (current, preference.get("wa_id"))
    return AccountEvent(
        kind=field,
        occurred_at=to_epoch_seconds(preference.get("timestamp")),
        phone_number_id=find_first_text(as_object(value.get("metadata")), "phone_number_id"),
        customer=build_customer(
            *identifiers,
            contact=contacts.find(*identifiers),
            parent_user_id=preference.get("parent_user_id"),
        ),
        raw=preference,
    )


def _read_account(field: str, value: Json) -> WebhookEvent:
    sender = as_object(value.get("sender"))
    call = next(iter_objects(value.get("calls")), {})
    side = "to" if to_kind(call.get("direction")) == "BUSINESS_INITIATED" else "from"
    identifiers = (
        sender.get("user_id") or call.get(f"{side}_user_id"),
        sender.get("phone_number") or call.get(side),
    )
    return AccountEvent(
        kind=field,
        occurred_at=to_epoch_seconds(value.get("timestamp") or call.get("timestamp")),
        phone_number_id=find_first_text(as_object(value.get("recipient")), "phone_number_id")
        or find_first_text(as_object(value.get("metadata")), "phone_number_id"),
        customer=build_customer(
            *identifiers, contact=Contacts(value.get("contacts")).find(*identifiers)
        ),
        raw=value,
    )
