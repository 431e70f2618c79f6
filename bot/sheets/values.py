"""Cells as values that Chakra takes, by the type of the attribute as far as it is known.

A reader takes the text of a cell that is not empty. It raises ``ValueError`` with words that
continue the column's name ("phone is no phone number"), and never repeat the value: they are shown
once for many rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from functools import partial

import phonenumbers
from phonenumbers import PhoneNumberFormat

from bot.chakra.models import is_uuid
from bot.sheets.columns import ID, Match, Role, Target
from bot.text.normalize import tokens

Value = str | int | float | bool
Reader = Callable[[str], Value]


class Kind(StrEnum):
    TEXT = "text"
    PHONE = "phone"
    EMAIL = "email"
    NUMBER = "number"
    WHOLE = "whole"
    DATE = "date"
    MOMENT = "moment"
    FLAG = "flag"


TYPES: Mapping[Kind, tuple[str, ...]] = {
    Kind.PHONE: ("phone", "phonenumber", "mobile", "mobilenumber", "telephone", "whatsappnumber"),
    Kind.EMAIL: ("email", "emailaddress", "emailid", "mail"),
    Kind.NUMBER: ("number", "numeric", "decimal", "float", "double", "currency", "amount", "money"),
    Kind.WHOLE: ("integer", "int", "wholenumber", "long", "count"),
    Kind.DATE: ("date", "day", "dob", "dateofbirth"),
    Kind.MOMENT: ("datetime", "timestamp", "moment", "dateandtime"),
    Kind.FLAG: ("boolean", "bool", "yesno", "checkbox", "toggle", "flag"),
}
"""Words for types, folded. Chakra's own are UNKNOWN: what is none of these passes as text."""

NAMES: Mapping[Kind, re.Pattern[str]] = {
    Kind.PHONE: re.compile(
        r"(?:.* )?(?:(?:tele)?phone|mobile|whatsapp|contact(?= ?n))"
        r"(?: ?(?:no|num|number))?(?: ?\d)?"
    ),
    Kind.EMAIL: re.compile(r"(?:.* )?e ?mail(?: ?(?:id|address))?(?: ?\d)?"),
}
"""Of attributes whose type says nothing or text: their short ids or names, as words."""

EXAMPLE_PHONE = "+91 98765 43210"
EXACT = 2**53
"""Beyond it JSON's numbers lose digits in most programs."""
LONGEST_NUMBER = 40
"""Characters."""
WHOLE_DIGITS = 11
"""Digits from which a number without a plus may hold its country code, where no country is set."""
FEWEST_DIGITS, MOST_DIGITS = 7, 17
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = 10**13
"""Milliseconds, which is in 2286."""
STATUSES = ("OPEN", "COMPLETED", "CANCELLED")
"""CONFIRMED (contract section 0.7)."""

SHORTENED = re.compile(r"\d(?:[.,]\d+)?E\+\d{2}")
_PHONE = re.compile(r"\(?[+＋]?[\d\s().\-‐-―/]+")
_EMAIL = re.compile(r"[^\s@<>(),;:\"]{1,64}@(?:[^\s@<>(),;:\".]+\.)+[^\s@<>(),;:\".]{2,}")
_DECIMAL = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{2,3})*,\d{3})(?:\.\d+)?")
_SCIENTIFIC = re.compile(r"[+-]?\d(?:\.\d+)?[eE][+-]?\d{1,2}")
_ONE_GROUP = re.compile(r"[+-]?\d{1,3},\d{3}")
_NUMERIC_DATE = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:[\d:.+Z-]+)?")
_YEAR_FIRST = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})")
_NAMED_MONTH = re.compile(r"(\d{1,2})[\s-]([A-Za-z]{3,9})[\s,-]+(\d{4})")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAMES = re.compile(
    "(?i)(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|"
    "oct(ober)?|nov(ember)?|dec(ember)?)"
)
_MILLISECONDS = re.compile(r"\d{12,13}")
_YES, _NO = {"true", "yes", "y", "1"}, {"false", "no", "n", "0"}


def kind(target: Target) -> Kind:
    """By its type; where that is unknown or a text, by its name."""
    said = "".join(tokens(target.type))
    for one, words in TYPES.items():
        if said in words and one not in (Kind.NUMBER, Kind.WHOLE):
            return one
    for one, pattern in NAMES.items():
        if any(
            pattern.fullmatch(" ".join(tokens(name))) for name in (target.short_id, target.name)
        ):
            return one
    return next((one for one, words in TYPES.items() if said in words), Kind.TEXT)


def reader(match: Match, *, region: str | None = None, zone: tzinfo = UTC) -> Reader:
    """``region`` is the country of phone numbers without a country code; ``zone`` that of times
    without an offset."""
    if match.role is Role.IDENTIFIER:
        return _id if match.key == ID else _text
    if match.role is Role.ROOT:
        roots: dict[str, Reader] = {
            "status": _status,
            "nextActionAt": partial(_milliseconds, zone=zone),
        }
        return roots.get(match.key, _text)
    readers: dict[Kind, Reader] = {
        Kind.TEXT: _text,
        Kind.PHONE: partial(_phone, region=region),
        Kind.EMAIL: _email,
        Kind.NUMBER: _number,
        Kind.WHOLE: _whole,
        Kind.DATE: _date,
        Kind.MOMENT: _moment,
        Kind.FLAG: _flag,
    }
    return readers[kind(match.target)]


def _text(cell: str) -> str:
    _not_shortened(cell)
    return cell


def _not_shortened(cell: str) -> None:
    if SHORTENED.fullmatch(cell):
        raise ValueError(
            "was shortened by Excel, as 9.2E+11 is. Set the column’s format to text and enter the "
            "whole values again"
        )


