"""Recognize the form of a search: an ID, email address, phone number or name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from bot.text.invisible import remove_invisible
from bot.text.phones import INTERNATIONAL, PhoneParser

_ID_PATTERN = re.compile(
    r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE
)
_PARTIAL_ID_PATTERN = re.compile(
    r"(?=.*\d)(?=.*[a-f])[0-9a-f]{4,}(?:-[0-9a-f]{2,})+-?", re.IGNORECASE
)
_EMAIL_PATTERN = re.compile(
    r"(?<![^\s@<>(),;:\"])[^\s@<>(),;:\"]+@[^\s@<>(),;:\"]+\.[^\s@<>(),;:\"]+"
)
_PLAIN_EMAIL_PATTERN = re.compile(r"[a-z._+-]+\d{0,4}@[a-z.-]+\.[a-z]+", re.IGNORECASE)
"""An address with too few digits for a phone number: most searches, so nothing else is tried."""


@dataclass(frozen=True, slots=True)
class Query:
    """``text`` as typed, and the one thing that it was recognized as, if any.

    ``id`` and ``email`` are in lower case.
    """

    text: str
    id: str = ""
    email: str = ""
    phone_candidates: tuple[str, ...] = ()


def parse_query(text: str, phones: PhoneParser = INTERNATIONAL) -> Query:
    """Return what the words name: an ID, an email address, a phone number or a name."""
    text = text.strip()
    if _PLAIN_EMAIL_PATTERN.fullmatch(text):
        return Query(text, email=text.casefold())
    visible = remove_invisible(text)
    if _ID_PATTERN.fullmatch(visible):
        return Query(text, id=str(UUID(visible)))
    candidates = phones.list_candidates(visible)
    if not candidates and (found := extract_emails(visible)):
        return Query(text, email=found[0])
    return Query(text, phone_candidates=candidates)


def extract_emails(text: str) -> tuple[str, ...]:
    """Return the addresses in a text, in lower case: people paste ``John Doe <john@acme.com>``."""
    if "@" not in text:
        return ()
    return tuple(
        dict.fromkeys(address.rstrip(".").casefold() for address in _EMAIL_PATTERN.findall(text))
    )


def is_id(text: str) -> bool:
    return bool(_ID_PATTERN.fullmatch(text.strip()))


def is_partial_id(text: str) -> bool:
    """Return whether it looks like an incompletely copied ID."""
    return bool(_PARTIAL_ID_PATTERN.fullmatch(text.strip())) and not _ID_PATTERN.fullmatch(
        text.strip()
    )
