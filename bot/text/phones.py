"""Phone numbers as people type them, and as Chakra stores them: digits with country code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from bot.text.former_numbers import find_present_number, may_be_former
from bot.text.phone_dressing import undress_phone

MIN_DIGITS = 7
"""The shortest subscriber numbers in use; fewer digits match too many people."""
MAX_DIGITS = 17
ARGENTINE_MOBILE_LENGTH = 13
MAX_CACHED_FORMS = 4_096
"""An event's number is compared several times."""
"""E.164 allows 15; a prefix typed as 00 adds two."""
MIN_INTERNATIONAL_DIGITS = 11
"""With this many digits a number without a plus is read as one with a country code, if no region
is set: national numbers that long start with a zero, and no country code does."""
LANDLINE_TYPES = frozenset(
    {PhoneNumberType.FIXED_LINE, PhoneNumberType.TOLL_FREE, PhoneNumberType.PREMIUM_RATE}
)

_PHONE_PATTERN = re.compile(r"[+＋(]?[\d\s().\[\]\-‐-―−－/~+＋]+")


class PhoneProblem(StrEnum):
    """Why a text isn't a usable phone number."""

    NOT_A_NUMBER = "not_a_number"
    NO_COUNTRY_CODE = "no_country_code"
    UNKNOWN_COUNTRY = "unknown_country"
    TOO_FEW_DIGITS = "too_few_digits"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    INVALID = "invalid"


class InvalidPhone(ValueError):
    """Not a usable number; ``country_code`` is 0 if it is unknown."""

    def __init__(self, problem: PhoneProblem, country_code: int = 0) -> None:
        super().__init__(problem.value)
        self.problem = problem
        self.country_code = country_code


@dataclass(frozen=True, slots=True, repr=False)
class Phone:
    """A phone number.

    ``digits`` are as typed, with the country code. ``present`` are those of today's numbering
    plan, which differ for a number of a former plan; the same person has the same ones.
    """

    digits: str
    present: str
    is_landline: bool

    @property
    def is_former(self) -> bool:
        """Whether WhatsApp may know the person by this number although the plan has changed."""
        return self.digits != self.present


class PhoneParser:
    """Reads typed numbers; ``region`` is the country of those without a country code (``IN``)."""

    def __init__(self, region: str | None = None) -> None:
        self.region = region or None

    def parse(self, typed: str) -> Phone:
        """Return the likeliest number: in the region, else with a country code.

        Numbers from today's plan win over those from a former one. Raise ``InvalidPhone``.
        """
        text = undress_phone(typed)
        digits = phonenumbers.normalize_digits_only(text)
        if not _PHONE_PATTERN.fullmatch(text) or len(digits) > MAX_DIGITS:
            raise InvalidPhone(PhoneProblem.NOT_A_NUMBER)
        numbers = list(self._iter_readings(_normalize_plus(text), digits))
        if len(digits) < MIN_DIGITS:
            code = numbers[0].country_code if numbers else 0
            raise InvalidPhone(PhoneProblem.TOO_FEW_DIGITS, code or 0)
        for number in numbers:
            if phonenumbers.is_valid_number(number):
                e164 = _to_e164(number)
                is_landline = phonenumbers.number_type(number) in LANDLINE_TYPES
                return Phone(e164, e164, is_landline)
        for number in numbers:
            if present := find_present_number(number):
                return Phone(_to_e164(number), present, is_landline=False)
        raise self._explain(text, numbers)

    def find(self, typed: str) -> Phone | None:
        """Return the number, or None if it is not valid."""
        try:
            return self.parse(typed)
        except InvalidPhone:
            return None

    def format(self, typed: str) -> str:
        """Return the number as people write it, and an invalid one as it is."""
        found = self.find(typed)
        return format_international(found.digits) if found else typed

    def list_candidates(self, typed: str) -> tuple[str, ...]:
        """Return the digits that a typed number may be stored as, the most likely first.

        Numbers that are not valid are among them; () if the text isn't a phone number.
        """
        text = undress_phone(typed)
        if not is_phone_like(text):
            return ()
        digits = phonenumbers.normalize_digits_only(text)
        if not MIN_DIGITS <= len(digits) <= MAX_DIGITS:
            return ()
        international = text[0] in "+＋"
        parsed = _try_parse(text, None if international else self.region)
        found = [_to_e164(parsed) if parsed else "", digits]
        if not international and digits.startswith("00"):
            found.append(digits[2:])
        if phone := self.find(text):
            found += [phone.digits, phone.present]
        return tuple(dict.fromkeys(number for number in found if number))

    def _iter_readings(self, text: str, digits: str) -> Iterator[PhoneNumber]:
        """Yield the numbers that the text may mean, the likeliest first."""
        readings: list[tuple[str, str | None]] = []
        if self.region and not text.startswith("+"):
            readings.append((text, self.region))
        if text.startswith("+"):
            readings.append((text, None))
        elif digits.startswith("00"):
            readings.append((f"+{digits[2:]}", None))
        elif self.region or len(digits) >= MIN_INTERNATIONAL_DIGITS:
            readings.append((f"+{digits}", None))
        for reading in readings:
            if number := _try_parse(*reading):
                yield number

    def _explain(self, text: str, numbers: list[PhoneNumber]) -> InvalidPhone:
        if not self.region and not _normalize_plus(text).startswith(("+", "00")):
            return InvalidPhone(PhoneProblem.NO_COUNTRY_CODE)
        if not numbers:
            return InvalidPhone(PhoneProblem.UNKNOWN_COUNTRY)
        reason = phonenumbers.is_possible_number_with_reason(numbers[0])
        problem = {
            phonenumbers.ValidationResult.TOO_SHORT: PhoneProblem.TOO_SHORT,
            phonenumbers.ValidationResult.TOO_LONG: PhoneProblem.TOO_LONG,
        }.get(reason, PhoneProblem.INVALID)
        return InvalidPhone(problem, numbers[0].country_code or 0)


INTERNATIONAL = PhoneParser()
"""Reads numbers with a country code only."""


def is_phone_like(typed: str) -> bool:
    """Return whether a text has only the characters of a phone number, with or without a prefix."""
    return bool(_PHONE_PATTERN.fullmatch(undress_phone(typed)))


def has_same_ending(stored: str, candidate: str) -> bool:
    """Return whether one is the other without country code, ignoring leading zeros."""
    typed = candidate.lstrip("0")
    shorter = min(len(typed), len(stored))
    return shorter >= MIN_DIGITS and (stored.endswith(typed) or typed.endswith(stored))


def format_international(digits: str) -> str:
    """Return ``+91 99999 99999`` for ``919999999999``; an impossible number stays as it is."""
    number = _try_parse(f"+{digits}", None)
    if number is None or not (
        phonenumbers.is_possible_number(number) or find_present_number(number)
    ):
        return digits
    return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)


@lru_cache(MAX_CACHED_FORMS)
def normalize_number(digits: str) -> str:
    """Return one canonical form for all the ways a number is written.

    Those of former plans, and Argentina's with and without the 9 of mobile numbers.
    """
    if digits.startswith("549") and len(digits) == ARGENTINE_MOBILE_LENGTH:
        return f"54{digits[3:]}"
    if may_be_former(digits) and (number := _try_parse(f"+{digits}", None)):
        return find_present_number(number) or digits
    return digits


def _normalize_plus(text: str) -> str:
    return text.removeprefix("(").replace("＋", "+").strip()


def _try_parse(text: str, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None


def _to_e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164).removeprefix("+")
