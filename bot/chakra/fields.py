"""Lenient parsers of single fields: any JSON value becomes a value of the type, or the empty one.

Many types are INFERRED or UNKNOWN, others differ between v1 and v2, and unset text is an empty
string. So a field of an unexpected type is read as unset, and the rest of the object is usable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator

from bot.chakra.text import sanitize_line

_MAX_TEXT_LENGTH = 4096  # characters of one text
_UTC_OFFSET = re.compile(r"(?:UTC|GMT)?\s?([+-])(\d{1,2})(?::?([0-5]\d))?", re.IGNORECASE)
_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+/-]{1,63}")
_MAX_UTC_OFFSET = timedelta(hours=14)
"""The largest offset in use (the Line Islands)."""
_PHONE_KEYS = (
    "phone",
    "phoneNumber",
    "normalizedPhone",
    "normalizedPhoneNumber",
    "number",
    "value",
)
_EMAIL_KEYS = ("email", "normalizedEmail", "value")
_PHONE_SCHEME = re.compile(r"^\W*[A-Za-z]{1,10}\s*:")
_PHONE_DIGIT_COUNTS = range(4, 21)
"""E.164 allows 15 digits; a few more for numbers with an international prefix."""


def to_text(value: object) -> str:
    """Return a string or a number as one sanitized line; "" for anything else."""
    if isinstance(value, str):
        return sanitize_line(value, _MAX_TEXT_LENGTH)
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= 64:
        return str(value)
    return ""


def to_flag(value: object) -> bool | None:
    """Return a boolean, also from 0, 1, "true" and "false"; ``None`` for anything else."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value in {0, 1}:
        return bool(value)
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return None


def to_datetime(value: object) -> datetime | None:
    """Parse integer milliseconds (v1) or ISO 8601 (v2); return ``None`` for 0 and invalid values.

    The result is aware: a time without an offset is UTC.
    """
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        if isinstance(value, str) and not value.strip().isdigit():
            return to_datetime(datetime.fromisoformat(value.strip()))
        if isinstance(value, str):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            return None
        return datetime.fromtimestamp(value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def move_to_zone(moment: datetime, zone: tzinfo) -> datetime:
    """Return a moment as it is in ``zone``; the first and last days, which it lacks, as they are.

    Some systems write the last day, 9999-12-31, for "never".
    """
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment


def to_email(value: object) -> str:
    """Return the address from a string (v2) or an object with ``email`` (v1); else ""."""
    return _find_text(value, _EMAIL_KEYS)


def to_emails(value: object) -> tuple[str, ...]:
    """Return the distinct addresses of an array."""
    return _drop_duplicates(map(to_email, _iter_items(value)))


def to_phone(value: object) -> str:
    """Return a phone number as digits only, as Chakra has them; "" for too few or too many.

    The element type of ``phones`` is UNKNOWN: strings, numbers and objects are accepted. What
    leads import is accepted too: ``p:+91…`` of Meta's export, ``tel:``, ``whatsapp:``.
    """
    return to_international_phone(value).removeprefix("+")


def to_international_phone(value: object) -> str:
    """Return a phone number like ``to_phone``, with a plus if it was written with one."""
    text = _PHONE_SCHEME.sub("", _find_text(value, _PHONE_KEYS))
    text = re.split(r"[A-Za-z]", text, maxsplit=1)[0]
    digits = "".join(str(int(c)) for c in text if c.isdecimal())
    if len(digits) not in _PHONE_DIGIT_COUNTS:
        return ""
    return f"+{digits}" if "+" in text or "＋" in text else digits


def to_phones(value: object) -> tuple[str, ...]:
    """Return the distinct phone numbers of an array."""
    return _drop_duplicates(map(to_phone, _iter_items(value)))


def to_reference(value: object) -> str:
    """Return a reference: a UUID (v1), a short ID (v2), or that of an object with either."""
    return _find_text(value, ("shortId", "id", "name"))


def to_items(value: object) -> tuple[object, ...]:
    """Return the elements of an array, or the values of an object keyed by ID, without nulls."""
    return tuple(item for item in _iter_items(value) if item is not None)


def parse_timezone(text: str) -> tzinfo | None:
    """Parse ``+0530``, ``+05:30``, ``UTC+5`` or ``Asia/Kolkata``; return ``None`` for others."""
    match = _UTC_OFFSET.fullmatch(text)
    if match:
        offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        return (
            timezone(-offset if match[1] == "-" else offset) if offset <= _MAX_UTC_OFFSET else None
        )
    if text.upper() in {"Z", "UTC", "GMT"}:
        return UTC
    if not _ZONE_NAME.fullmatch(text):
        return None
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):  # unknown, malformed, or the name of a folder
        return None


def _iter_items(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list | tuple) else ()


def _find_text(value: object, keys: Iterable[str]) -> str:
    if not isinstance(value, Mapping):
        return to_text(value)
    return next((found for key in keys if (found := to_text(value.get(key)))), "")


def _drop_duplicates(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


Text = Annotated[str, BeforeValidator(to_text)]
Flag = Annotated[bool | None, BeforeValidator(to_flag)]
Timestamp = Annotated[datetime | None, BeforeValidator(to_datetime)]
Email = Annotated[str, BeforeValidator(to_email)]
Emails = Annotated[tuple[str, ...], BeforeValidator(to_emails)]
Phone = Annotated[str, BeforeValidator(to_phone)]
Phones = Annotated[tuple[str, ...], BeforeValidator(to_phones)]
Reference = Annotated[str, BeforeValidator(to_reference)]
