"""Phone numbers as people type them, and as Chakra stores them: digits with country code."""

from __future__ import annotations

import re

import phonenumbers

MIN_DIGITS = 7
"""The shortest subscriber numbers in use; fewer digits match too many people."""
MAX_DIGITS = 17
"""E.164 allows 15; a prefix typed as 00 adds two."""

_PHONE_PATTERN = re.compile(r"[+＋(]?[\d\s().\-‐-―/]+")


def phone_candidates(typed: str, region: str | None) -> tuple[str, ...]:
    """Return what a typed number may mean, the most likely first; () if it isn't a phone number.

    ``region`` is the country (``IN``) of numbers without a country code.
    """
    text = typed.strip().removeprefix("tel:")
    if not _PHONE_PATTERN.fullmatch(text):
        return ()
    digits = phonenumbers.normalize_digits_only(text)
    if not MIN_DIGITS <= len(digits) <= MAX_DIGITS:
        return ()
    international = text[0] in "+＋"
    found = [_to_e164(text, None if international else region), digits]
    if not international and digits.startswith("00"):
        found.append(digits[2:])
    return tuple(dict.fromkeys(number for number in found if number))


def _to_e164(text: str, region: str | None) -> str:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).lstrip("+")


def has_same_ending(stored: str, candidate: str) -> bool:
    """Return whether one is the other without country code, ignoring leading zeros."""
    typed = candidate.lstrip("0")
    shorter = min(len(typed), len(stored))
    return shorter >= MIN_DIGITS and (stored.endswith(typed) or typed.endswith(stored))


def format_international(digits: str) -> str:
    """Return ``+91 99999 99999`` for ``919999999999``; an impossible number stays as it is."""
    try:
        number = phonenumbers.parse(f"+{digits}", None)
    except phonenumbers.NumberParseException:
        return digits
    if not phonenumbers.is_possible_number(number):
        return digits
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
