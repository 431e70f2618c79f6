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
class Sample:
    """A file to try: the page has it downloaded, or puts it into a form that asks for one."""

    name: str
    content: bytes
    content_type: str
    note: str


@dataclass(frozen=True)
class Tip:
    """A group of things to try: ``rows`` are what to type or paste, and what will come of it.

    ``line`` is what a row becomes in an empty message box, ``{}`` being the row itself.
    ``in_forms`` tells whether a form has a field for it. Names of ``samples`` are unlike one
    another in all tips of a page.
    """

    title: str
    rows: tuple[tuple[str, str], ...] = ()
    line: str = "{}"
    samples: tuple[Sample, ...] = ()
    in_forms: bool = True
