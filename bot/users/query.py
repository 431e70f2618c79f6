"""What a person looks for, told by its form: an id, an e-mail address, a phone number, a name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from bot.text.phones import phone_candidates

_ID_PATTERN = re.compile(
    r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE
)
_PARTIAL_ID_PATTERN = re.compile(
    r"(?=.*\d)(?=.*[a-f])[0-9a-f]{4,}(?:-[0-9a-f]{2,})+-?", re.IGNORECASE
)
_EMAIL_PATTERN = re.compile(r"[^\s@<>(),;:\"]+@[^\s@<>(),;:\"]+\.[^\s@<>(),;:\"]+")


@dataclass(frozen=True, slots=True)
class Query:
    """``text`` as it was typed; beside it the one thing that it was recognised as, if any.

    ``id`` and ``email`` are in lower case; ``phones`` holds the readings of a number.
    """

    text: str
    id: str = ""
    email: str = ""
    phone_candidates: tuple[str, ...] = ()


def parse_query(text: str, region: str | None = None) -> Query:
    """``region`` is the country of phone numbers typed without a country code."""
    text = text.strip()
    if _ID_PATTERN.fullmatch(text):
        return Query(text, id=str(UUID(text)))
    found = extract_emails(text)
    if found:
        return Query(text, email=found[0])
    return Query(text, phone_candidates=phone_candidates(text, region))


def extract_emails(text: str) -> tuple[str, ...]:
    """The addresses in a text, folded: people paste ``John Doe <john@acme.com>``."""
    if "@" not in text:
        return ()
    return tuple(
        dict.fromkeys(address.rstrip(".").casefold() for address in _EMAIL_PATTERN.findall(text))
    )


def is_partial_id(text: str) -> bool:
    """Whether it looks like an id that was not copied whole."""
    return bool(_PARTIAL_ID_PATTERN.fullmatch(text.strip())) and not _ID_PATTERN.fullmatch(
        text.strip()
    )
