"""The embedded Chakra's webhooks: signed events, Meta's own, in order and out of order."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.sandbox.chakra import EmbeddedChakra
from bot.web.server import serve
from tests.clock import ManualClock
from tests.sandbox.chakra_client import ApiClient, open_client, read_doc, serve_chakra
from tests.sandbox.chakra_whatsapp import (
    CUSTOMER_NUMBER,
    MESSAGES,
    WebhookListener,
    build_meta_send,
    build_phone_send_path,
    build_send,
    send,
    serve_listener,
)

SECRET = "team hmac secret"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def chakra(clock: ManualClock) -> AsyncIterator[EmbeddedChakra]:
    async with serve_chakra(clock) as chakra:
        yield chakra


@pytest.fixture
async def client(chakra: EmbeddedChakra) -> AsyncIterator[ApiClient]:
    async with open_client(chakra) as client:
        yield client


@pytest.fixture
async def listener(chakra: EmbeddedChakra) -> AsyncIterator[WebhookListener]:
    """Receive Chakra's events."""
    async with serve_listener() as listener:
        chakra.set_event_webhook(listener.url, SECRET)
        yield listener
        await chakra.settle()


@pytest.fixture
async def meta_listener(chakra: EmbeddedChakra) -> AsyncIterator[WebhookListener]:
    """Receive Meta's events."""
    async with serve_listener() as listener:
        chakra.set_passthrough_webhook(listener.url)
        yield listener
        await chakra.settle()


async def run_send_events(chakra: EmbeddedChakra, clock: ManualClock) -> None:
    """Let everything that follows a send happen, one step after the other."""
    for _ in range(60):
        await clock.advance(0.1)
        await chakra.settle()


def find_number(chakra: EmbeddedChakra, description: str) -> str:
    (number,) = (number.number for number in chakra.test_numbers if description in number.says)
    return number


def list_delivery_statuses(listener: WebhookListener) -> list[str]:
    return [got.json["payload"]["deliveryStatus"] for got in listener.requests]


def get_meta_value(body: Any) -> Any:
    return body["entry"][0]["changes"][0]["value"]


