"""Reading blocks of any quality: the blocks within blocks, and the characters of their texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def flat_blocks(blocks: object) -> Iterator[dict[str, Any]]:
    """Every block that is an object, those in containers included, in reading order."""
    if not isinstance(blocks, list | tuple):
        return
    for block in blocks:
        if isinstance(block, dict):
            yield block
            yield from flat_blocks(block.get("child_blocks"))


def characters(value: object) -> int:
    """The characters of each string that stands under ``text``, however deep."""
    if isinstance(value, dict):
        own = len(value["text"]) if isinstance(value.get("text"), str) else 0
        return own + sum(characters(inner) for inner in value.values())
    if isinstance(value, list | tuple):
        return sum(characters(inner) for inner in value)
    return 0
