"""The keys of records in what people type: ``lead LEAD-004038``, ``lead #4038``. Pure."""

from __future__ import annotations

import re

from bot.processes.query import is_key
from bot.text.invisible import remove_invisible
from bot.users.query import extract_emails

_PROCESS_PATTERN = re.compile(
    r"([a-z][a-z0-9_]{1,40})(?:\s*[/#:]\s*|\s+)(?:(?:number|no\.?|key|id)\s+)?#?([\w.-]{1,80})",
    re.IGNORECASE,
)
_NO_PROCEDURES = frozenset({"to", "for", "of", "with", "from", "at", "on", "in", "and", "number"})
_KEY_PATTERN = re.compile(r"(?=.*\d)[\w.-]+")


def parse_process(text: str) -> tuple[str, str] | None:
    """Return procedure and key of ``lead LEAD-004038`` or ``lead/LEAD-004038``; else None.

    The key has a digit, which people's names don't.
    """
    found = _PROCESS_PATTERN.fullmatch(remove_invisible(text))
    if (
        found is None
        or found[1].casefold() in _NO_PROCEDURES
        or not _KEY_PATTERN.fullmatch(found[2])
        or extract_emails(text)
    ):
        return None
    return found[1].lower(), found[2]


def parse_key(text: str) -> str:
    """Return the text if it is a record's key (``LEAD-004038``) or UUID; or ""."""
    bare = remove_invisible(text).strip(" #")
    return bare if is_key(bare) else ""