def has_same_shape(one: Any, other: Any) -> bool:
    """Return whether both have the same keys, at all levels."""
    if isinstance(one, dict) and isinstance(other, dict):
        return set(one) == set(other) and all(has_same_shape(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(has_same_shape, one, other))
    return type(one) is type(other)


async def test_send_statuses_follow_the_clock(
    chakra: EmbeddedChakra, client: ApiClient, clock: ManualClock, listener: WebhookListener
) -> None:
    await send(client)
    (sent,) = chakra.sends
    await clock.advance(0.5)
    await chakra.settle()
    assert not listener.requests
    for number, seconds in enumerate((0.1, 0.6, 1.3), 1):
        await clock.advance(seconds)
        await listener.wait_for_requests(number)
    assert list_delivery_statuses(listener) == ["SENT", "DELIVERED", "READ"]
    documented = read_doc("webhook-chakra.status")
    assert listener.requests[1].json == {
        "event": "status",
        "payload": documented["payload"]
        | {
            "id": sent.id,
            "externalId": sent.wamid,
            "recipientId": CUSTOMER_NUMBER,
            "timestamp": int((sent.accepted_at + 1.2) * 1000),
        },
    }


async def test_events_are_signed_over_the_raw_body(
    client: ApiClient, clock: ManualClock, listener: WebhookListener
) -> None:
    await send(client)
    await clock.advance(0.6)
    (got,) = await listener.wait_for_requests(1)
    digest = hmac.new(SECRET.encode(), got.raw, hashlib.sha256).hexdigest()
    assert got.headers["x-chakra-signature-256"] == digest
    assert got.headers["content-type"] == "application/json"


async def test_meta_webhook_repeats_events_unsigned(
    chakra: EmbeddedChakra,
    client: ApiClient,
    clock: ManualClock,
    listener: WebhookListener,
    meta_listener: WebhookListener,
) -> None:
    await send(client)
    await run_send_events(chakra, clock)
    assert len(listener.requests) == len(meta_listener.requests) == 3
    for got, name in zip(meta_listener.requests, ("sent", "delivered", "read"), strict=True):
        assert has_same_shape(got.json, read_doc(f"webhook-meta.status-{name}"))
        (status,) = get_meta_value(got.json)["statuses"]
        assert (status["status"], status["id"]) == (name, chakra.sends[0].wamid)
        assert "x-chakra-signature-256" not in got.headers


async def test_meta_format_sends_only_emit_meta_events(
    chakra: EmbeddedChakra,
    client: ApiClient,
    clock: ManualClock,
    listener: WebhookListener,
    meta_listener: WebhookListener,
) -> None:
    await client.request("POST", MESSAGES, json=build_meta_send("hello_world", "en_US"))
    await run_send_events(chakra, clock)
    assert not listener.requests
    assert len(meta_listener.requests) == 3


@pytest.mark.parametrize(
    "code", [131026, 131030, 131047, 131049, 131060, 131042, 130472, 131053, 134102, 139999]
)
async def test_failing_numbers_fail_after_acceptance(
    chakra: EmbeddedChakra,
    client: ApiClient,
    clock: ManualClock,
    listener: WebhookListener,
    meta_listener: WebhookListener,
    code: int,
) -> None:
    says = "an undocumented code" if code == 139999 else f"failed with {code}"
    assert (await send(client, find_number(chakra, says))).status == 200
    await run_send_events(chakra, clock)
    failed = listener.requests[-1].json
    assert has_same_shape(failed, read_doc("webhook-chakra.status-failed"))
    assert failed["payload"]["errorContext"]["providerPayload"]["code"] == code
    assert has_same_shape(meta_listener.requests[-1].json, read_doc("webhook-meta.status-failed"))
    assert (
        get_meta_value(meta_listener.requests[-1].json)["statuses"][0]["errors"][0]["code"] == code
    )


async def test_impossible_number_is_accepted_then_fails(
    chakra: EmbeddedChakra, client: ApiClient, clock: ManualClock, listener: WebhookListener
) -> None:
    assert (await send(client, "447700900123")).status == 200
    await run_send_events(chakra, clock)
    assert list_delivery_statuses(listener) == ["FAILED"]


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ("never reads", "SENT DELIVERED"),
        ("switched off", "SENT"),
        ("no status ever arrives", ""),
        ("wrong order", "READ DELIVERED SENT"),
        ("three times", "SENT SENT SENT DELIVERED DELIVERED DELIVERED READ READ READ"),
        ("after that reported as failed", "SENT DELIVERED FAILED"),
        ("delivered never does", "SENT READ"),
    ],
)
async def test_events_in_every_order(
    chakra: EmbeddedChakra,
    client: ApiClient,
    clock: ManualClock,
    listener: WebhookListener,
    says: str,
    expected: str,
) -> None:
    await send(client, find_number(chakra, says))
    await run_send_events(chakra, clock)
    assert " ".join(list_delivery_statuses(listener)) == expected


async def test_events_under_their_older_name(
    chakra: EmbeddedChakra, client: ApiClient, clock: ManualClock, listener: WebhookListener
) -> None:
    await send(client, find_number(chakra, "older name"))
    await run_send_events(chakra, clock)
    documented = read_doc("webhook-chakra.delivery-status-legacy")
    assert all(has_same_shape(got.json, documented) for got in listener.requests)
    assert {got.json["event"] for got in listener.requests} == {"deliveryStatus"}
    assert len(listener.requests) == 3


async def test_reply_opens_the_session_window(
    chakra: EmbeddedChakra,
    client: ApiClient,
    clock: ManualClock,
    listener: WebhookListener,
    meta_listener: WebhookListener,
) -> None:
    number = find_number(chakra, "replies with a text")
    await send(client, number)
    await run_send_events(chakra, clock)
    answer = listener.requests[-1].json
    assert has_same_shape(answer, read_doc("webhook-chakra.message"))
    assert answer["payload"]["message"]["from"] == number
    assert has_same_shape(meta_listener.requests[-1].json, read_doc("webhook-meta.text-message"))
    words = {"messaging_product": "whatsapp", "to": number, "text": {"body": "We will call."}}
    assert (await client.request("POST", MESSAGES, json=words)).status == 200


