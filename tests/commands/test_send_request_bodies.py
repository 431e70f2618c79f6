"""The request to Chakra after a press of Send: each documented body, and each other kind.

The language is always included, also if an example has only one and omits it: a second one may
have been added since the templates were looked at.
"""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.chakra.accepted_send import SEND_FOR_PROCESS, SEND_META_MESSAGE, SEND_TO_PHONE
from tests.clock import ManualClock
from tests.commands.send_scenarios import (
    advance_until,
    choose_template,
    count_sent,
    read_view_text,
    run_command,
    settle_app,
)
from tests.sandbox.chakra_client import read_doc
from tests.sandbox.chakra_whatsapp import OTHER_SENDER, SENDER, map_names, map_positions
from tests.world import World

TO = "+91 99999 99999"
PROMO = read_doc("send-template-phone.request")
FULL = read_doc("send-template-phone.full.request")
CODE = read_doc("send-template-phone.otp.request")
FOR_PROCESS = read_doc("send-template-process.request")
IN_METAS_FORM = read_doc("send-template-meta.request")
LINK = "https://example.com/files/picture.jpg"


async def send_and_get_body(
    acme: World, clock: ManualClock, name: str, language: str, **values: Any
) -> dict[str, Any]:
    """The body of the one request, of a form that is filled in and submitted."""
    await run_command(acme)
    await choose_template(acme, name, language)
    assert await acme.send({"phone": TO, **values}) == {}
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)
    [taken] = acme.chakra.sends
    request = acme.chakra.requests[-1]
    assert request.json == taken.body
    assert (request.method, request.headers["content-type"]) == ("POST", "application/json")
    return dict(taken.body)


def serve_address(acme: World) -> str:
    """Where it went, with the method."""
    request = acme.chakra.requests[-1]
    return f"{request.method} {request.endpoint}"


# --- the documented ones -------------------------------------------------------------------------


async def test_positional_template_with_a_picture(acme: World, clock: ManualClock) -> None:
    values = {"var_body_1": "John", "media": PROMO["imageUrl"]}
    body = await send_and_get_body(acme, clock, "christmas_promo_23", "en_US", **values)
    assert body == {**PROMO, "language": "en_US"}
    assert serve_address(acme) == SEND_TO_PHONE
    assert acme.chakra.requests[-1].path.endswith("/phoneNumber/919999999999/send-template-message")


async def test_template_with_every_component(acme: World, clock: ManualClock) -> None:
    """The example has words for the header beside a document, which no template can have."""
    values = {"var_body_1": "John", "var_body_2": "566701", "var_button_0_1": "566701"}
    body = await send_and_get_body(
        acme, clock, "order_update", "en_US", media=FULL["documentUrl"], **values
    )
    assert body == {name: value for name, value in FULL.items() if name != "headerMapping"}


async def test_authentication_template(acme: World, clock: ManualClock) -> None:
    body = await send_and_get_body(
        acme, clock, "login_otp", "en", otp="496093", sender=OTHER_SENDER
    )
    assert body == {**CODE, "language": "en"}


async def test_process_recipient(acme: World, clock: ManualClock) -> None:
    """Our form asks for the picture that the example leaves to Chakra."""
    values = {"var_body_1": "John", "media": LINK, "phone": "lead LEAD-004038"}
    body = await send_and_get_body(acme, clock, "christmas_promo_23", "en_US", **values)
    assert body == {**FOR_PROCESS, "language": "en_US", "imageUrl": LINK}
    assert serve_address(acme) == SEND_FOR_PROCESS
    path = acme.chakra.requests[-1].path
    assert path.endswith("/process/lead/LEAD-004038/send-template-message")


async def test_meta_format(acme: World, clock: ManualClock) -> None:
    """A template that Chakra's own form cannot express: with values for two buttons."""
    values = {"var_body_1": "John", "var_body_2": "20 %", "var_body_3": "May 3"}
    buttons = {"var_button_0_1": "SAVE20", "var_button_1_1": "566701"}
    body = await send_and_get_body(acme, clock, "eid_offer", "en", **values, **buttons)
    template = body["template"]
    components = template.pop("components")
    documented = {**IN_METAS_FORM["template"], "name": "eid_offer"}
    documented["language"] = {**documented["language"], "code": "en"}
    del documented["components"]
    assert body == {**IN_METAS_FORM, "template": documented}
    assert components == [
        {
            "type": "body",
            "parameters": [{"type": "text", "text": value} for value in values.values()],
        },
        *(
            build_button_parameter(acme, place, value)
            for place, value in enumerate(buttons.values())
        ),
    ]
    assert serve_address(acme) == SEND_META_MESSAGE
    assert acme.chakra.requests[-1].path.endswith(f"/api/v24.0/{SENDER}/messages")


