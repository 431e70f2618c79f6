"""Whom a message of Slack's speaks of: the phone numbers and e-mail addresses in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import phonenumbers
from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatcher

from bot.slack.message_text import extract_text
from bot.users import query

MOST = 20
"""Recipients; a form carries them with it."""
LONGEST = 100
"""Characters of one address; longer ones are passed over."""
MOST_TEXT = 16_000
"""Characters that are searched: Slack advises 4,000, and has them once more in the blocks."""
TRIES = 1_000
"""Of the matcher, in one text."""

_ADDRESS_LIKE = re.compile(r"[^\s<>(),;\"]+@[^\s<>(),;\"]*")
_WEB = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_CHAT = re.compile(
    r"(?:wa\.me/|whatsapp\.com/send/?\?(?:\S*&)?phone=)(?:\+|%2B)?(\d{6,15})", re.IGNORECASE
)
"""A link into a WhatsApp chat. faq.whatsapp.com/5913398998672934"""
_QUOTES = "'‘’“”`*_~.-"
"""What may touch an address and is not of it."""


def found_in(message: Mapping[str, Any], region: str | None = None) -> tuple[str, ...]:
    """``+919876543210``, then e-mail addresses; each once, in the order in which they stand.

    Only numbers that are valid somewhere. ``region`` is the country of those that are written
    without a country code. Takes up to a second of the processor for what is nothing but numbers.
    """
    numbers: dict[str, None] = {}
    addresses: dict[str, None] = {}
    for text in _bounded(extract_text(message)):
        addresses |= dict.fromkeys(_addresses(text))
        for number in _numbers(text, region):
            numbers[number] = None
            if len(numbers) >= MOST:
                return tuple(numbers)
    return (*numbers, *addresses)[:MOST]


def _bounded(read: Iterable[str]) -> Iterator[str]:
    """Each text once: a message's blocks often say what its text says."""
    room = MOST_TEXT
    seen: set[str] = set()
    for text in read:
        known = " ".join(text.split())
        if known in seen:
            continue
        seen.add(known)
        yield text[:room]
        room -= len(text)
        if room <= 0:
            return


def _addresses(text: str) -> Iterator[str]:
    for found in query.emails(text):
        address = found.strip(_QUOTES)
        if len(address) <= LONGEST and query.emails(address) == (address,):
            yield address


def _numbers(text: str, region: str | None) -> Iterator[str]:
    """Not those within addresses of mails and of the web, but for links into a chat."""
    chats = " ".join(f"+{found[1]}" for found in _CHAT.finditer(text))
    rest = _ADDRESS_LIKE.sub(" ", _WEB.sub(" ", text))
    for part in (rest, chats):
        for found in PhoneNumberMatcher(part, region, leniency=Leniency.VALID, max_tries=TRIES):
            yield phonenumbers.format_number(found.number, PhoneNumberFormat.E164)
