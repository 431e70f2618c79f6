"""The embedded Chakra's pass-through of Meta's own message format, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.chakra.accepted_send import SEND_META_MESSAGE
from tests.clock import ManualClock
from tests.sandbox.chakra_client import ApiClient, open_client, read_doc, serve_chakra
from tests.sandbox.chakra_whatsapp import (
    CUSTOMER_NUMBER,
    MESSAGES,
    build_meta_send,
    read_code,
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


async def test_the_documented_send_in_metas_format(
    chakra: EmbeddedChakra, client: ApiClient
) -> None:
    heard = await client.request("POST", MESSAGES, json=read_doc("send-template-meta.request"))
    (sent,) = chakra.sends
    assert (heard.status, heard.json) == (200, {"_data": {"whatsappMessageId": sent.wamid}})
    assert set(heard.json["_data"]) == set(read_doc("send-template-meta.response")["_data"])
    assert (sent.endpoint, sent.template, sent.language) == (
        SEND_META_MESSAGE,
        "hello_world",
        "en_US",
    )
    assert sent.wamid.startswith("wamid.")


TEXT = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
DOCUMENT = {"type": "document", "document": {"link": "https://acme.example/a.pdf"}}
BUTTON = {"type": "button", "sub_type": "url", "index": "0", "parameters": TEXT[:1]}


async def test_a_send_in_metas_format_with_every_component(client: ApiClient) -> None:
    body = build_meta_send(
        "order_update",
        "en_US",
        {"type": "header", "parameters": [DOCUMENT]},
        {"type": "body", "parameters": TEXT},
        BUTTON,
    )
    assert (await client.request("POST", MESSAGES, json=body)).status == 200
    cake = build_meta_send(
        "birthday_wish",
        "en",
        {"type": "header", "parameters": [{"type": "image", "image": {"id": "1"}}]},
        {
            "type": "body",
            "parameters": [
                {"type": "text", "parameter_name": "gift", "text": "a cake"},
                {"type": "text", "parameter_name": "first_name", "text": "Mark"},
            ],
        },
    )
    assert (await client.request("POST", MESSAGES, json=cake)).status == 200
    nameless = build_meta_send(
        "birthday_wish",
        "en",
        cake["template"]["components"][0],
        {"type": "body", "parameters": TEXT},
    )
    assert read_code(await client.request("POST", MESSAGES, json=nameless)) == 100


HELLO = build_meta_send("hello_world", "en_US")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({**HELLO, "messaging_product": None}, 100),
        ({**HELLO, "to": None}, 100),
        ({**HELLO, "to": "me"}, 131009),
        ({**HELLO, "type": "carrier_pigeon"}, 100),
        ({**HELLO, "type": ["template"]}, 100),
        ({**HELLO, "template": "hello_world"}, 100),
        ({**HELLO, "template": {"name": "hello_world"}}, 100),
        (build_meta_send("hello_world", "en_US", {"parameters": []}), 100),
        (build_meta_send("hello_world", "en"), 132001),
        (build_meta_send("order_update", "en_US", {"type": "body", "parameters": TEXT}), 132012),
        (
            build_meta_send(
                "order_update",
                "en_US",
                {
                    "type": "header",
                    "parameters": [{"type": "image", "image": {"link": "https://a.b"}}],
                },
            ),
            132012,
        ),
        (
            build_meta_send(
                "order_update",
                "en_US",
                {"type": "header", "parameters": [{"type": "document", "document": {}}]},
            ),
            131008,
        ),
        (build_meta_send("hello_world", "en_US", BUTTON), 132012),
    ],
)
async def test_meta_format_send_rejected_by_meta(
    chakra: EmbeddedChakra, client: ApiClient, body: dict[str, Any], code: int
) -> None:
    assert read_code(await client.request("POST", MESSAGES, json=body)) == code
    assert not chakra.sends


async def test_meta_accepts_a_plus_prefix(chakra: EmbeddedChakra, client: ApiClient) -> None:
    await client.request("POST", MESSAGES, json={**HELLO, "to": "+1 (202) 555-0199"})
    assert chakra.sends[0].to == CUSTOMER_NUMBER
