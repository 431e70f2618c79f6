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
from bot.templates.send_blockers import explain_blocker
from bot.templates.variables import FieldKind as FieldKind
from bot.templates.variables import list_template_fields
from tests.sandbox.chakra_client import read_doc
from tests.templates.builders import (
    COUPON,
    LEAD,
    PHONE,
    WILD_TEMPLATES,
    build_authentication_template,
    build_body_component,
    build_buttons_component,
    build_documented_templates,
    build_header_component,
    build_template,
    build_url_button,
)

SENDER = "775966265503012"
PICTURE = read_doc("send-template-phone.request")["imageUrl"]
PROMO = build_template(
    build_header_component(media_format="IMAGE"),
    build_body_component("Hi {{1}}, merry Christmas!"),
    name="christmas_promo_23",
)


def compose_body(message: OutboundMessage) -> dict[str, Any]:
    """The body as it travels."""
    body: dict[str, Any] = json.loads(json.dumps(message.to_body()))
    return body


# --- the documented bodies -----------------------------------------------------------------------


def test_positional_template_with_a_picture() -> None:
    values = {"var_body_1": "John", "media": PICTURE}
    message = compose(PROMO, values, PHONE, SENDER, include_language=False)
    assert isinstance(message, PhoneMessage)
    assert message.phone == "919999999999"
    assert compose_body(message) == read_doc("send-template-phone.request")


def test_template_with_every_component() -> None:
    """The documented example has words for the header beside a document, which no template has."""
    order = build_template(
        build_header_component("{{1}}", "DOCUMENT"),
        build_body_component("{{1}}, order {{2}} is here."),
        build_buttons_component(build_url_button()),
    )
    values = {
        "var_header_1": "Order",
        "var_body_1": "John",
        "var_body_2": "566701",
        "var_button_0_1": "566701",
        "media": "https://example.com/invoice.pdf",
    }
    message = compose(order, values, PHONE, SENDER)
    assert message.followable
    assert compose_body(message) == read_doc("send-template-phone.full.request")


def test_authentication_template() -> None:
    message = compose(
        build_authentication_template(),
        {"otp": "496093"},
        PHONE,
        "105966260583426",
        include_language=False,
    )
    assert compose_body(message) == read_doc("send-template-phone.otp.request")


def test_process_recipient() -> None:
    promo = build_template(
        build_body_component("Hi {{1}}, merry Christmas!"), name="christmas_promo_23"
    )
    message = compose(promo, {"var_body_1": "John"}, LEAD, SENDER, include_language=False)
    assert isinstance(message, ProcessMessage)
    assert (message.procedure, message.key) == ("lead", "LEAD-004038")
    assert compose_body(message) == read_doc("send-template-process.request")


def test_meta_format() -> None:
    hello = build_template(build_body_component("Welcome!"), name="hello_world")
    assert to_meta_template(hello, {}, "919999999999").to_body() == read_doc(
        "send-template-meta.request"
    )


# --- each kind -----------------------------------------------------------------------------------


def compose_chakra_body(template: Template, values: dict[str, str]) -> dict[str, Any]:
    sending = compose(template, values, PHONE, SENDER)
    assert isinstance(sending, PhoneMessage)
    body = compose_body(sending)
    assert body.pop("whatsappPhoneNumberId") == SENDER
    assert body.pop("templateName") == template.name
    assert body.pop("language") == template.language
    return body


def build_mapping(**values: str) -> list[dict[str, str]]:
    return [
        {"schemaPropertyName": name.lstrip("_"), "schemaPropertyValue": value}
        for name, value in values.items()
    ]


def test_named_variables_go_by_their_names() -> None:
    _, renewal = build_documented_templates()
    values = {"var_header_first_name": "Mark", "var_body_plan": "Gold", "var_body_date": " 1 May "}
    assert compose_chakra_body(renewal, values) == {
        "mapping": build_mapping(plan="Gold", date="1 May"),
        "headerMapping": build_mapping(first_name="Mark"),
    }


@pytest.mark.parametrize(
    ("sort", "field"), [("IMAGE", "imageUrl"), ("VIDEO", "videoUrl"), ("DOCUMENT", "documentUrl")]
)
def test_each_file_has_its_own_field(sort: str, field: str) -> None:
    template = build_template(
        build_header_component(media_format=sort), build_body_component("Here.")
    )
    assert compose_chakra_body(template, {"media": "https://x.example/f"}) == {
        field: "https://x.example/f"
    }


def test_document_has_the_name_of_its_upload() -> None:
    values = {"media": "https://x.example/9b755981.pdf", "filename": "Invoice May.pdf"}
    template = compose_chakra_body(
        build_template(
            build_header_component(media_format="DOCUMENT"), build_body_component("Here.")
        ),
        values,
    )
    assert template["filename"] == "Invoice May.pdf"


@pytest.mark.parametrize(
    ("link", "name", "sent"),
    [
        ("a.pdf", "Invoice May", "Invoice May.pdf"),
        ("a.pdf", "Invoice No. 5", "Invoice No. 5.pdf"),
        ("a.pdf", "Invoice 2026.11", "Invoice 2026.11.pdf"),
        ("a.pdf", "Invoice for Mr.Sharma", "Invoice for Mr.Sharma.pdf"),
        ("a.PDF", "Invoice.Pdf", "Invoice.Pdf"),
        ("a.pdf", "x" * 240, f"{'x' * 236}.pdf"),
        ("a.docx?v=2", "चालान", "चालान.docx"),
        ("download.php?id=1", "Invoice", "Invoice"),
        ("download", "Invoice", "Invoice"),
        ("a.pdf", "", "a.pdf"),
    ],
)
def test_name_of_a_document_by_link_ends_as_the_document_does(
    link: str, name: str, sent: str
) -> None:
    template = build_template(
        build_header_component(media_format="DOCUMENT"), build_body_component("Here.")
    )
    body = compose_chakra_body(
        template, {"media": f"https://x.example/{link}"} | ({"filename": name} if name else {})
    )
    assert body["filename"] == sent


