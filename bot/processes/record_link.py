"""An address of Chakra's dashboard as the record that it leads to. Pure.

What an address of a record looks like is UNKNOWN (API.md, Dashboard). So an address is read only if
it names a record type and, next to it, something that looks like a key.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from bot.chakra.models import is_uuid
from bot.processes.query import is_key
from bot.processes.query_schema import fold

MAX_URL_LENGTH: Final = 2_000
"""Characters: Slack allows 3,000 in a button, and a key is part of a button's value too."""
MAX_KEY_LENGTH: Final = 100
MIN_DIGITS: Final = 3
"""Minimum digits of a key without letters: a shorter number may be a page."""
MAX_PUBLIC_DIGITS: Final = 6
MAX_PUBLIC_DIGITS_AFTER_LETTERS: Final = 9
"""Maximum digits of a key that everyone may see: a longer one may be a phone number."""
DEFAULT_PORTS: Final[Mapping[str, int]] = {"https": 443, "http": 80}

TYPE_PARAMETERS: Final = frozenset({"procedure", "procedureshortid", "type", "processtype"})
KEY_PARAMETERS: Final = frozenset(
    {"id", "key", "process", "processid", "record", "recordid", "primarykey", "primarykeyvalue"}
)
"""Normalized names of query parameters that may have the type or the key."""
RECORD_WORDS: Final = frozenset({"process", "processes", "record", "records"})
BETWEEN_WORDS: Final = RECORD_WORDS | frozenset(
    {"list", "view", "show", "edit", "open", "detail", "details", "card", "id", "key"}
)
"""Words that may be in a path between the type and the key."""
SETTINGS_WORDS: Final = frozenset({"admin", "settings"})
"""``/admin/plugin/<uuid>`` is a settings page (CONFIRMED)."""

