"""The pages of a list, in Chakra's order or sorted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.processes.directory import PAGE_SIZE, Record
from bot.processes.record_query import Where
from bot.processes.search import RecordPage, RecordSearch, RecordType
from bot.processes.sorting import Sort, sort_records

MAX_SORTED: Final = 500
"""Records that are read to be sorted: five requests."""


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of a list. ``is_cut``: it is sorted among the first `MAX_SORTED` records only."""

    page: RecordPage
    is_cut: bool = False


async def read_page(
    records: RecordSearch,
    record_type: RecordType,
    where: Where,
    sort: Sort | None,
    *,
    skip: int,
    limit: int,
) -> ListPage:
    """Return the page after ``skip`` records. Raise the client's errors."""
    if sort is None:
        return ListPage(await records.list(record_type, where, skip=skip, limit=limit))
    found, more = await read_records(records, record_type, where, MAX_SORTED)
    ordered = sort_records(found, sort)
    shown = tuple(ordered[skip : skip + limit])
    following = skip + len(shown) if skip + len(shown) < len(ordered) else 0
    return ListPage(RecordPage(shown, following), is_cut=more)


async def read_records(
    records: RecordSearch, record_type: RecordType, where: Where, limit: int
) -> tuple[list[Record], bool]:
    """Return the first records that match, about ``limit``, and whether there are more.

    A record that moves to a later page between two requests is returned once.
    """
    found: dict[str, Record] = {}
    skip = 0
    while True:
        page = await records.list(record_type, where, skip=skip, limit=PAGE_SIZE)
        found.update({record.process.id or record.key: record for record in page.records})
        if not page.next_skip or page.next_skip >= limit:
            return list(found.values()), bool(page.next_skip) or page.is_incomplete
        skip = page.next_skip
