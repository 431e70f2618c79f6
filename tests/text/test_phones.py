"""Phone numbers as people type them."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.text.phones import (
    InvalidPhone,
    PhoneParser,
    format_international,
    has_same_ending,
)

INDIAN = "919876543210"


@pytest.mark.parametrize(
    "typed",
    ["+919999999999", "+91 99999 99999", "0091 99999-99999", "919999999999", "+91(99999)99999"],
)
def test_international_number_formats(typed: str) -> None:
    assert "919999999999" in PhoneParser().list_candidates(typed)


@pytest.mark.parametrize("typed", ["9999999999", "099999 99999", "(99999) 99999"])
def test_a_national_number_is_read_with_the_default_country(typed: str) -> None:
    assert PhoneParser("IN").list_candidates(typed)[0] == "919999999999"


def test_a_plus_outweighs_the_default_country() -> None:
    assert PhoneParser("IN").list_candidates("+1 310 555 0199")[0] == "13105550199"


@pytest.mark.parametrize(
    "typed", ["", "john", "12345", "+", "john 9999999999", "a@b.co", "1" * 18, "12:30 7777777"]
)
def test_non_phone_numbers(typed: str) -> None:
    assert PhoneParser("IN").list_candidates(typed) == ()


def test_non_ascii_digits_are_digits() -> None:
    assert "919999999999" in PhoneParser().list_candidates("+٩١٩٩٩٩٩٩٩٩٩٩")


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
    for reading in PhoneParser("DE").list_candidates(text):
        assert reading.isdigit()
        assert reading.isascii()


# --- numbers of former plans ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "digits", "present"),
    [
        ("+55 11 8765-4321", "551187654321", "5511987654321"),
        ("55 (61) 9123-4567", "556191234567", "5561991234567"),
        ("+55 011 8765 4321", "551187654321", "5511987654321"),
        ("+521 55 1234 5678", "5215512345678", "525512345678"),
        ("5218112345678", "5218112345678", "528112345678"),
        ("00521 33 1234 5678", "5213312345678", "523312345678"),
        ("+225 07 12 34 56", "22507123456", "2250707123456"),
        ("+225 45 12 34 56", "22545123456", "2250545123456"),
        ("+225 01 12 34 56", "22501123456", "2250101123456"),
        ("+229 97 12 34 56", "22997123456", "2290197123456"),
        ("+84 168 123 4567", "841681234567", "84381234567"),
        ("+84 120 123 4567", "841201234567", "84701234567"),
        ("+237 77 12 34 56", "23777123456", "237677123456"),
        ("+230 712 3456", "2307123456", "23057123456"),
        ("+593 9 812 3456", "59398123456", "593998123456"),
    ],
)
@pytest.mark.parametrize("region", [None, "IN", "US"])
def test_numbers_of_former_plans_are_taken_as_typed(
    typed: str, digits: str, present: str, region: str | None
) -> None:
    phone = PhoneParser(region).parse(typed)
    assert (phone.digits, phone.present, phone.is_former) == (digits, present, True)


@pytest.mark.parametrize(
    ("typed", "region", "digits"),
    [
        ("(11) 8765-4321", "BR", "551187654321"),
        ("011 8765-4321", "BR", "551187654321"),
        ("52 1 55 1234 5678", "MX", "5215512345678"),
        ("97 12 34 56", "BJ", "22997123456"),
        ("07 12 34 56", "CI", "22507123456"),
    ],
)
def test_former_numbers_need_no_country_code_in_their_country(
    typed: str, region: str, digits: str
) -> None:
    assert PhoneParser(region).parse(typed).digits == digits


@pytest.mark.parametrize(
    "typed",
    [
        "+55 11 98765-4321",
        "+55 11 3456-7890",
        "+52 55 1234 5678",
        "+54 9 11 2345 6789",
        "+54 11 2345 6789",
        "+225 07 07 12 34 56",
        "+229 01 97 12 34 56",
        "+84 38 123 4567",
    ],
)
def test_numbers_of_todays_plan_are_not_former(typed: str) -> None:
    phone = PhoneParser().parse(typed)
    assert f"+{phone.digits}" == "".join(typed.replace("-", "").split())
    assert not phone.is_former


@pytest.mark.parametrize(
    "typed",
    [
        "+55 11 1234-5678",
        "+55 00 8765-4321",
        "+55 11 8765-432",
        "+521 000 000 0000",
        "+521 55 1234 567",
        "+522 55 1234 5678",
        "+54 9 11 12",
        "+225 07 12 34 5",
        "+229 00 00 00 00",
        "+84 130 123 4567",
        "+91 00000 00000",
        "+1 000 000 0000",
    ],
)
@pytest.mark.parametrize("region", [None, "IN"])
def test_plainly_wrong_numbers_are_refused(typed: str, region: str | None) -> None:
    with pytest.raises(InvalidPhone):
        PhoneParser(region).parse(typed)


@given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)))
def test_a_mobile_number_of_any_country_is_its_own_present_form(region: str) -> None:
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    assume(example is not None)
    assert example is not None
    typed = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    phone = PhoneParser().parse(typed)
    assert (
        phone.digits
        == phone.present
        == f"{example.country_code}" + (phonenumbers.national_significant_number(example))
    )


def test_a_search_for_todays_number_finds_the_former_one_and_the_reverse() -> None:
    assert "5511987654321" in PhoneParser().list_candidates("+55 11 8765-4321")
    assert "5215512345678" in PhoneParser().list_candidates("+521 55 1234 5678")


def test_former_numbers_are_formatted_with_their_country_code() -> None:
    assert format_international("5215512345678").startswith("+52 ")
    assert format_international("551187654321").startswith("+55 ")


# --- dressings and invisible characters -----------------------------------------------------------

DRESSED = [
    "p:{}",
    "P: {}",
    "tel:{}",
    "Tel: {}",
    "tel.: {}",
    "tel:{};phone-context=example.com",
    "phone: {}",
    "Mobile: {}",
    "whatsapp:{}",
    "WhatsApp: {}",
    "sms:{}",
    "callto://{}",
    '="{}"',
    '= "{}"',
    "='{}'",
    '=T("{}")',
    '=("{}")',
    "={}",
    "'{}",
    "’{}",
    "`{}",
    '"{}"',
    "“{}”",
    "<{}>",
    "'p:{}",
    '"p:{}"',
    '="p:{}"',
    "\u202a{}\u202c",
    "\u2066{}\u2069",
    "\ufeff{}",
    "\u200e{}\u200f",
    "\u00a0{}\u00a0",
    "{}\u200b",
    "\t{}\r\n",
    "\u2068p:\u2068{}\u2069\u2069",
]


@pytest.mark.parametrize("dressing", DRESSED)
@pytest.mark.parametrize("number", ["+919876543210", "+91 98765 43210", "+91-98765-43210"])
def test_dressed_numbers_are_undressed(dressing: str, number: str) -> None:
    assert PhoneParser().parse(dressing.format(number)).digits == INDIAN
    assert INDIAN in PhoneParser().list_candidates(dressing.format(number))


@pytest.mark.parametrize("dressing", ['="{}"', "'{}", "p:{}", "tel:{}", "whatsapp:{}"])
def test_dressed_national_numbers_have_the_default_country(dressing: str) -> None:
    assert PhoneParser("IN").parse(dressing.format("09876543210")).digits == INDIAN


@pytest.mark.parametrize(
    "link",
    [
        "https://wa.me/919876543210",
        "http://wa.me/+919876543210/",
        "wa.me/919876543210?text=hello%20there",
        "https://wa.me/c/919876543210",
        "https://api.whatsapp.com/send?phone=919876543210",
        "https://api.whatsapp.com/send/?phone=%2B919876543210&text=a&type=phone_number",
        "https://web.whatsapp.com/send?text=hi&phone=919876543210",
        "whatsapp://send?phone=919876543210&text=hi there",
        "919876543210@s.whatsapp.net",
        "919876543210@c.us",
        "919876543210:12@s.whatsapp.net",
    ],
)
@pytest.mark.parametrize("region", [None, "US"])
def test_links_and_chat_ids_name_a_number(link: str, region: str | None) -> None:
    assert PhoneParser(region).parse(link).digits == INDIAN


@pytest.mark.parametrize(
    "typed",
    [
        "p:",
        "tel:",
        '=""',
        "'",
        "wa.me/message/ABCDEFGH",
        "https://wa.me/",
        "lead:9876543210",
        "+919876543210;ext=5",
        "919876543210@example.com",
        "https://example.com/919876543210",
        "p:asha",
    ],
)
def test_what_only_looks_like_a_dressed_number_is_refused(typed: str) -> None:
    with pytest.raises(InvalidPhone):
        PhoneParser("IN").parse(typed)


INVISIBLE = st.text(
    st.sampled_from(
        "\u200b\u200c\u200d\u200e\u200f\u202a\u202c\u2060\u2066\u2069\ufeff\u00ad"
        "\u061c\u180e\ufe0f\u034f\u3164\u2800"
    ),
    max_size=4,
)


@given(st.lists(INVISIBLE, min_size=13, max_size=13))
def test_invisible_characters_between_digits_are_gone(gaps: list[str]) -> None:
    typed = "".join(map("".join, zip("+" + INDIAN, gaps, strict=True)))
    assert PhoneParser().parse(typed).digits == INDIAN


@given(st.text(max_size=40) | st.text("+0123456789 -().:;='\"ptel@", max_size=40))
def test_any_text_is_a_number_or_refused(typed: str) -> None:
    for region in (None, "IN", "BR"):
        phone = PhoneParser(region).find(typed)
        if phone is not None:
            assert phone.digits.isascii()
            assert phone.digits.isdigit()
            assert 7 <= len(phone.digits) <= 15
