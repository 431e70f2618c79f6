"""What a person looks for, told by its form: an id, an e-mail address, a phone number, a name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from bot.text.phones import readings

_ID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)
_PART_OF_ID = re.compile(r"(?=.*\d)(?=.*[a-f])[0-9a-f]{4,}(?:-[0-9a-f]{2,})+-?", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s@<>(),;:\"]+@[^\s@<>(),;:\"]+\.[^\s@<>(),;:\"]+")


@dataclass(frozen=True, slots=True)
class Query:
    """``text`` as it was typed; beside it the one thing that it was recognised as, if any.

    ``id`` and ``email`` are in lower case; ``phones`` holds the readings of a number.
    """

    text: str
    id: str = ""
    email: str = ""
    phones: tuple[str, ...] = ()


def read(text: str, region: str | None = None) -> Query:
    """``region`` is the country of phone numbers typed without a country code."""
    text = text.strip()
    if _ID.fullmatch(text):
        return Query(text, id=str(UUID(text)))
    found = emails(text)
    if found:
        return Query(text, email=found[0])
    return Query(text, phones=readings(text, region))


def emails(text: str) -> tuple[str, ...]:
    """The addresses in a text, folded: people paste ``John Doe <john@acme.com>``."""
    if "@" not in text:
        return ()
    return tuple(dict.fromkeys(one.rstrip(".").casefold() for one in _EMAIL.findall(text)))


def part_of_id(text: str) -> bool:
    """Whether it looks like an id that was not copied whole."""
    return bool(_PART_OF_ID.fullmatch(text.strip())) and not _ID.fullmatch(text.strip())
