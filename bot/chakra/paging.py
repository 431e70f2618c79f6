"""Fetch lists that may be paged, although no paging is documented for them.

The user lists return the whole team in one array (API.md, Paging). If Chakra ever pages them,
``_meta`` names the next page; its keys are UNKNOWN, and the usual ones are tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from bot.chakra.models import IdentifiedResource
from bot.chakra.text import sanitize_line
from bot.chakra.transport.envelope import parse_envelope
from bot.chakra.transport.http import Http

Item = TypeVar("Item", bound=IdentifiedResource)

MAX_PAGES = 100
_MAX_URL_LENGTH = 2048
NEXT_PAGE_KEYS = ("next", "nextPage", "nextPath", "nextUrl", "nextPagePath")


async def fetch_all_pages(http: Http, endpoint: str, model: type[Item]) -> tuple[Item, ...]:
    """Return the items of all pages, each once.

    Stop at a page without new items, so that a server that ignores the query causes no loop.
    """
    query: Mapping[str, str] | None = {}
    items: dict[str, Item] = {}
    for _ in range(MAX_PAGES):
        if query is None:
            break
        envelope = parse_envelope(await http.get(endpoint, query=query))
        page = {item.id: item for item in envelope.parse_list(model)}
        if page.keys() <= items.keys():
            break
        items |= page
        query = build_next_page_query(envelope.meta, endpoint, len(items))
    return tuple(items.values())


def build_next_page_query(
    meta: Mapping[str, Any], endpoint: str, received_count: int
) -> Mapping[str, str] | None:
    """Return the query of the next page; ``None`` on the last.

    It is that of the URL in ``meta`` if its path is ``endpoint``, or ``skip`` if ``hasMore`` is
    set. Only the query of the URL is used, so the request goes to the configured host.
    """
    for name in NEXT_PAGE_KEYS:
        url = meta.get(name)
        if isinstance(url, str) and url:
            return _parse_next_page_url(url, endpoint)
    return {"skip": str(received_count)} if meta.get("hasMore") is True else None


def _parse_next_page_url(url: str, endpoint: str) -> Mapping[str, str] | None:
    if len(url) > _MAX_URL_LENGTH:
        return None
    try:
        parts = urlsplit(sanitize_line(url))
    except ValueError:
        return None
    if parts.path and not parts.path.endswith(endpoint):
        return None
    return dict(parse_qsl(parts.query)) or None
