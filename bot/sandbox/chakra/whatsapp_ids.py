"""WhatsApp's own ID of a person (``wa_id``): the number that they signed up with, mostly.

In some countries it differs from today's numbering plan. Meta accepts both forms as a recipient and
reports its own: faq.whatsapp.com/640432094208718 for Mexico and Argentina; Brazilian accounts from
before the ninth digit, and Ivorian and Beninese ones of eight digits, have their former number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import phonenumbers

_FORMER_DIGITS: Mapping[str, re.Pattern[str]] = {
    "55": re.compile(r"(?:[14689][1-9]|2[12478]|3[1-578]|5[13-5]|7[13-79])[6-9]\d{7}"),
    "52": re.compile(r"1[2-9]\d{9}"),
    "54": re.compile(r"9[1-9]\d{9}"),
    "225": re.compile(r"(?:0[1-9]|[4-9]\d)\d{6}"),
    "229": re.compile(r"[4-69]\d{7}"),
    "84": re.compile(r"1(?:2[0-9]|6[2-9]|8[68]|99)\d{7}"),
    "237": re.compile(r"[5-9]\d{7}"),
    "230": re.compile(r"[4-9]\d{6}"),
    "593": re.compile(r"[89]\d{7}"),
}
"""Country code -> numbers from former plans that people still have on WhatsApp."""
_NINTH_DIGIT = re.compile(r"55([3-9]\d)9(\d{8})")
"""Brazilian accounts outside São Paulo, Rio and Espírito Santo: most lack the digit."""
_MEXICAN = re.compile(r"52([2-9]\d{9})")


def is_whatsapp_id(number: str) -> bool:
    """Return whether a person may have an account with these digits."""
    return _is_valid_today(number) or any(
        number.startswith(code) and pattern.fullmatch(number, len(code))
        for code, pattern in _FORMER_DIGITS.items()
    )


def to_whatsapp_id(number: str) -> str:
    """Return the ID that Meta reports for a recipient: the same digits in most countries."""
    if found := _NINTH_DIGIT.fullmatch(number):
        return f"55{found[1]}{found[2]}"
    if found := _MEXICAN.fullmatch(number):
        return f"521{found[1]}"
    return number


def _is_valid_today(number: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(f"+{number}"))
    except phonenumbers.NumberParseException:
        return False
