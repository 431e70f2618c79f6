"""Items cut into requests, each of which knows the rows of the file that are in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bot.sheets.items import Item

MOST_ITEMS = 1000
MOST_BYTES = 1024 * 1024
"""Of the JSON array. Chakra's own limits are UNKNOWN; it speaks of "1000s" (section 4.9)."""
BRACKETS = 1
"""Two, less the comma after the last item."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """``number`` counts from 1; ``rows`` are those of the items in the file, in the same order;
    ``body`` is the items as a JSON array."""

    number: int
    items: tuple[Item, ...] = field(repr=False)
    rows: tuple[int, ...] = field(repr=False)
    body: bytes = field(repr=False)

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
    held: list[tuple[Item, int, bytes]] = []
    size = BRACKETS
    for item, row in zip(items, rows, strict=True):
        written = json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode()
        more = len(written) + 1  # and a comma
        if held and (len(held) >= most or size + more > most_bytes):
            yield _chunk(number, held)
            number, held, size = number + 1, [], BRACKETS
        held.append((item, row, written))
        size += more
    if held:
        yield _chunk(number, held)


def _chunk(number: int, held: Sequence[tuple[Item, int, bytes]]) -> Chunk:
    items, rows, written = zip(*held, strict=True)
    return Chunk(number, items, rows, b"[" + b",".join(written) + b"]")
