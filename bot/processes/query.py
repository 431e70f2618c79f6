"""The queries that find records by key, name or number, and how well a record matches. Pure.

A query compares whole values or their beginnings, and whether case counts is UNKNOWN (API.md,
Processes). So a query asks for several spellings, and each result is compared here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import IntEnum
from typing import Any, TypeVar

from bot.chakra.process import Process
from bot.text.normalize import sort_tokens, tokenize
from bot.text.phones import format_international, has_same_ending

NAME_KEYS = frozenset(
    ["name", "full_name", "fullname", "display_name", "customer_name", "lead_name", "contact_name"]
)
FIRST_NAME_KEYS = frozenset({"first_name", "firstname"})
LAST_NAME_KEYS = frozenset({"last_name", "lastname", "surname"})
EMAIL_KEYS = frozenset({"email", "email_address", "email_id"})
_PHONE_KEY = re.compile(r"(phone|mobile|whatsapp)(_?(number|no))?$|contact_?(number|no)$")
_WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[\s-]+")
_LAST_CHARACTER = "\uffff"
_KEY = re.compile(r"(?=[A-Za-z]*[-#/]?.*\d)[A-Za-z]{1,20}(?:[-#/][\w-]*\d[\w-]*|\d{3,})")
_NUMBERED_KEY = re.compile(r"([A-Za-z]{1,20}(?=[-# ]?\d))?[-# ]{0,2}(\d{1,8})")
MAX_KEY_DIGITS = 6
"""Digits to which the number of a key is filled up with zeros."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

T = TypeVar("T")
Where = Mapping[str, Any]


class NameMatch(IntEnum):
    """How well a name matches the typed one, the best first."""

    WHOLE = 0
    WORDS = 1
    BEGINNINGS = 2
    NONE = 3


def is_key(text: str) -> bool:
    """Return whether a text looks like a record's key (``LEAD-004038``, ``T-12``) or its ID."""
    return bool(_KEY.fullmatch(text) or _UUID.fullmatch(text))


def match_name(typed: str, name: str) -> NameMatch:
    """Return how a typed name matches, in any order of its words, without case and accents."""
    words, known = tokenize(typed), tokenize(name)
    if not words or not known:
        return NameMatch.NONE
    if sort_tokens(words) == sort_tokens(known):
        return NameMatch.WHOLE
    if set(words) <= set(known):
        return NameMatch.WORDS
    begins = all(any(part.startswith(word) for part in known) for word in words)
    return NameMatch.BEGINNINGS if begins else NameMatch.NONE


def build_key_query(attribute: str, key: str, kind: str = "") -> Where:
    """Return the query for a primary key in the usual spellings.

    ``LEAD4038`` and, of the ``kind`` "lead", ``4038`` are looked for as ``LEAD-004038`` too: how
    Chakra numbers keys is UNKNOWN (API.md, Processes).
    """
    spelled = [key, key.upper(), key.lower()]
    if (parts := _split_key(key, kind)) is not None:
        letters, number = parts
        spelled += [
            f"{word}-{number:0{width}}"
            for word in (letters.upper(), letters)
            for width in range(1, MAX_KEY_DIGITS + 1)
        ]
    return {attribute: _deduplicate(spelled)}


def is_same_key(typed: str, key: str, kind: str = "") -> bool:
    """Return whether a typed key is this one, apart from case, hyphen and leading zeros."""
    if typed.casefold() == key.casefold():
        return True
    parts = _split_key(typed, kind)
    return parts is not None and parts == _split_key(key)


def _split_key(key: str, kind: str = "") -> tuple[str, int] | None:
    """Return the letters in lower case and the number of a key that consists of both."""
    found = _NUMBERED_KEY.fullmatch(key.strip())
    if found is None or not (found[1] or kind):
        return None
    return (found[1] or kind).casefold(), int(found[2])


def build_name_query(typed: str, attributes: Iterable[str]) -> Where | None:
    """Return the query for a name; None if no attribute has one.

    A whole name is searched by its beginning, first and last name by the first and last word.
    """
    by_key = {normalize_key(name): name for name in attributes}
    words = typed.split()
    if not words:
        return None
    parts: list[Where] = [
        _match_beginning(by_key[key], typed) for key in sorted(NAME_KEYS & by_key.keys())
    ]
    first = next((by_key[key] for key in sorted(FIRST_NAME_KEYS & by_key.keys())), "")
    last = next((by_key[key] for key in sorted(LAST_NAME_KEYS & by_key.keys())), "")
    if first and last and len(words) > 1:
        parts += [
            {
                first: _list_spellings(" ".join(words[:cut])),
                last: _list_spellings(" ".join(words[cut:])),
            }
            for cut in range(1, len(words))
        ]
        parts.append(
            {first: _list_spellings(words[-1]), last: _list_spellings(" ".join(words[:-1]))}
        )
    else:
        parts += [_match_beginning(name, typed) for name in (first, last) if name]
    return {"or": parts} if parts else None


def build_phone_query(candidates: Sequence[str], attributes: Iterable[str]) -> Where | None:
    """Return the query for a number as Chakra may store it; None if no attribute has one."""
    phones = [name for name in attributes if is_phone_key(normalize_key(name))]
    values = spell_phone(candidates)
    return {"or": [{name: values} for name in phones]} if phones and values else None


def spell_values(
    name: str, values: Iterable[T], candidates: Callable[[str], Sequence[str]]
) -> tuple[T | str, ...]:
    """Return the values of a field, numbers in a phone field in each spelling."""
    if not is_phone_key(normalize_key(name)):
        return tuple(values)
    spelled: list[T | str] = []
    for value in values:
        spelled.append(value)
        spelled += spell_phone(candidates(value)) if isinstance(value, str) else []
    return tuple(dict.fromkeys(spelled))


def spell_phone(candidates: Sequence[str]) -> list[str]:
    """Return a number, given in digits, in the spellings that Chakra may store."""
    spellings = [
        spelling
        for digits in candidates
        for spelling in (digits, f"+{digits}", format_international(digits))
    ]
    spellings += [
        "".join(format_international(digits).split()[1:])
        for digits in candidates
        if " " in format_international(digits)
    ]
    return _deduplicate(spelling for spelling in spellings if spelling)


def build_email_query(email: str, attributes: Iterable[str]) -> Where | None:
    """Return the query for an email address; None if no attribute has one."""
    emails = [name for name in attributes if normalize_key(name) in EMAIL_KEYS]
    values = _deduplicate((email, email.lower()))
    return {"or": [{name: values} for name in emails]} if emails else None


def has_phone(process: Process, candidates: Sequence[str]) -> bool:
    """Return whether the record's number is one of these, with or without its country code."""
    phone = process.phone
    return bool(phone) and any(has_same_ending(phone, candidate) for candidate in candidates)


def is_phone_key(key: str) -> bool:
    """Return whether a normalized name is that of a field for a phone number."""
    return bool(_PHONE_KEY.search(key))


def normalize_key(name: str) -> str:
    """Return ``phone_number`` for ``phoneNumber`` and ``Phone Number``."""
    return _WORD_BOUNDARY.sub("_", name.strip()).lower()


def _match_beginning(attribute: str, typed: str) -> Where:
    parts = [
        {attribute: {">=": spelling, "<=": spelling + _LAST_CHARACTER}}
        for spelling in _list_spellings(typed)
    ]
    return {"or": parts}


def _list_spellings(typed: str) -> list[str]:
    return _deduplicate((typed, typed.title(), typed.capitalize(), typed.lower(), typed.upper()))


def _deduplicate(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
