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

from bot.chakra.models import is_uuid
from bot.sheets.columns import RECORD_ID, ColumnMatch, ColumnRole, Target
from bot.text.invisible import remove_invisible
from bot.text.normalize import tokenize
from bot.text.phones import InvalidPhone, PhoneParser, PhoneProblem

Value = str | int | float | bool
Parser = Callable[[str], Value]


class ValueKind(StrEnum):
    TEXT = "text"
    PHONE = "phone"
    EMAIL = "email"
    NUMBER = "number"
    INTEGER = "whole"
    DATE = "date"
    DATETIME = "moment"
    BOOLEAN = "flag"


TYPE_NAMES: Mapping[ValueKind, tuple[str, ...]] = {
    ValueKind.PHONE: (
        "phone",
        "phonenumber",
        "mobile",
        "mobilenumber",
        "telephone",
        "whatsappnumber",
    ),
    ValueKind.EMAIL: ("email", "emailaddress", "emailid", "mail"),
    ValueKind.NUMBER: (
        "number",
        "numeric",
        "decimal",
        "float",
        "double",
        "currency",
        "amount",
        "money",
    ),
    ValueKind.INTEGER: ("integer", "int", "wholenumber", "long", "count"),
    ValueKind.DATE: ("date", "day", "dob", "dateofbirth"),
    ValueKind.DATETIME: ("datetime", "timestamp", "moment", "dateandtime"),
    ValueKind.BOOLEAN: ("boolean", "bool", "yesno", "checkbox", "toggle", "flag"),
}
"""Words for types, folded. Chakra's own are UNKNOWN: what is none of these passes as text."""

NAME_PATTERNS: Mapping[ValueKind, re.Pattern[str]] = {
    ValueKind.PHONE: re.compile(
        r"(?:.* )?(?:(?:tele)?phone|mobile|whatsapp|contact(?= ?n))"
        r"(?: ?(?:no|num|number))?(?: ?\d)?"
    ),
    ValueKind.EMAIL: re.compile(r"(?:.* )?e ?mail(?: ?(?:id|address))?(?: ?\d)?"),
}
"""Of attributes whose type says nothing or text: their short ids or names, as words."""

EXAMPLE_PHONE = "+91 98765 43210"
MAX_EXACT_INTEGER = 2**53
"""Beyond it JSON's numbers lose digits in most programs."""
MAX_NUMBER_LENGTH = 40
"""Characters."""
_PHONE_PROBLEMS: Mapping[PhoneProblem, str] = {
    PhoneProblem.NOT_A_NUMBER: f"is no phone number. Write it as {EXAMPLE_PHONE}",
    PhoneProblem.TOO_FEW_DIGITS: f"is no phone number. Write it as {EXAMPLE_PHONE}",
    PhoneProblem.NO_COUNTRY_CODE: f"lacks the country code. Write it as {EXAMPLE_PHONE}",
}
_IMPOSSIBLE_PHONE = "is a phone number that nobody can have. Check the digits and the country code"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_EPOCH_MILLISECONDS = 10**13
"""Milliseconds, which is in 2286."""
STATUSES = ("OPEN", "COMPLETED", "CANCELLED")
"""CONFIRMED (bot/chakra/API.md, Processes)."""

SHORTENED_NUMBER = re.compile(r"\d(?:[.,]\d+)?E\+\d{2}")
_EMAIL = re.compile(r"[^\s@<>(),;:\"]{1,64}@(?:[^\s@<>(),;:\".]+\.)+[^\s@<>(),;:\".]{2,}")
_DECIMAL = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{2,3})*,\d{3})(?:\.\d+)?")
_SCIENTIFIC = re.compile(r"[+-]?\d(?:\.\d+)?[eE][+-]?\d{1,2}")
_AMBIGUOUS_THOUSANDS = re.compile(r"[+-]?\d{1,3},\d{3}")
_NUMERIC_DATE = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:[\d:.+Z-]+)?")
_YEAR_FIRST = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})")
_NAMED_MONTH = re.compile(r"(\d{1,2})[\s-]([A-Za-z]{3,9})[\s,-]+(\d{4})")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAMES = re.compile(
    "(?i)(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|"
    "oct(ober)?|nov(ember)?|dec(ember)?)"
)
_MILLISECONDS = re.compile(r"\d{12,13}")
_TRUE_WORDS, _FALSE_WORDS = {"true", "yes", "y", "1"}, {"false", "no", "n", "0"}


