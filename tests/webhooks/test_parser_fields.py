"""Each field and variation of both formats, a row each: what is read of it.

The rows follow the contract of the webhooks: inbound messages, statuses, echoes, customers without
a number, changed numbers, preferences, templates, Meta's agent, Chakra's own format.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bot.webhooks.events import WebhookEvent
from bot.webhooks.parser import parse_events
from tests.messages.webhook_builders import encode

U1, U2, PARENT = "IN.13570246813579246801", "IN.24681357902468135790", "IN.ENT.9988776655"
PHONE, NEW_PHONE, OURS = "919876543210", "919876500000", "694700000000001"
AT = 1_700_000_010
ASHA = {"wa_id": PHONE, "user_id": U1, "profile": {"name": "Asha Rao", "username": "@asha.rao"}}
MIRA = {"wa_id": NEW_PHONE, "user_id": U2, "profile": {"name": "Mira"}}

Row = tuple[str, dict[str, Any], list[dict[str, Any]]]


def meta(field: str, value: Any, **entry: Any) -> dict[str, Any]:
    changes = [{"field": field, "value": value}]
    return {"object": "whatsapp_business_account", "entry": [{"changes": changes, **entry}]}


def value(**more: Any) -> dict[str, Any]:
    metadata = {"display_phone_number": "15550100200", "phone_number_id": OURS}
    return {"messaging_product": "whatsapp", "metadata": metadata, **more}


def inbound(contacts: Any = (ASHA,), **more: Any) -> dict[str, Any]:
    message = {"id": "wamid.1", "timestamp": str(AT), "type": "text", "text": {"body": "hi"}}
    given = {"contacts": list(contacts)} if contacts else {}
    return meta("messages", value(messages=[{**message, **more}], **given))


def status(contacts: Any = (), **more: Any) -> dict[str, Any]:
    base = {"id": "wamid.1", "status": "delivered", "timestamp": str(AT)}
    given = {"contacts": list(contacts)} if contacts else {}
    return meta("messages", value(statuses=[{**base, **more}], **given))


def system(kind: str, contacts: Any = (), sender: Any = None, **more: Any) -> dict[str, Any]:
    return inbound(contacts, type="system", system={"type": kind, **more}, **(sender or {}))


def echo(field: str, **more: Any) -> dict[str, Any]:
    item = {"id": "wamid.1", "from": "15550100200", "timestamp": str(AT), "type": "text", **more}
    return meta("smb_message_echoes", value(**{field: [item]}))


def chakra(name: str, **payload: Any) -> dict[str, Any]:
    return {"event": name, "payload": payload}


def chakra_message(**payload: Any) -> dict[str, Any]:
    message = {"id": "wamid.1", "from": PHONE, "timestamp": str(AT), "type": "text"}
    return chakra("message", **{"message": message, **payload})


def customer(user_id: str = "", phone: str = "", **more: str) -> dict[str, str]:
    return {"user_id": user_id, "phone": phone, **more}


NAMED = {"name": "Asha Rao", "username": "asha.rao"}
MESSAGES: list[Row] = [
    ("every field", inbound(**{"from": PHONE, "from_user_id": U1}), [
        {"label": "message", "kind": "text", "occurred_at": AT, "phone_number_id": OURS,
         "wamid": "wamid.1", "customer": customer(U1, PHONE, **NAMED)}]),
    ("no from", inbound(from_user_id=U1), [{"customer": customer(U1, PHONE, **NAMED)}]),
    ("empty from and wa_id", inbound([{**ASHA, "wa_id": ""}], **{"from": "", "from_user_id": U1}), [
        {"customer": customer(U1, **NAMED)}]),
    ("no contacts", inbound((), **{"from": PHONE}), [{"customer": customer("", PHONE)}]),
    ("a user ID in from", inbound((), **{"from": U1}), [{"customer": customer(U1)}]),
    ("a number with a plus", inbound((), **{"from": f"+{PHONE}"}), [
        {"customer": customer("", PHONE)}]),
    ("a number as a number", inbound((), **{"from": int(PHONE)}), [
        {"customer": customer("", PHONE)}]),
    ("a parent ID", inbound([{**ASHA, "parent_user_id": PARENT}], from_user_id=U1), [
        {"customer": customer(U1, PHONE, parent_user_id=PARENT)}]),
    ("a parent ID of the message", inbound((), from_user_id=U1, from_parent_user_id=PARENT), [
        {"customer": customer(U1, parent_user_id=PARENT)}]),
    ("no profile", inbound([{"wa_id": PHONE, "profile": None}], **{"from": PHONE}), [
        {"customer": customer("", PHONE, name="", username="")}]),
    ("one contact, another's number", inbound([MIRA], **{"from": PHONE}), [
        {"customer": customer("", PHONE, name="")}]),
    ("one contact, another's ID", inbound([MIRA], from_user_id=U1), [
        {"customer": customer(U1, "", name="")}]),
    ("one contact, another form of the number",
     inbound([{**ASHA, "wa_id": "5491123456789"}], **{"from": "541123456789"}), [
        {"customer": customer(U1, "541123456789", name="Asha Rao")}]),
    ("one contact with an ID alone", inbound([{"user_id": U1}], **{"from": PHONE}), [
        {"customer": customer(U1, PHONE)}]),
    ("a group", inbound(**{"from": PHONE, "group_id": "Y2FwaV9ncm91cDo"}), [
        {"kind": "text", "customer": customer(U1, PHONE)}]),
    ("an edit", inbound((), type="edit", edit={"original_message_id": "wamid.0", "message": {}}), [
        {"kind": "edit", "wamid": "wamid.1"}]),
    ("a revoke", inbound((), type="revoke", revoke={"original_message_id": "wamid.0"}), [
        {"kind": "revoke"}]),
    ("an unsupported one", inbound((), type="unsupported", errors=[{"code": 131051}]), [
        {"kind": "unsupported"}]),
    ("no type", inbound((), type=None), [{"kind": "unknown"}]),
    ("an ID as a number", inbound((), id=12345), [{"wamid": "12345"}]),
    ("milliseconds", inbound((), timestamp=AT * 1000), [{"occurred_at": AT}]),
    ("a fraction", inbound((), timestamp=AT + 0.5), [{"occurred_at": AT}]),
    *(("ISO 8601", inbound((), timestamp=text), [{"occurred_at": at}]) for text, at in (
        ("2026-11-29T10:00:00Z", 1_795_946_400.0),
        ("2026-11-29 15:30:00.250+05:30", 1_795_946_400.25),
        ("2026-11-29T10:00", 1_795_946_400.0),  # UTC
        ("0001-01-01T00:00:00+14:00", 0.0),
        ("2026-11-29T99:00", 0.0),
        ("2026-11-29", 0.0),
    )),
    ("no time but the entry's", meta(
        "messages", value(messages=[{"id": "wamid.1", "type": "text"}]), time=AT, id="837"), [
        {"occurred_at": AT, "waba_id": "837"}]),
    ("no ID", inbound((), id=None), [{"label": "other", "kind": "unreadable"}]),
]  # fmt: skip

CHANGES: list[Row] = [
    ("a new number", system(
        "user_changed_number", sender={"from": PHONE}, wa_id=NEW_PHONE, user_id=U2,
        previous_user_id=U1), [
        {"customer": customer(U2, NEW_PHONE), "previous": customer(U1, PHONE)}]),
    ("a new number, before August 2026", system(
        "user_changed_number", sender={"from": PHONE}, wa_id=NEW_PHONE), [
        {"customer": customer("", NEW_PHONE), "previous": customer("", PHONE)}]),
    ("a new number, older names", system(
        "customer_changed_number", new_wa_id=NEW_PHONE, customer=PHONE), [
        {"customer": customer("", NEW_PHONE), "previous": customer("", PHONE)}]),
    ("a new number, parents", system(
        "user_changed_number", wa_id=NEW_PHONE, user_id=U2, parent_user_id=PARENT,
        previous_user_id=U1, previous_parent_user_id="IN.ENT.1"), [
        {"customer": customer(U2, NEW_PHONE, parent_user_id=PARENT),
         "previous": customer(U1, "", parent_user_id="IN.ENT.1")}]),
    ("a new ID", system("user_changed_user_id", user_id=U2, previous_user_id=U1), [
        {"customer": customer(U2), "previous": customer(U1)}]),
    ("a new ID, the old one as sender", system(
        "user_changed_user_id", sender={"from_user_id": U1}, user_id=U2), [
        {"customer": customer(U2), "previous": customer(U1)}]),
    ("a new device", system(
        "customer_identity_changed", [ASHA], {"from": PHONE}, user_id=U1, wa_id=PHONE,
        identity={"acknowledged": True, "hash": "x"}), [
        {"kind": "system", "customer": customer(U1, PHONE, name="Asha Rao"),
         "previous": customer()}]),
    ("the withdrawn field", meta("user_id_update", value(user_id_update=[
        {"wa_id": PHONE, "user_id": {"previous": U1, "current": U2}, "timestamp": AT}])), [
        {"label": "account", "kind": "user_id_update", "customer": customer(U2, PHONE)}]),
    ("the withdrawn field, not in an array", meta("user_id_update", value(
        user_id={"previous": U1, "current": U2}, timestamp=AT)), [
        {"kind": "user_id_update", "customer": customer(U2), "occurred_at": AT}]),
]  # fmt: skip

STATUSES: list[Row] = [
    *((word, status(status=word, recipient_id=PHONE), [
        {"label": "status", "kind": word, "customer": customer("", PHONE), "occurred_at": AT}])
      for word in ("sent", "delivered", "read", "played", "failed")),
    ("upper case", status(status="READ"), [{"kind": "read"}]),
    ("both recipients", status(recipient_id=PHONE, recipient_user_id=U1), [
        {"customer": customer(U1, PHONE)}]),
    ("no number", status(recipient_user_id=U1), [{"customer": customer(U1)}]),
    ("an empty number", status(recipient_id="", recipient_user_id=U1), [
        {"customer": customer(U1)}]),
    ("an ID in the place of the number", status(recipient_id=U1), [{"customer": customer(U1)}]),
    ("no recipient", status(), [{"customer": customer()}]),
    ("no recipient but a contact", status([ASHA]), [{"customer": customer(U1, PHONE, **NAMED)}]),
    ("another's contact", status([MIRA], recipient_id=PHONE), [
        {"customer": customer("", PHONE, name="")}]),
    ("a parent", status(recipient_user_id=U1, recipient_parent_user_id=PARENT), [
        {"customer": customer(U1, parent_user_id=PARENT)}]),
    ("a parent, early name", status(recipient_user_id=U1, parent_recipient_user_id=PARENT), [
        {"customer": customer(U1, parent_user_id=PARENT)}]),
    ("a parent, earlier name", status(recipient_user_id=U1, parent_user_id=PARENT), [
        {"customer": customer(U1, parent_user_id=PARENT)}]),
    ("a group", status(recipient_type="group", recipient_id="120363041234567890"), [
        {"customer": customer()}]),
    ("a group without its type", status(recipient_id="120363041234567890"), [
        {"customer": customer()}]),
    ("a person in a group", status(
        recipient_type="group", recipient_id="Y2FwaQ", recipient_participant_id=PHONE), [
        {"customer": customer("", PHONE)}]),
    ("a status of tomorrow", status(status="held"), [{"label": "other", "kind": "status:held"}]),
    ("no ID", status(id=""), [{"label": "other"}]),
    ("an error of the number", meta("messages", value(errors=[{"code": 130429}])), [
        {"label": "other", "kind": "messages"}]),
]  # fmt: skip

ECHOES: list[Row] = [
    ("to a number", echo("message_echoes", to=PHONE), [
        {"is_echo": True, "customer": customer("", PHONE)}]),
    ("to an ID", echo("message_echoes", to_user_id=U1, to_parent_user_id=PARENT), [
        {"is_echo": True, "customer": customer(U1, parent_user_id=PARENT)}]),
    ("the other spelling", echo("messageEchoes", to=PHONE), [
        {"is_echo": True, "customer": customer("", PHONE)}]),
    *((kind, echo("message_echoes", type=kind, to_user_id=U1), [
        {"is_echo": True, "kind": kind}]) for kind in ("edit", "revoke", "reaction")),
    ("none", meta("smb_message_echoes", value(message_echoes=[])), [
        {"label": "other", "kind": "smb_message_echoes"}]),
]  # fmt: skip

STANDBY_ECHO = {"id": "wamid.1", "timestamp": str(AT), "message": {"to": PHONE, "type": "text"}}
AGENT: list[Row] = [
    ("a message", meta("standby", value(standby={
        "contacts": [ASHA], "messages": [{"id": "wamid.1", "from": PHONE, "type": "text"}]})), [
        {"is_standby": True, "is_echo": False, "customer": customer(U1, PHONE, **NAMED)}]),
    ("contacts outside", meta("standby", value(contacts=[ASHA], standby={
        "messages": [{"id": "wamid.1", "from": PHONE, "type": "text"}]})), [
        {"is_standby": True, "customer": customer(U1, PHONE, **NAMED)}]),
    ("not deeper", meta("standby", value(
        messages=[{"id": "wamid.1", "from": PHONE, "type": "text"}])), [{"is_standby": True}]),
    ("an echo", meta("standby", value(standby={"message_echoes": [STANDBY_ECHO]})), [
        {"is_standby": True, "is_echo": True, "kind": "text", "customer": customer("", PHONE)}]),
    ("a status", meta("standby", value(standby={
        "statuses": [{"id": "wamid.1", "status": "sent", "recipient_id": PHONE}]})), [
        {"label": "status", "kind": "sent", "phone_number_id": OURS}]),
    ("a handover without metadata", meta("messaging_handovers", {
        "recipient": {"phone_number_id": OURS}, "sender": {"phone_number": PHONE, "user_id": U1},
        "timestamp": AT, "type": "control_taken", "control_taken": {}}), [
        {"label": "account", "kind": "messaging_handovers", "phone_number_id": OURS,
         "customer": customer(U1, PHONE), "occurred_at": AT}]),
    ("a handover with nothing inside", meta("messaging_handovers", {"type": "control_passed"}), [
        {"kind": "messaging_handovers", "customer": customer(), "phone_number_id": ""}]),
]  # fmt: skip

PREFERENCE = {"category": "marketing_messages", "value": "stop", "timestamp": AT}
ACCOUNT: list[Row] = [
    ("a preference", meta("user_preferences", value(
        user_preferences=[{**PREFERENCE, "wa_id": PHONE, "user_id": U1}])), [
        {"label": "account", "customer": customer(U1, PHONE), "occurred_at": AT,
         "phone_number_id": OURS}]),
    ("two preferences", meta("user_preferences", value(contacts=[ASHA, MIRA], user_preferences=[
        {**PREFERENCE, "user_id": U2}, {**PREFERENCE, "wa_id": "", "user_id": U1}])), [
        {"customer": customer(U2, NEW_PHONE)}, {"customer": customer(U1, PHONE)}]),
    ("a preference of a parent", meta("user_preferences", value(user_preferences=[
        {**PREFERENCE, "user_id": U1, "parent_user_id": PARENT}])), [
        {"customer": customer(U1, parent_user_id=PARENT)}]),
    ("two calls", meta("calls", value(calls=[
        {"id": "a", "from": PHONE, "direction": "USER_INITIATED", "timestamp": AT},
        {"id": "b", "to": NEW_PHONE, "direction": "BUSINESS_INITIATED", "timestamp": AT}])), [
        {"kind": "calls", "customer": customer("", PHONE), "occurred_at": AT},
        {"kind": "calls", "customer": customer("", NEW_PHONE)}]),
    *((field, meta(field, value(timestamp=AT)), [
        {"label": "account", "kind": field, "customer": customer(), "phone_number_id": OURS}])
      for field in (
          "account_alerts", "account_review_update", "account_update",
          "business_capability_update", "business_status_update", "flows", "history",
          "phone_number_name_update", "phone_number_quality_update", "security",
          "smb_app_state_sync")),
    *((field, meta(field, value(groups=[])), [{"label": "other", "kind": field}])
      for field in ("group_lifecycle_update", "group_participants_update", "from_2031")),
]  # fmt: skip

TEMPLATE = {
    "message_template_id": 987654321,
    "message_template_name": "order_update",
    "message_template_language": "en",
}
TEMPLATES: list[Row] = [
    *((field, meta(field, {**TEMPLATE, **more}, time=AT, id="837"), [
        {"label": "template", "kind": kind, "template_id": "987654321", "name": "order_update",
         "language": "en", "occurred_at": AT, "waba_id": "837"}])
      for field, kind, more in (
          ("message_template_status_update", "status", {"event": "PAUSED"}),
          ("message_template_status_update", "status", {"event": "UNARCHIVED", "reason": None}),
          ("message_template_quality_update", "quality", {"new_quality_score": "RED"}),
          ("message_template_components_update", "components", {"message_template_element": "x"}),
          ("template_category_update", "category", {"new_category": "MARKETING"}))),
    ("nothing but the event", meta("message_template_status_update", {"event": "APPROVED"}), [
        {"label": "template", "kind": "status", "template_id": "", "name": ""}]),
]  # fmt: skip

CHAKRA: list[Row] = [
    ("a message", chakra_message(
        wabaId="837", externalId="wamid.1", messageId="m-1", timestamp=AT * 1000, contacts=[ASHA]),
     [{"label": "message", "wamid": "wamid.1", "message_id": "m-1", "waba_id": "837",
       "customer": customer(U1, PHONE, **NAMED), "occurred_at": AT}]),
    *((f"our number as {name}", chakra_message(**{name: OURS}), [{"phone_number_id": OURS}])
      for name in ("phone_number_id", "phoneNumberId", "whatsappPhoneNumberId")),
    ("an ID in wa_id", chakra_message(
        message={"id": "wamid.1", "type": "text"}, contacts=[{"wa_id": U1}]), [
        {"customer": customer(U1)}]),
    ("no wa_id", chakra_message(message={"id": "wamid.1", "type": "text"}, contacts=[{}]), [
        {"customer": customer()}]),
    ("the ID outside", chakra("message", externalId="wamid.1", message={"type": "text"}), [
        {"wamid": "wamid.1"}]),
    ("the time outside", chakra("message", timestamp=AT * 1000, message={"id": "wamid.1"}), [
        {"occurred_at": AT}]),
    *((f"{name} {word}", chakra(
        name, id="m-1", externalId="wamid.1", deliveryStatus=word, timestamp=AT * 1000,
        recipientId=PHONE), [
        {"label": "status", "kind": word.lower(), "wamid": "wamid.1", "message_id": "m-1",
         "customer": customer("", PHONE), "occurred_at": AT}])
      for name in ("status", "deliveryStatus")
      for word in ("SENT", "DELIVERED", "READ", "FAILED")),
    ("a status without recipient", chakra(
        "status", externalId="wamid.1", deliveryStatus="SENT"), [{"customer": customer()}]),
    ("a status to an ID", chakra(
        "status", id="m-1", deliveryStatus="SENT", recipientId=U1), [{"customer": customer(U1)}]),
    ("a failure with its context", chakra(
        "status", id="m-1", deliveryStatus="FAILED", errorContext={"message": "no"}), [
        {"kind": "failed", "wamid": "", "message_id": "m-1"}]),
    *((f"{name} in {field}", chakra(name, **{field: [
        {"id": "wamid.1", "to": PHONE, "type": "text"}]}), [
        {"is_echo": True, "customer": customer("", PHONE)}])
      for name in ("message_echo", "smb_message_echo", "smb_message_echoes")
      for field in ("message_echoes", "messageEchoes")),
    ("an echo alone", chakra("message_echo", message={"id": "wamid.1", "to": PHONE}), [
        {"is_echo": True}]),
    ("an echo that isn't there", chakra("message_echo"), [
        {"label": "other", "kind": "unreadable"}]),
    ("an event of tomorrow", chakra("from_2031", x=1), [{"label": "other", "kind": "from_2031"}]),
]  # fmt: skip

ROWS = {
    f"{group}: {name}": (body, expected)
    for group, rows in {
        "message": MESSAGES,
        "change": CHANGES,
        "status": STATUSES,
        "echo": ECHOES,
        "agent": AGENT,
        "account": ACCOUNT,
        "template": TEMPLATES,
        "chakra": CHAKRA,
    }.items()
    for name, body, expected in rows
}


@pytest.mark.parametrize("name", ROWS)
def test_each_field_and_variation(name: str) -> None:
    body, expected = ROWS[name]
    events = parse_events(encode(body))
    read = [_pick(event, wanted) for event, wanted in zip(events, expected, strict=True)]
    assert read == expected


def _pick(event: WebhookEvent, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an event that a row names."""
    picked: dict[str, Any] = {}
    for name, value in wanted.items():
        found = getattr(event, name)
        is_person = isinstance(value, dict)
        picked[name] = {part: getattr(found, part) for part in value} if is_person else found
    return picked


def test_a_delivery_of_several_entries_changes_and_kinds() -> None:
    entries = [
        *inbound(**{"from": PHONE})["entry"],
        *status(recipient_id=PHONE)["entry"],
        *meta("template_category_update", TEMPLATE)["entry"],
        {"id": "838", "changes": []},
        *meta("account_update", {"event": "X"})["entry"],
    ]
    entries[0]["changes"] += echo("message_echoes", to=PHONE)["entry"][0]["changes"]
    labels = [event.label for event in parse_events(encode({"entry": entries}))]
    assert labels == ["message", "message", "status", "template", "other", "account"]


def test_contacts_of_a_large_delivery_are_found_quickly() -> None:
    numbers = [f"9198765{number:05d}" for number in range(5_000)]
    contacts = [{"wa_id": number, "profile": {"name": number}} for number in numbers]
    statuses = [{"id": number, "status": "sent", "recipient_id": number} for number in numbers]
    events = parse_events(encode(meta("messages", value(contacts=contacts, statuses=statuses))))
    assert [event.customer.name for event in events] == numbers
