"""Values that WhatsApp refuses are explained under their field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chakra.template import Template
from bot.messages.rules import (
    FILE_RULES,
    format_upload_hint,
    get_max_upload_bytes,
    validate_file,
    validate_upload,
    validate_values,
)
from bot.slack.commands.command import UploadedFile
from bot.templates.variables import list_template_fields
from tests.templates.builders import (
    COUPON,
    LONG_TEXT,
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
from tests.templates.builders import OFFER as SALE

DELIVERY, _ = build_documented_templates()
HI = build_template(build_body_component("Hi {{1}}, your order {{2}} is here."))
PICTURE = build_template(
    build_header_component(media_format="IMAGE"), build_body_component("Here.")
)
TRACK = build_template(build_body_component("Here."), build_buttons_component(build_url_button()))
OFFER = build_template(build_body_component("Here."), build_buttons_component(COUPON))
GREETING = build_template(build_header_component("For {{1}}"), build_body_component("Here."))
MEGABYTE = 1024 * 1024


def test_valid_values_have_no_errors() -> None:
    assert validate_values(HI, {"var_body_1": " Mark ", "var_body_2": "a    b"}) == {}
    assert validate_values(PICTURE, {"media": "https://x.example/a.png"}) == {}
    assert validate_values(PICTURE, {"file": "F0123"}) == {}
    assert validate_values(build_authentication_template(), {"otp": "496093"}) == {}
    place = {"latitude": "-90", "longitude": "180.0", "var_body_1": "Mark", "var_body_2": "7"}
    assert validate_values(DELIVERY, place) == {}


@pytest.mark.parametrize(
    ("template", "values", "field", "expected"),
    [
        (HI, {"var_body_2": "7"}, "var_body_1", "accept empty variables"),
        (HI, {"var_body_1": " \u200b ", "var_body_2": "7"}, "var_body_1", "empty"),
        (HI, {"var_body_1": "a\nb", "var_body_2": "7"}, "var_body_1", "line breaks"),
        (HI, {"var_body_1": "a\tb", "var_body_2": "7"}, "var_body_1", "tabs"),
        (HI, {"var_body_1": "a     b", "var_body_2": "7"}, "var_body_1", "four spaces"),
        (HI, {"var_body_1": "x" * 1025, "var_body_2": "7"}, "var_body_1", "1,025 characters"),
        (
            HI,
            {"var_body_1": "x" * 600, "var_body_2": "y" * 500},
            "var_body_1",
            "makes the body 1,1",
        ),
        (GREETING, {"var_header_1": "x" * 57}, "var_header_1", "makes the header 61 characters"),
        (TRACK, {"var_button_0_1": "a b"}, "var_button_0_1", "can't contain spaces"),
        (TRACK, {"var_button_0_1": "x" * 2001}, "var_button_0_1", "2,001 characters"),
        (OFFER, {"var_button_0_1": "x" * 16}, "var_button_0_1", "accepts 15 here"),
        (build_authentication_template(), {}, "otp", "accept empty variables"),
        (build_authentication_template(), {"otp": "1" * 16}, "otp", "accepts 15 here"),
        (PICTURE, {}, "media", "starting with https"),
        (PICTURE, {"media": "https://x.example/a.png", "file": "F1"}, "media", "not both"),
        (PICTURE, {"media": "x.example/a.png"}, "media", "starting with https://"),
        (PICTURE, {"media": "file:///etc/passwd"}, "media", "starting with https://"),
        (PICTURE, {"media": "https://["}, "media", "starting with https://"),
        (PICTURE, {"media": "https://x.example/a b.png"}, "media", "can't contain spaces"),
    ],
)
def test_invalid_values_have_errors_by_field(
    template: Template, values: dict[str, str], field: str, expected: str
) -> None:
    found = validate_values(template, values)
    assert list(found) == [field]
    assert expected in found[field]


@pytest.mark.parametrize(
    ("latitude", "expected"),
    [
        ("", "empty"),
        ("north", "like 12.9716"),
        ("90.1", "between -90 and 90"),
        ("nan", "-90"),
        ("1e9", "-90"),
    ],
)
def test_latitude_is_validated(latitude: str, expected: str) -> None:
    values = {"latitude": latitude, "longitude": "0", "var_body_1": "a", "var_body_2": "b"}
    assert expected in validate_values(DELIVERY, values)["latitude"]


@pytest.mark.parametrize(
    ("media", "sort", "size", "expected"),
    [
        ("IMAGE", "image/png", 5 * MEGABYTE, ""),
        ("IMAGE", "IMAGE/JPEG; charset=x", 1, ""),
        ("IMAGE", "image/png", 30 * MEGABYTE, "is 30 MB; WhatsApp accepts up to 5 MB"),
        ("IMAGE", "image/gif", 1, "a JPEG or PNG"),
        ("VIDEO", "video/mp4", 17 * MEGABYTE, "up to 16 MB"),
        ("DOCUMENT", "application/pdf", 30 * MEGABYTE, ""),
        ("DOCUMENT", "application/pdf", 0, "empty"),
        ("DOCUMENT", "application/x-msdownload", 1, "PDF"),
    ],
)
def test_uploaded_file_is_validated(media: str, sort: str, size: int, expected: str) -> None:
    found = validate_file(media, sort, size)
    assert expected in found
    assert bool(found) == bool(expected)


@pytest.mark.parametrize(
    ("media", "files", "expected"),
    [
        ("IMAGE", [], ""),
        ("IMAGE", [("image/png", 5 * MEGABYTE)], ""),
        ("IMAGE", [("image/png", 5 * MEGABYTE + 1)], "is 5.1 MB; WhatsApp accepts up to 5 MB"),
        ("IMAGE", [("", None)], ""),
        ("IMAGE", [("", 0)], "empty"),
        ("IMAGE", [("image/svg+xml", None)], "a JPEG or PNG"),
        ("VIDEO", [("video/mp4", 10 * MEGABYTE)], ""),
        ("VIDEO", [("video/mp4", 12 * MEGABYTE)], "is 12 MB; forms accept up to 10 MB. Use a"),
        ("VIDEO", [("video/mp4", 17 * MEGABYTE)], "up to 16 MB"),
        ("DOCUMENT", [("text/plain", 30 * MEGABYTE)], "up to 10 MB. Use a link"),
        ("IMAGE", [("image/png", 1), ("image/png", 1)], "one file only"),
    ],
)
def test_files_chosen_in_a_form(
    media: str, files: list[tuple[str, int | None]], expected: str
) -> None:
    chosen = tuple(UploadedFile("F1", "a", sort, size) for sort, size in files)
    found = validate_upload(media, chosen)
    assert expected in found
    assert bool(found) == bool(expected)
    template = build_template(
        build_header_component(media_format=media), build_body_component("Here.")
    )
    values = {"file": "a"} if files else {"media": "https://x.example/a"}
    assert validate_values(template, values, {"file": chosen}) == ({"file": found} if found else {})


@given(
    st.sampled_from(sorted(FILE_RULES)),
    st.sampled_from(["image/png", "video/mp4", "application/pdf", "text/html", ""]) | st.text(),
    st.integers(min_value=0, max_value=200 * MEGABYTE) | st.none(),
)
def test_valid_values_make_a_valid_request(media: str, sort: str, size: int | None) -> None:
    if not validate_upload(media, [UploadedFile("F1", "a", sort, size)]):
        assert not sort or validate_file(media, sort, 1) == ""
        assert size is None or 0 < size <= get_max_upload_bytes(media)


@pytest.mark.parametrize("media", sorted(FILE_RULES))
def test_upload_hint_names_formats_and_who_can_open_the_file(media: str) -> None:
    hint = format_upload_hint(media)
    assert f"up to {get_max_upload_bytes(media) // MEGABYTE} MB" in hint
    assert "anyone with the link" in hint


NOW = 1_700_000_000.0
CARDS = build_carousel(2, text="A hat for {{1}}")
CARD_VALUES = {
    "var_body_1": "Mei",
    **{f"card_{card}_media": "https://x.example/a.png" for card in range(2)},
    **{f"var_card_{card}_body_1": "Mei" for card in range(2)},
    **{f"var_card_{card}_button_1_1": "hat" for card in range(2)},
}
SALE_VALUES = {
    "media": "https://x.example/a.png",
    "var_body_1": "Mei",
    "var_button_0_1": "FLASH50",
    "var_button_1_1": "today",
    "expiration": "1700000060",
}


@pytest.mark.parametrize(
    ("template", "changes", "field", "expected"),
    [
        (CARDS, {}, "", ""),
        (CARDS, {"card_1_media": ""}, "card_1_media", "Enter a link"),
        (CARDS, {"card_1_file": "a.png"}, "card_1_media", "not both"),
        (CARDS, {"card_0_media": "a.png"}, "card_0_media", "Enter the full link"),
        (CARDS, {"var_card_1_body_1": ""}, "var_card_1_body_1", "empty variables"),
        (CARDS, {"var_card_1_body_1": "x" * 160}, "var_card_1_body_1", "the card 170 characters"),
        (CARDS, {"var_card_0_button_1_1": "a b"}, "var_card_0_button_1_1", "contain spaces"),
        (
            CARDS,
            {"var_card_0_button_1_1": "https://other.example/hat"},
            "var_card_0_button_1_1",
            "already starts with",
        ),
        (SALE, {}, "", ""),
        (SALE, {"expiration": ""}, "expiration", "Choose a date and time"),
        (SALE, {"expiration": "tomorrow"}, "expiration", "Choose a date and time"),
        (SALE, {"expiration": "1700000000"}, "expiration", "in the past"),
        (SALE, {"var_body_1": "x" * 600}, "var_body_1", "WhatsApp accepts 600"),
        (SALE, {"var_button_0_1": "x" * 16}, "var_button_0_1", "WhatsApp accepts 15"),
    ],
)
def test_cards_and_offers_are_checked_field_by_field(
    template: Template, changes: dict[str, str], field: str, expected: str
) -> None:
    values = {**(CARD_VALUES if template is CARDS else SALE_VALUES), **changes}
    errors = validate_values(template, values, now=NOW)
    assert list(errors) == ([field] if field else [])
    assert expected in errors.get(field, "")


def test_the_file_of_a_card_is_checked_under_its_own_field() -> None:
    values = {key: value for key, value in CARD_VALUES.items() if key != "card_1_media"}
    files = {"card_1_file": (UploadedFile("F1", "a.svg", "image/svg+xml", 7),)}
    errors = validate_values(CARDS, {**values, "card_1_file": "a.svg"}, files)
    assert errors == {"card_1_file": "WhatsApp accepts a JPEG or PNG here."}


@given(WILD_TEMPLATES, st.lists(LONG_TEXT, max_size=4), st.floats())
def test_errors_only_name_existing_fields(
    template: Template, wild: list[str], degrees: float
) -> None:
    given_ = [*wild, str(degrees), ""]
    values = {
        field.key: given_[at % len(given_)]
        for at, field in enumerate(list_template_fields(template))
    }
    assert validate_values(template, values).keys() <= {
        field.key for field in list_template_fields(template)
    }
