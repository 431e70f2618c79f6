"""Sends to the embedded Chakra: accepted as documented, refused as Meta does, and counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.chakra.accepted_send import SEND_FOR_PROCESS, SEND_TO_PHONE
from bot.sandbox.chakra.faults import ResetAfterHandling, ResetBeforeHandling
from tests.clock import ManualClock
from tests.sandbox.chakra_client import ApiClient, open_client, read_doc, serve_chakra
from tests.sandbox.chakra_whatsapp import (
    CUSTOMER_NUMBER,
    SENDER,
    build_phone_send_path,
    build_process_send_path,
    build_send,
    map_names,
    map_positions,
    read_code,
    send,
)

DOCUMENTED_MESSAGE = read_doc("send-template-phone.response")["_data"]


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


async def test_documented_send_returns_the_documented_message(
    chakra: EmbeddedChakra, client: ApiClient, clock: ManualClock
) -> None:
    body = read_doc("send-template-phone.request")
    heard = await client.request("POST", build_phone_send_path("919999999999"), json=body)
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
    assert given == {**DOCUMENTED_MESSAGE, **own}
    assert list(given) == list(DOCUMENTED_MESSAGE)
    assert (sent.endpoint, sent.to, sent.sender_id, sent.template, sent.text, sent.body) == (
        SEND_TO_PHONE,
        "919999999999",
        SENDER,
        "christmas_promo_23",
        "Merry Christmas John",
        body,
    )


@pytest.mark.parametrize("name", ["request", "full.request", "otp.request"])
async def test_every_documented_body_is_accepted(client: ApiClient, name: str) -> None:
    body = read_doc(f"send-template-phone.{name}")
    heard = await client.request("POST", build_phone_send_path(CUSTOMER_NUMBER), json=body)
    assert heard.status == 200, heard.text
    assert set(heard.json["_data"]) == set(DOCUMENTED_MESSAGE)


async def test_the_documented_send_for_a_process_goes_to_its_number(
    chakra: EmbeddedChakra, client: ApiClient
) -> None:
    body = read_doc("send-template-process.request")
    heard = await client.request("POST", build_process_send_path("LEAD-004038"), json=body)
    assert set(heard.json["_data"]) == set(read_doc("send-template-process.response")["_data"])
    by_id = await client.request(
        "POST", build_process_send_path(heard.json["_data"]["process"]), json=body
    )
    assert by_id.status == 200
    assert [(send.endpoint, send.to) for send in chakra.sends] == [
        (SEND_FOR_PROCESS, "919876543210")
    ] * 2


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (build_process_send_path("LEAD-9"), 404),
        (build_process_send_path("LEAD-004048"), 404),
        (build_process_send_path("LEAD-004038", "ticket"), 404),
        (build_process_send_path("LEAD-004041"), 400),
        (build_phone_send_path("+12025550199"), 400),
        (build_phone_send_path("2025550199 "), 400),
        (build_phone_send_path("0123456789"), 400),
        (build_phone_send_path("123"), 400),
        (build_phone_send_path("1" * 16), 400),
        (build_phone_send_path(CUSTOMER_NUMBER).replace("d83e1d23", "00000000"), 404),
    ],
)
async def test_missing_recipient_is_rejected(
    chakra: EmbeddedChakra, client: ApiClient, path: str, status: int
) -> None:
    heard = await client.request("POST", path, json=build_send())
    assert (heard.status, list(heard.json)) == (status, ["_errors"])
    assert not chakra.sends


async def test_national_lead_number_gets_the_default_country(
    chakra: EmbeddedChakra, client: ApiClient
) -> None:
    heard = await client.request("POST", build_process_send_path("LEAD-001"), json=build_send())
    assert heard.json["_data"]["process"] == DOCUMENTED_MESSAGE["process"]
    assert chakra.sends[0].to == "917701214822"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"templateName": "hello_world"},
        {"whatsappPhoneNumberId": SENDER},
        build_send(languageCode="en_US"),
        build_send(mapping="John"),
        build_send(mapping=[{"schemaPropertyName": "1"}]),
        build_send(mapping=[{"schemaPropertyName": 1, "schemaPropertyValue": "John"}]),
        build_send(locationLatitude="18.5"),
        build_send("appointment_reminder", mapping=map_positions("Mark", "12 May", "10:30")),
    ],
)
async def test_body_rejected_by_chakra(
    chakra: EmbeddedChakra, client: ApiClient, body: dict[str, Any]
) -> None:
    heard = await client.request("POST", build_phone_send_path(CUSTOMER_NUMBER), json=body)
    assert (heard.status, list(heard.json)) == (400, ["_errors"])
    assert not chakra.sends


async def test_empty_links_and_a_place_at_zero_count_as_not_given(
    chakra: EmbeddedChakra, client: ApiClient
) -> None:
    links = dict.fromkeys(("imageUrl", "videoUrl", "documentUrl"), "")
    body = build_send(**links, locationLatitude=0, locationLongitude=0)
    heard = await client.request("POST", build_phone_send_path(CUSTOMER_NUMBER), json=body)
    assert heard.status == 200, heard.text
    assert len(chakra.sends) == 1


def build_reminder_components(*values: str) -> dict[str, Any]:
    return {
        "template": "appointment_reminder",
        "language": "en",
        "mapping": map_positions(*values),
    }


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        (132001, {"template": "unknown_template"}),
        (132001, {"template": "order_update", "language": "de"}),
        (132001, {"template": "renewal_notice", "language": "en"}),
        (132001, {"template": "terms_update"}),
        (132001, {"template": "black_friday"}),
        (132015, {"template": "easter_offer"}),
        (132016, {"template": "weather_alert"}),
        (133010, {"whatsappPhoneNumberId": "1234567890"}),
        (132000, {"mapping": map_positions("John")}),
        (132000, build_reminder_components()),
        (132000, build_reminder_components("a", "b")),
        (132000, build_reminder_components(*"abcd")),
        (131008, build_reminder_components("a", " ", "c")),
        (132018, build_reminder_components("a\nb", "c", "d")),
        (132018, build_reminder_components("a\tb", "c", "d")),
        (132018, build_reminder_components("a     b", *"cd")),
        (132005, build_reminder_components("a" * 1000, *"bc")),
        (132012, {"template": "christmas_promo_23", "mapping": map_positions("John")}),
        (132012, {"imageUrl": "https://acme.example/a.png"}),
        (100, {"template": "christmas_promo_23", "mapping": map_positions("John"),
               "imageUrl": "a.png"}),
        (132000, {"template": "login_otp"}),
        (132005, {"template": "login_otp", "otpCode": "1" * 16}),
        (132000, {"otpCode": "496093"}),
        (131008, {"template": "order_update", "language": "es", "mapping": map_positions("a", "b"),
                  "documentUrl": "https://acme.example/a.pdf"}),
        (132000, {"headerMapping": map_positions("Order")}),
        (132012, {"buttonMapping": map_positions("x")}),
        (132012, {"template": "summer_carousel", "mapping": map_positions("Mark")}),
        (131008, {"template": "flash_sale_24h", "mapping": map_positions("Mark"),
                  "imageUrl": "https://acme.example/a.png",
                  "buttonMapping": map_positions("A", "b")}),
        (132012, {"template": "store_opening", "language": "en",
                  "mapping": map_positions("a", "b")}),
        (132012, {"template": "store_opening", "language": "en",
                  "mapping": map_positions("a", "b"),
                  "locationLatitude": 0, "locationLongitude": 0}),
        (131008, {"template": "store_opening", "language": "en",
                  "mapping": map_positions("a", "b"),
                  "locationLatitude": 18.5}),
        (131009, {"template": "store_opening", "language": "en",
                  "mapping": map_positions("a", "b"),
                  "locationLatitude": 91, "locationLongitude": 0}),
    ],
)  # fmt: skip
async def test_send_rejected_by_meta(
    chakra: EmbeddedChakra, client: ApiClient, code: int, fields: dict[str, Any]
) -> None:
    heard = await client.request(
        "POST",
        build_phone_send_path(CUSTOMER_NUMBER),
        json={**build_send(), **build_send(**fields)},
    )
    assert read_code(heard) == code, heard.text
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
                "mapping": map_names(date="31 May", points="12", value="6", first_name="Mark"),
                "headerMapping": map_names(first_name="Mark"),
            },
            "You have 12 points, Mark. They are worth 6 until 31 May in every store.",
        ),
        (
            "store_opening",
            {
                "language": "en",
                "mapping": map_positions("Pune", "12 May"),
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
                "mapping": map_positions("Mark"),
                "videoUrl": "https://acme.example/a.mp4",
                "buttonMapping": map_positions("mark"),
            },
            "A first look for our best customers, Mark: press play before everybody else does.",
        ),
        (
            "gift_card",
            {
                "imageUrl": "https://acme.example/a.png",
                "mapping": map_positions("₹ 500", "31 May"),
                "buttonMapping": map_positions("GIFT500"),
            },
            "Here is your gift card over ₹ 500. It is valid until 31 May in every store.",
        ),
    ],
)
async def test_every_kind_of_template_is_sent(
    chakra: EmbeddedChakra, client: ApiClient, template: str, fields: dict[str, Any], text: str
) -> None:
    heard = await client.request(
        "POST", build_phone_send_path(CUSTOMER_NUMBER), json=build_send(template, **fields)
    )
    assert heard.status == 200, heard.text
    assert heard.json["_data"]["text"] == chakra.sends[0].text == text


async def test_rejection_shape_is_configurable(chakra: EmbeddedChakra, client: ApiClient) -> None:
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
    assert read_code(await send(client, template="none")) == 132001


async def test_sent_count_per_message_is_recorded(
    chakra: EmbeddedChakra, client: ApiClient
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