async def test_carousel_in_metas_format(acme: World, clock: ManualClock) -> None:
    values = {"var_body_1": "Mei"}
    for card in range(3):
        values |= {f"card_{card}_media": LINK, f"var_card_{card}_button_1_1": f"p{card}"}
    body = await send_and_get_body(acme, clock, "summer_carousel", "en", **values)
    header = {"type": "header", "parameters": [{"type": "image", "image": {"link": LINK}}]}
    assert body["template"]["components"] == [
        {"type": "body", "parameters": [{"type": "text", "text": "Mei"}]},
        {
            "type": "carousel",
            "cards": [
                {
                    "card_index": card,
                    "components": [
                        header,
                        {
                            "type": "button",
                            "sub_type": "url",
                            "index": "1",
                            "parameters": [{"type": "text", "text": f"p{card}"}],
                        },
                    ],
                }
                for card in range(3)
            ],
        },
    ]
    assert serve_address(acme) == SEND_META_MESSAGE


async def test_offer_in_metas_format(acme: World, clock: ManualClock) -> None:
    ends = int(clock.time()) + 86_400
    values = {"var_body_1": "Mei", "media": LINK, "expiration": ends}
    buttons = {"var_button_0_1": "FLASH50", "var_button_1_1": "today"}
    body = await send_and_get_body(acme, clock, "flash_sale_24h", "en", **values, **buttons)
    offer = {"expiration_time_ms": ends * 1000}
    parts = {part["type"]: part for part in body["template"]["components"]}
    assert parts["limited_time_offer"]["parameters"] == [
        {"type": "limited_time_offer", "limited_time_offer": offer}
    ]
    assert [part["type"] for part in body["template"]["components"]] == [
        "header",
        "body",
        "limited_time_offer",
        "button",
        "button",
    ]
    assert serve_address(acme) == SEND_META_MESSAGE


@pytest.mark.parametrize(
    ("name", "values", "button"),
    [
        (
            "survey_nps",
            {"var_body_1": "Mei"},
            {
                "sub_type": "flow",
                "parameters": [{"type": "action", "action": {"flow_token": "unused"}}],
            },
        ),
        ("catalog_new_arrivals", {"var_body_1": "Mei"}, {"sub_type": "CATALOG"}),
    ],
)
async def test_buttons_that_open_something(
    acme: World, clock: ManualClock, name: str, values: dict[str, str], button: dict[str, Any]
) -> None:
    body = await send_and_get_body(acme, clock, name, "en", **values)
    assert body["template"]["components"][-1] == {"type": "button", "index": "0", **button}
    assert serve_address(acme) == SEND_META_MESSAGE


def build_button_parameter(acme: World, index: int, value: str) -> dict[str, Any]:
    sort = acme.chakra.find_template("eid_offer", "en").buttons[index]["type"]
    coupon = {"type": "coupon_code", "coupon_code": value}
    return {
        "type": "button",
        "sub_type": "copy_code" if sort == "COPY_CODE" else "url",
        "index": str(index),
        "parameters": [coupon if sort == "COPY_CODE" else {"type": "text", "text": value}],
    }


# --- each kind in Chakra's form ------------------------------------------------------------------