def test_location_header() -> None:
    delivery, _ = build_documented_templates()
    values = {
        "var_body_1": "Mark",
        "var_body_2": "566701",
        "latitude": " 12.9716",
        "longitude": "-77.5946",
        "location_name": "Acme",
        "location_address": "1 Main Street",
    }
    assert compose_chakra_body(delivery, values) == {
        "mapping": build_mapping(_1="Mark", _2="566701"),
        "locationLatitude": 12.9716,
        "locationLongitude": -77.5946,
        "locationName": "Acme",
        "locationAddress": "1 Main Street",
    }


@pytest.mark.parametrize("button", [build_url_button(), COUPON])
def test_button_with_a_value_is_number_one_at_any_position(button: dict[str, object]) -> None:
    template = build_template(
        build_body_component("Hi."),
        build_buttons_component({"type": "QUICK_REPLY", "text": "Stop"}, button),
    )
    assert compose_chakra_body(template, {"var_button_1_1": "X1"}) == {
        "buttonMapping": build_mapping(_1="X1")
    }


# --- Meta's form, where Chakra's would be a guess ------------------------------------------------

OFFER = build_template(
    build_header_component("For {{name}}"),
    build_body_component("{{name}}, {{percent}} off."),
    build_buttons_component(COUPON, {"type": "QUICK_REPLY", "text": "Stop"}, build_url_button()),
    parameter_format="NAMED",
)
OFFER_VALUES = {
    "var_header_name": "Mark",
    "var_body_name": "Mark",
    "var_body_percent": "20 %",
    "var_button_0_1": "SAVE20",
    "var_button_2_1": "566701",
}


def test_values_for_two_buttons_are_indexed_and_untrackable() -> None:
    message = compose(OFFER, OFFER_VALUES, PHONE, SENDER)
    assert isinstance(message, PassthroughMessage)
    assert not message.followable
    assert message.sender_id == SENDER
    named = {"type": "text", "text": "Mark", "parameter_name": "name"}
    assert compose_body(message)["template"]["components"] == [
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


def build_meta_components(template: MetaTemplate) -> list[dict[str, Any]]:
    components: dict[str, Any] = json.loads(json.dumps(template.to_body()))
    found: list[dict[str, Any]] = components["template"]["components"]
    return found


@pytest.mark.parametrize(
    ("template", "values", "parameter"),
    [
        (
            build_template(
                build_header_component(media_format="DOCUMENT"), build_body_component("Here.")
            ),
            {"media": "https://x.example/a.pdf"},
            {
                "type": "document",
                "document": {"link": "https://x.example/a.pdf", "filename": "a.pdf"},
            },
        ),
        (
            build_template(
                build_header_component(media_format="IMAGE"), build_body_component("Here.")
            ),
            {"media": "https://x.example/a.png"},
            {"type": "image", "image": {"link": "https://x.example/a.png"}},
        ),
        (
            build_template(
                build_header_component(media_format="LOCATION"), build_body_component("Here.")
            ),
            {"latitude": "1", "longitude": "2", "location_name": "Acme"},
            {"type": "location", "location": {"latitude": 1.0, "longitude": 2.0, "name": "Acme"}},
        ),
    ],
)
def test_metas_headers(
    template: Template, values: dict[str, str], parameter: dict[str, object]
) -> None:
    [components, *_] = build_meta_components(to_meta_template(template, values, "1"))
    assert components == {"type": "header", "parameters": [parameter]}


def test_one_time_code_is_in_text_and_button_in_metas_format() -> None:
    text = {"type": "text", "text": "496093"}
    assert build_meta_components(
        to_meta_template(build_authentication_template(), {"otp": "496093"}, "1")
    ) == [
        {"type": "body", "parameters": [text]},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [text]},
    ]


def test_process_without_a_number_cannot_use_meta_format() -> None:
    nowhere = Recipient(RecipientKind.PROCESS, "", "lead L-1", procedure="lead", key="L-1")
    with pytest.raises(UsageError, match="Type the number"):
        compose(OFFER, OFFER_VALUES, nowhere, SENDER)
    lead = compose(OFFER, OFFER_VALUES, LEAD, SENDER)
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
def test_file_name_is_taken_from_the_url(address: str, name: str) -> None:
    assert extract_filename(address) == name


VALID_VALUES = {
    FieldKind.COORDINATE: st.floats(-90, 90).map(str),
    FieldKind.LINK: st.just("https://x.example/a.pdf"),
    FieldKind.FILE: st.just(""),
    FieldKind.TEXT: st.text(max_size=12),
}
SHORT = st.from_regex(r"[A-Za-z0-9/?=&-]{1,15}", fullmatch=True)


@given(WILD_TEMPLATES, st.data(), st.sampled_from([PHONE, LEAD]))
def test_any_valid_values_can_be_composed(
    template: Template, data: st.DataObject, recipient: Recipient
) -> None:
    wanted = list_template_fields(template)[:12]
    values = {field.key: data.draw(VALID_VALUES.get(field.kind, SHORT)) for field in wanted}
    if explain_blocker(template) or validate_values(template, values):
        return
    body = compose_body(compose(template, values, recipient, SENDER))
    assert "" not in body.values()
