"""What a template asks for, and why one cannot be sent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from bot.chakra.template import Template
from bot.templates.send_blockers import explain_blocker
from bot.templates.variables import FieldKind, list_template_fields, match_field
from tests.templates.builders import (
    COUPON,
    OFFER,
    WILD_TEMPLATES,
    build_authentication_template,
    build_body_component,
    build_buttons_component,
    build_carousel,
    build_documented_templates,
    build_header_component,
    build_template,
    build_url_button,
)

DELIVERY, RENEWAL = build_documented_templates()


def list_field_labels(template: Template) -> list[tuple[str, str, str]]:
    return [(field.key, field.label, field.example) for field in list_template_fields(template)]


def test_positional_variables_and_a_location() -> None:
    assert [field.key for field in list_template_fields(DELIVERY)] == [
        "latitude",
        "longitude",
        "location_name",
        "location_address",
        "var_body_1",
        "var_body_2",
    ]
    assert list_field_labels(DELIVERY)[-2:] == [
        ("var_body_1", "1 · Good news ‹1›! Your order #‹2› is on its way to the…", "Mark"),
        (
            "var_body_2",
            "2 · Good news ‹1›! Your order #‹2› is on its way to the location above.",
            "566701",
        ),
    ]


def test_named_variables() -> None:
    assert list_field_labels(RENEWAL) == [
        ("var_header_first_name", "First name (header)", "Mark"),
        ("var_body_plan", "Plan", "Gold"),
        ("var_body_date", "Date", "1 May"),
    ]


def test_button_index_counts_all_buttons_from_zero() -> None:
    template = build_template(
        build_body_component("Hi."),
        build_buttons_component(
            {"type": "QUICK_REPLY", "text": "Stop"}, COUPON, build_url_button()
        ),
    )
    assert list_field_labels(template) == [
        ("var_button_1_1", "Coupon code", "SAVE20"),
        ("var_button_2_1", '"Track" button: end of its link', "{{1}}"),
    ]


@pytest.mark.parametrize("sort", ["IMAGE", "VIDEO", "DOCUMENT"])
def test_file_field_accepts_a_link_or_an_upload(sort: str) -> None:
    link, upload, *names = list_template_fields(
        build_template(build_header_component(media_format=sort), build_body_component("Here."))
    )
    assert [field.key for field in names] == (["filename"] if sort == "DOCUMENT" else [])
    assert (link.key, link.kind, upload.key, upload.kind) == (
        "media",
        FieldKind.LINK,
        "file",
        FieldKind.FILE,
    )


def test_authentication_template_only_asks_for_the_code() -> None:
    assert [field.key for field in list_template_fields(build_authentication_template())] == ["otp"]


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("plan", "var_body_plan"),
        ("PLAN", "var_body_plan"),
        ("first_name", "var_header_first_name"),
        ("header_first_name", "var_header_first_name"),
        ("var_body_date", "var_body_date"),
        ("1", None),
        ("", None),
    ],
)
def test_typed_names_resolve_to_fields(typed: str, key: str | None) -> None:
    found = match_field(list_template_fields(RENEWAL), typed)
    assert (found.key if found else None) == key


def test_number_means_a_body_variable_or_the_only_button() -> None:
    text = list_template_fields(
        build_template(
            build_body_component("Hi {{1}}."), build_buttons_component(build_url_button())
        )
    )
    one = list_template_fields(
        build_template(build_body_component("Hi."), build_buttons_component(build_url_button()))
    )
    two = list_template_fields(
        build_template(
            build_body_component("Hi."), build_buttons_component(build_url_button(), COUPON)
        )
    )
    found = [match_field(wanted, "1") for wanted in (text, one, two)]
    assert [field and field.key for field in found] == ["var_body_1", "var_button_0_1", None]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (DELIVERY, ""),
        (build_authentication_template(), ""),
        (build_template(build_body_component("Hi."), {"type": "CALL_PERMISSION_REQUEST"}), ""),
        (RENEWAL, "rejected"),
        (build_template(build_body_component("Hi."), status="PENDING"), "still in review"),
        (build_template(build_body_component("Hi."), status="PAUSED"), "a few hours"),
        (build_template(build_body_component("Hi."), status="NEWER_STATE"), "hasn't approved"),
        (build_template(build_body_component("Hi."), status=""), "hasn't approved"),
        (build_carousel(0), "Carousels of 0 cards"),
        (build_carousel(1), "Carousels of 1 card can't"),
        (build_carousel(2), ""),
        (build_carousel(10, "IMAGE", "Hi {{1}}."), ""),
        (
            build_carousel(10, "IMAGE", "Hi {{1}}, {{2}} and {{3}} or {{4}}."),
            "10 cards have more fields",
        ),
        (build_carousel(11), "Carousels of 11 cards"),
        (build_carousel(2, "PRODUCT"), "Carousels of products"),
        (build_carousel(2, "DOCUMENT"), "Newer kinds of carousels"),
        (
            build_carousel(2, "VIDEO", button={"type": "SPM", "text": "View"}),
            "Single-product buttons",
        ),
        (OFFER, ""),
        (
            build_template(build_body_component("Hi."), {"type": "NEWER_PART"}),
            "Newer kinds of templates",
        ),
        (
            build_template(build_header_component(media_format="GIF"), build_body_component("Hi.")),
            "GIF headers",
        ),
        (
            build_template(
                build_body_component("Hi."),
                build_buttons_component({"type": "FLOW", "text": "Open"}),
            ),
            "",
        ),
        (
            build_template(
                build_body_component("Hi."),
                build_buttons_component({"type": "CATALOG", "text": "Open"}),
            ),
            "",
        ),
        (
            build_template(
                build_body_component("Hi."),
                build_buttons_component({"type": "MPM", "text": "Open"}),
            ),
            "Multi-product buttons",
        ),
        (
            build_template(
                build_body_component("Hi."),
                build_buttons_component({"type": "NEWER", "text": "Open"}),
            ),
            "Newer kinds of",
        ),
        (
            build_template(
                build_body_component("Hi."),
                build_buttons_component(build_url_button(address="https://x/{{1}}/{{2}}")),
            ),
            "several variables",
        ),
        (
            build_template(build_header_component("{{1}} {{2}}"), build_body_component("Hi.")),
            "several variables",
        ),
        (
            build_template(build_body_component(" ".join(f"{{{{{n}}}}}" for n in range(1, 80)))),
            "more fields than a Slack form",
        ),
        (
            build_template(build_body_component(f"Hi {{{{{'x' * 300}}}}}.")),
            "more fields than a Slack form",
        ),
    ],
)
def test_send_blockers(template: Template, expected: str) -> None:
    assert expected in explain_blocker(template)
    assert bool(explain_blocker(template)) == bool(expected)


@given(WILD_TEMPLATES)
def test_keys_are_unique_for_any_template(template: Any) -> None:
    keys = [field.key for field in list_template_fields(template)]
    assert len(keys) == len(set(keys))
    assert isinstance(explain_blocker(template), str)
