"""Items split into requests, each with the numbers of its rows in the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bot.chakra.transport.exchange import encode_json
from bot.sheets.items import Item

MAX_BATCH_ITEMS = 1000
MAX_BATCH_BYTES = 1_000_000
"""Bytes of the JSON array. Chakra's own limits are UNKNOWN; it speaks of "1000s". Proxies such as
nginx refuse bodies above a megabyte (1,048,576 bytes), what is around the array included."""
BRACKET_BYTES = 1
"""Bytes: two brackets, less the comma after the last item."""


@dataclass(frozen=True, slots=True)
class ItemBatch:
    """The items of one request.

    ``number`` counts from 1; ``rows`` are those of the items in the file, in the same order;
    ``body`` is the items as a JSON array.
    """

    number: int
    items: tuple[Item, ...] = field(repr=False)
    row_numbers: tuple[int, ...] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def first_row(self) -> int:
        return self.row_numbers[0]

    @property
    def last_row(self) -> int:
        return self.row_numbers[-1]


def iter_batches(
    items: Sequence[Item],
    row_numbers: Sequence[int],
    *,
    max_items: int = MAX_BATCH_ITEMS,
    max_bytes: int = MAX_BATCH_BYTES,
) -> Iterator[ItemBatch]:
    """Yield the chunks in the file's order, one at a time, so that only one is in memory.

    The same items give the same chunks. An item that is larger than ``max_bytes`` is sent alone.
    """
    number = 1
    pending: list[tuple[Item, int, bytes]] = []
    size = BRACKET_BYTES
    for item, row in zip(items, row_numbers, strict=True):
        written = encode_json(item)
        more = len(written) + 1  # and a comma
        if pending and (len(pending) >= max_items or size + more > max_bytes):
            yield _build_batch(number, pending)
            number, pending, size = number + 1, [], BRACKET_BYTES
        pending.append((item, row, written))
        size += more
    if pending:
        yield _build_batch(number, pending)


def _build_batch(number: int, entries: Sequence[tuple[Item, int, bytes]]) -> ItemBatch:
    items, rows, written = zip(*entries, strict=True)
    return ItemBatch(number, items, rows, b"[" + b",".join(written) + b"]")
