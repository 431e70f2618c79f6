"""A template that a member writes: its validation errors, and the request it becomes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from bot.templates.draft import (
    VARIABLE_FORMAT_HINT,
    TemplateDraft,
    explain_edit_blocker,
    has_non_text_header,
    is_editable,
    validate_draft,
)
from tests.sandbox.chakra_client import read_doc
from tests.templates.builders import (
    LONG_TEXT,
    WILD_TEMPLATES,
    build_authentication_template,
    build_body_component,
    build_documented_templates,
    build_header_component,
    build_template,
)

DELIVERY, RENEWAL = build_documented_templates()
VALID_DRAFT = TemplateDraft(
    name="order_update",
    language="en_US",
    category="UTILITY",
    header="Order {{1}}",
    header_example="566701",
    body="Hi {{1}}, order {{2}} is here.",
    examples="Mark\n566701\n",
    footer="Acme",
)


def edit_draft(**fields: str) -> TemplateDraft:
    return TemplateDraft(
        **{name: getattr(VALID_DRAFT, name) for name in TemplateDraft.__slots__} | fields
    )


def test_valid_draft_in_metas_shape() -> None:
    assert validate_draft(VALID_DRAFT) == {}
    assert VALID_DRAFT.to_new_template().to_body() == {
        "name": "order_update",
        "language": "en_US",
        "category": "UTILITY",
        "parameter_format": "POSITIONAL",
        "components": [
            {
                "format": "TEXT",
                "type": "HEADER",
                "text": "Order {{1}}",
                "example": {"header_text": ["566701"]},
            },
            {
                "type": "BODY",
                "text": "Hi {{1}}, order {{2}} is here.",
                "example": {"body_text": [["Mark", "566701"]]},
            },
            {"type": "FOOTER", "text": "Acme"},
        ],
    }


def test_named_variables_draft() -> None:
    draft = edit_draft(
        header="",
        header_example="",
        body="Hi {{first_name}}, {{plan}} ends.",
        examples="Mark\nGold",
    )
    assert validate_draft(draft) == {}
    new = draft.to_new_template()
    assert new.parameter_format == "NAMED"
    [first, _] = new.components
    assert first["example"] == {
        "body_text_named_params": [
            {"param_name": "first_name", "example": "Mark"},
            {"param_name": "plan", "example": "Gold"},
        ]
    }


@pytest.mark.parametrize(
    ("fields", "place", "expected"),
    [
        ({"name": "Order Update!"}, "name", "For example: order_update"),
        ({"name": ""}, "name", "lowercase letters"),
        ({"name": "x" * 513}, "name", "513 characters"),
        ({"language": ""}, "language", "Choose a language"),
        ({"category": "AUTHENTICATION"}, "category", "Choose a category"),
        ({"header": "a\nb", "header_example": ""}, "header", "one line"),
        ({"header": "{{1}} {{2}}"}, "header", "one variable"),
        ({"header": "x" * 61}, "header", "61 characters"),
        ({"header": "Order {{1}} 🎉"}, "header", "can't have emoji"),
        ({"header": "I ❤️ {{1}}"}, "header", "can't have emoji"),
        ({"header": "Well done 👍🏽 {{1}}"}, "header", "can't have emoji"),
        ({"header": "From 🇮🇳 {{1}}"}, "header", "can't have emoji"),
        ({"header": "1️⃣ {{1}}"}, "header", "can't have emoji"),
        ({"header": "*Order* {{1}}"}, "header", "asterisks"),
        ({"body": "Hi {{1}} {{2}} - {{3}}!", "examples": "a\nb\nc"}, "body", "than words"),
        ({"body": "नमस्ते {{1}} {{2}}."}, "body", "than words"),
        ({"body": "Don't {{1}} {{2}}."}, "body", "than words"),
        ({"body": "Hi {{1}} 🎉 {{2}}."}, "body", "than words"),
        ({"body": "{{1}}{{2}}: a {{3}}.", "examples": "a\nb\nc"}, "body", "start or end"),
        ({"header_example": ""}, "header_example", "Enter an example"),
        ({"body": "", "examples": ""}, "body", "Enter the message"),
        ({"body": "{{1}} and {{2}} are here."}, "body", "start or end with a variable"),
        ({"body": "Here are {{1}} and {{2}}"}, "body", "start or end with a variable"),
        ({"body": "Hi {{1}} and {{3}}."}, "body", "without gaps"),
        ({"body": "Hi {{1}, {{2}}.", "examples": "Mark"}, "body", VARIABLE_FORMAT_HINT),
        ({"body": "Hi {{First}}.", "header": "", "examples": "a"}, "body", VARIABLE_FORMAT_HINT),
        ({"body": "Hi {{1}}, {{name}}."}, "body", "not both"),
        ({"body": "Hi {{name}}.", "examples": "a"}, "body", "not both"),
        ({"body": "x" * 1025, "examples": ""}, "body", "1,025 characters"),
        ({"examples": "Mark"}, "examples", "2 variables, so enter 2 lines"),
        ({"body": "Hi."}, "examples", "no variables, so leave this empty"),
        ({"footer": "Hi {{1}}"}, "footer", "can't have variables"),
    ],
)
def test_validation_errors_by_field(fields: dict[str, str], place: str, expected: str) -> None:
    found = validate_draft(edit_draft(**fields))
    assert list(found) == [place]
    assert expected in found[place]


def test_edit_needs_no_name() -> None:
    assert validate_draft(TemplateDraft(body="Hi."), is_new=False) == {}


def test_missing_form_fields_are_empty() -> None:
    assert TemplateDraft.from_values({"body": " Hi. ", "odd": "x"}) == TemplateDraft(body="Hi.")


@pytest.mark.parametrize("number", [0, 1])
def test_unchanged_edit_produces_identical_components(number: int) -> None:
    before = read_doc("list-message-templates.response")["data"][number]["components"]
    template = build_documented_templates()[number]
    assert TemplateDraft.from_template(template).to_components(template) == before


def test_components_not_in_the_form_are_unchanged() -> None:
    draft = TemplateDraft(body="Your order has left.")
    place, text, stop = draft.to_components(DELIVERY)
    assert place == {"type": "HEADER", "format": "LOCATION"}
    assert text == {"type": "BODY", "text": "Your order has left."}
    assert stop["type"] == "BUTTONS"


def test_editable_templates() -> None:
    assert is_editable(DELIVERY)
    assert is_editable(RENEWAL)
    assert not is_editable(build_authentication_template())
    assert not is_editable(build_template(build_body_component("Hi."), status="PENDING"))
    assert not is_editable(build_template(build_header_component("Hi.")))
    assert has_non_text_header(DELIVERY)
    assert not has_non_text_header(RENEWAL)
    assert not has_non_text_header(None)


@given(WILD_TEMPLATES, LONG_TEXT)
def test_any_template_can_be_drafted(template: Any, wild: str) -> None:
    draft = TemplateDraft.from_template(template)
    assert isinstance(validate_draft(draft), dict)
    assert draft.to_components(template)
    assert isinstance(
        validate_draft(TemplateDraft(wild, wild, wild, wild, wild, wild, wild, wild)), dict
    )


@pytest.mark.parametrize("header", ["© Acme™ {{1}}", "Größe {{1}}", "注文 {{1}}", "№ {{1}} ✕ 2°"])
def test_signs_that_are_no_emoji_stay_in_a_header(header: str) -> None:
    assert "header" not in validate_draft(edit_draft(header=header))


@pytest.mark.parametrize(
    ("body", "examples"),
    [
        ("Hi {{1}}.", "a"),
        ("您好{{1}},订单{{2}}已发货。", "a\nb"),
        ("A {{1}} b {{2}} c.", "a\nb"),
        ("Total/{{1}}:Tax/{{2}}.", "a\nb"),
        ("आपका {{1}} ऑर्डर {{2}}।", "a\nb"),
        ("سعر {{1}} هو {{2}}.", "a\nb"),
    ],
)
def test_as_many_words_as_variables_are_enough(body: str, examples: str) -> None:
    draft = edit_draft(body=body, examples=examples)
    assert validate_draft(draft) == {}


@pytest.mark.parametrize("media_format", ["IMAGE", "VIDEO", "DOCUMENT"])
def test_template_with_a_file_in_its_header_is_edited_elsewhere(media_format: str) -> None:
    template = build_template(
        build_header_component(media_format=media_format), build_body_component("Hi.")
    )
    assert "WhatsApp Manager" in explain_edit_blocker(template)


@pytest.mark.parametrize("media_format", ["IMAGE", "VIDEO", "GIF"])
def test_template_with_files_in_the_cards_of_a_carousel_is_edited_elsewhere(
    media_format: str,
) -> None:
    sample = {"header_handle": ["https://scontent.whatsapp.net/v/sample/1"]}
    header = {"type": "HEADER", "format": media_format, "example": sample}
    carousel = {"type": "CAROUSEL", "cards": [{"components": [header]}]}
    template = build_template(build_body_component("Hi."), carousel)
    assert "WhatsApp Manager" in explain_edit_blocker(template)


def test_other_templates_can_be_edited_while_their_status_allows_it() -> None:
    assert explain_edit_blocker(DELIVERY) == ""
    assert "current status" in explain_edit_blocker(
        build_template(build_body_component("Hi."), status="PENDING")
    )
