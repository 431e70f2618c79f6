"""Customers without a phone number, in every shape of event that Meta and Chakra document."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.webhooks.events import Customer, MessageEvent, UnknownEvent, WebhookEvent
from bot.webhooks.parser import parse_events

USER_ID, OLD_ID = "IN.13491208655302741918", "IN.99"
PARENT_ID = "IN.ENT.11815799212886844830"
NUMBER, OLD_NUMBER = "919876543210", "919876543211"
OURS = {"display_phone_number": "15550001111", "phone_number_id": "1"}


def parse(body: dict[str, Any]) -> WebhookEvent:
    (event,) = parse_events(json.dumps(body).encode())
    return event


def build_meta_event(field: str, **value: Any) -> WebhookEvent:
    change = {"field": field, "value": {"metadata": OURS, **value}}
    return parse({"object": "whatsapp_business_account", "entry": [{"changes": [change]}]})


def build_chakra_event(event: str, **payload: Any) -> WebhookEvent:
    return parse({"event": event, "payload": payload})


TEXT = {"id": "wamid.1", "type": "text", "text": {"body": "Hi"}, "timestamp": "1795900000"}
CONTACT = {"profile": {"name": "Asha", "username": "@asha.p"}, "user_id": USER_ID}
STATUS = {"id": "wamid.1", "status": "delivered", "timestamp": "1795900000"}
FAILED = {**STATUS, "status": "failed", "errors": [{"code": 131026, "title": "Undeliverable"}]}
CALL = {"id": "wacid.1", "event": "connect", "timestamp": "1795900000"}
PREFERENCE = {"category": "marketing_messages", "value": "stop", "timestamp": 1795900000}

SHAPES = {
    "message": lambda: build_meta_event(
        "messages", messages=[{**TEXT, "from_user_id": USER_ID}], contacts=[CONTACT]
    ),
    "message with empty numbers": lambda: build_meta_event(
        "messages",
        messages=[{**TEXT, "from": "", "from_user_id": USER_ID}],
        contacts=[{**CONTACT, "wa_id": ""}],
    ),
    "message without contacts": lambda: build_meta_event(
        "messages", messages=[{**TEXT, "from_user_id": USER_ID}]
    ),
    "message with the ID in place of the number": lambda: build_meta_event(
        "messages", messages=[{**TEXT, "from": USER_ID}], contacts=[{**CONTACT, "wa_id": USER_ID}]
    ),
    "status": lambda: build_meta_event(
        "messages", statuses=[{**STATUS, "recipient_user_id": USER_ID}]
    ),
    "status with the ID in place of the number": lambda: build_meta_event(
        "messages", statuses=[{**STATUS, "recipient_id": USER_ID}]
    ),
    "status with contacts alone": lambda: build_meta_event(
        "messages", statuses=[STATUS], contacts=[CONTACT]
    ),
    "failed status": lambda: build_meta_event(
        "messages", statuses=[{**FAILED, "recipient_user_id": USER_ID}]
    ),
    "status of a group": lambda: build_meta_event(
        "messages",
        statuses=[
            {
                **STATUS,
                "recipient_id": "120363000000000000",
                "recipient_type": "group",
                "recipient_participant_user_id": USER_ID,
            }
        ],
    ),
    "echo": lambda: build_meta_event(
        "smb_message_echoes",
        message_echoes=[{**TEXT, "to_user_id": USER_ID}],
    ),
    "standby": lambda: build_meta_event(
        "standby", standby={"messages": [{**TEXT, "from_user_id": USER_ID}], "contacts": [CONTACT]}
    ),
    "preferences": lambda: build_meta_event(
        "user_preferences", user_preferences=[{**PREFERENCE, "user_id": USER_ID}]
    ),
    "handover": lambda: build_meta_event(
        "messaging_handovers", sender={"user_id": USER_ID}, recipient=OURS, type="control_passed"
    ),
    "call from the customer": lambda: build_meta_event(
        "calls",
        calls=[{**CALL, "direction": "USER_INITIATED", "to": NUMBER, "from_user_id": USER_ID}],
    ),
    "call to the customer": lambda: build_meta_event(
        "calls",
        calls=[{**CALL, "direction": "BUSINESS_INITIATED", "from": NUMBER, "to_user_id": USER_ID}],
    ),
    "Chakra's message": lambda: build_chakra_event(
        "message",
        externalId="wamid.1",
        message={**TEXT, "from_user_id": USER_ID},
        contacts=[CONTACT],
    ),
    "Chakra's status": lambda: build_chakra_event(
        "status", externalId="wamid.1", deliveryStatus="READ", recipientId=USER_ID
    ),
    "Chakra's echo": lambda: build_chakra_event(
        "smb_message_echoes", message_echoes=[{**TEXT, "to_user_id": USER_ID}]
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_customer_without_a_number_has_an_id_and_no_number(shape: str) -> None:
    event = SHAPES[shape]()
    assert not isinstance(event, UnknownEvent)
    assert (event.customer.user_id, event.customer.phone) == (USER_ID, "")


def test_username_is_shown_without_its_at_sign() -> None:
    assert SHAPES["message"]().customer == Customer(USER_ID, username="asha.p", name="Asha")


@pytest.mark.parametrize("name", ["recipient_parent_user_id", "parent_recipient_user_id"])
def test_parent_id_is_read_under_either_name(name: str) -> None:
    status = {**STATUS, "recipient_user_id": USER_ID, name: PARENT_ID}
    assert build_meta_event("messages", statuses=[status]).customer.parent_user_id == PARENT_ID


@pytest.mark.parametrize(
    ("system", "sender", "now", "before"),
    [
        (
            {
                "type": "user_changed_number",
                "wa_id": NUMBER,
                "user_id": USER_ID,
                "previous_user_id": OLD_ID,
            },
            {"from": OLD_NUMBER},
            (USER_ID, NUMBER),
            (OLD_ID, OLD_NUMBER),
        ),
        (
            {"type": "user_changed_user_id", "user_id": USER_ID, "previous_user_id": OLD_ID},
            {},
            (USER_ID, ""),
            (OLD_ID, ""),
        ),
        (
            {"type": "user_changed_number", "wa_id": NUMBER},
            {"from": OLD_NUMBER},
            ("", NUMBER),
            ("", OLD_NUMBER),
        ),
        (
            {"type": "user_changed_number", "new_wa_id": NUMBER},
            {"from": OLD_NUMBER},
            ("", NUMBER),
            ("", OLD_NUMBER),
        ),
        (
            {"type": "customer_changed_number", "new_wa_id": NUMBER, "customer": OLD_NUMBER},
            {},
            ("", NUMBER),
            ("", OLD_NUMBER),
        ),
        (
            {"type": "customer_identity_changed", "identity": {"hash": "x"}},
            {"from": NUMBER},
            ("", NUMBER),
            ("", ""),
        ),
    ],
)
def test_change_of_number_or_id_names_the_customer_before_and_after(
    system: dict[str, Any],
    sender: dict[str, str],
    now: tuple[str, str],
    before: tuple[str, str],
) -> None:
    message = {"id": "wamid.1", "type": "system", "timestamp": "1", **sender, "system": system}
    event = build_meta_event("messages", messages=[message])
    assert isinstance(event, MessageEvent)
    assert (event.customer.user_id, event.customer.phone) == now
    assert (event.previous.user_id, event.previous.phone) == before


@pytest.mark.parametrize("field", ["group_lifecycle_update", "payment_configuration_update", "x"])
def test_field_of_tomorrow_is_stored_and_counted(field: str) -> None:
    event = build_meta_event(field, anything=[1])
    assert isinstance(event, UnknownEvent)
    assert (event.kind, event.label) == (field, "other")
    assert event.raw["value"]["anything"] == [1]
