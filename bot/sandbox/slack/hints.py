"""What the page offers to type: lines of the app's own help."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Hint:
    """``text`` is what is put into the box ("/chakra user "), the rest explains it."""

    text: str
    usage: str
    summary: str
