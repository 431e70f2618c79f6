"""Deliveries in both formats become events of one vocabulary; odd ones cost only themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chakra.meta import error_from_status
from bot.errors import ChakraError
from bot.webhooks import chakra_format, meta_format
from bot.webhooks.events import (
    UNREADABLE,
    AccountEvent,
    Customer,
    MessageEvent,
    StatusEvent,
    TemplateEvent,
    UnknownEvent,
    WebhookEvent,
    choose_metric_label,
)
from bot.webhooks.parser import decode, parse_events
from tests.messages.webhook_builders import (
    EVENT_TIME,
    RECIPIENT,
    build_event,
    build_meta,
    build_status,
    encode,
)

EXAMPLES = Path(__file__).parents[1] / "data" / "chakra"
USER_ID = "IN.13570246813579246801"
OUR_NUMBER = "694700000000001"

junk_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def parse_example(name: str) -> list[WebhookEvent]:
    return parse_events((EXAMPLES / f"webhook-{name}.json").read_bytes())


def parse_statuses(event: Any) -> list[StatusEvent]:
    return [item for item in parse_events(encode(event)) if isinstance(item, StatusEvent)]


# --- statuses -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["status", "deliveryStatus"])
@pytest.mark.parametrize("word", ["SENT", "DELIVERED", "READ", "FAILED", "read"])
def test_status_in_chakra_format(word: str, name: str) -> None:
    [status] = parse_statuses(build_event(word, name=name))
    assert (status.wamid, status.message_id, status.occurred_at) == ("wamid.1", "m-1", EVENT_TIME)
    assert (status.kind, status.customer) == (word.lower(), Customer(phone=RECIPIENT))


@pytest.mark.parametrize("word", ["sent", "delivered", "read", "failed", "played"])
def test_status_in_meta_format(word: str) -> None:
    [status] = parse_statuses(build_meta(build_status(word)))
    assert (status.wamid, status.message_id, status.occurred_at) == ("wamid.1", "", EVENT_TIME)
    assert (status.kind, status.customer.phone) == (word, RECIPIENT)


def _parse_error(event: Any) -> ChakraError:
    [status] = parse_statuses(event)
    return error_from_status(status.error)


def test_failure_carries_its_reason_in_either_format() -> None:
    chakra_error, meta_error = (
        _parse_error(build_event("FAILED")),
        _parse_error(build_meta(build_status("failed"))),
    )
    assert chakra_error.kind == meta_error.kind == "recipient_rejected"
    assert chakra_error.code == 131026
    assert meta_error.details == "Not on WhatsApp."


def test_failure_without_a_code_is_a_plain_rejection() -> None:
    bare = build_event("FAILED")
    del bare["payload"]["errorContext"]
    error = _parse_error(bare)
    assert (error.kind, error.code) == ("rejected", None)


def test_one_delivery_may_hold_many_statuses() -> None:
    two = build_meta(build_status("sent", "wamid.1"), build_status("read", "wamid.2"))
    two["entry"] += build_meta(build_status("failed", "wamid.3"))["entry"]
    assert [status.wamid for status in parse_statuses(two)] == ["wamid.1", "wamid.2", "wamid.3"]


@pytest.mark.parametrize("name", ["chakra.status-failed", "meta.status-failed"])
def test_documented_failures(name: str) -> None:
    [status] = parse_example(name)
    assert isinstance(status, StatusEvent)
    assert status.kind == "failed"
    assert status.wamid.startswith("wamid.")
    assert error_from_status(status.error).code == 131026


@pytest.mark.parametrize("at", ["soon", None, -5, 1e400, True, "9" * 40, [], "１２"])
def test_invalid_timestamp_is_left_open(at: object) -> None:
    [status] = parse_statuses(build_event("SENT", timestamp=at))
    assert status.occurred_at == 0


def test_status_names_customer_and_our_number_without_a_phone() -> None:
    [status] = parse_example("meta.status-without-number")
    assert isinstance(status, StatusEvent)
    assert (status.kind, status.wamid) == ("delivered", "wamid.EXAMPLE.OUT.0001")
    assert (status.phone_number_id, status.waba_id) == (OUR_NUMBER, "837800000000001")
    assert status.customer == Customer(user_id=USER_ID, username="asha.rao.crafts", name="Asha Rao")
    assert status.raw["pricing"]["category"] == "utility"


@pytest.mark.parametrize("field", ["phone_number_id", "phoneNumberId", "whatsappPhoneNumberId"])
def test_our_number_in_any_spelling_of_chakra(field: str) -> None:
    [status] = parse_statuses(build_event("SENT", **{field: OUR_NUMBER}))
    assert status.phone_number_id == OUR_NUMBER


def test_user_id_in_place_of_the_number_is_no_number() -> None:
    [status] = parse_statuses(build_event("SENT", recipientId=USER_ID))
    assert status.customer == Customer(user_id=USER_ID)


# --- messages -------------------------------------------------------------------------------------


def test_inbound_message_in_both_formats() -> None:
    [from_chakra], [from_meta] = parse_example("chakra.message"), parse_example("meta.text-message")
    for message in (from_chakra, from_meta):
        assert isinstance(message, MessageEvent)
        assert (message.kind, message.occurred_at) == ("text", 1756322278)
        assert message.customer == Customer(phone="919911223344", name="John")
        assert message.wamid == "wamid.HBgMOTE5OTExMjIzMzQ0FQIAEhgUM0VCMDM3RjlEQTNDQTBEMjQ2Q0EA"
        assert message.raw["text"]["body"].startswith("Hi, can you")
        assert (message.is_echo, message.is_standby) == (False, False)
    assert isinstance(from_chakra, MessageEvent)
    assert from_chakra.message_id == "6a0d5e1c-6a86-4d0e-9d86-6a7d2a6f1c10"
    assert from_meta.phone_number_id == "694794789348887"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("meta.button-reply", "button"),
        ("meta.image-message", "image"),
        ("meta.interactive-reply", "interactive"),
        ("meta.reaction", "reaction"),
    ],
)
def test_every_type_of_message_keeps_its_content(name: str, kind: str) -> None:
    [message] = parse_example(name)
    assert isinstance(message, MessageEvent)
    assert (message.kind, message.customer.phone) == (kind, "919911223344")
    assert message.raw[kind]


def test_message_from_a_customer_without_a_number() -> None:
    [message] = parse_example("meta.text-message-without-number")
    assert message.customer == Customer(
        user_id=USER_ID, username="asha.rao.crafts", name="Asha Rao"
    )


def test_echoes_are_marked() -> None:
    [echo] = parse_example("meta.smb-message-echo")
    assert isinstance(echo, MessageEvent)
    assert (echo.is_echo, echo.customer.phone) == (True, "919911223344")
    several = parse_example("meta.smb-message-echoes")
    assert [event.kind for event in several] == ["text", "edit", "revoke"]
    assert {event.customer.user_id for event in several} == {USER_ID}
    assert {event.customer.phone for event in several} == {""}


@pytest.mark.parametrize("name", sorted(chakra_format.ECHO_EVENTS))
@pytest.mark.parametrize("field", ["message_echoes", "messageEchoes"])
def test_echoes_in_chakra_format(name: str, field: str) -> None:
    echo = {"id": "wamid.E", "to": RECIPIENT, "type": "text", "timestamp": str(EVENT_TIME)}
    [event] = parse_events(encode({"event": name, "payload": {field: [echo]}}))
    assert isinstance(event, MessageEvent)
    assert (event.is_echo, event.customer.phone, event.occurred_at) == (True, RECIPIENT, EVENT_TIME)


def test_conversation_with_metas_agent() -> None:
    [message] = parse_example("meta.standby-message")
    assert isinstance(message, MessageEvent)
    assert (message.is_standby, message.is_echo) == (True, False)
    assert (message.customer.user_id, message.phone_number_id) == (USER_ID, OUR_NUMBER)
    [echo] = parse_example("meta.standby-echo")
    assert isinstance(echo, MessageEvent)
    assert (echo.kind, echo.is_standby, echo.is_echo) == ("text", True, True)
    assert echo.customer.phone == RECIPIENT


def test_changed_number_names_the_customer_before_and_after() -> None:
    [event] = parse_example("meta.user-changed-number")
    assert isinstance(event, MessageEvent)
    assert event.kind == "system"
    assert event.customer == Customer(user_id="IN.24681357902468135790", phone="919876500000")
    assert event.previous == Customer(user_id=USER_ID, phone=RECIPIENT)
    [event] = parse_example("meta.user-changed-user-id")
    assert isinstance(event, MessageEvent)
    assert (event.customer.user_id, event.previous.user_id) == ("IN.24681357902468135790", USER_ID)
    assert event.customer.phone == event.previous.phone == ""


def test_contact_is_matched_by_identifier_and_not_by_position() -> None:
    contacts = [
        {"wa_id": "1", "profile": {"name": "One"}},
        {"wa_id": "2", "profile": {"name": "Two"}},
    ]
    messages = [{"from": "2", "id": "wamid.2", "type": "text"}]
    [event] = parse_events(encode(build_meta(contacts=contacts, messages=messages)))
    assert (event.customer.phone, event.customer.name) == ("2", "Two")
    stranger = [{"from": "3", "id": "wamid.3", "type": "text"}]
    [event] = parse_events(encode(build_meta(contacts=contacts, messages=stranger)))
    assert (event.customer.phone, event.customer.name) == ("3", "")


# --- templates, the account, preferences ----------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "at"),
    [
        ("template-status", "status", 0),
        ("template-quality", "quality", 1795900200),
        ("template-components", "components", 1795900300),
        ("template-category-done", "category", 1795986400),
        ("template-category-impending", "category", 1795900000),
    ],
)
def test_template_events(name: str, kind: str, at: float) -> None:
    [event] = parse_example(f"meta.{name}")
    assert isinstance(event, TemplateEvent)
    assert (event.kind, event.occurred_at, event.language) == (kind, at, "en")
    assert event.name in {"order_update", "renewal_notice"}
    assert event.template_id
    assert event.raw["message_template_name"] == event.name


def test_stopped_marketing_is_an_event_of_the_customer() -> None:
    [event] = parse_example("meta.user-preferences-stop")
    assert isinstance(event, AccountEvent)
    assert (event.kind, event.occurred_at) == ("user_preferences", 1795900120)
    assert (event.customer.user_id, event.customer.phone) == (USER_ID, RECIPIENT)
    assert event.raw["value"] == "stop"


def test_withdrawn_field_for_changed_user_ids_is_read() -> None:
    change = {
        "field": "user_id_update",
        "value": {"user_id_update": [{"user_id": {"previous": "IN.1", "current": USER_ID}}]},
    }
    [event] = parse_events(encode({"entry": [{"changes": [change]}]}))
    assert (event.kind, event.customer.user_id) == ("user_id_update", USER_ID)


def test_handover_names_customer_and_our_number() -> None:
    value = {
        "recipient": {"phone_number_id": OUR_NUMBER},
        "sender": {"user_id": USER_ID},
        "timestamp": str(EVENT_TIME),
        "type": "control_passed",
    }
    change = {"field": "messaging_handovers", "value": value}
    [event] = parse_events(encode({"entry": [{"changes": [change]}]}))
    assert isinstance(event, AccountEvent)
    assert (event.phone_number_id, event.customer.user_id) == (OUR_NUMBER, USER_ID)


# --- unknown and unreadable -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", sorted(EXAMPLES.glob("webhook-*.json")), ids=lambda path: path.stem
)
def test_every_documented_example_is_known(path: Path) -> None:
    events = parse_events(path.read_bytes())
    assert events
    assert not [event for event in events if isinstance(event, UnknownEvent)]
    assert all(event.kind and event.raw for event in events)


def test_customers_are_not_printed() -> None:
    for event in parse_example("meta.text-message"):
        assert "919911223344" not in repr(event)
        assert "help me out" not in repr(event)


@pytest.mark.parametrize(
    ("odd", "kinds"),
    [
        (build_event("HELD"), ["status:held"]),
        (build_event("SENT", wamid="", message_id=""), ["status:sent"]),
        (build_event("SENT", name="from_2031"), ["from_2031"]),
        ({"event": "status", "payload": None}, [UNREADABLE]),
        ({"event": "status", "payload": {"deliveryStatus": ["SENT"]}}, ["status:"]),
        ({"event": "message", "payload": {}}, [UNREADABLE]),
        ({"entry": [{"changes": "none"}, None]}, [UNREADABLE]),
        ({"entry": []}, [UNREADABLE]),
        ({"entry": [{"changes": [{"field": "messages", "value": 1}]}]}, ["messages"]),
        (build_meta(errors=[{"code": 130429}]), ["messages"]),
        (
            {"entry": [{"changes": [{"field": "user_preferences", "value": 1}]}]},
            ["user_preferences"],
        ),
        ({"entry": [{"changes": [{"field": "from_2031"}]}]}, ["from_2031"]),
        (build_meta(build_status("warning")), ["status:warning"]),
        ({"entry": {}}, [UNREADABLE]),
    ],
)
def test_unknown_kinds_are_parsed_as_unknown(odd: dict[str, Any], kinds: list[str]) -> None:
    events = parse_events(encode(odd))
    assert [event.kind for event in events] == kinds
    assert all(isinstance(event, UnknownEvent) for event in events)


def test_one_unreadable_event_costs_nothing_but_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    read_status = meta_format._read_status

    def trip(status: Any, **options: Any) -> WebhookEvent:
        if status["id"] == "wamid.2":
            raise ZeroDivisionError
        return read_status(status, **options)

    monkeypatch.setattr(meta_format, "_read_status", trip)
    events = parse_events(
        encode(build_meta(*(build_status("sent", f"wamid.{n}") for n in (1, 2, 3))))
    )
    assert [event.kind for event in events] == ["sent", UNREADABLE, "sent"]
    assert events[1].raw["id"] == "wamid.2"


@given(st.binary() | junk_json.map(lambda value: json.dumps(value).encode()))
def test_no_body_trips_the_parser(body: bytes) -> None:
    events = parse_events(body)
    if decode(body) is None:
        assert [event.kind for event in events] == [UNREADABLE]


@given(
    junk_json, junk_json, st.sampled_from(["status", "deliveryStatus", "message", "message_echo"])
)
def test_no_payload_trips_the_parser(value: Any, other: Any, name: str) -> None:
    fields = ("id", "externalId", "timestamp", "errorContext", "deliveryStatus", "message")
    payload = {**dict.fromkeys(fields, value), "deliveryStatus": "FAILED", "errorContext": other}
    for body in (
        {"event": name, "payload": payload},
        build_meta(payload, contacts=value, messages=[payload, other]),
    ):
        for event in parse_events(encode(body)):
            if isinstance(event, StatusEvent | MessageEvent):
                event.wamid.encode()  # it can be stored: no half characters
                assert "\x00" not in event.wamid + event.message_id


def test_deeply_nested_body_is_not_an_event() -> None:
    assert decode(b'{"entry": ' + b"[" * 100_000 + b"]" * 100_000 + b"}") is None


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("chakra.status", "status"),
        ("chakra.message", "message"),
        ("meta.status-sent", "status"),
        ("meta.text-message", "message"),
        ("meta.smb-message-echo", "echo"),
        ("meta.template-status", "template"),
        ("meta.user-preferences-stop", "account"),
    ],
)
def test_each_event_is_counted_under_a_word_of_ours(name: str, label: str) -> None:
    assert {choose_metric_label(event) for event in parse_example(name)} == {label}


def test_account_and_unknown_events_are_counted() -> None:
    changes = [{"field": "account_update", "value": {}}, {"field": "from_2031"}]
    events = parse_events(encode({"entry": [{"changes": changes}]}))
    assert [choose_metric_label(event) for event in events] == ["account", "other"]
