"""Tolerant readers of single values: whatever JSON comes in, a value or the empty one comes out.

The contract leaves many types open (INFERRED, UNKNOWN), v1 and v2 differ in others, and unset text
is an empty string; so a field of an odd sort reads as unset rather than spoiling the whole object.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator

from bot.chakra.text import plain

_LONGEST = 4096  # characters of any one text
_OFFSET = re.compile(r"(?:UTC|GMT)?\s?([+-])(\d{1,2})(?::?([0-5]\d))?", re.IGNORECASE)
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+/-]{1,63}")
_WIDEST = timedelta(hours=14)
"""No place on earth is further from UTC (the Line Islands)."""
_PHONE_KEYS = (
    "phone",
    "phoneNumber",
    "normalizedPhone",
    "normalizedPhoneNumber",
    "number",
    "value",
)
_EMAIL_KEYS = ("email", "normalizedEmail", "value")
_PHONE_DIGITS = range(4, 21)
"""E.164 allows 15; a few more for numbers with an international prefix."""


def text(value: object) -> str:
    """A string or a number as one harmless line; "" for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    if isinstance(value, int) and value.bit_length() > 64:
        return ""
    return plain(str(value), _LONGEST)


def flag(value: object) -> bool | None:
    """Nothing where it is not said."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value in {0, 1}:
        return bool(value)
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return None


def moment(value: object) -> datetime | None:
    """Integer milliseconds (v1) or ISO 8601 with its offset (v2); nothing for 0 and for nonsense.

    Always aware: a time without an offset is taken for UTC.
    """
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        if isinstance(value, str) and not value.strip().isdigit():
            return moment(datetime.fromisoformat(value.strip()))
        if isinstance(value, str):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            return None
        return datetime.fromtimestamp(value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def email(value: object) -> str:
    """A string (v2) or an object with `email` (v1)."""
    return _keyed(value, _EMAIL_KEYS)


def emails(value: object) -> tuple[str, ...]:
    return _distinct(map(email, _items(value)))


def phone(value: object) -> str:
    """Digits only, as Chakra writes phone numbers; "" where there are too few or too many.

    The element type of `phones` is UNKNOWN: strings, numbers and objects are all read.
    """
    written = re.split(r"[A-Za-z]", _keyed(value, _PHONE_KEYS), maxsplit=1)[0]
    digits = "".join(c for c in written if c in "0123456789")
    return digits if len(digits) in _PHONE_DIGITS else ""


def phones(value: object) -> tuple[str, ...]:
    return _distinct(map(phone, _items(value)))


def reference(value: object) -> str:
    """What names another object: a UUID (v1), a short id (v2), or an object that holds either."""
    return _keyed(value, ("shortId", "id", "name"))


def objects(value: object) -> tuple[object, ...]:
    """The elements of an array, or the values of an object keyed by id; null ones left out."""
    return tuple(item for item in _items(value) if item is not None)


def zone(written: str) -> tzinfo | None:
    """`+0530`, `+05:30`, `UTC+5`, `Asia/Kolkata`; nothing where it is none of these."""
    match = _OFFSET.fullmatch(written)
    if match:
        offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        return timezone(-offset if match[1] == "-" else offset) if offset <= _WIDEST else None
    if written.upper() in {"Z", "UTC", "GMT"}:
        return UTC
    if not _ZONE.fullmatch(written):
        return None
    try:
        return ZoneInfo(written)
    except (KeyError, ValueError, OSError):  # unknown; a bad key; the name of a folder
        return None


def _items(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list | tuple) else ()


def _keyed(value: object, keys: Iterable[str]) -> str:
    if not isinstance(value, Mapping):
        return text(value)
    return next((found for key in keys if (found := text(value.get(key)))), "")


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


Text = Annotated[str, BeforeValidator(text)]
Flag = Annotated[bool | None, BeforeValidator(flag)]
Moment = Annotated[datetime | None, BeforeValidator(moment)]
Email = Annotated[str, BeforeValidator(email)]
Emails = Annotated[tuple[str, ...], BeforeValidator(emails)]
Phone = Annotated[str, BeforeValidator(phone)]
Phones = Annotated[tuple[str, ...], BeforeValidator(phones)]
Reference = Annotated[str, BeforeValidator(reference)]
