"""The phone numbers and email addresses in a Slack message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import phonenumbers
from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatcher

from bot.slack.message_text import extract_text
from bot.users import query

MAX_RECIPIENTS = 20
"""The form stores them in its metadata."""
MAX_EMAIL_LENGTH = 100
"""Longer addresses are ignored."""
MAX_SEARCHED_LENGTH = 16_000
"""Characters that are searched: Slack advises 4,000, and repeats them in the blocks."""
MAX_MATCHER_TRIES = 1_000
"""Of the matcher, per text."""

_EMAIL_LIKE_PATTERN = re.compile(r"[^\s<>(),;\"]+@[^\s<>(),;\"]*")
_URL_PATTERN = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_CHAT_LINK_PATTERN = re.compile(
    r"(?:wa\.me/|whatsapp\.com/send/?\?(?:\S*&)?phone=)(?:\+|%2B)?(\d{6,15})", re.IGNORECASE
)
"""A link into a WhatsApp chat. faq.whatsapp.com/5913398998672934"""
_SURROUNDING_CHARACTERS = "'‘’“”`*_~.-"
"""Characters that may surround an address without being part of it."""


def extract_contacts(message: Mapping[str, Any], region: str | None = None) -> tuple[str, ...]:
    """Return the valid numbers (``+919876543210``), then the email addresses, in order, each once.

    ``region`` is the country of numbers without a country code. May use a second of CPU time for a
    message that is nothing but numbers.
    """
    numbers: dict[str, None] = {}
    emails: dict[str, None] = {}
    for text in _unique_within_limit(extract_text(message)):
        emails |= dict.fromkeys(_extract_emails(text))
        for number in _extract_numbers(text, region):
            numbers[number] = None
            if len(numbers) >= MAX_RECIPIENTS:
                return tuple(numbers)
    return (*numbers, *emails)[:MAX_RECIPIENTS]


def _unique_within_limit(parts: Iterable[str]) -> Iterator[str]:
    """Yield each text once: the blocks of a message often repeat its text."""
    remaining = MAX_SEARCHED_LENGTH
    seen: set[str] = set()
    for text in parts:
        normalized = " ".join(text.split())
        if normalized in seen:
            continue
        seen.add(normalized)
        yield text[:remaining]
        remaining -= len(text)
        if remaining <= 0:
            return


def _extract_emails(text: str) -> Iterator[str]:
    for found in query.extract_emails(text):
        email = found.strip(_SURROUNDING_CHARACTERS)
        if len(email) <= MAX_EMAIL_LENGTH and query.extract_emails(email) == (email,):
            yield email


def _extract_numbers(text: str, region: str | None) -> Iterator[str]:
    """Yield the numbers outside of email and web addresses, and those in links to a chat."""
    chats = " ".join(f"+{found[1]}" for found in _CHAT_LINK_PATTERN.finditer(text))
    rest = _EMAIL_LIKE_PATTERN.sub(" ", _URL_PATTERN.sub(" ", text))
    for part in (rest, chats):
        for found in PhoneNumberMatcher(
            part, region, leniency=Leniency.VALID, max_tries=MAX_MATCHER_TRIES
        ):
            yield phonenumbers.format_number(found.number, PhoneNumberFormat.E164)
