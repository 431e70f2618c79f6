"""Numbers from former plans: WhatsApp still knows people by the number they signed up with.

WhatsApp's ID of a person (``wa_id``) is the number at registration. It stays the same when the
country lengthens or shortens its mobile numbers. A number counts as a former one only if its form
in today's plan is valid, so that plainly wrong numbers are still refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import phonenumbers
from phonenumbers import PhoneNumber

_Rule = tuple[re.Pattern[str], str]
"""National digits of the former plan, and their form today."""

_RULES_BY_COUNTRY: Mapping[int, tuple[_Rule, ...]] = {
    # Brazil, 2012-2016: a 9 before mobile numbers of 8 digits.
    55: ((re.compile(r"(\d\d)([6-9]\d{7})"), r"\g<1>9\2"),),
    # Mexico, 2019: no 1 after the country code. faq.whatsapp.com/640432094208718
    52: ((re.compile(r"1(\d{10})"), r"\1"),),
    # Côte d'Ivoire, 2021: the operator's two digits in front, by the second digit.
    225: (
        (re.compile(r"(\d[0-3]\d{6})"), r"01\1"),
        (re.compile(r"(\d[4-6]\d{6})"), r"05\1"),
        (re.compile(r"(\d[7-9]\d{6})"), r"07\1"),
    ),
    # Benin, 2024: 01 in front.
    229: ((re.compile(r"(\d{8})"), r"01\1"),),
    # Vietnam, 2018: mobile prefixes of three digits became two.
    84: (
        (re.compile(r"16([2-9]\d{7})"), r"3\1"),
        (re.compile(r"120(\d{7})"), r"70\1"),
        (re.compile(r"121(\d{7})"), r"79\1"),
        (re.compile(r"122(\d{7})"), r"77\1"),
        (re.compile(r"12([68]\d{7})"), r"7\1"),
        (re.compile(r"12([345]\d{7})"), r"8\1"),
        (re.compile(r"127(\d{7})"), r"81\1"),
        (re.compile(r"129(\d{7})"), r"82\1"),
        (re.compile(r"18([68]\d{7})"), r"5\1"),
        (re.compile(r"199(\d{7})"), r"59\1"),
    ),
    # Cameroon, 2014: a 6 before mobile numbers.
    237: ((re.compile(r"([5-9]\d{7})"), r"6\1"),),
    # Mauritius, 2013: a 5 before mobile numbers.
    230: ((re.compile(r"([4789]\d{6}|5\d{6})"), r"5\1"),),
    # Ecuador, 2012: a 9 before mobile numbers.
    593: ((re.compile(r"([89]\d{7})"), r"9\1"),),
}
"""Country code -> rules. Argentina's forms, with and without the 9, are both in today's plan."""
_PATTERNS_BY_CODE = tuple(
    (str(code), tuple(pattern for pattern, _ in rules)) for code, rules in _RULES_BY_COUNTRY.items()
)
_CODES = tuple(code for code, _ in _PATTERNS_BY_CODE)


def may_be_former(digits: str) -> bool:
    """Return whether a number, with its country code, has a form of its country's former plan."""
    return digits.startswith(_CODES) and any(
        pattern.fullmatch(digits, len(code))
        for code, patterns in _PATTERNS_BY_CODE
        if digits.startswith(code)
        for pattern in patterns
    )


def find_present_number(number: PhoneNumber) -> str:
    """Return the current form of a number from a former plan, with country code; "" for others."""
    national = phonenumbers.national_significant_number(number)
    for pattern, replacement in _RULES_BY_COUNTRY.get(number.country_code or 0, ()):
        if found := pattern.fullmatch(national):
            present = f"{number.country_code}{found.expand(replacement)}"
            if phonenumbers.is_valid_number(phonenumbers.parse(f"+{present}")):
                return present
    return ""
