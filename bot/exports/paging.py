"""Decide which page of a list is read next, and when the list has been read.

A list is paged by the number of records to skip, and it changes while it is read: a lead that
leaves the query moves all later ones forward, and one of them would never be read. So each page
begins with the last record of the page before. If that is missing, earlier pages are read again
until one of them joins what was read. Chakra's order is UNKNOWN (bot/chakra/API.md); an order that
differs from page to page can't be followed, and is reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

PAGE_SIZE: Final = 100
"""Chakra's limit."""
MAX_STEPS_BACK: Final = 50
"""Pages that are read again for one list, in addition to as many as it has. One that needs more has
no order to follow."""
MIN_OVERLAP_OF_CHANGED: Final = 10
MAX_OVERLAP: Final = 50
"""Records of the previous page that a page begins with once the list has changed: at first one is
enough, then as many as may leave the list between two requests."""
MAX_REPEATED_PAGES: Final = 5
"""Pages in a row without a new record, after which the list is not read further."""
MAX_REPEATED_UNSAID: Final = 2
"""The same if Chakra doesn't say whether there are more."""


class Ending(StrEnum):
    """Why no more pages are read, as stored; "" while there are more."""

    NONE = ""
    COMPLETE = "complete"
    UNSAID = "unsaid"
    """Chakra didn't say whether there are more, and nothing new came."""
    EMPTY = "empty"
    """Chakra said that there are more, but sent none."""
    REPEATED = "repeated"
    """Chakra sent the same records again and again."""
    TOO_LARGE = "too_large"
    """The file has reached Slack's maximum size."""

    @property
    def is_certain(self) -> bool:
        """Whether the whole list was read, as far as Chakra says."""
        return self in (Ending.COMPLETE, Ending.UNSAID)


@dataclass(frozen=True, slots=True)
class Position:
    """The reading position.

    ``skip`` is how many records come before the next page, ``overlap`` how many of the page before
    it begins with, and ``last_page`` the IDs of that page in order. ``has_changed``: the list has
    changed in the meantime; ``has_gap``: records may be missing because of that.
    """

    skip: int = 0
    overlap: int = 1
    last_page: tuple[str, ...] = ()
    repeated_pages: int = 0
    steps_back: int = 0
    has_changed: bool = False
    has_gap: bool = False
    ending: Ending = Ending.NONE


@dataclass(frozen=True, slots=True)
class Step:
    """The result of a page. The records of a page that isn't ``is_used`` come again later."""

    position: Position
    is_used: bool


def advance(
    position: Position, ids: Sequence[str], new_count: int, *, has_more: bool | None
) -> Step:
    """Return the step after a page with these IDs, of which ``new_count`` are new.

    ``has_more`` is None if Chakra doesn't say.
    """
    if not ids and has_more:
        return Step(replace(position, ending=Ending.EMPTY), is_used=False)
    last, page = set(position.last_page), set(ids)
    shared = [known for known in ids if known in last]
    if position.last_page and not shared:
        if position.skip and position.steps_back < MAX_STEPS_BACK + position.skip // PAGE_SIZE:
            return Step(_step_back(position), is_used=False)
        has_gap = position.has_gap or position.skip > 0
        position = replace(position, has_changed=True, has_gap=has_gap)
    elif shared != [known for known in position.last_page if known in page]:
        position = replace(position, has_changed=True, has_gap=True)
    return Step(_step_forward(position, ids, new_count, has_more), is_used=True)


def _step_back(position: Position) -> Position:
    """Return the position from which to find the last page again."""
    return replace(
        position,
        skip=max(0, position.skip - max(1, len(position.last_page) - 1)),
        overlap=min(MAX_OVERLAP, max(MIN_OVERLAP_OF_CHANGED, 2 * position.overlap)),
        steps_back=position.steps_back + 1,
        has_changed=True,
    )


def _step_forward(
    position: Position, ids: Sequence[str], new_count: int, has_more: bool | None
) -> Position:
    repeated = 0 if new_count or not position.last_page else position.repeated_pages + 1
    is_short = len(ids) == 1  # it can't be both the last record and a new one
    return replace(
        position,
        skip=position.skip + max(1, len(ids) - min(position.overlap, len(ids) // 2)),
        last_page=() if is_short else tuple(ids),
        repeated_pages=repeated,
        has_changed=position.has_changed or not _follows(position.last_page, ids, new_count),
        ending=_choose_ending(
            repeated, has_more, is_last=not new_count and len(ids) <= position.overlap
        ),
    )


def _follows(last_page: Sequence[str], ids: Sequence[str], new_count: int) -> bool:
    """Return whether a page is the last record of the page before, and new ones."""
    known_count = len(ids) - new_count
    return known_count == (1 if last_page else 0) and (not last_page or ids[0] == last_page[-1])


def _choose_ending(repeated: int, has_more: bool | None, *, is_last: bool) -> Ending:
    """Return why the reading ends; ``is_last``: the page has no more than the previous one."""
    if has_more is False:
        return Ending.COMPLETE
    if has_more is None and (is_last or repeated >= MAX_REPEATED_UNSAID):
        return Ending.UNSAID
    return Ending.REPEATED if repeated >= MAX_REPEATED_PAGES else Ending.NONE
