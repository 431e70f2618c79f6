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
from tests.sandbox.chakra_asked import Client, client_of, example, served
from tests.sandbox.chakra_whatsapp import (
    ANYBODY,
    MESSAGES,
    Hook,
    hooked,
    in_metas_format,
    order,
    send,
    to_phone,
)

SECRET = "team hmac secret"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def chakra(clock: ManualClock) -> AsyncIterator[EmbeddedChakra]:
    async with served(clock) as one:
        yield one


@pytest.fixture
async def client(chakra: EmbeddedChakra) -> AsyncIterator[Client]:
    async with client_of(chakra) as one:
        yield one


@pytest.fixture
async def hook(chakra: EmbeddedChakra) -> AsyncIterator[Hook]:
    """Receive Chakra's events."""
    async with hooked() as one:
        chakra.set_event_webhook(one.url, SECRET)
        yield one
        await chakra.settle()


@pytest.fixture
async def meta_hook(chakra: EmbeddedChakra) -> AsyncIterator[Hook]:
    """Receive Meta's events."""
    async with hooked() as one:
        chakra.set_passthrough_webhook(one.url)
        yield one
        await chakra.settle()


async def pass_by(chakra: EmbeddedChakra, clock: ManualClock) -> None:
    """Let everything that follows a send happen, one step after the other."""
    for _ in range(60):
        await clock.advance(0.1)
        await chakra.settle()


def number_that(chakra: EmbeddedChakra, says: str) -> str:
    (number,) = (one.number for one in chakra.test_numbers if says in one.says)
    return number


def states(hook: Hook) -> list[str]:
    return [got.json["payload"]["deliveryStatus"] for got in hook.got]


def meta_value(body: Any) -> Any:
    return body["entry"][0]["changes"][0]["value"]


def same_shape(one: Any, other: Any) -> bool:
    """Return whether both have the same keys, at all levels."""
    if isinstance(one, dict) and isinstance(other, dict):
        return set(one) == set(other) and all(same_shape(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_shape, one, other))
    return type(one) is type(other)


async def test_a_send_is_sent_delivered_and_read_by_the_clock(
    chakra: EmbeddedChakra, client: Client, clock: ManualClock, hook: Hook
) -> None:
    await send(client)
    (sent,) = chakra.sends
    await clock.advance(0.5)
    await chakra.settle()
    assert not hook.got
    for number, seconds in enumerate((0.1, 0.6, 1.3), 1):
        await clock.advance(seconds)
        await hook.until(number)
    assert states(hook) == ["SENT", "DELIVERED", "READ"]
    documented = example("webhook-chakra.status")
    assert hook.got[1].json == {
        "event": "status",
        "payload": documented["payload"]
        | {
            "id": sent.id,
            "externalId": sent.wamid,
            "recipientId": ANYBODY,
            "timestamp": int((sent.accepted_at + 1.2) * 1000),
        },
    }


async def test_events_are_signed_over_the_raw_body(
    client: Client, clock: ManualClock, hook: Hook
) -> None:
    await send(client)
    await clock.advance(0.6)
    (got,) = await hook.until(1)
    digest = hmac.new(SECRET.encode(), got.raw, hashlib.sha256).hexdigest()
    assert got.headers["x-chakra-signature-256"] == digest
    assert got.headers["content-type"] == "application/json"


async def test_meta_tells_the_same_in_its_own_shape_unsigned(
    chakra: EmbeddedChakra, client: Client, clock: ManualClock, hook: Hook, meta_hook: Hook
) -> None:
    await send(client)
    await pass_by(chakra, clock)
    assert len(hook.got) == len(meta_hook.got) == 3
    for got, name in zip(meta_hook.got, ("sent", "delivered", "read"), strict=True):
        assert same_shape(got.json, example(f"webhook-meta.status-{name}"))
        (status,) = meta_value(got.json)["statuses"]
        assert (status["status"], status["id"]) == (name, chakra.sends[0].wamid)
        assert "x-chakra-signature-256" not in got.headers


async def test_sends_in_metas_format_are_followed_by_meta_alone(
    chakra: EmbeddedChakra, client: Client, clock: ManualClock, hook: Hook, meta_hook: Hook
) -> None:
    await client.ask("POST", MESSAGES, json=in_metas_format("hello_world", "en_US"))
    await pass_by(chakra, clock)
    assert not hook.got
    assert len(meta_hook.got) == 3


@pytest.mark.parametrize("code", [131026, 131047, 131049, 131050, 131042, 130472, 131053, 139999])
async def test_known_numbers_fail_after_they_were_accepted(
    chakra: EmbeddedChakra,
    client: Client,
    clock: ManualClock,
    hook: Hook,
    meta_hook: Hook,
    code: int,
) -> None:
    says = "an undocumented code" if code == 139999 else f"failed with {code}"
    assert (await send(client, number_that(chakra, says))).status == 200
    await pass_by(chakra, clock)
    failed = hook.got[-1].json
    assert same_shape(failed, example("webhook-chakra.status-failed"))
    assert failed["payload"]["errorContext"]["providerPayload"]["code"] == code
    assert same_shape(meta_hook.got[-1].json, example("webhook-meta.status-failed"))
    assert meta_value(meta_hook.got[-1].json)["statuses"][0]["errors"][0]["code"] == code