KINDS: dict[str, tuple[str, str, dict[str, str], dict[str, Any]]] = {
    "positional": (
        "appointment_reminder",
        "es",
        {"var_body_1": "Ana", "var_body_2": "3 de mayo", "var_body_3": "10:00"},
        {"mapping": map_positions("Ana", "3 de mayo", "10:00")},
    ),
    "named": (
        "order_update_v2",
        "en",
        {
            "var_header_order_id": "566701",
            "var_body_order_id": "566701",
            "var_body_status": "packed",
            "var_body_next_step": "delivery",
            "var_body_date": "May 3",
            "var_button_0_1": "566701",
        },
        {
            "mapping": map_names(
                order_id="566701", status="packed", next_step="delivery", date="May 3"
            ),
            "headerMapping": map_names(order_id="566701"),
            "buttonMapping": map_positions("566701"),
        },
    ),
    "heading": (
        "flight_delayed",
        "en",
        {"var_header_1": "AC 7", "var_body_1": "AC 7", "var_body_2": "10:00"},
        {
            "mapping": map_positions("AC 7", "10:00"),
            "headerMapping": map_positions("AC 7"),
        },
    ),
    "video": (
        "test_drive",
        "en",
        {
            "media": "https://example.com/drive.mp4",
            "var_body_1": "Model A",
            "var_body_2": "May 3",
            "var_body_3": "10:00",
        },
        {
            "mapping": map_positions("Model A", "May 3", "10:00"),
            "videoUrl": "https://example.com/drive.mp4",
        },
    ),
    "document": (
        "boarding_pass",
        "en",
        {"media": "https://example.com/pass.pdf", "var_body_1": "AC 7", "var_body_2": "Goa"},
        {
            "mapping": map_positions("AC 7", "Goa"),
            "documentUrl": "https://example.com/pass.pdf",
            "filename": "pass.pdf",
        },
    ),
    "place": (
        "pickup_ready",
        "en",
        {
            "latitude": "12.9716",
            "longitude": "-77.5946",
            "location_name": "Acme",
            "location_address": "1 Main Street",
            "var_body_1": "566701",
            "var_body_2": "Acme",
            "var_body_3": "May 3",
        },
        {
            "mapping": map_positions("566701", "Acme", "May 3"),
            "locationLatitude": 12.9716,
            "locationLongitude": -77.5946,
            "locationName": "Acme",
            "locationAddress": "1 Main Street",
        },
    ),
    "button with a link": (
        "payment_link",
        "en",
        {"var_body_1": "20 USD", "var_body_2": "John", "var_button_0_1": "p/566701"},
        {
            "mapping": map_positions("20 USD", "John"),
            "buttonMapping": map_positions("p/566701"),
        },
    ),
    "button with a coupon": (
        "gift_card",
        "en",
        {
            "media": LINK,
            "var_body_1": "20 USD",
            "var_body_2": "May 3",
            "var_button_0_1": "SAVE20",
        },
        {
            "mapping": map_positions("20 USD", "May 3"),
            "buttonMapping": map_positions("SAVE20"),
            "imageUrl": LINK,
        },
    ),
    "nothing to fill in": ("hello_world", "en_US", {}, {}),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_each_template_kind(acme: World, clock: ManualClock, kind: str) -> None:
    name, language, values, expected = KINDS[kind]
    body = await send_and_get_body(acme, clock, name, language, **values)
    ours = {"whatsappPhoneNumberId": SENDER, "templateName": name, "language": language}
    assert body == {**ours, **expected}


async def test_command_line_and_form_send_the_same_body(acme: World, clock: ManualClock) -> None:
    line = f'christmas_promo_23 {TO} 1=John media="{PROMO["imageUrl"]}"'
    await run_command(acme, line)
    await acme.confirm()
    await settle_app(acme)
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)
    assert acme.chakra.sends[0].body == {**PROMO, "language": "en_US"}


# --- what people paste ---------------------------------------------------------------------------


async def test_whole_link_as_the_end_of_a_button_and_a_name_for_the_document(
    acme: World, clock: ManualClock
) -> None:
    body = await send_and_get_body(
        acme,
        clock,
        "order_update",
        "en_US",
        media="https://files.acme.example/dl?id=7",
        filename="Invoice 566701.pdf",
        var_body_1="John",
        var_body_2="566701",
        var_button_0_1="https://acme.example/orders/566701",
    )
    assert body["filename"] == "Invoice 566701.pdf"
    assert body["documentUrl"] == "https://files.acme.example/dl?id=7"
    assert [value["schemaPropertyValue"] for value in body["buttonMapping"]] == ["566701"]


async def test_name_of_a_document_on_the_line(acme: World) -> None:
    line = (
        "order_update +91 99999 99999 language=en_US 1=John 2=566701 button_0_1=566701 "
        "media=https://files.acme.example/a.pdf filename='Invoice May'"
    )
    await run_command(acme, line)
    assert "Invoice May" in read_view_text(acme)
    await acme.confirm()
    assert acme.chakra.sends[0].body["filename"] == "Invoice May.pdf"