_UNREADABLE = re.compile(r"[\s\\\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_UNREADABLE_IN_KEY = re.compile(r"[\\\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_NUMBER = re.compile(r"[0-9]+")
_UNUSUAL_KEY = re.compile(r"[A-Za-z][\w ./%#+-]*\d[\w ./%#+-]*", re.ASCII)
"""A key with characters that are encoded in an address: "LEAD/004 038"."""


@dataclass(frozen=True, slots=True)
class LinkedType:
    """A record type: its short ID, its name, and the attribute that is its primary key."""

    name: str
    label: str
    key_field: str

    def is_called(self, word: str) -> bool:
        """Return whether a word of an address is this type, in the singular or plural."""
        folded = fold(word)
        names = {fold(self.name), fold(self.label)}
        return bool(folded) and folded in names | {f"{name}s" for name in names}


@dataclass(frozen=True, slots=True)
class RecordLink:
    """The record of an address. ``key`` is its primary key or UUID, as the address has it."""

    type: LinkedType
    key: str

    @property
    def reference(self) -> str:
        """What names it in a line: ``lead/LEAD-004038``."""
        return f"{self.type.name}/{self.key}"

    @property
    def public_title(self) -> str:
        """What everyone may read: the type, with the key unless it could be a person's number."""
        label = "".join(letter for letter in self.type.label if letter not in "<>&").strip()
        return f"{label or 'Record'} {self.key}" if is_impersonal(self.key) else label or "Record"


def is_impersonal(key: str) -> bool:
    """Return whether a key reveals nothing about a person: no name, address or phone number."""
    if is_uuid(key):
        return True
    digits = sum(letter.isdigit() for letter in key)
    if key.isdigit():
        return digits <= MAX_PUBLIC_DIGITS
    return is_key(key) and digits <= MAX_PUBLIC_DIGITS_AFTER_LETTERS


class LinkReader:
    """Reads addresses of the dashboard at ``app_url``."""

    def __init__(self, app_url: str) -> None:
        self._origin = _parse_origin(urlsplit(app_url))

    def is_ours(self, url: str) -> bool:
        """Return whether ``url`` is in the dashboard."""
        return self._split(html.unescape(url)) is not None

    def read(self, url: str, types: Sequence[LinkedType]) -> RecordLink | None:
        """Return the record that ``url`` names, or ``None``. Never raise."""
        parts = self._split(html.unescape(url))
        if parts is None:
            return None
        segments, parameters = _read_parts(parts)
        if segments and fold(segments[0]) in SETTINGS_WORDS:
            return None
        return _find_in_path(segments, types) or _find_with_parameters(segments, parameters, types)

    def _split(self, url: str) -> SplitResult | None:
        """Return the parts of an address of the dashboard, ``None`` for any other."""
        if len(url) > MAX_URL_LENGTH or _UNREADABLE.search(url):
            return None
        try:
            parts = urlsplit(url)
            is_ours = _parse_origin(parts) == self._origin and "@" not in parts.netloc
        except ValueError:
            return None
        return parts if is_ours else None


def _parse_origin(parts: SplitResult) -> tuple[str, str, int | None]:
    """Return scheme, host and port. Raise ``ValueError`` for an invalid port."""
    return parts.scheme, parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme)


def _read_parts(parts: SplitResult) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Return the segments of the path and the parameters, decoded once.

    A page may have its own address in the fragment: ``#/lead/LEAD-004038?tab=chat``.
    """
    path, query = parts.path, parts.query
    fragment = parts.fragment.removeprefix("!")
    if fragment.startswith("/"):
        own_path, _, own_query = fragment.partition("?")
        path, query = f"{path}{own_path}", f"{query}&{own_query}"
    segments = tuple(filter(None, (unquote(piece).strip() for piece in path.split("/"))))
    try:
        return segments, tuple(parse_qsl(query, max_num_fields=50))
    except ValueError:  # too many fields
        return segments, ()


def _find_in_path(segments: Sequence[str], types: Sequence[LinkedType]) -> RecordLink | None:
    """Return the last record that the path names: ``/lead/LEAD-1/ticket/T-2`` is about a ticket."""
    for position in range(len(segments) - 1, -1, -1):
        linked = _find_type(types, segments[position])
        if linked is None:
            continue
        rest = list(segments[position + 1 :])
        while rest and (fold(rest[0]) in BETWEEN_WORDS or fold(rest[0]) == fold(linked.key_field)):
            rest.pop(0)
        if rest and _is_key(rest[0]):
            return RecordLink(linked, rest[0])
    return None


def _find_with_parameters(
    segments: Sequence[str], parameters: Sequence[tuple[str, str]], types: Sequence[LinkedType]
) -> RecordLink | None:
    """Return the record whose type, key or both are parameters; ``None`` if they name several."""
    named = [value for name, value in parameters if fold(name) in TYPE_PARAMETERS]
    linked = next(filter(None, (_find_type(types, word) for word in named)), None)
    if linked is not None:
        in_path = tuple(_iter_keys_after_record_word(segments))
    else:
        in_path = ()
        linked = next(filter(None, (_find_type(types, word) for word in reversed(segments))), None)
    if linked is None:
        return None
    keys = list(dict.fromkeys((*in_path, *_iter_key_parameters(parameters, linked))))
    return RecordLink(linked, keys[0]) if len(keys) == 1 else None


def _iter_keys_after_record_word(segments: Sequence[str]) -> Iterable[str]:
    """Yield the keys after "process" or "record" in a path."""
    for word, following in pairwise(segments):
        if fold(word) in RECORD_WORDS and _looks_like_key(following):
            yield following


def _iter_key_parameters(
    parameters: Iterable[tuple[str, str]], linked: LinkedType
) -> Iterable[str]:
    names = KEY_PARAMETERS | {fold(linked.key_field), fold(linked.name), fold(f"{linked.name}_id")}
    for name, value in parameters:
        if fold(name) in names and _looks_like_key(value.strip()):
            yield value.strip()


def _find_type(types: Iterable[LinkedType], word: str) -> LinkedType | None:
    return next((linked for linked in types if linked.is_called(word)), None)


def _looks_like_key(text: str) -> bool:
    """Return whether a text is a key in any position: ``LEAD-004038``, or a UUID."""
    return len(text) <= MAX_KEY_LENGTH and is_key(text)


def _is_key(text: str) -> bool:
    """Return whether a text right after a type is a key: there it may also be a number."""
    if len(text) > MAX_KEY_LENGTH or _UNREADABLE_IN_KEY.search(text):
        return False
    if _NUMBER.fullmatch(text):
        return len(text) >= MIN_DIGITS
    return is_key(text) or bool(_UNUSUAL_KEY.fullmatch(text))
