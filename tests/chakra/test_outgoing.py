"""Each body equals the documented example of its kind."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.chakra.outgoing import (
    ButtonParameter,
    LocationParameter,
    MediaParameter,
    MetaTemplate,
    SessionMedia,
    SessionText,
    TemplateMessage,
    TextParameter,
    build_parameters,
    explain_invalid_value,
)
from tests.chakra.upstream import read_example

SENDER = "775966265503012"
PICTURE = "https://chakra-public-media.chakrahq.com/5fc9f8e3-af4a-4f29-bfd8-6c02e3abe3ee/2024-10-17/9b755981-74f7-4cde-b495-cd7039991964.png"


def build_message(**more: object) -> TemplateMessage:
    given = {"whatsapp_phone_number_id": SENDER, "template_name": "sale", **more}
    return TemplateMessage.model_validate(given)


def build_extra_fields(**more: object) -> dict[str, object]:
    """What the body holds besides the sender and the name."""
    body = build_message(**more).to_body()
    assert body.pop("whatsappPhoneNumberId") == SENDER
    assert body.pop("templateName") == "sale"
    return body


def assert_documented(body: object, name: str) -> None:
    assert json.loads(json.dumps(body)) == read_example(f"{name}.request")


def test_a_positional_template_with_a_picture_is_as_documented() -> None:
    sent = TemplateMessage(
        whatsapp_phone_number_id=SENDER,
        template_name="christmas_promo_23",
        mapping=build_parameters({"1": "John"}),
        image_url=PICTURE,
    )
    assert_documented(sent.to_body(), "send-template-phone")


def test_one_for_a_process_is_as_documented() -> None:
    sent = TemplateMessage(
        whatsapp_phone_number_id=SENDER,
        template_name="christmas_promo_23",
        mapping=build_parameters({"1": "John"}),
    )
    assert_documented(sent.to_body(), "send-template-process")


def test_one_with_everything_is_as_documented() -> None:
    sent = TemplateMessage(
        whatsapp_phone_number_id=SENDER,
        template_name="order_update",
        language="en_US",
        mapping=build_parameters({"1": "John", "2": "566701"}),
        header_mapping=build_parameters({"1": "Order"}),
        button_mapping=build_parameters({"1": "566701"}),
        document_url="https://example.com/invoice.pdf",
        filename="invoice.pdf",
    )
    assert_documented(sent.to_body(), "send-template-phone.full")


def test_a_one_time_code_is_as_documented() -> None:
    sent = TemplateMessage(
        whatsapp_phone_number_id="105966260583426", template_name="login_otp", otp_code="496093"
    )
    assert_documented(sent.to_body(), "send-template-phone.otp")


def test_named_variables_go_by_their_names() -> None:
    mapping = build_parameters({"first_name": "Mark", "plan": "Gold"})
    assert json.loads(json.dumps(build_extra_fields(mapping=mapping))) == {
        "mapping": [
            {"schemaPropertyName": "first_name", "schemaPropertyValue": "Mark"},
            {"schemaPropertyName": "plan", "schemaPropertyValue": "Gold"},
        ]
    }


def test_a_video_and_a_location() -> None:
    assert build_extra_fields(video_url="https://a.test/v.mp4") == {
        "videoUrl": "https://a.test/v.mp4"
    }
    place = {
        "location_latitude": 0.0,
        "location_longitude": -77.25,
        "location_name": "Home",
        "location_address": "1 Main St",
    }
    assert build_extra_fields(**place) == {
        "locationLatitude": 0.0,
        "locationLongitude": -77.25,
        "locationName": "Home",
        "locationAddress": "1 Main St",
    }


def test_what_is_not_set_is_not_sent() -> None:
    assert build_extra_fields() == {}


@pytest.mark.parametrize(
    "more", [{"language_code": "en"}, {"mapping": [{"name": "1"}]}, {"location_latitude": "x"}]
)
def test_unknown_field_cannot_be_set(more: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        build_message(**more)


def test_repr_hides_personal_data() -> None:
    sent = build_message(
        mapping=build_parameters({"1": "John"}), otp_code="496093", image_url=PICTURE
    )
    text = repr(sent) + repr(sent.mapping)
    assert "John" not in text
    assert "496093" not in text
    assert "chakra-public-media" not in text


def test_metas_format_is_as_documented() -> None:
    assert_documented(
        MetaTemplate("919999999999", "hello_world", "en_US").to_body(), "send-template-meta"
    )


def test_metas_format_with_everything() -> None:
    sent = MetaTemplate(
        "919999999999",
        "sale",
        "en",
        header=MediaParameter("document", "https://a.test/i.pdf", "i.pdf"),
        text=(TextParameter("Mark"), TextParameter("Gold", "plan")),
        buttons=(
            ButtonParameter("url", 0, "566701"),
            ButtonParameter("quick_reply", 1, "STOP"),
            ButtonParameter("copy_code", 2, "25OFF"),
        ),
    )
    template = sent.to_body()["template"]
    assert isinstance(template, dict)
    assert template["components"] == [
        {
            "type": "header",
            "parameters": [
                {
                    "type": "document",
                    "document": {"link": "https://a.test/i.pdf", "filename": "i.pdf"},
                }
            ],
        },
        {
            "type": "body",
            "parameters": [
                {"type": "text", "text": "Mark"},
                {"type": "text", "text": "Gold", "parameter_name": "plan"},
            ],
        },
        {
            "type": "button",
            "sub_type": "url",
            "index": "0",
            "parameters": [{"type": "text", "text": "566701"}],
        },
        {
            "type": "button",
            "sub_type": "quick_reply",
            "index": "1",
            "parameters": [{"type": "payload", "payload": "STOP"}],
        },
        {
            "type": "button",
            "sub_type": "copy_code",
            "index": "2",
            "parameters": [{"type": "coupon_code", "coupon_code": "25OFF"}],
        },
    ]


@pytest.mark.parametrize(
    ("header", "body"),
    [
        (
            MediaParameter("image", "https://a.test/p.png"),
            {"type": "image", "image": {"link": "https://a.test/p.png"}},
        ),
        (
            LocationParameter(12.5, 77.0),
            {"type": "location", "location": {"latitude": 12.5, "longitude": 77.0}},
        ),
        (
            LocationParameter(12.5, 77.0, "Home", "1 Main St"),
            {
                "type": "location",
                "location": {
                    "latitude": 12.5,
                    "longitude": 77.0,
                    "name": "Home",
                    "address": "1 Main St",
                },
            },
        ),
        (TextParameter("Hi"), {"type": "text", "text": "Hi"}),
    ],
)
def test_each_header_of_metas(
    header: MediaParameter | LocationParameter | TextParameter, body: dict[str, object]
) -> None:
    assert header.to_body() == body


def test_a_session_message_is_as_documented() -> None:
    assert_documented(
        SessionText("912233223322", "This is a text message").to_body(), "send-session-message"
    )


def test_a_session_message_may_be_a_file() -> None:
    sent = SessionMedia("91", "document", "https://a.test/i.pdf", "Yours", "i.pdf")
    assert sent.to_body() == {
        "messaging_product": "whatsapp",
        "to": "91",
        "type": "document",
        "document": {"link": "https://a.test/i.pdf", "caption": "Yours", "filename": "i.pdf"},
    }
    assert SessionMedia("91", "audio", "https://a.test/a.ogg").to_body()["audio"] == {
        "link": "https://a.test/a.ogg"
    }


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("John", None),
        ("a    b", None),
        ("محمد 🎉", None),
        ("", "empty"),
        ("  ", "empty"),
        ("\n", "empty"),
        ("a\nb", "line break"),
        ("a\r\nb", "line break"),
        ("a\u2028b", "line break"),
        ("a\tb", "tab"),
        ("a     b", "spaces"),
    ],
)
def test_invalid_variable_value_is_rejected_locally(value: str, why: str | None) -> None:
    assert explain_invalid_value(value) == why


@given(st.dictionaries(st.text(min_size=1), st.text(), min_size=1))
def test_any_values_are_sent_unchanged(values: dict[str, str]) -> None:
    body = json.loads(json.dumps(build_message(mapping=build_parameters(values)).to_body()))
    sent = {value["schemaPropertyName"]: value["schemaPropertyValue"] for value in body["mapping"]}
    assert sent == values
