"""Items cut into requests, each of which knows the rows of the file that are in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bot.sheets.items import Item

MOST_ITEMS = 1000
MOST_BYTES = 1024 * 1024
"""Of the JSON. Chakra's own limits are UNKNOWN; its pages speak of thousands (section 4.9)."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """``number`` counts from 1; ``rows`` are those of the items in the file, in the same order;
    ``size`` is about the bytes of the request."""

    number: int
    items: tuple[Item, ...] = field(repr=False)
    rows: tuple[int, ...] = field(repr=False)
    size: int

    @property
    def first(self) -> int:
        return self.rows[0]

    @property
    def last(self) -> int:
        return self.rows[-1]


def chunks(
    items: Sequence[Item],
    rows: Sequence[int],
    *,
    most: int = MOST_ITEMS,
    most_bytes: int = MOST_BYTES,
) -> Iterator[Chunk]:
    """In the file's order, one at a time, so that only one is held. The same items give the same
    chunks. An item that is larger than ``most_bytes`` goes alone."""
    number = 1
    held: list[Item] = []
    size = start = 0
    for place, item in enumerate(items):
        more = _bytes(item)
        if held and (len(held) >= most or size + more > most_bytes):
            yield Chunk(number, tuple(held), tuple(rows[start:place]), size)
            number, held, size, start = number + 1, [], 0, place
        held.append(item)
        size += more
    if held:
        yield Chunk(number, tuple(held), tuple(rows[start:]), size)


def _bytes(item: Item) -> int:
    """With the comma after it."""
    written = json.dumps(item, ensure_ascii=False, separators=(",", ":"))
    return len(written.encode("utf-8", "surrogatepass")) + 1
