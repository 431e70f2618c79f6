"""Paging as Meta's Graph API does it: opaque cursors, and a ``next`` that points to Meta."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from bot.sandbox.chakra.meta import INVALID_PARAMETER, MetaRefused

GRAPH = "https://graph.facebook.com"
MARK = "ZD"
"""The suffix of real cursors."""
DEFAULT_LIMIT = 25
MOST = 100
"""Maximum items of a page. What Meta does with a larger limit is UNKNOWN: clients must page."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asking:
    """A requested page; ``after`` and ``before`` are item IDs, or empty."""

    limit: int
    after: str
    before: str


def asking(query: Mapping[str, str]) -> Asking:
    """Parse the paging parameters. Raise ``MetaRefused`` for invalid ones."""
    limit = query.get("limit") or str(DEFAULT_LIMIT)
    if not limit.isdecimal() or int(limit) < 1:
        raise MetaRefused(INVALID_PARAMETER, "Param limit must be a positive integer")
    return Asking(min(int(limit), MOST), _opened(query, "after"), _opened(query, "before"))


def page(
    items: Sequence[T], ask: Asking, id_of: Callable[[T], str], path: str
) -> tuple[Sequence[T], dict[str, Any]]:
    """Return the items of the page, and its ``paging`` object: empty for an empty page.

    The last page has an ``after`` cursor too; only ``next`` means that there is more.
    """
    ids = [id_of(item) for item in items]
    start = _place(ids, ask.after) + 1 if ask.after else 0
    if ask.before:
        start = max(0, _place(ids, ask.before) - ask.limit)
    chosen = items[start : start + ask.limit]
    if not chosen:
        return chosen, {}
    last = start + len(chosen) - 1
    cursors = {"before": _closed(ids[start]), "after": _closed(ids[last])}
    paging: dict[str, Any] = {"cursors": cursors}
    if last + 1 < len(items):
        query = urlencode({"limit": ask.limit, "after": cursors["after"]})
        paging["next"] = f"{GRAPH}/{path}?{query}"
    if start:
        query = urlencode({"limit": ask.limit, "before": cursors["before"]})
        paging["previous"] = f"{GRAPH}/{path}?{query}"
    return chosen, paging


def _place(ids: Sequence[str], sought: str) -> int:
    try:
        return ids.index(sought)
    except ValueError:
        raise MetaRefused(INVALID_PARAMETER, "Invalid cursors values") from None


def _closed(item_id: str) -> str:
    return urlsafe_b64encode(item_id.encode()).decode().rstrip("=") + MARK


def _opened(query: Mapping[str, str], name: str) -> str:
    """Decode a cursor; an invalid one decodes to an ID that no item has."""
    cursor = query.get(name, "")
    if not cursor:
        return ""
    text = cursor.removesuffix(MARK)
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError:
        return cursor
