"""Read every record of a list, page by page, up to a limit."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from bot.errors import UsageError
from bot.processes.directory import Record
from bot.processes.record_query import Where
from bot.processes.search import RecordPage, RecordSearch, RecordType

MAX_RECORDS: Final = 10_000
PAGE_SIZE: Final = 100
"""Chakra's maximum (CONFIRMED)."""
CONCURRENT_PAGES: Final = 4
CUT: Final = (
    "Chakra says that there are more records but sends none, so the whole list can't be read. Try "
    "again later."
)
EXAMPLE: Final = "/chakra bulk change lead state:NEW created:last week"


@dataclass(frozen=True, slots=True)
class ListedRecords:
    """``repeated`` records came on more than one page: the list changed while it was read."""

    records: tuple[Record, ...] = field(repr=False)
    repeated: int = 0


async def read_list(records: RecordSearch, record_type: RecordType, where: Where) -> ListedRecords:
    """Return all records that match.

    Raise ``UsageError`` for more than `MAX_RECORDS`, and for a list without an end.
    """
    found: dict[str, Record] = {}
    skip, width, repeated = 0, 1, 0
    while True:
        starts = [skip + PAGE_SIZE * place for place in range(width)]
        pages = await asyncio.gather(
            *(records.list(record_type, where, skip=start, limit=PAGE_SIZE) for start in starts)
        )
        known = len(found)
        for start, page in zip(starts, pages, strict=True):
            if (
                start != skip
            ):  # The previous page was shorter than requested: the next one starts earlier.
                break
            repeated += _add(found, page)
            if len(found) > MAX_RECORDS:
                raise _build_too_many_error(record_type)
            if page.is_incomplete:
                raise UsageError(CUT, example=EXAMPLE)
            if not page.next_skip:
                return ListedRecords(tuple(found.values()), repeated)
            skip = page.next_skip
        if skip > 2 * MAX_RECORDS:
            raise _build_too_many_error(record_type)
        if len(found) == known and any(page.records for page in pages):
            raise UsageError(
                "Chakra returns the same page again and again, so the whole list can't be read. "
                "Narrow the query.",
                example=EXAMPLE,
            )
        width = CONCURRENT_PAGES


def _add(found: dict[str, Record], page: RecordPage) -> int:
    """Add the records of a page; return how many were already known.

    A record with neither ID nor key can't be changed, and is left out.
    """
    names = [record.process.id or record.key for record in page.records]
    known = len(found)
    found.update((name, record) for name, record in zip(names, page.records, strict=True) if name)
    return known + sum(map(bool, names)) - len(found)


def _build_too_many_error(record_type: RecordType) -> UsageError:
    return UsageError(
        f"More than {MAX_RECORDS:,} {record_type.plural.lower()} match. Narrow the query, for "
        "example by creation date.",
        example=EXAMPLE,
    )
