"""Paging as Meta's Graph API does it: opaque cursors, and a ``next`` that leads to Meta itself."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from bot.sandbox.chakra.meta import INVALID_PARAMETER, MetaRefused

GRAPH = "https://graph.facebook.com"
MARK = "ZD"
"""What real cursors end with."""
DEFAULT_LIMIT = 25
MOST = 100
"""How many a page may hold. What Meta does with more is UNKNOWN: a client must follow the pages."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asking:
    """A page that is asked for; ``after`` and ``before`` are item ids, or empty."""

    limit: int
    after: str
    before: str


def asking(query: Mapping[str, str]) -> Asking:
    """Raises ``MetaRefused``."""
    limit = query.get("limit") or str(DEFAULT_LIMIT)
    if not limit.isdecimal() or int(limit) < 1:
        raise MetaRefused(INVALID_PARAMETER, "Param limit must be a positive integer")
    return Asking(min(int(limit), MOST), _opened(query, "after"), _opened(query, "before"))


def page(
    items: Sequence[T], ask: Asking, id_of: Callable[[T], str], path: str
) -> tuple[Sequence[T], dict[str, Any]]:
    """The items of the page, and its ``paging`` object: empty for an empty page.

    An ``after`` cursor stands on the last page too; only ``next`` says that there is more.
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
    """A cursor that is none opens to something that no item is called."""
    cursor = query.get(name, "")
    if not cursor:
        return ""
    text = cursor.removesuffix(MARK)
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError:
        return cursor
