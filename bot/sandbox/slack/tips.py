"""Things to try on the page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """A sample file: the page downloads it, or puts it into a form with a file input."""

    name: str
    content: bytes
    content_type: str
    note: str


@dataclass(frozen=True)
class Tip:
    """A group of things to try; ``rows`` are texts to type or paste, each with its outcome.

    ``line`` is a row's text in an empty message box, with ``{}`` for the row itself. ``in_forms``
    tells whether a form has a field for it. Names of ``samples`` are unique within a page.
    """

    title: str
    rows: tuple[tuple[str, str], ...] = ()
    line: str = "{}"
    samples: tuple[Sample, ...] = ()
    in_forms: bool = True