async def test_a_number_that_cannot_exist_is_accepted_and_fails(
    chakra: EmbeddedChakra, client: Client, clock: ManualClock, hook: Hook
) -> None:
    assert (await send(client, "447700900123")).status == 200
    await pass_by(chakra, clock)
    assert states(hook) == ["FAILED"]


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
    client: Client,
    clock: ManualClock,
    hook: Hook,
    says: str,
    expected: str,
) -> None:
    await send(client, number_that(chakra, says))
    await pass_by(chakra, clock)
    assert " ".join(states(hook)) == expected


async def test_events_under_their_older_name(
    chakra: EmbeddedChakra, client: Client, clock: ManualClock, hook: Hook
) -> None:
    await send(client, number_that(chakra, "older name"))
    await pass_by(chakra, clock)
    documented = example("webhook-chakra.delivery-status-legacy")
    assert all(same_shape(got.json, documented) for got in hook.got)
    assert {got.json["event"] for got in hook.got} == {"deliveryStatus"}
    assert len(hook.got) == 3


async def test_somebody_answers_and_the_window_opens(
    chakra: EmbeddedChakra, client: Client, clock: ManualClock, hook: Hook, meta_hook: Hook
) -> None:
    number = number_that(chakra, "replies with a text")
    await send(client, number)
    await pass_by(chakra, clock)
    answer = hook.got[-1].json
    assert same_shape(answer, example("webhook-chakra.message"))
    assert answer["payload"]["message"]["from"] == number
    assert same_shape(meta_hook.got[-1].json, example("webhook-meta.text-message"))
    words = {"messaging_product": "whatsapp", "to": number, "text": {"body": "We will call."}}
    assert (await client.ask("POST", MESSAGES, json=words)).status == 200


async def test_somebody_presses_the_first_button(
    chakra: EmbeddedChakra, client: Client, clock: ManualClock, hook: Hook, meta_hook: Hook
) -> None:
    location = {"locationLatitude": 18.5, "locationLongitude": 73.8}
    number = number_that(chakra, "presses")
    mapping = [
        {"schemaPropertyName": "1", "schemaPropertyValue": "Mark"},
        {"schemaPropertyName": "2", "schemaPropertyValue": "566701"},
    ]
    body = order("order_delivery_update", mapping=mapping, **location)
    await client.ask("POST", to_phone(number), json=body)
    await pass_by(chakra, clock)
    assert same_shape(meta_hook.got[-1].json, example("webhook-meta.button-reply"))
    pressed = hook.got[-1].json["payload"]["message"]
    assert pressed["button"]["text"] == "Stop Delivery Updates"
    assert pressed["context"]["id"] == chakra.sends[0].wamid


async def test_a_missed_event_stays_missed(
    chakra: EmbeddedChakra, client: Client, clock: ManualClock, hook: Hook
) -> None:
    hook.answers = 500
    await send(client)
    await pass_by(chakra, clock)
    assert len(hook.got) == 3
    assert [told.status for told in chakra.delivered_webhooks] == [500, 500, 500]
    chakra.set_event_webhook("http://127.0.0.1:1/nobody", SECRET)
    chakra.push_status(chakra.sends[0], "READ")
    await chakra.wait_for_webhooks(4)
    assert chakra.delivered_webhooks[-1].status is None


async def test_a_test_tells_events_as_it_likes(
    chakra: EmbeddedChakra, client: Client, hook: Hook
) -> None:
    await send(client)
    chakra.push_status(chakra.sends[0], "FAILED", 131026)
    chakra.push_status(chakra.sends[0], "READ")
    wamid = chakra.receive_message("919911223344", "Hi, can you please help me out with an issue")
    await hook.until(3)
    assert sorted(got.json["event"] for got in hook.got) == ["message", "status", "status"]
    (heard,) = (got.json["payload"] for got in hook.got if got.json["event"] == "message")
    documented = example("webhook-chakra.message")["payload"]
    own = {name: heard[name] for name in ("externalId", "messageId", "timestamp")}
    message = documented["message"] | {
        "id": wamid,
        "timestamp": str(heard["timestamp"] // 1000),
    }
    assert heard == documented | own | {"message": message}


async def test_a_burst_is_answered_whole_and_ends_read(
    chakra: EmbeddedChakra, client: Client, hook: Hook
) -> None:
    with pytest.raises(ValueError, match="no send"):
        await chakra.push_status_burst(3)
    for number in range(5):
        await send(client, f"1202555019{number + 1}")
    burst = await chakra.push_status_burst(45)
    assert burst.statuses == {200: 45}
    told = Counter(
        (got.json["payload"]["externalId"], got.json["payload"]["deliveryStatus"])
        for got in hook.got
    )
    assert set(told.values()) == {3}
    assert {wamid for wamid, state in told if state == "READ"} == {
        one.wamid for one in chakra.sends
    }


async def test_nothing_is_told_where_nobody_listens_nor_after_the_end(
    chakra: EmbeddedChakra, client: Client, clock: ManualClock
) -> None:
    await send(client)
    await pass_by(chakra, clock)
    assert not chakra.delivered_webhooks
    async with hooked() as one:
        chakra.set_event_webhook(one.url, SECRET)
        await send(client)
        await chakra.aclose()
        assert not clock.waiting
        await clock.advance(60)
        chakra.push_status(chakra.sends[0], "READ")
        await chakra.settle()
        assert not one.got


async def test_the_end_cuts_what_is_under_way(chakra: EmbeddedChakra, client: Client) -> None:
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