def infer_kind(target: Target) -> ValueKind:
    """By its type; where that is unknown or a text, by its name."""
    said = "".join(tokenize(target.type))
    for one, words in TYPE_NAMES.items():
        if said in words and one not in (ValueKind.NUMBER, ValueKind.INTEGER):
            return one
    for one, pattern in NAME_PATTERNS.items():
        if any(
            pattern.fullmatch(" ".join(tokenize(name))) for name in (target.short_id, target.name)
        ):
            return one
    return next((one for one, words in TYPE_NAMES.items() if said in words), ValueKind.TEXT)


def build_parser(
    match: ColumnMatch, *, region: str | None = None, timezone: tzinfo = UTC
) -> Parser:
    """``region`` is the country of phone numbers without a country code; ``zone`` that of times
    without an offset."""
    if match.role is ColumnRole.IDENTIFIER:
        return _without_invisible(_parse_id if match.key == RECORD_ID else _parse_text)
    if match.role is ColumnRole.ROOT:
        roots: dict[str, Parser] = {
            "status": _without_invisible(_parse_status),
            "nextActionAt": partial(_parse_epoch_milliseconds, timezone=timezone),
        }
        return roots.get(match.key, _parse_text)
    readers: dict[ValueKind, Parser] = {
        ValueKind.TEXT: _parse_text,
        ValueKind.PHONE: partial(_parse_phone, parser=PhoneParser(region)),
        ValueKind.EMAIL: _parse_email,
        ValueKind.NUMBER: _parse_number,
        ValueKind.INTEGER: _parse_integer,
        ValueKind.DATE: _parse_date,
        ValueKind.DATETIME: _parse_datetime,
        ValueKind.BOOLEAN: _parse_boolean,
    }
    kind = infer_kind(match.target)
    return readers[kind] if kind is ValueKind.TEXT else _without_invisible(readers[kind])


def _without_invisible(parser: Parser) -> Parser:
    """Return a parser of keys, numbers and addresses. Texts need joiners, so they stay as they are.

    Contacts and web pages put marks into cells that can't be seen and that no search would match.
    """

    def parse(cell: str) -> Value:
        visible = remove_invisible(cell)
        if not visible:
            raise ValueError("has only characters that can’t be seen. Delete them")
        return parser(visible)

    return parse


def _parse_text(cell: str) -> str:
    _reject_shortened(cell)
    return cell


def _reject_shortened(cell: str) -> None:
    if SHORTENED_NUMBER.fullmatch(cell):
        raise ValueError(
            "was shortened by Excel, as 9.2E+11 is. Set the column’s format to text and enter the "
            "whole values again"
        )


def _parse_id(cell: str) -> str:
    if not is_uuid(cell):
        raise ValueError("is no id of Chakra. It has 36 characters, with four hyphens")
    return cell.lower()


def _parse_status(cell: str) -> str:
    if cell.upper() not in STATUSES:
        raise ValueError("is none of OPEN, COMPLETED, CANCELLED")
    return cell.upper()


def _parse_email(cell: str) -> str:
    if not _EMAIL.fullmatch(cell):
        raise ValueError("is no e-mail address")
    return cell


def _parse_boolean(cell: str) -> bool:
    if cell.casefold() in _TRUE_WORDS | _FALSE_WORDS:
        return cell.casefold() in _TRUE_WORDS
    raise ValueError("is neither yes nor no. Write true or false")


# --- phone numbers ------------------------------------------------------------------------------


