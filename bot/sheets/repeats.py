"""Phone numbers in several rows, in any spelling, and numbers from former plans."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from bot.sheets.columns import ColumnMatch, ColumnRole
from bot.sheets.items import RowValues
from bot.sheets.values import ValueKind, infer_kind
from bot.text.former_numbers import may_be_former
from bot.text.phones import INTERNATIONAL, InvalidPhone, PhoneParser

_ARGENTINE_MOBILE = re.compile(r"549(\d{10})")
"""Matches the 9 of international calls; the number without it is in today's plan too."""


def find_repeated_phones(
    columns: Sequence[ColumnMatch],
    values: Sequence[RowValues],
    row_numbers: Sequence[int],
    phones: PhoneParser,
) -> tuple[tuple[int, ...], ...]:
    """Return the rows of each phone number that occurs more than once, in the order of the file."""
    places = _find_phone_places(columns)
    rows_by_text: dict[str, list[int]] = defaultdict(list)
    for number, row in zip(row_numbers, values, strict=True):
        for text in {str(row[place]) for place in places if row[place] is not None}:
            rows_by_text[text].append(number)
    rows_by_phone: dict[str, list[int]] = defaultdict(list)
    for text, rows in rows_by_text.items():
        rows_by_phone[_build_phone_key(text, phones)] += rows
    repeated = (sorted(set(rows)) for rows in rows_by_phone.values())
    return tuple(sorted(tuple(rows) for rows in repeated if len(rows) > 1))


def find_former_phones(
    columns: Sequence[ColumnMatch], values: Sequence[RowValues], row_numbers: Sequence[int]
) -> tuple[int, ...]:
    """Return the rows with a number from a former plan, by which WhatsApp may know the person."""
    places = _find_phone_places(columns)

    def is_former(text: str) -> bool:
        if not (text.isdigit() and may_be_former(text)):
            return False
        phone = INTERNATIONAL.find(f"+{text}")
        return phone is not None and phone.is_former

    return tuple(
        number
        for number, row in zip(row_numbers, values, strict=True)
        if any(is_former(str(row[place])) for place in places if row[place] is not None)
    )


def _find_phone_places(columns: Sequence[ColumnMatch]) -> list[int]:
    return [
        place
        for place, column in enumerate(columns)
        if column.role is not ColumnRole.ROOT and infer_kind(column.target) is ValueKind.PHONE
    ]


def _build_phone_key(text: str, phones: PhoneParser) -> str:
    """Return the key that all spellings of a number share; text that isn't a number is its own key.

    Checked numbers are digits with their country code, and few need to be parsed again; keys of
    records are as typed.
    """
    if text.isdigit() and not may_be_former(text):
        return _ARGENTINE_MOBILE.sub(r"54\1", text)
    try:
        present = phones.parse(f"+{text}" if text.isdigit() else text).present
    except InvalidPhone:
        return text
    return _ARGENTINE_MOBILE.sub(r"54\1", present)
