"""Sends to the embedded Chakra: accepted as documented, refused as Meta does, and counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.chakra.accepted_send import SEND_FOR_PROCESS, SEND_META_MESSAGE, SEND_TO_PHONE
from bot.sandbox.chakra.faults import ResetAfterHandling, ResetBeforeHandling
from tests.clock import ManualClock
from tests.sandbox.chakra_asked import Client, client_of, example, served
from tests.sandbox.chakra_whatsapp import (
    ANYBODY,
    MESSAGES,
    SENDER,
    code_of,
    for_process,
    in_metas_format,
    mapped,
    named,
    order,
    send,
    to_phone,
)

SHOWN = example("send-template-phone.response")["_data"]


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


async def test_the_documented_send_is_answered_with_the_documented_message(
    chakra: EmbeddedChakra, client: Client, clock: ManualClock
) -> None:
    body = example("send-template-phone.request")
    heard = await client.ask("POST", to_phone("919999999999"), json=body)
    (sent,) = chakra.sends
    moment = int(clock.time() * 1000)
    assert (heard.status, set(heard.json)) == (200, {"_data"})
    assert heard.headers["content-type"] == "application/json"
    given = heard.json["_data"]
    own = {
        "id": sent.id,
        "externalId": sent.wamid,
        "process": sent.process_id,
        "context": {"contactIdentifier": "919999999999", "messageTemplateId": sent.template_id},
        **dict.fromkeys(("createdAt", "updatedAt", "timestamp"), moment),
    }
    assert given == {**SHOWN, **own}
    assert list(given) == list(SHOWN)
    assert (sent.endpoint, sent.to, sent.sender_id, sent.template, sent.text, sent.body) == (
        SEND_TO_PHONE,
        "919999999999",
        SENDER,
        "christmas_promo_23",
        "Merry Christmas John",
        body,
    )


@pytest.mark.parametrize("name", ["request", "full.request", "otp.request"])
async def test_every_documented_body_to_a_number_is_taken(client: Client, name: str) -> None:
    body = example(f"send-template-phone.{name}")
    heard = await client.ask("POST", to_phone(ANYBODY), json=body)
    assert heard.status == 200, heard.text
    assert set(heard.json["_data"]) == set(SHOWN)


async def test_the_documented_send_for_a_process_goes_to_its_number(
    chakra: EmbeddedChakra, client: Client
) -> None:
    body = example("send-template-process.request")
    heard = await client.ask("POST", for_process("LEAD-004038"), json=body)
    assert set(heard.json["_data"]) == set(example("send-template-process.response")["_data"])
    by_id = await client.ask("POST", for_process(heard.json["_data"]["process"]), json=body)
    assert by_id.status == 200
    assert [(one.endpoint, one.to) for one in chakra.sends] == [
        (SEND_FOR_PROCESS, "919876543210")
    ] * 2


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (for_process("LEAD-9"), 404),
        (for_process("LEAD-004048"), 404),
        (for_process("LEAD-004038", "ticket"), 404),
        (for_process("LEAD-004041"), 400),
        (to_phone("+12025550199"), 400),
        (to_phone("2025550199 "), 400),
        (to_phone("0123456789"), 400),
        (to_phone("123"), 400),
        (to_phone("1" * 16), 400),
        (to_phone(ANYBODY).replace("d83e1d23", "00000000"), 404),
    ],
)
async def test_nobody_to_send_to(
    chakra: EmbeddedChakra, client: Client, path: str, status: int
) -> None:
    heard = await client.ask("POST", path, json=order())
    assert (heard.status, list(heard.json)) == (status, ["_errors"])
    assert not chakra.sends


async def test_a_national_number_of_a_lead_gets_the_teams_country(
    chakra: EmbeddedChakra, client: Client
) -> None:
    heard = await client.ask("POST", for_process("LEAD-001"), json=order())
    assert heard.json["_data"]["process"] == SHOWN["process"]
    assert chakra.sends[0].to == "917701214822"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"templateName": "hello_world"},
        {"whatsappPhoneNumberId": SENDER},
        order(languageCode="en_US"),
        order(mapping="John"),
        order(mapping=[{"schemaPropertyName": "1"}]),
        order(mapping=[{"schemaPropertyName": 1, "schemaPropertyValue": "John"}]),
        order(locationLatitude="18.5"),
        order("appointment_reminder", mapping=mapped("Mark", "12 May", "10:30")),
    ],
)
async def test_a_body_that_chakra_itself_refuses(
    chakra: EmbeddedChakra, client: Client, body: dict[str, Any]
) -> None:
    heard = await client.ask("POST", to_phone(ANYBODY), json=body)
    assert (heard.status, list(heard.json)) == (400, ["_errors"])
    assert not chakra.sends


async def test_empty_links_and_a_place_at_zero_count_as_not_given(
    chakra: EmbeddedChakra, client: Client
) -> None:
    links = dict.fromkeys(("imageUrl", "videoUrl", "documentUrl"), "")
    body = order(**links, locationLatitude=0, locationLongitude=0)
    heard = await client.ask("POST", to_phone(ANYBODY), json=body)
    assert heard.status == 200, heard.text
    assert len(chakra.sends) == 1


def reminder(*values: str) -> dict[str, Any]:
    return {"template": "appointment_reminder", "language": "en", "mapping": mapped(*values)}


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        (132001, {"template": "nobody_wrote_this"}),
        (132001, {"template": "order_update", "language": "de"}),
        (132001, {"template": "renewal_notice", "language": "en"}),
        (132001, {"template": "terms_update"}),
        (132001, {"template": "black_friday"}),
        (132015, {"template": "easter_offer"}),
        (132016, {"template": "weather_alert"}),
        (133010, {"whatsappPhoneNumberId": "1234567890"}),
        (132000, {"mapping": mapped("John")}),
        (132000, reminder()),
        (132000, reminder("a", "b")),
        (132000, reminder(*"abcd")),
        (131008, reminder("a", " ", "c")),
        (132018, reminder("a\nb", "c", "d")),
        (132018, reminder("a\tb", "c", "d")),
        (132018, reminder("a     b", *"cd")),
        (132005, reminder("a" * 1000, *"bc")),
        (132012, {"template": "christmas_promo_23", "mapping": mapped("John")}),
        (132012, {"imageUrl": "https://acme.example/a.png"}),
        (100, {"template": "christmas_promo_23", "mapping": mapped("John"), "imageUrl": "a.png"}),
        (132000, {"template": "login_otp"}),
        (132005, {"template": "login_otp", "otpCode": "1" * 16}),
        (132000, {"otpCode": "496093"}),
        (131008, {"template": "order_update", "language": "es", "mapping": mapped("a", "b"),
                  "documentUrl": "https://acme.example/a.pdf"}),
        (132000, {"headerMapping": mapped("Order")}),
        (132012, {"buttonMapping": mapped("x")}),
        (132012, {"template": "summer_carousel", "mapping": mapped("Mark")}),
        (131008, {"template": "flash_sale_24h", "mapping": mapped("Mark"),
                  "imageUrl": "https://acme.example/a.png", "buttonMapping": mapped("A", "b")}),
        (132012, {"template": "store_opening", "language": "en", "mapping": mapped("a", "b")}),
        (132012, {"template": "store_opening", "language": "en", "mapping": mapped("a", "b"),
                  "locationLatitude": 0, "locationLongitude": 0}),
        (131008, {"template": "store_opening", "language": "en", "mapping": mapped("a", "b"),
                  "locationLatitude": 18.5}),
        (131009, {"template": "store_opening", "language": "en", "mapping": mapped("a", "b"),
                  "locationLatitude": 91, "locationLongitude": 0}),
    ],
)  # fmt: skip
async def test_what_meta_refuses_of_a_send(
    chakra: EmbeddedChakra, client: Client, code: int, fields: dict[str, Any]
) -> None:
    heard = await client.ask("POST", to_phone(ANYBODY), json={**order(), **order(**fields)})
    assert code_of(heard) == code, heard.text
    error = heard.json["error"]
    assert error["message"].startswith(f"(#{code}) ")
    assert set(error["error_data"]) == {"messaging_product", "details"}
    assert not chakra.sends


@pytest.mark.parametrize(
    ("template", "fields", "text"),
    [
        ("otp_login", {"language": "en", "otpCode": "4471"}, "*4471* is your verification code."),
        (
            "loyalty_points",
            {
                "mapping": named(date="31 May", points="12", value="6", first_name="Mark"),
                "headerMapping": named(first_name="Mark"),
            },
            "You have 12 points, Mark. They are worth 6 until 31 May in every store.",
        ),
        (
            "store_opening",
            {
                "language": "en",
                "mapping": mapped("Pune", "12 May"),
                "locationLatitude": 18.52,
                "locationLongitude": 73.85,
                "locationName": "Acme",
                "locationAddress": "12 Park Street",
            },
            "We open in Pune on 12 May! The first hundred guests get a gift.",
        ),
        (
            "vip_preview_video",
            {
                "mapping": mapped("Mark"),
                "videoUrl": "https://acme.example/a.mp4",
                "buttonMapping": mapped("mark"),
            },
            "A first look for our best customers, Mark: press play before everybody else does.",
        ),
        (
            "gift_card",
            {
                "imageUrl": "https://acme.example/a.png",
                "mapping": mapped("₹ 500", "31 May"),
                "buttonMapping": mapped("GIFT500"),
            },
            "Here is your gift card over ₹ 500. It is valid until 31 May in every store.",
        ),
    ],
)
async def test_every_kind_of_template_is_sent(
    chakra: EmbeddedChakra, client: Client, template: str, fields: dict[str, Any], text: str
) -> None:
    heard = await client.ask("POST", to_phone(ANYBODY), json=order(template, **fields))
    assert heard.status == 200, heard.text
    assert heard.json["_data"]["text"] == chakra.sends[0].text == text


async def test_the_documented_send_in_metas_format(chakra: EmbeddedChakra, client: Client) -> None:
    heard = await client.ask("POST", MESSAGES, json=example("send-template-meta.request"))
    (sent,) = chakra.sends
    assert (heard.status, heard.json) == (200, {"_data": {"whatsappMessageId": sent.wamid}})
    assert set(heard.json["_data"]) == set(example("send-template-meta.response")["_data"])
    assert (sent.endpoint, sent.template, sent.language) == (
        SEND_META_MESSAGE,
        "hello_world",
        "en_US",
    )
    assert sent.wamid.startswith("wamid.")


TEXT = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
DOCUMENT = {"type": "document", "document": {"link": "https://acme.example/a.pdf"}}
BUTTON = {"type": "button", "sub_type": "url", "index": "0", "parameters": TEXT[:1]}


async def test_a_send_in_metas_format_with_every_component(client: Client) -> None:
    body = in_metas_format(
        "order_update",
        "en_US",
        {"type": "header", "parameters": [DOCUMENT]},
        {"type": "body", "parameters": TEXT},
        BUTTON,
    )
    assert (await client.ask("POST", MESSAGES, json=body)).status == 200
    cake = in_metas_format(
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
    assert (await client.ask("POST", MESSAGES, json=cake)).status == 200
    nameless = in_metas_format(
        "birthday_wish",
        "en",
        cake["template"]["components"][0],
        {"type": "body", "parameters": TEXT},
    )
    assert code_of(await client.ask("POST", MESSAGES, json=nameless)) == 100


HELLO = in_metas_format("hello_world", "en_US")


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
        (in_metas_format("hello_world", "en_US", {"parameters": []}), 100),
        (in_metas_format("hello_world", "en"), 132001),
        (in_metas_format("order_update", "en_US", {"type": "body", "parameters": TEXT}), 132012),
        (
            in_metas_format(
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
            in_metas_format(
                "order_update",
                "en_US",
                {"type": "header", "parameters": [{"type": "document", "document": {}}]},
            ),
            131008,
        ),
        (in_metas_format("hello_world", "en_US", BUTTON), 132012),
    ],
)
async def test_what_meta_refuses_in_its_own_format(
    chakra: EmbeddedChakra, client: Client, body: dict[str, Any], code: int
) -> None:
    assert code_of(await client.ask("POST", MESSAGES, json=body)) == code
    assert not chakra.sends


async def test_a_number_with_its_plus_sign_is_understood_by_meta(
    chakra: EmbeddedChakra, client: Client
) -> None:
    await client.ask("POST", MESSAGES, json={**HELLO, "to": "+1 (202) 555-0199"})
    assert chakra.sends[0].to == ANYBODY


async def test_the_shape_of_refusals_can_be_chosen(chakra: EmbeddedChakra, client: Client) -> None:
    sentence = (
        "(#132001) Template name does not exist in the translation: "
        "template name (none) does not exist in any language"
    )
    chakra.set_meta_error_format("errors")
    heard = await send(client, template="none")
    assert (heard.status, heard.json) == (400, {"_errors": [sentence]})
    chakra.set_meta_error_format("200")
    heard = await send(client, template="none")
    assert (heard.status, heard.json) == (200, {"_errors": [sentence]})
    chakra.set_meta_error_format("meta")
    assert code_of(await send(client, template="none")) == 132001


async def test_how_often_a_message_went_out_is_known(
    chakra: EmbeddedChakra, client: Client
) -> None:
    waiting = asyncio.create_task(chakra.wait_for_sends(2))
    chakra.fail(SEND_TO_PHONE, ResetBeforeHandling(), times=1)
    with pytest.raises(aiohttp.ClientError):
        await send(client)
    assert not chakra.sends
    chakra.fail(SEND_TO_PHONE, ResetAfterHandling(), times=1)
    with pytest.raises(aiohttp.ClientError):
        await send(client)
    assert len(chakra.sends) == 1
    assert not waiting.done()
    await send(client)
    await waiting
    assert chakra.count(SEND_TO_PHONE) == 3
