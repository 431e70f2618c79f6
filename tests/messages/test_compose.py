"""The request that sends a template: each documented body, and which form is chosen."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chakra.outgoing import MetaTemplate
from bot.chakra.template import Template
from bot.errors import UsageError
from bot.messages.compose import (
    OutboundMessage,
    PassthroughMessage,
    PhoneMessage,
    ProcessMessage,
    compose,
    extract_filename,
    to_meta_template,
)
from bot.messages.recipients import Recipient, RecipientKind
from bot.messages.rules import validate_values
from bot.templates.send_blockers import send_blocker
from bot.templates.variables import FieldKind as FieldKind
from bot.templates.variables import template_fields
from tests.sandbox.chakra_asked import example
from tests.templates.samples import (
    COUPON,
    LEAD,
    PHONE,
    WILD_TEMPLATES,
    body,
    buttons,
    documented,
    header,
    one_time_code,
    template,
    url,
)

SENDER = "775966265503012"
PICTURE = example("send-template-phone.request")["imageUrl"]
PROMO = template(
    header(sort="IMAGE"), body("Hi {{1}}, merry Christmas!"), name="christmas_promo_23"
)


def sent(made: OutboundMessage) -> dict[str, Any]:
    """The body as it travels."""
    body: dict[str, Any] = json.loads(json.dumps(made.body()))
    return body


# --- the documented bodies -----------------------------------------------------------------------


def test_a_positional_one_with_a_picture() -> None:
    values = {"var_body_1": "John", "media": PICTURE}
    made = compose(PROMO, values, PHONE, SENDER, include_language=False)
    assert isinstance(made, PhoneMessage)
    assert made.phone == "919999999999"
    assert sent(made) == example("send-template-phone.request")


def test_the_full_one() -> None:
    """The documented example has words for the header beside a document, which no template has."""
    order = template(
        header("{{1}}", "DOCUMENT"), body("{{1}}, order {{2}} is here."), buttons(url())
    )
    values = {
        "var_header_1": "Order",
        "var_body_1": "John",
        "var_body_2": "566701",
        "var_button_0_1": "566701",
        "media": "https://example.com/invoice.pdf",
    }
    made = compose(order, values, PHONE, SENDER)
    assert made.followable
    assert sent(made) == example("send-template-phone.full.request")


def test_a_one_time_code() -> None:
    made = compose(
        one_time_code(), {"otp": "496093"}, PHONE, "105966260583426", include_language=False
    )
    assert sent(made) == example("send-template-phone.otp.request")


def test_for_a_process() -> None:
    promo = template(body("Hi {{1}}, merry Christmas!"), name="christmas_promo_23")
    made = compose(promo, {"var_body_1": "John"}, LEAD, SENDER, include_language=False)
    assert isinstance(made, ProcessMessage)
    assert (made.procedure, made.key) == ("lead", "LEAD-004038")
    assert sent(made) == example("send-template-process.request")


def test_in_metas_form() -> None:
    hello = template(body("Welcome!"), name="hello_world")
    assert to_meta_template(hello, {}, "919999999999").body() == example(
        "send-template-meta.request"
    )


# --- each kind -----------------------------------------------------------------------------------


def chakras(made: Template, values: dict[str, str]) -> dict[str, Any]:
    sending = compose(made, values, PHONE, SENDER)
    assert isinstance(sending, PhoneMessage)
    body = sent(sending)
    assert body.pop("whatsappPhoneNumberId") == SENDER
    assert body.pop("templateName") == made.name
    assert body.pop("language") == made.language
    return body


def mapped(**values: str) -> list[dict[str, str]]:
    return [
        {"schemaPropertyName": name.lstrip("_"), "schemaPropertyValue": value}
        for name, value in values.items()
    ]


def test_named_variables_go_by_their_names() -> None:
    _, renewal = documented()
    values = {"var_header_first_name": "Mark", "var_body_plan": "Gold", "var_body_date": " 1 May "}
    assert chakras(renewal, values) == {
        "mapping": mapped(plan="Gold", date="1 May"),
        "headerMapping": mapped(first_name="Mark"),
    }


@pytest.mark.parametrize(
    ("sort", "field"), [("IMAGE", "imageUrl"), ("VIDEO", "videoUrl"), ("DOCUMENT", "documentUrl")]
)
def test_each_file_has_its_own_field(sort: str, field: str) -> None:
    made = template(header(sort=sort), body("Here."))
    assert chakras(made, {"media": "https://x.example/f"}) == {field: "https://x.example/f"}


def test_document_has_the_name_of_its_upload() -> None:
    values = {"media": "https://x.example/9b755981.pdf", "filename": "Invoice May.pdf"}
    made = chakras(template(header(sort="DOCUMENT"), body("Here.")), values)
    assert made["filename"] == "Invoice May.pdf"


def test_a_place() -> None:
    delivery, _ = documented()
    values = {
        "var_body_1": "Mark",
        "var_body_2": "566701",
        "latitude": " 12.9716",
        "longitude": "-77.5946",
        "location_name": "Acme",
        "location_address": "1 Main Street",
    }
    assert chakras(delivery, values) == {
        "mapping": mapped(_1="Mark", _2="566701"),
        "locationLatitude": 12.9716,
        "locationLongitude": -77.5946,
        "locationName": "Acme",
        "locationAddress": "1 Main Street",
    }


@pytest.mark.parametrize("button", [url(), COUPON])
def test_button_with_a_value_is_number_one_at_any_position(button: dict[str, object]) -> None:
    made = template(body("Hi."), buttons({"type": "QUICK_REPLY", "text": "Stop"}, button))
    assert chakras(made, {"var_button_1_1": "X1"}) == {"buttonMapping": mapped(_1="X1")}


# --- Meta's form, where Chakra's would be a guess ------------------------------------------------

OFFER = template(
    header("For {{name}}"),
    body("{{name}}, {{percent}} off."),
    buttons(COUPON, {"type": "QUICK_REPLY", "text": "Stop"}, url()),
    parameter_format="NAMED",
)
OFFERED = {
    "var_header_name": "Mark",
    "var_body_name": "Mark",
    "var_body_percent": "20 %",
    "var_button_0_1": "SAVE20",
    "var_button_2_1": "566701",
}


def test_values_for_two_buttons_name_the_button_and_cannot_be_followed() -> None:
    made = compose(OFFER, OFFERED, PHONE, SENDER)
    assert isinstance(made, PassthroughMessage)
    assert not made.followable
    assert made.sender_id == SENDER
    named = {"type": "text", "text": "Mark", "parameter_name": "name"}
    assert sent(made)["template"]["components"] == [
        {"type": "header", "parameters": [named]},
        {
            "type": "body",
            "parameters": [
                named,
                {"type": "text", "text": "20 %", "parameter_name": "percent"},
            ],
        },
        {
            "type": "button",
            "sub_type": "copy_code",
            "index": "0",
            "parameters": [{"type": "coupon_code", "coupon_code": "SAVE20"}],
        },
        {
            "type": "button",
            "sub_type": "url",
            "index": "2",
            "parameters": [{"type": "text", "text": "566701"}],
        },
    ]


def components(made: MetaTemplate) -> list[dict[str, Any]]:
    shown: dict[str, Any] = json.loads(json.dumps(made.body()))
    found: list[dict[str, Any]] = shown["template"]["components"]
    return found


@pytest.mark.parametrize(
    ("made", "values", "parameter"),
    [
        (
            template(header(sort="DOCUMENT"), body("Here.")),
            {"media": "https://x.example/a.pdf"},
            {
                "type": "document",
                "document": {"link": "https://x.example/a.pdf", "filename": "a.pdf"},
            },
        ),
        (
            template(header(sort="IMAGE"), body("Here.")),
            {"media": "https://x.example/a.png"},
            {"type": "image", "image": {"link": "https://x.example/a.png"}},
        ),
        (
            template(header(sort="LOCATION"), body("Here.")),
            {"latitude": "1", "longitude": "2", "location_name": "Acme"},
            {"type": "location", "location": {"latitude": 1.0, "longitude": 2.0, "name": "Acme"}},
        ),
    ],
)
def test_metas_headers(
    made: Template, values: dict[str, str], parameter: dict[str, object]
) -> None:
    [shown, *_] = components(to_meta_template(made, values, "1"))
    assert shown == {"type": "header", "parameters": [parameter]}


def test_one_time_code_is_in_text_and_button_in_metas_format() -> None:
    text = {"type": "text", "text": "496093"}
    assert components(to_meta_template(one_time_code(), {"otp": "496093"}, "1")) == [
        {"type": "body", "parameters": [text]},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [text]},
    ]


def test_a_process_without_a_number_cannot_be_sent_metas_form() -> None:
    nowhere = Recipient(RecipientKind.PROCESS, "", "lead L-1", procedure="lead", key="L-1")
    with pytest.raises(UsageError, match="Type the number"):
        compose(OFFER, OFFERED, nowhere, SENDER)
    lead = compose(OFFER, OFFERED, LEAD, SENDER)
    assert isinstance(lead, PassthroughMessage)
    assert lead.message.to == LEAD.digits


# --- names of files, and anything at all ---------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://example.com/a/invoice.pdf?x=1#y", "invoice.pdf"),
        ("https://example.com/Invoice%20May.pdf", "Invoice May.pdf"),
        ("https://example.com/..%2F..%2Fetc%2Fpasswd.d", ""),
        ("https://example.com/9b755981", ""),
        ("https://example.com/", ""),
        ("https://[", ""),
        ("", ""),
        (f"https://example.com/{'x' * 300}.pdf", ""),
    ],
)
def test_the_name_of_a_file_is_found_in_its_address(address: str, name: str) -> None:
    assert extract_filename(address) == name


FIT = {
    FieldKind.COORDINATE: st.floats(-90, 90).map(str),
    FieldKind.LINK: st.just("https://x.example/a.pdf"),
    FieldKind.FILE: st.just(""),
    FieldKind.TEXT: st.text(max_size=12),
}
SHORT = st.from_regex(r"[A-Za-z0-9/?=&-]{1,15}", fullmatch=True)


@given(WILD_TEMPLATES, st.data(), st.sampled_from([PHONE, LEAD]))
def test_whatever_the_rules_allow_can_be_composed(
    made: Template, data: st.DataObject, recipient: Recipient
) -> None:
    wanted = template_fields(made)[:12]
    values = {field.key: data.draw(FIT.get(field.kind, SHORT)) for field in wanted}
    if send_blocker(made) or validate_values(made, values):
        return
    body = sent(compose(made, values, recipient, SENDER))
    assert "" not in body.values()
