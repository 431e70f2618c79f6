"""Phone numbers as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.phones import format_international, has_same_ending, phone_candidates


@pytest.mark.parametrize(
    "typed",
    ["+919999999999", "+91 99999 99999", "0091 99999-99999", "919999999999", "+91(99999)99999"],
)
def test_international_number_formats(typed: str) -> None:
    assert "919999999999" in phone_candidates(typed, None)


@pytest.mark.parametrize("typed", ["9999999999", "099999 99999", "(99999) 99999"])
def test_a_national_number_is_read_with_the_default_country(typed: str) -> None:
    assert phone_candidates(typed, "IN")[0] == "919999999999"


def test_a_plus_outweighs_the_default_country() -> None:
    assert phone_candidates("+1 310 555 0199", "IN")[0] == "13105550199"


@pytest.mark.parametrize(
    "typed", ["", "john", "12345", "+", "john 9999999999", "a@b.co", "1" * 18, "12:30 7777777"]
)
def test_non_phone_numbers(typed: str) -> None:
    assert phone_candidates(typed, "IN") == ()


def test_non_ascii_digits_are_digits() -> None:
    assert "919999999999" in phone_candidates("+٩١٩٩٩٩٩٩٩٩٩٩", None)


@pytest.mark.parametrize(
    ("stored", "typed", "same"),
    [
        ("919999999999", "9999999999", True),
        ("919999999999", "09999999999", True),
        ("9999999999", "919999999999", True),
        ("919999999999", "999999", False),
        ("919999999999", "8888888888", False),
        ("12345", "6789012345", False),
    ],
)
def test_national_form_matches_the_international_number(
    stored: str, typed: str, same: bool
) -> None:
    assert has_same_ending(stored, typed) is same


def test_number_is_formatted_for_display() -> None:
    assert format_international("919999999999") == "+91 99999 99999"


@pytest.mark.parametrize("digits", ["0000", "99999999999999999999", "12"])
def test_unknown_country_code_keeps_its_digits(digits: str) -> None:
    assert format_international(digits) == digits


@given(st.text(alphabet="0123456789+-() ٣x", max_size=30))
def test_any_text_parses_without_an_error(text: str) -> None:
    for reading in phone_candidates(text, "DE"):
        assert reading.isdigit()
        assert reading.isascii()
