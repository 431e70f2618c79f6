"""Paging as Meta's Graph API does it: opaque cursors, and a ``next`` that points to Meta."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from bot.sandbox.chakra.meta import INVALID_PARAMETER, MetaApiError

GRAPH_API_URL = "https://graph.facebook.com"
CURSOR_SUFFIX = "ZD"
"""The suffix of real cursors."""
DEFAULT_LIMIT = 25
MAX_LIMIT = 100
"""Maximum items of a page. What Meta does with a larger limit is UNKNOWN: clients must page."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A requested page; ``after`` and ``before`` are item IDs, or empty."""

    limit: int
    after: str
    before: str


def parse_page_request(query: Mapping[str, str]) -> PageRequest:
    """Parse the paging parameters. Raise ``MetaApiError`` for invalid ones."""
    limit = query.get("limit") or str(DEFAULT_LIMIT)
    if not limit.isdecimal() or int(limit) < 1:
        raise MetaApiError(INVALID_PARAMETER, "Param limit must be a positive integer")
    return PageRequest(
        min(int(limit), MAX_LIMIT), _decode_cursor(query, "after"), _decode_cursor(query, "before")
    )


def paginate(
    items: Sequence[T], request: PageRequest, id_of: Callable[[T], str], path: str
) -> tuple[Sequence[T], dict[str, Any]]:
    """Return the items of the page, and its ``paging`` object: empty for an empty page.

    The last page has an ``after`` cursor too; only ``next`` means that there is more.
    """
    ids = [id_of(item) for item in items]
    start = _find_index(ids, request.after) + 1 if request.after else 0
    if request.before:
        start = max(0, _find_index(ids, request.before) - request.limit)
    chosen = items[start : start + request.limit]
    if not chosen:
        return chosen, {}
    last = start + len(chosen) - 1
    cursors = {"before": _encode_cursor(ids[start]), "after": _encode_cursor(ids[last])}
    paging: dict[str, Any] = {"cursors": cursors}
    if last + 1 < len(items):
        query = urlencode({"limit": request.limit, "after": cursors["after"]})
        paging["next"] = f"{GRAPH_API_URL}/{path}?{query}"
    if start:
        query = urlencode({"limit": request.limit, "before": cursors["before"]})
        paging["previous"] = f"{GRAPH_API_URL}/{path}?{query}"
    return chosen, paging


def _find_index(ids: Sequence[str], sought: str) -> int:
    try:
        return ids.index(sought)
    except ValueError:
        raise MetaApiError(INVALID_PARAMETER, "Invalid cursors values") from None


def _encode_cursor(item_id: str) -> str:
    return urlsafe_b64encode(item_id.encode()).decode().rstrip("=") + CURSOR_SUFFIX


def _decode_cursor(query: Mapping[str, str], name: str) -> str:
    """Decode a cursor; an invalid one decodes to an ID that no item has."""
    cursor = query.get(name, "")
    if not cursor:
        return ""
    text = cursor.removesuffix(CURSOR_SUFFIX)
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError:
        return cursor