def _parse_phone(cell: str, parser: PhoneParser) -> str:
    """Return the digits with the country code, which is how Chakra stores them."""
    _reject_shortened(cell)
    typed = re.sub(r"\.0+$", "", cell)  # 919876543210.0, which pandas writes
    try:
        return parser.parse(typed).digits
    except InvalidPhone as invalid:
        raise ValueError(_PHONE_PROBLEMS.get(invalid.problem, _IMPOSSIBLE_PHONE)) from None


# --- numbers ------------------------------------------------------------------------------------


def _parse_number(cell: str) -> int | float:
    if _AMBIGUOUS_THOUSANDS.fullmatch(cell):
        raise ValueError("may be read as thousands or as a fraction. Write 1234 or 1.234")
    written = len(cell) <= MAX_NUMBER_LENGTH and (
        _DECIMAL.fullmatch(cell) or _SCIENTIFIC.fullmatch(cell)
    )
    if not written:
        raise ValueError("is no number. Write it as 1234.5")
    plain = cell.replace(",", "")
    number = int(plain) if plain.lstrip("+-").isdecimal() else float(plain)
    if abs(number) > MAX_EXACT_INTEGER:
        raise ValueError("is too long for a number: its last digits would be lost")
    return int(number) if number == int(number) else number


def _parse_integer(cell: str) -> int:
    number = _parse_number(cell)
    if isinstance(number, int):
        return number
    raise ValueError("is no whole number")


# --- dates --------------------------------------------------------------------------------------


def _parse_date(cell: str) -> str:
    """A day at midnight is how many programs write a day."""
    found = _to_datetime(cell)
    day = found.tzinfo is None and found.time() == time.min
    return found.date().isoformat() if day else found.isoformat(timespec="seconds")


def _parse_datetime(cell: str) -> str:
    """As it was written, in ISO 8601: an offset is neither made up nor lost."""
    found = _to_datetime(cell)
    return found.isoformat(timespec="seconds") if ":" in cell else found.date().isoformat()


def _parse_epoch_milliseconds(cell: str, timezone: tzinfo) -> int:
    """Return the milliseconds since 1970, the format of ``nextActionAt``."""
    if _MILLISECONDS.fullmatch(cell):
        return int(cell)
    found = _to_datetime(cell)
    aware = found if found.tzinfo else found.replace(tzinfo=timezone)
    passed = (aware - EPOCH) // timedelta(milliseconds=1)
    if not 0 < passed < MAX_EPOCH_MILLISECONDS:
        raise ValueError("is too far from today. Check the year")
    return passed


def _to_datetime(cell: str) -> datetime:
    try:
        return _match_date_format(cell)
    except _AmbiguousDate:
        raise ValueError(
            "may be read with the day or the month first. Write it as 2024-05-31"
        ) from None
    except ValueError:
        raise ValueError("is no date. Write it as 2024-05-31") from None


class _AmbiguousDate(Exception):
    """3/4/2024 is in March or in April."""


def _match_date_format(cell: str) -> datetime:
    if found := _NUMERIC_DATE.fullmatch(cell):
        return _from_numeric_date(int(found[1]), int(found[3]), int(found[4]))
    if found := _YEAR_FIRST.fullmatch(cell):
        return _midnight(int(found[1]), int(found[2]), int(found[3]))
    if (found := _NAMED_MONTH.fullmatch(cell)) and _MONTH_NAMES.fullmatch(found[2]):
        return _midnight(int(found[3]), _MONTHS.index(found[2][:3].lower()) + 1, int(found[1]))
    if not _ISO_DATE.fullmatch(cell):
        raise ValueError
    return datetime.fromisoformat(cell)


def _from_numeric_date(first: int, second: int, year: int) -> datetime:
    if first <= 12 and second <= 12 and first != second:
        raise _AmbiguousDate
    return _midnight(year, first, second) if second > 12 else _midnight(year, second, first)


def _midnight(year: int, month: int, day: int) -> datetime:
    return datetime.combine(date(year, month, day), time.min)
