"""The embedded Chakra's recipients: scripted outcomes, open windows, known faults."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.chakra.whatsapp_ids import is_whatsapp_id, to_whatsapp_id
from tests.clock import ManualClock
from tests.sandbox.chakra_client import ApiClient, open_client, read_doc, serve_chakra
from tests.sandbox.chakra_whatsapp import (
    CUSTOMER_NUMBER,
    MESSAGES,
    OTHER_SENDER,
    SENDER,
    read_code,
    send,
)


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


def find_number(chakra: EmbeddedChakra, part: str) -> str:
    (number,) = (number.number for number in chakra.test_numbers if part in number.says)
    return number


def test_the_known_numbers_are_valid_and_described(chakra: EmbeddedChakra) -> None:
    numbers = [number.number for number in chakra.test_numbers]
    assert len(numbers) == len(set(numbers)) > 30
    for number in chakra.test_numbers:
        assert is_whatsapp_id(number.number)
        assert number.says.endswith(".")


@pytest.mark.parametrize(
    ("number", "whatsapp_id"),
    [
        ("551187654321", "551187654321"),
        ("5561991234567", "556191234567"),
        ("5511987654321", "5511987654321"),
        ("5215512345678", "5215512345678"),
        ("525512345678", "5215512345678"),
        ("5491123456789", "5491123456789"),
        ("22507123456", "22507123456"),
        ("22997123456", "22997123456"),
    ],
)
async def test_numbers_of_former_plans_are_on_whatsapp(
    chakra: EmbeddedChakra, client: ApiClient, number: str, whatsapp_id: str
) -> None:
    assert is_whatsapp_id(number)
    assert to_whatsapp_id(number) == whatsapp_id
    assert (await send(client, number)).status == 200
    assert chakra.sends[0].to == number


@pytest.mark.parametrize("number", ["551112345678", "5210000000000", "22500000000", "999123456"])
def test_plainly_wrong_numbers_are_not_on_whatsapp(number: str) -> None:
    assert not is_whatsapp_id(number)


@pytest.mark.parametrize("code", [130429, 131031, 130497, 131000])
async def test_numbers_rejected_immediately(
    chakra: EmbeddedChakra, client: ApiClient, code: int
) -> None:
    number = find_number(chakra, f"refused immediately with {code}")
    assert read_code(await send(client, number)) == code
    assert not chakra.sends


async def test_recipient_rate_limit_is_six_seconds(
    chakra: EmbeddedChakra, client: ApiClient, clock: ManualClock
) -> None:
    number = find_number(chakra, "131056")
    assert (await send(client, number)).status == 200
    assert read_code(await send(client, number)) == 131056
    assert (await send(client, number, whatsappPhoneNumberId=OTHER_SENDER)).status == 200
    await clock.advance(6)
    assert (await send(client, number)).status == 200
    assert len(chakra.sends) == 3


async def test_sender_cannot_message_itself(client: ApiClient) -> None:
    own = {"whatsappPhoneNumberId": OTHER_SENDER}
    assert read_code(await send(client, "12025550190", **own)) == 131021


async def test_numbers_that_fail_in_delivery(
    chakra: EmbeddedChakra, client: ApiClient, clock: ManualClock
) -> None:
    assert (await send(client, find_number(chakra, "429 every time"))).status == 429
    inside = await send(client, find_number(chakra, "200 and an error"))
    assert (inside.status, list(inside.json)) == (200, ["_errors"])
    assert (await send(client, find_number(chakra, "web page"))).status == 502
    with pytest.raises(aiohttp.ClientError):
        await send(client, find_number(chakra, "breaks before Chakra"))
    assert not chakra.sends
    with pytest.raises(aiohttp.ClientError):
        await send(client, find_number(chakra, "breaks before its response"))
    assert len(chakra.sends) == 1
    slow = asyncio.create_task(send(client, find_number(chakra, "five seconds")))
    await clock.wait_for_sleep(5)
    await clock.advance(5)
    assert (await slow).status == 200
    never = asyncio.create_task(send(client, find_number(chakra, "never responds")))
    await chakra.wait_for_requests(7)
    assert len(chakra.sends) == 2
    chakra.release_hanging()
    assert (await never).status == 200


async def test_session_messages_need_an_open_window(
    chakra: EmbeddedChakra, client: ApiClient, clock: ManualClock
) -> None:
    body = read_doc("send-session-message.request")
    assert read_code(await client.request("POST", MESSAGES, json=body)) == 131047
    chakra.receive_message(body["to"], "Is anybody there?")
    heard = await client.request("POST", MESSAGES, json=body)
    assert set(heard.json["_data"]) == set(read_doc("send-session-message.response")["_data"])
    assert (chakra.sends[0].template, chakra.sends[0].text) == (None, "This is a text message")
    other = MESSAGES.replace(SENDER, OTHER_SENDER)
    assert read_code(await client.request("POST", other, json=body)) == 131047
    await clock.advance(24 * 3600)
    assert read_code(await client.request("POST", MESSAGES, json=body)) == 131047


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"type": "text", "text": {"body": ""}}, 100),
        ({"type": "text", "text": {"body": "x" * 4097}}, 100),
        ({"type": "text"}, 100),
        ({"type": "image", "image": {}}, 131008),
        ({"type": "image", "image": {"link": "file:///etc/hosts"}}, 100),
        ({"type": "document", "document": {"id": "1", "caption": "x" * 1025}}, 100),
        ({"type": "interactive", "interactive": {"type": "button"}}, 131008),
        ({"type": "location", "location": {"latitude": 1}}, 131008),
        ({"type": "text", "text": {"body": "Hello"}}, 0),
        ({"text": {"body": "Hello"}}, 0),
        ({"type": "image", "image": {"link": "https://acme.example/a.png"}}, 0),
        ({"type": "audio", "audio": {"id": "1"}}, 0),
        ({"type": "reaction", "reaction": {"message_id": "wamid.x", "emoji": "👍"}}, 0),
        (
            {
                "type": "interactive",
                "interactive": {"type": "button", "body": {"text": "Well?"}, "action": {}},
            },
            0,
        ),
    ],
)
async def test_session_messages_of_every_kind(
    chakra: EmbeddedChakra, client: ApiClient, message: dict[str, Any], code: int
) -> None:
    chakra.receive_message(CUSTOMER_NUMBER, "Hello")
    body = {"messaging_product": "whatsapp", "to": CUSTOMER_NUMBER, **message}
    heard = await client.request("POST", MESSAGES, json=body)
    if code:
        assert read_code(heard) == code
    assert len(chakra.sends) == (0 if code else 1)