def _id(cell: str) -> str:
    if not is_uuid(cell):
        raise ValueError("is no id of Chakra. It has 36 characters, with four hyphens")
    return cell.lower()


def _status(cell: str) -> str:
    if cell.upper() not in STATUSES:
        raise ValueError("is none of OPEN, COMPLETED, CANCELLED")
    return cell.upper()


def _email(cell: str) -> str:
    if not _EMAIL.fullmatch(cell):
        raise ValueError("is no e-mail address")
    return cell


def _flag(cell: str) -> bool:
    if cell.casefold() in _YES | _NO:
        return cell.casefold() in _YES
    raise ValueError("is neither yes nor no. Write true or false")


# --- phone numbers ------------------------------------------------------------------------------


def _phone(cell: str, region: str | None) -> str:
    """Digits with the country code, as Chakra keeps them."""
    _not_shortened(cell)
    typed = re.sub(r"\.0+$", "", cell).replace("＋", "+")  # 919876543210.0, as pandas writes it
    digits = typed if typed.isdecimal() else phonenumbers.normalize_digits_only(typed)
    if not _PHONE.fullmatch(typed) or not FEWEST_DIGITS <= len(digits) <= MOST_DIGITS:
        raise ValueError(f"is no phone number. Write it as {EXAMPLE_PHONE}")
    for text, country in _readings(typed, digits, region):
        if found := _valid(text, country):
            return found
    if region or "+" in typed or len(digits) >= WHOLE_DIGITS:
        raise ValueError(
            "is a phone number that nobody can have. Check the digits and the country code"
        )
    raise ValueError(f"lacks the country code. Write it as {EXAMPLE_PHONE}")


def _readings(typed: str, digits: str, region: str | None) -> list[tuple[str, str | None]]:
    """The likeliest first: with the country given, else as one that has its country code."""
    if "+" in typed:
        return [(f"+{digits}", None)]
    if digits.startswith("00"):
        return [(f"+{digits[2:]}", None)]
    national = [(typed, region)] if region else []
    return [*national, (f"+{digits}", None)] if region or len(digits) >= WHOLE_DIGITS else []


def _valid(text: str, region: str | None) -> str:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    return phonenumbers.format_number(number, PhoneNumberFormat.E164).removeprefix("+")


# --- numbers ------------------------------------------------------------------------------------


def _number(cell: str) -> int | float:
    if _ONE_GROUP.fullmatch(cell):
        raise ValueError("may be read as thousands or as a fraction. Write 1234 or 1.234")
    written = len(cell) <= LONGEST_NUMBER and (
        _DECIMAL.fullmatch(cell) or _SCIENTIFIC.fullmatch(cell)
    )
    if not written:
        raise ValueError("is no number. Write it as 1234.5")
    plain = cell.replace(",", "")
    number = int(plain) if plain.lstrip("+-").isdecimal() else float(plain)
    if abs(number) > EXACT:
        raise ValueError("is too long for a number: its last digits would be lost")
    return int(number) if number == int(number) else number


def _whole(cell: str) -> int:
    number = _number(cell)
    if isinstance(number, int):
        return number
    raise ValueError("is no whole number")


# --- dates --------------------------------------------------------------------------------------


def _date(cell: str) -> str:
    """A day at midnight is how many programs write a day."""
    found = _when(cell)
    day = found.tzinfo is None and found.time() == time.min
    return found.date().isoformat() if day else found.isoformat(timespec="seconds")


def _moment(cell: str) -> str:
    """As it was written, in ISO 8601: an offset is neither made up nor lost."""
    found = _when(cell)
    return found.isoformat(timespec="seconds") if ":" in cell else found.date().isoformat()


def _milliseconds(cell: str, zone: tzinfo) -> int:
    """Since 1970, as ``nextActionAt`` wants it (contract section 4.3)."""
    if _MILLISECONDS.fullmatch(cell):
        return int(cell)
    found = _when(cell)
    aware = found if found.tzinfo else found.replace(tzinfo=zone)
    passed = (aware - EPOCH) // timedelta(milliseconds=1)
    if not 0 < passed < LATEST:
        raise ValueError("is too far from today. Check the year")
    return passed


def _when(cell: str) -> datetime:
    try:
        return _written(cell)
    except _Ambiguous:
        raise ValueError(
            "may be read with the day or the month first. Write it as 2024-05-31"
        ) from None
    except ValueError:
        raise ValueError("is no date. Write it as 2024-05-31") from None


class _Ambiguous(Exception):
    """3/4/2024 is in March or in April."""


def _written(cell: str) -> datetime:
    if found := _NUMERIC_DATE.fullmatch(cell):
        return _numeric(int(found[1]), int(found[3]), int(found[4]))
    if found := _YEAR_FIRST.fullmatch(cell):
        return _day(int(found[1]), int(found[2]), int(found[3]))
    if (found := _NAMED_MONTH.fullmatch(cell)) and _MONTH_NAMES.fullmatch(found[2]):
        return _day(int(found[3]), _MONTHS.index(found[2][:3].lower()) + 1, int(found[1]))
    if not _ISO.fullmatch(cell):
        raise ValueError
    return datetime.fromisoformat(cell)


def _numeric(first: int, second: int, year: int) -> datetime:
    if first <= 12 and second <= 12 and first != second:
        raise _Ambiguous
    return _day(year, first, second) if second > 12 else _day(year, second, first)


def _day(year: int, month: int, day: int) -> datetime:
    return datetime.combine(date(year, month, day), time.min)
