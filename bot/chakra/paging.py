"""Lists that may come in pages, though no paging is documented for them.

The contract says of the user lists that the whole team comes in one array, and asks to follow
`_meta` if paging ever appears. Its key names are UNKNOWN; those below are its advice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from bot.chakra.models import Identified
from bot.chakra.text import plain
from bot.chakra.transport.envelope import read
from bot.chakra.transport.http import Http

Item = TypeVar("Item", bound=Identified)

MOST_PAGES = 100
_LONGEST_ADDRESS = 2048
NEXT = ("next", "nextPage", "nextPath", "nextUrl", "nextPagePath")


async def every(http: Http, endpoint: str, model: type[Item]) -> tuple[Item, ...]:
    """All items of all pages, each once. Ends at a page that brings nothing new, so that a server
    which ignores the query cannot keep us going."""
    query: Mapping[str, str] | None = {}
    found: dict[str, Item] = {}
    for _ in range(MOST_PAGES):
        if query is None:
            break
        envelope = read(await http.get(endpoint, query=query))
        page = {item.id: item for item in envelope.many(model)}
        if page.keys() <= found.keys():
            break
        found |= page
        query = following(envelope.meta, endpoint, len(found))
    return tuple(found.values())


def following(meta: Mapping[str, Any], endpoint: str, received: int) -> Mapping[str, str] | None:
    """The query of the next page: from the path of it that `meta` names, as long as that is
    `endpoint` itself, or from `hasMore` with `skip`; nothing on the last page.

    Only the query is taken: whatever host an address names, our own is asked.
    """
    for name in NEXT:
        address = meta.get(name)
        if isinstance(address, str) and address:
            return _query_of(address, endpoint)
    return {"skip": str(received)} if meta.get("hasMore") is True else None


def _query_of(address: str, endpoint: str) -> Mapping[str, str] | None:
    if len(address) > _LONGEST_ADDRESS:
        return None
    try:
        parts = urlsplit(plain(address))
    except ValueError:
        return None
    if parts.path and not parts.path.endswith(endpoint):
        return None
    return dict(parse_qsl(parts.query)) or None
