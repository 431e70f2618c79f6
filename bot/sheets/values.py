"""Parse cells into values that Chakra accepts, by the attribute's type as far as it is known.

A parser takes the text of a cell that is not empty. It raises ``ValueError`` with words that
continue the column's name ("phone: not a valid number") and never repeat the value: they are shown
once for many rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, tzinfo
from enum import StrEnum
from functools import partial

from bot.chakra.models import is_uuid
from bot.sheets import dates
from bot.sheets.columns import RECORD_ID, ColumnMatch, ColumnRole, Target
from bot.text.invisible import remove_invisible
from bot.text.normalize import tokenize
from bot.text.phones import INTERNATIONAL, InvalidPhone, PhoneParser, PhoneProblem

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
"""Names of types, normalized. Chakra's own are UNKNOWN: any other is text."""

NAME_PATTERNS: Mapping[ValueKind, re.Pattern[str]] = {
    ValueKind.PHONE: re.compile(
        r"(?:.* )?(?:(?:tele)?phone|mobile|whatsapp|contact(?= ?n))"
        r"(?: ?(?:no|num|number))?(?: ?\d)?"
    ),
    ValueKind.EMAIL: re.compile(r"(?:.* )?e ?mail(?: ?(?:id|address))?(?: ?\d)?"),
}
"""Short IDs or names, as words, of attributes whose type is unknown or a text."""

EXAMPLE_PHONE = "+91 98765 43210"
MAX_EXACT_INTEGER = 2**53
"""Beyond it JSON's numbers lose digits in most programs."""
MAX_NUMBER_LENGTH = 40
"""Characters."""
_PHONE_PROBLEMS: Mapping[PhoneProblem, str] = {
    PhoneProblem.NOT_A_NUMBER: f": not a valid number. Write it as {EXAMPLE_PHONE}",
    PhoneProblem.TOO_FEW_DIGITS: f": not a valid number. Write it as {EXAMPLE_PHONE}",
    PhoneProblem.NO_COUNTRY_CODE: f"lacks the country code. Write it as {EXAMPLE_PHONE}",
}
_IMPOSSIBLE_PHONE = ": not a possible phone number. Check the digits and the country code"
STATUSES = ("OPEN", "COMPLETED", "CANCELLED")
"""CONFIRMED (bot/chakra/API.md, Processes)."""

SHORTENED_NUMBER = re.compile(r"\d(?:[.,]\d+)?E\+\d{2}")
_EMAIL = re.compile(r"[^\s@<>(),;:\"]{1,64}@(?:[^\s@<>(),;:\".]+\.)+[^\s@<>(),;:\".]{2,}")
_DECIMAL = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{2,3})*,\d{3})(?:\.\d+)?")
_SCIENTIFIC = re.compile(r"[+-]?\d(?:\.\d+)?[eE][+-]?\d{1,2}")
_AMBIGUOUS_THOUSANDS = re.compile(r"[+-]?\d{1,3},\d{3}")
_TRUE_WORDS, _FALSE_WORDS = {"true", "yes", "y", "1"}, {"false", "no", "n", "0"}


def infer_kind(target: Target) -> ValueKind:
    """Return the kind by the attribute's type, or by its name if the type is unknown or a text."""
    folded = "".join(tokenize(target.type))
    for kind, words in TYPE_NAMES.items():
        if folded in words and kind not in (ValueKind.NUMBER, ValueKind.INTEGER):
            return kind
    for kind, pattern in NAME_PATTERNS.items():
        if any(
            pattern.fullmatch(" ".join(tokenize(name))) for name in (target.short_id, target.name)
        ):
            return kind
    return next((kind for kind, words in TYPE_NAMES.items() if folded in words), ValueKind.TEXT)


def is_number(match: ColumnMatch) -> bool:
    """Return whether the column is for numbers, which are sent without formatting."""
    return match.role is ColumnRole.ATTRIBUTE and infer_kind(match.target) in (
        ValueKind.NUMBER,
        ValueKind.INTEGER,
    )


def is_moment(match: ColumnMatch) -> bool:
    """Return whether the column's times are sent as moments, by the person's time zone."""
    return match.role is ColumnRole.ROOT and match.key == "nextActionAt"


def build_parser(
    match: ColumnMatch, *, phones: PhoneParser = INTERNATIONAL, timezone: tzinfo = UTC
) -> Parser:
    """Return the parser of a column's cells. ``timezone`` is that of times without an offset."""
    if match.role is ColumnRole.IDENTIFIER:
        return _ignore_invisible(_parse_id if match.key == RECORD_ID else _parse_text)
    if match.role is ColumnRole.ROOT:
        roots: dict[str, Parser] = {
            "status": _parse_status,
            "nextActionAt": partial(dates.parse_epoch_milliseconds, timezone=timezone),
        }
        return _ignore_invisible(roots.get(match.key, _parse_text))
    parsers: dict[ValueKind, Parser] = {
        ValueKind.TEXT: _parse_text,
        ValueKind.PHONE: partial(_parse_phone, phones=phones),
        ValueKind.EMAIL: _parse_email,
        ValueKind.NUMBER: _parse_number,
        ValueKind.INTEGER: _parse_integer,
        ValueKind.DATE: dates.parse_date,
        ValueKind.DATETIME: dates.parse_datetime,
        ValueKind.BOOLEAN: _parse_boolean,
    }
    kind = infer_kind(match.target)
    return parsers[kind] if kind is ValueKind.TEXT else _ignore_invisible(parsers[kind])


def _ignore_invisible(parser: Parser) -> Parser:
    """Return a parser of keys, numbers and addresses. Texts need joiners, so they stay as they are.

    Contacts and web pages put invisible marks into cells, which no search would match.
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
        raise ValueError(": not a Chakra ID. It has 36 characters, with four hyphens")
    return cell.lower()


def _parse_status(cell: str) -> str:
    if cell.upper() not in STATUSES:
        raise ValueError(": not one of OPEN, COMPLETED, CANCELLED")
    return cell.upper()


def _parse_email(cell: str) -> str:
    if not _EMAIL.fullmatch(cell):
        raise ValueError(": not a valid address")
    return cell


def _parse_boolean(cell: str) -> bool:
    if cell.casefold() in _TRUE_WORDS | _FALSE_WORDS:
        return cell.casefold() in _TRUE_WORDS
    raise ValueError("is neither yes nor no. Write true or false")


# --- phone numbers ------------------------------------------------------------------------------


def _parse_phone(cell: str, phones: PhoneParser) -> str:
    """Return the digits with the country code, which is how Chakra stores them."""
    _reject_shortened(cell)
    typed = re.sub(r"\.0+$", "", cell)  # 919876543210.0, which pandas writes
    try:
        return phones.parse(typed).digits
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
        raise ValueError(": not a number. Write it as 1234.5")
    plain = cell.replace(",", "")
    number = int(plain) if plain.lstrip("+-").isdecimal() else float(plain)
    if abs(number) > MAX_EXACT_INTEGER:
        raise ValueError("is too long for a number: its last digits would be lost")
    return int(number) if number == int(number) else number


def _parse_integer(cell: str) -> int:
    number = _parse_number(cell)
    if isinstance(number, int):
        return number
    raise ValueError(": not a whole number")
