"""Templates of every kind, and of kinds that do not exist yet."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.chakra.template import Button, Template, Variable, fill_variables, find_variable_names
from tests.chakra.upstream import read_example


def parse_template(*components: dict[str, Any], **fields: object) -> Template:
    return Template.model_validate(
        {"id": "1", "name": "sale", "language": "en", "components": list(components), **fields}
    )


def list_documented() -> list[Template]:
    return [
        Template.model_validate(item)
        for item in read_example("list-message-templates.response")["data"]
    ]


def test_the_documented_positional_template() -> None:
    order = list_documented()[0]
    assert (order.id, order.name, order.language) == (
        "1667192013751005",
        "order_delivery_update",
        "en_US",
    )
    assert (order.status, order.category, order.parameter_format) == (
        "APPROVED",
        "UTILITY",
        "POSITIONAL",
    )
    assert order.is_sendable
    assert order.has_location_header
    assert not order.has_named_variables
    assert order.media_format == ""
    assert order.variables == (
        Variable("body", "1", example="Mark"),
        Variable("body", "2", example="566701"),
    )
    assert order.footer is not None
    assert order.footer.text.startswith("To stop receiving")
    assert [(button.type, button.text) for button in order.buttons] == [
        ("QUICK_REPLY", "Stop Delivery Updates")
    ]
    assert order.quality == ""
    assert order.rejected_reason == ""


def test_the_documented_named_template() -> None:
    renewal = list_documented()[1]
    assert not renewal.is_sendable
    assert renewal.has_named_variables
    assert renewal.rejected_reason == "TAG_CONTENT_MISMATCH"
    assert renewal.variables == (
        Variable("header", "first_name", example="Mark"),
        Variable("body", "plan", example="Gold"),
        Variable("body", "date", example="1 May"),
    )


def test_every_component_keeps_its_definition_for_updates() -> None:
    items = read_example("list-message-templates.response")["data"]
    for item, read in zip(items, list_documented(), strict=True):
        assert [part.definition for part in read.components] == item["components"]
    assert list_documented()[0].buttons[0].definition == items[0]["components"][3]["buttons"][0]


@pytest.mark.parametrize("sort", ["IMAGE", "VIDEO", "DOCUMENT"])
def test_media_header_requires_a_file(sort: str) -> None:
    picture = parse_template(
        {"type": "HEADER", "format": sort, "example": {"header_handle": ["https://x/y"]}}
    )
    assert picture.media_format == sort
    assert not picture.has_location_header
    assert picture.variables == ()


def test_unknown_header_format_requires_no_file() -> None:
    product = parse_template({"type": "HEADER", "format": "PRODUCT"})
    assert product.media_format == ""
    assert product.header is not None
    assert product.header.format == "PRODUCT"


def test_each_button_with_a_parameter_has_its_index() -> None:
    buttons = [
        {"type": "QUICK_REPLY", "text": "Yes"},
        {
            "type": "URL",
            "text": "Track",
            "url": "https://a.test/o/{{1}}",
            "example": ["https://a.test/o/566701"],
        },
        {"type": "URL", "text": "Home", "url": "https://a.test/"},
        {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+919999999999"},
        {"type": "COPY_CODE", "example": "25OFF"},
        {"type": "FLOW", "text": "Book", "flow_id": "7"},
        {"type": "CATALOG", "text": "See all"},
        {"type": "HOLOGRAM", "text": "New", "beam": {"x": 1}},
    ]
    template = parse_template({"type": "BUTTONS", "buttons": buttons})
    assert template.variables == (
        Variable("button", "1", 1, "566701"),
        Variable("button", "1", 4, "25OFF"),
        Variable("button", "1", 6),
    )
    assert [button.type for button in template.buttons][-1] == "HOLOGRAM"
    assert template.buttons[-1].definition["beam"] == {"x": 1}
    assert template.buttons[3].phone_number == "+919999999999"


@pytest.mark.parametrize(
    ("example", "sample"),
    [(["566701"], "566701"), ("https://a.test/9", "9"), (None, ""), ([], ""), ([7], "")],
)
def test_url_suffix_is_extracted_from_the_example(example: object, sample: str) -> None:
    button = Button.model_validate(
        {"type": "url", "url": "https://a.test/{{1}}", "example": example}
    )
    assert button.example_value == sample


@pytest.mark.parametrize(
    "button",
    [
        {"type": "OTP", "otp_type": "COPY_CODE", "text": "Copy code"},
        {"type": "OTP", "otp_type": "ZERO_TAP"},
    ],
)
def test_authentication_template_takes_only_the_code(button: dict[str, Any]) -> None:
    code = parse_template(
        {
            "type": "BODY",
            "text": "*{{1}}* is your verification code.",
            "add_security_recommendation": True,
        },
        {"type": "FOOTER", "code_expiration_minutes": 5},
        {"type": "BUTTONS", "buttons": [button]},
        category="AUTHENTICATION",
    )
    assert code.is_one_time_code
    assert code.variables == ()
    assert code.body is not None
    assert code.body.add_security_recommendation is True
    assert code.footer is not None
    assert code.footer.code_expiration_minutes == 5
    assert code.buttons[0].otp_type == button["otp_type"]


def test_unknown_components_are_unchanged() -> None:
    newer = {"type": "HOLOGRAM", "text": "{{9}}"}
    template = parse_template({"type": "BODY", "text": "Hi"}, newer)
    assert [part.definition for part in template.other_components] == [newer]
    assert [part.type for part in template.other_components] == ["HOLOGRAM"]
    assert template.variables == ()


def test_cards_and_offers_have_variables_of_their_own() -> None:
    card = [
        {"type": "header", "format": "video"},
        {"type": "body", "text": "Hat {{1}}", "example": {"body_text": [["red"]]}},
        {"type": "buttons", "buttons": [{"type": "url", "url": "https://a.test/{{1}}"}]},
    ]
    carousel = {"type": "carousel", "cards": [{"components": []}, {"components": card}, 7]}
    offer = {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Today"}}
    template = parse_template({"type": "BODY", "text": "Hi"}, carousel, offer)
    assert template.other_components == ()
    assert [part.definition for part in template.components[1:]] == [carousel, offer]
    assert [card.media_format for card in template.cards] == ["", "VIDEO"]
    assert template.offer is not None
    assert (template.offer.text, template.offer.has_expiration) == ("Today", None)
    assert template.variables == (
        Variable("body", "1", example="red", card=1),
        Variable("button", "1", card=1),
    )


def test_component_types_are_case_insensitive() -> None:
    template = parse_template({"type": "body", "text": "{{1}}"}, status="approved")
    assert template.is_sendable
    assert template.variables == (Variable("body", "1"),)


@pytest.mark.parametrize(
    ("text", "named"),
    [("Hi {{first_name}}", True), ("Hi {{1}}", False), ("Hi", False)],
)
def test_parameter_format_is_inferred_from_the_variables(text: str, named: bool) -> None:
    assert parse_template({"type": "BODY", "text": text}).has_named_variables is named


def test_a_body_keeps_its_lines_and_spaces() -> None:
    template = parse_template(
        {"type": "BODY", "text": "Dear  {{1}},\r\n\n• one\u202e\x00\ntwo 🎉 محمد"}
    )
    assert template.body is not None
    assert template.body.text == "Dear  {{1}},\n\n• one \ntwo 🎉 محمد"


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("", ()),
        ("{{1}} {{2}} {{1}}", ("1", "2")),
        ("{{10}} {{2}} {{ 1 }}", ("1", "2", "10")),
        ("{{b}} {{a}} {{b}}", ("b", "a")),
        ("{{a}} {{1}}", ("a", "1")),
        ("{1} {{}} {{a b}} {{ä}} {{١}}", ()),
        ("{{{{1}}}}", ("1",)),
    ],
)
def test_variables_of_a_text(words: str, names: tuple[str, ...]) -> None:
    assert find_variable_names(words) == names


def test_missing_values_leave_placeholders() -> None:
    assert fill_variables("Hi {{1}}, {{ 2 }} {{3}}", {"1": "{{2}}", "2": "A", "3": ""}) == (
        "Hi {{2}}, A {{3}}"
    )


@pytest.mark.parametrize(
    ("score", "quality"),
    [
        ({"score": "GREEN", "date": 1}, "GREEN"),
        ("yellow", "YELLOW"),
        (None, ""),
        ({}, ""),
        (7, "7"),
    ],
)
def test_quality_in_either_form(score: object, quality: str) -> None:
    assert parse_template(quality_score=score).quality == quality


def test_rejection_reason_none_is_ignored() -> None:
    assert parse_template(rejected_reason="NONE").rejected_reason == ""


@pytest.mark.parametrize("item", [{}, {"id": "1"}, {"name": "a"}, {"id": "", "name": "a"}])
def test_a_template_needs_an_id_and_a_name(item: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Template.model_validate(item)


TEXTS = ["type", "format", "text", "url", "phone_number", "otp_type", "param_name", "score"]
EXAMPLES = ["example", "body_text", "body_text_named_params", "header_text_named_params"]
OTHER_KEYS = ["buttons", "code_expiration_minutes", "add_security_recommendation", "definition"]
KINDS = ["HEADER", "BODY", "FOOTER", "BUTTONS", "URL", "COPY_CODE", "{{1}}"]
FIELDS = ["components", "language", "status", "category", "parameter_format", "quality_score"]
ODD_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(
            st.sampled_from([*TEXTS, *EXAMPLES, *OTHER_KEYS]),
            children | st.sampled_from(KINDS),
            max_size=6,
        )
    ),
    max_leaves=25,
)


@given(st.dictionaries(st.sampled_from(FIELDS), ODD_JSON))
def test_any_template_parses(fields: dict[str, object]) -> None:
    template = Template.model_validate({"id": "1", "name": "a", **fields})
    for variable in template.variables:
        assert variable.component in {"header", "body", "button"}
        assert variable.name
    assert isinstance(template.has_named_variables, bool)
    assert template.media_format in {"", "IMAGE", "VIDEO", "DOCUMENT"}
    for part in (template.header, template.body, template.footer):
        if part is not None:
            json.dumps(part.text, ensure_ascii=False).encode()
            assert "\x00" not in part.text


NAME = st.from_regex(r"[a-z0-9_]{1,8}", fullmatch=True)


@given(st.lists(st.tuples(st.text("abc {}\n", max_size=9), NAME), max_size=6))
def test_a_text_filled_with_every_variable_has_none_left(parts: list[tuple[str, str]]) -> None:
    words = "".join(
        f"{before.replace('{', '').replace('}', '')}{{{{{name}}}}}" for before, name in parts
    )
    names = find_variable_names(words)
    assert set(names) == {name for _, name in parts}
    assert find_variable_names(fill_variables(words, dict.fromkeys(names, "x"))) == ()
