"""The phone numbers and email addresses in a Slack message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import phonenumbers
from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatcher

from bot.slack.message_text import extract_text, list_unreadable
from bot.text.invisible import remove_invisible
from bot.text.phones import INTERNATIONAL, PhoneParser

MAX_RECIPIENTS = 20
"""The form stores this many in its metadata."""
MAX_EMAIL_LENGTH = 100
"""Longer addresses are ignored."""
MAX_SEARCHED_LENGTH = 16_000
"""Characters that are searched: Slack advises 4,000, and repeats them in the blocks."""
MAX_MATCHER_TRIES = 1_000
"""Attempts of the matcher, per text."""

_EMAIL_PATTERN = re.compile(
    r"(?<![^\W_])[^\W_][\w.+'’&%~#$!-]{0,63}@(?:[\w-]{1,63}\.){1,8}(?:xn--[a-z0-9-]+|[^\W\d_]{2,})"
    r"(?![^\W_])",
    re.IGNORECASE,
)
"""An address within a text, which may be a link: ``https://www.google.com/maps/@12.9,77.5`` has
none. Punctuation around an address isn't part of it."""
_EMAIL_LIKE_PATTERN = re.compile(r"(?<![^\s<>(),;\"])[^\s<>(),;\"]+@[^\s<>(),;\"]*")
_URL_PATTERN = re.compile(r"[a-z][a-z0-9+.-]{0,30}://\S+", re.IGNORECASE)
_CHAT_LINK_PATTERN = re.compile(
    r"(?:wa\.me/(?:c/|p/\d+/)?|whatsapp(?:\.com/|://)send/?\?(?:\S*&)?phone=)"
    r"[+(]{0,2}(\d(?:[-+.()]{0,2}\d){5,14})",
    re.IGNORECASE,
)
"""A link into a WhatsApp chat. faq.whatsapp.com/5913398998672934"""
_CHAT_ID_PATTERN = re.compile(r"\b(\d{6,15})(?::\d+)?@(?:s\.whatsapp\.net|c\.us)\b", re.IGNORECASE)
"""The suffix of a person's ID in WhatsApp's own protocol."""
_CHAT_ID_ENDINGS = ("@s.whatsapp.net", "@c.us", "@g.us")
"""The IDs of people and groups end with these."""
_INTERNATIONAL_PATTERN = re.compile(r"[+＋]\d[\d .()\-‐-―/]{7,25}")
_LAST_GROUP_PATTERN = re.compile(r"\D*\d+\D*$")
MIN_INTERNATIONAL_LENGTH = 9
"""Characters: the plus, a country code of one digit, and seven digits."""


def extract_contacts(
    message: Mapping[str, Any], phones: PhoneParser = INTERNATIONAL
) -> tuple[str, ...]:
    """Return the valid numbers (``+919876543210``), then the email addresses, in order, each once.

    It may use a second of CPU time for a message full of numbers.
    """
    numbers: dict[str, None] = {}
    emails: dict[str, None] = {}
    for original in _deduplicate_within_limit(extract_text(message)):
        text = "\n".join(map(remove_invisible, original.split("\n")))
        emails |= dict.fromkeys(_extract_emails(text))
        for number in _extract_numbers(text, phones):
            numbers[number] = None
            if len(numbers) >= MAX_RECIPIENTS:
                return tuple(numbers)
    return (*numbers, *emails)[:MAX_RECIPIENTS]


def describe_missing_contacts(message: Mapping[str, Any]) -> str:
    """Return the sentence for a message in which `extract_contacts` finds none."""
    kinds = list_unreadable(message)
    if not kinds:
        return "That message has no phone number or email address. Type the recipient."
    return (
        f"This app can't read {' or '.join(kinds)}, and found no phone number or email address in "
        "that message. Type the recipient."
    )


def _deduplicate_within_limit(parts: Iterable[str]) -> Iterator[str]:
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
    for found in _EMAIL_PATTERN.finditer(text) if "@" in text else ():
        email = found[0].casefold()
        if len(email) <= MAX_EMAIL_LENGTH and not email.endswith(_CHAT_ID_ENDINGS):
            yield email


def _extract_numbers(text: str, phones: PhoneParser) -> Iterator[str]:
    """Yield the numbers outside of email and web addresses, and those in links to a chat."""
    outside = _EMAIL_LIKE_PATTERN.sub(" ", _URL_PATTERN.sub(" ", text))
    links = unquote(text.replace("%20", "-"))
    found_links = (*_CHAT_LINK_PATTERN.finditer(links), *_CHAT_ID_PATTERN.finditer(text))
    linked = [phonenumbers.normalize_digits_only(match[1]) for match in found_links]
    for part in (outside, "\n".join(f"+{digits}" for digits in linked)):
        found = dict(_find_former_numbers(part, phones))
        for match in PhoneNumberMatcher(
            part, phones.region, leniency=Leniency.VALID, max_tries=MAX_MATCHER_TRIES
        ):
            number = phonenumbers.format_number(match.number, PhoneNumberFormat.E164)
            found[match.start] = number.removeprefix("+")
        for start in sorted(found):
            yield f"+{found[start]}"


def _find_former_numbers(text: str, phones: PhoneParser) -> Iterator[tuple[int, str]]:
    """Yield position and digits of numbers of former plans, which are not valid today."""
    for match in _INTERNATIONAL_PATTERN.finditer(text):
        candidate = match[0]
        while len(candidate) >= MIN_INTERNATIONAL_LENGTH:
            phone = phones.find(candidate)
            if phone is not None:
                if phone.is_former:
                    yield match.start(), phone.digits
                break
            candidate = _LAST_GROUP_PATTERN.sub("", candidate)
