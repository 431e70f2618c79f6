"""Read blocks that may be malformed: yield the well-formed ones, count their characters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def iter_blocks(blocks: object) -> Iterator[dict[str, Any]]:
    """Yield the blocks that are objects, in order."""
    if not isinstance(blocks, list | tuple):
        return
    for block in blocks:
        if isinstance(block, dict):
            yield block


def count_characters(value: object) -> int:
    """Count the characters of every string under a ``text`` key, at any depth."""
    if isinstance(value, dict):
        own = len(value["text"]) if isinstance(value.get("text"), str) else 0
        return own + sum(count_characters(inner) for inner in value.values())
    if isinstance(value, list | tuple):
        return sum(count_characters(inner) for inner in value)
    return 0
