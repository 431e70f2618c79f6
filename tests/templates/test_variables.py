"""What a template asks for, and why one cannot be sent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from bot.chakra.template import Template
from bot.templates.send_blockers import send_blocker
from bot.templates.variables import FieldKind, match_field, template_fields
from tests.templates.samples import (
    COUPON,
    WILD_TEMPLATES,
    body,
    buttons,
    documented,
    header,
    one_time_code,
    template,
    url,
)

DELIVERY, RENEWAL = documented()


def asked(made: Template) -> list[tuple[str, str, str]]:
    return [(field.key, field.label, field.example) for field in template_fields(made)]


def test_positional_variables_and_a_place() -> None:
    assert [field.key for field in template_fields(DELIVERY)] == [
        "latitude",
        "longitude",
        "location_name",
        "location_address",
        "var_body_1",
        "var_body_2",
    ]
    assert asked(DELIVERY)[-2:] == [("var_body_1", "‹1›", "Mark"), ("var_body_2", "‹2›", "566701")]


def test_named_variables() -> None:
    assert asked(RENEWAL) == [
        ("var_header_first_name", "First name (header)", "Mark"),
        ("var_body_plan", "Plan", "Gold"),
        ("var_body_date", "Date", "1 May"),
    ]


def test_buttons_are_counted_among_all_from_zero() -> None:
    made = template(body("Hi."), buttons({"type": "QUICK_REPLY", "text": "Stop"}, COUPON, url()))
    assert asked(made) == [
        ("var_button_1_1", "Coupon code", "SAVE20"),
        ("var_button_2_1", '"Track" button: end of its link', "{{1}}"),
    ]


@pytest.mark.parametrize("sort", ["IMAGE", "VIDEO", "DOCUMENT"])
def test_a_file_is_a_link_or_an_upload(sort: str) -> None:
    link, upload = template_fields(template(header(sort=sort), body("Here.")))
    assert (link.key, link.kind, upload.key, upload.kind) == (
        "media",
        FieldKind.LINK,
        "file",
        FieldKind.FILE,
    )


def test_a_one_time_code_is_all_that_an_authentication_asks_for() -> None:
    assert [field.key for field in template_fields(one_time_code())] == ["otp"]


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
def test_what_a_typed_name_means(typed: str, key: str | None) -> None:
    found = match_field(template_fields(RENEWAL), typed)
    assert (found.key if found else None) == key


def test_a_number_means_the_text_before_the_only_button_and_never_one_of_two() -> None:
    text = template_fields(template(body("Hi {{1}}."), buttons(url())))
    one = template_fields(template(body("Hi."), buttons(url())))
    two = template_fields(template(body("Hi."), buttons(url(), COUPON)))
    found = [match_field(wanted, "1") for wanted in (text, one, two)]
    assert [field and field.key for field in found] == ["var_body_1", "var_button_0_1", None]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (DELIVERY, ""),
        (one_time_code(), ""),
        (template(body("Hi."), {"type": "CALL_PERMISSION_REQUEST"}), ""),
        (RENEWAL, "rejected"),
        (template(body("Hi."), status="PENDING"), "still in review"),
        (template(body("Hi."), status="PAUSED"), "a few hours"),
        (template(body("Hi."), status="NEWER_STATE"), "hasn't approved"),
        (template(body("Hi."), status=""), "hasn't approved"),
        (template(body("Hi."), {"type": "CAROUSEL", "cards": []}), "Carousel templates"),
        (template(body("Hi."), {"type": "LIMITED_TIME_OFFER"}), "Limited-time offer templates"),
        (template(body("Hi."), {"type": "NEWER_PART"}), "Newer kinds of templates"),
        (template(header(sort="GIF"), body("Hi.")), "GIF headers"),
        (template(body("Hi."), buttons({"type": "FLOW", "text": "Open"})), "Flow buttons"),
        (template(body("Hi."), buttons({"type": "CATALOG", "text": "Open"})), "Catalog buttons"),
        (template(body("Hi."), buttons({"type": "MPM", "text": "Open"})), "Multi-product buttons"),
        (template(body("Hi."), buttons({"type": "NEWER", "text": "Open"})), "Newer kinds of"),
        (template(body("Hi."), buttons(url(address="https://x/{{1}}/{{2}}"))), "several variables"),
        (template(header("{{1}} {{2}}"), body("Hi.")), "several variables"),
        (
            template(body(" ".join(f"{{{{{n}}}}}" for n in range(1, 80)))),
            "more fields than a Slack form",
        ),
        (template(body(f"Hi {{{{{'x' * 300}}}}}.")), "more fields than a Slack form"),
    ],
)
def test_why_one_cannot_be_sent_from_here(made: Template, expected: str) -> None:
    assert expected in send_blocker(made)
    assert bool(send_blocker(made)) == bool(expected)


@given(WILD_TEMPLATES)
def test_keys_are_unique_whatever_a_template_holds(made: Any) -> None:
    keys = [field.key for field in template_fields(made)]
    assert len(keys) == len(set(keys))
    assert isinstance(send_blocker(made), str)