async def test_first_button_can_be_pressed(
    chakra: EmbeddedChakra,
    client: ApiClient,
    clock: ManualClock,
    listener: WebhookListener,
    meta_listener: WebhookListener,
) -> None:
    location = {"locationLatitude": 18.5, "locationLongitude": 73.8}
    number = find_number(chakra, "presses")
    mapping = [
        {"schemaPropertyName": "1", "schemaPropertyValue": "Mark"},
        {"schemaPropertyName": "2", "schemaPropertyValue": "566701"},
    ]
    body = build_send("order_delivery_update", mapping=mapping, **location)
    await client.request("POST", build_phone_send_path(number), json=body)
    await run_send_events(chakra, clock)
    assert has_same_shape(meta_listener.requests[-1].json, read_doc("webhook-meta.button-reply"))
    pressed = listener.requests[-1].json["payload"]["message"]
    assert pressed["button"]["text"] == "Stop Delivery Updates"
    assert pressed["context"]["id"] == chakra.sends[0].wamid


async def test_failed_webhook_is_not_retried(
    chakra: EmbeddedChakra, client: ApiClient, clock: ManualClock, listener: WebhookListener
) -> None:
    listener.response_status = 500
    await send(client)
    await run_send_events(chakra, clock)
    assert len(listener.requests) == 3
    assert [webhook.status for webhook in chakra.delivered_webhooks] == [500, 500, 500]
    chakra.set_event_webhook("http://127.0.0.1:1/unreachable", SECRET)
    chakra.push_status(chakra.sends[0], "READ")
    await chakra.wait_for_webhooks(4)
    assert chakra.delivered_webhooks[-1].status is None


async def test_custom_events_can_be_emitted(
    chakra: EmbeddedChakra, client: ApiClient, listener: WebhookListener
) -> None:
    await send(client)
    chakra.push_status(chakra.sends[0], "FAILED", 131026)
    chakra.push_status(chakra.sends[0], "READ")
    wamid = chakra.receive_message("919911223344", "Hi, can you please help me out with an issue")
    await listener.wait_for_requests(3)
    assert sorted(got.json["event"] for got in listener.requests) == ["message", "status", "status"]
    (heard,) = (got.json["payload"] for got in listener.requests if got.json["event"] == "message")
    documented = read_doc("webhook-chakra.message")["payload"]
    own = {name: heard[name] for name in ("externalId", "messageId", "timestamp")}
    message = documented["message"] | {
        "id": wamid,
        "timestamp": str(heard["timestamp"] // 1000),
    }
    assert heard == documented | own | {"message": message}


async def test_burst_is_accepted_and_ends_read(
    chakra: EmbeddedChakra, client: ApiClient, listener: WebhookListener
) -> None:
    with pytest.raises(ValueError, match="no send"):
        await chakra.push_status_burst(3)
    for number in range(5):
        await send(client, f"1202555019{number + 1}")
    burst = await chakra.push_status_burst(45)
    assert burst.statuses == {200: 45}
    statuses = Counter(
        (got.json["payload"]["externalId"], got.json["payload"]["deliveryStatus"])
        for got in listener.requests
    )
    assert set(statuses.values()) == {3}
    assert {wamid for wamid, state in statuses if state == "READ"} == {
        send.wamid for send in chakra.sends
    }


async def test_no_events_without_a_listener_or_after_close(
    chakra: EmbeddedChakra, client: ApiClient, clock: ManualClock
) -> None:
    await send(client)
    await run_send_events(chakra, clock)
    assert not chakra.delivered_webhooks
    async with serve_listener() as listener:
        chakra.set_event_webhook(listener.url, SECRET)
        await send(client)
        await chakra.aclose()
        assert not clock.pending_timers
        await clock.advance(60)
        chakra.push_status(chakra.sends[0], "READ")
        await chakra.settle()
        assert not listener.requests


async def test_close_cancels_deliveries_in_flight(
    chakra: EmbeddedChakra, client: ApiClient
) -> None:
    asked, never = asyncio.Event(), asyncio.Event()

    async def hanging(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            asked.set()
            await never.wait()

    async with serve(hanging, grace_seconds=0) as url:
        chakra.set_event_webhook(url, SECRET)
        await send(client)
        chakra.push_status(chakra.sends[0], "SENT")
        await asked.wait()
        await chakra.aclose()
        assert not chakra.delivered_webhooks
