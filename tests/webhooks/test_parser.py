"""Webhooks are read in both formats, and whatever is odd in them is passed over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages.status import SendStatus
from bot.webhooks.parser import event_type, parse_event, parse_status_updates
from tests.messages.webhooks import AT, chakra, dump, meta, meta_status

EXAMPLES = Path(__file__).parents[1] / "data" / "chakra"

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("name", ["status", "deliveryStatus"])
@pytest.mark.parametrize("word", ["SENT", "DELIVERED", "READ", "FAILED", "read"])
def test_a_status_in_chakras_format(word: str, name: str) -> None:
    [status] = parse_status_updates(dump(chakra(word, name=name)))
    assert (status.wamid, status.message_id, status.occurred_at) == ("wamid.1", "m-1", AT)
    assert status.status is SendStatus(word.lower())


@pytest.mark.parametrize("word", ["sent", "delivered", "read", "failed"])
def test_a_status_in_metas_format(word: str) -> None:
    [status] = parse_status_updates(dump(meta(meta_status(word))))
    assert (status.wamid, status.message_id, status.occurred_at) == ("wamid.1", "", AT)
    assert status.status is SendStatus(word)


def test_a_failure_says_why_in_either_format() -> None:
    [one] = parse_status_updates(dump(chakra("FAILED")))
    [other] = parse_status_updates(dump(meta(meta_status("failed"))))
    assert one.failure is not None
    assert other.failure is not None
    assert (one.failure.kind, one.failure.code) == ("recipient_rejected", 131026)
    assert (other.failure.kind, other.failure.details) == ("recipient_rejected", "Not on WhatsApp.")


def test_a_failure_that_names_no_code_is_a_failure_all_the_same() -> None:
    bare = chakra("FAILED")
    del bare["payload"]["errorContext"]
    [status] = parse_status_updates(dump(bare))
    assert status.failure is not None
    assert (status.failure.kind, status.failure.code) == ("rejected", None)


def test_one_delivery_may_hold_many() -> None:
    two = meta(meta_status("sent", "wamid.1"), meta_status("read", "wamid.2"))
    two["entry"] += meta(meta_status("failed", "wamid.3"))["entry"]
    assert [one.wamid for one in parse_status_updates(dump(two))] == [
        "wamid.1",
        "wamid.2",
        "wamid.3",
    ]


@pytest.mark.parametrize("name", ["webhook-chakra.status-failed", "webhook-meta.status-failed"])
def test_the_contracts_examples(name: str) -> None:
    [status] = parse_status_updates((EXAMPLES / f"{name}.json").read_bytes())
    assert status.status is SendStatus.FAILED
    assert status.wamid.startswith("wamid.")
    assert status.failure is not None
    assert status.failure.code == 131026


@pytest.mark.parametrize(
    "odd",
    [
        chakra("HELD"),
        chakra("SENT", wamid="", message_id=""),
        chakra("SENT", name="message"),
        {"event": "status", "payload": None},
        {"event": "status", "payload": {"deliveryStatus": ["SENT"], "externalId": {}}},
        {"entry": [{"changes": "none"}, None, {"changes": [{"field": "messages", "value": 1}]}]},
        meta(meta_status("warning")),
        {"entry": {}},
    ],
)
def test_what_is_no_status_is_passed_over(odd: dict[str, Any]) -> None:
    assert parse_status_updates(dump(odd)) == []


@pytest.mark.parametrize("at", ["soon", None, -5, 1e400, True, "9" * 40, [], "１２"])
def test_a_moment_that_is_none_is_left_open(at: object) -> None:
    [status] = parse_status_updates(dump(chakra("SENT", timestamp=at)))
    assert status.occurred_at == 0


@given(st.binary() | junk.map(lambda value: json.dumps(value).encode()))
def test_no_body_trips_the_reader(body: bytes) -> None:
    assert parse_status_updates(body) == [] or parse_event(body) is not None


@given(junk, junk, st.sampled_from(["status", "deliveryStatus", "message"]))
def test_no_payload_trips_the_reader(one: Any, other: Any, name: str) -> None:
    fields = ("id", "externalId", "timestamp", "errorContext", "deliveryStatus")
    payload = {**dict.fromkeys(fields, one), "deliveryStatus": "FAILED", "errorContext": other}
    for event in ({"event": name, "payload": payload}, meta(payload, contacts=one)):
        for status in parse_status_updates(dump(event)):
            status.wamid.encode()  # it can be stored: no half characters
            assert "\x00" not in status.wamid + status.message_id


def test_deep_nesting_is_no_event() -> None:
    assert parse_event(b'{"entry": ' + b"[" * 100_000 + b"]" * 100_000 + b"}") is None


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (chakra("SENT"), "status"),
        ({"event": "message", "payload": {}}, "message"),
        ({"event": "message_echo", "payload": {}}, "echo"),
        ({"event": "whatever is new", "payload": {}}, "other"),
        (meta(meta_status("sent")), "status"),
        (meta(messages=[{}]), "message"),
        ({"entry": [{"changes": [{"field": "message_template_status_update"}]}]}, "template"),
        ({"entry": [{"changes": [{"field": "account_update"}]}]}, "account"),
        ({"entry": []}, "other"),
    ],
)
def test_each_kind_is_counted_by_a_word_of_ours(event: dict[str, Any], kind: str) -> None:
    assert event_type(event) == kind
