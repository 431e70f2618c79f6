"""What the page offers to type: lines of the app's own help, and things to try."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Hint:
    """``text`` is what is put into the box ("/chakra user "), the rest explains it."""

    text: str
    usage: str
    summary: str


@dataclass(frozen=True)
class Tip:
    """A group of things to try: ``rows`` are what to type or paste, and what will come of it."""

    title: str
    rows: tuple[tuple[str, str], ...]
