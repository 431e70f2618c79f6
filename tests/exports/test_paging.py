"""Which page is read next, while the list stays as it is, changes, or makes no sense."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.exports.paging import MAX_REPEATED_PAGES, PAGE_SIZE, Ending, Position, advance

MAX_REQUESTS = 5_000


@dataclass
class Reader:
    """Reads a list as an export does."""

    position: Position = field(default_factory=Position)
    seen: dict[str, None] = field(default_factory=dict)
    requests: int = 0

    def take(self, ids: list[str], *, has_more: bool | None) -> None:
        new = [known for known in dict.fromkeys(ids) if known not in self.seen]
        step = advance(self.position, ids, len(new), has_more=has_more)
        self.position = step.position
        self.requests += 1
        if step.is_used:
            self.seen.update(dict.fromkeys(new))

    def read(
        self,
        items: list[str],
        between: Callable[[list[str]], None] = lambda _: None,
        *,
        page_size: int = PAGE_SIZE,
        says: bool = True,
    ) -> Ending:
        """Read to the end; ``between`` changes the list after each page."""
        while not self.position.ending:
            assert self.requests < MAX_REQUESTS
            start = self.position.skip
            more = len(items) > start + page_size if says else None
            self.take(items[start : start + page_size], has_more=more)
            between(items)
        return self.position.ending


def make_list(count: int) -> list[str]:
    return [f"r{number}" for number in range(count)]


@pytest.mark.parametrize("count", [0, 1, 2, 99, 100, 101, 199, 200, 1_000, 4_321])
@pytest.mark.parametrize("page_size", [100, 50, 2])
def test_list_that_stays_is_read_once_in_order(count: int, page_size: int) -> None:
    reader = Reader()
    assert reader.read(make_list(count), page_size=page_size) is Ending.COMPLETE
    assert list(reader.seen) == make_list(count)
    assert not reader.position.has_changed
    assert reader.requests <= 2 + count // (page_size - 1)


@pytest.mark.parametrize("count", [0, 1, 50, 100, 101, 450])
def test_without_has_more_the_list_is_read_until_nothing_new_comes(count: int) -> None:
    reader = Reader()
    assert reader.read(make_list(count), says=False) is Ending.UNSAID
    assert len(reader.seen) == count
    assert not reader.position.has_changed


def test_records_that_leave_the_list_do_not_hide_others() -> None:
    """A lead of each page read so far leaves the query: all later ones move forward."""
    items, reader = make_list(1_000), Reader()
    left: list[str] = []

    def leave(current: list[str]) -> None:
        left.append(current.pop(0))

    assert reader.read(items, leave) is Ending.COMPLETE
    assert set(make_list(1_000)) - set(left) <= set(reader.seen)
    assert reader.position.has_changed
    assert not reader.position.has_gap


def test_records_that_enter_at_the_front_double_none() -> None:
    items, reader = make_list(500), Reader()
    assert reader.read(items, lambda current: current.insert(0, f"new{len(current)}"))
    assert set(make_list(500)) <= set(reader.seen)
    assert reader.position.has_changed


def test_list_that_shrinks_below_the_position_is_joined_again() -> None:
    items, reader = make_list(300), Reader()

    def shrink(current: list[str]) -> None:
        if len(current) == 300:
            del current[:150]

    assert reader.read(items, shrink) is Ending.COMPLETE
    assert set(items) <= set(reader.seen)
    assert reader.position.has_changed


@given(
    count=st.integers(0, 700),
    changes=st.lists(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), max_size=8), max_size=20),
    says=st.booleans(),
)
def test_whatever_changes_a_record_that_was_always_there_is_read(
    count: int, changes: list[list[tuple[bool, float]]], says: bool
) -> None:
    """As long as the list has one order, in which records come and go."""
    items, reader, rounds = make_list(count), Reader(), iter(changes)
    touched: set[str] = set()

    def change(current: list[str]) -> None:
        for is_removal, place in next(rounds, []):
            at = int(place * len(current))
            if is_removal and current:
                touched.add(current.pop(min(at, len(current) - 1)))
            else:
                current.insert(at, f"new{len(touched)}")
                touched.add(current[at])

    assert reader.read(items, change, says=says).is_certain
    assert not set(make_list(count)) - touched - set(reader.seen)


def test_order_that_differs_for_each_request_ends_and_is_noted() -> None:
    items, reader, dice = make_list(1_000), Reader(), random.Random(1)
    reader.read(items, dice.shuffle)
    assert reader.position.has_gap
    assert reader.requests < 200


def test_same_page_for_ever_ends() -> None:
    """A Chakra that ignores ``skip``."""
    reader = Reader()
    while not reader.position.ending:
        reader.take(make_list(100), has_more=True)
    assert reader.position.ending is Ending.REPEATED
    assert reader.requests == 1 + MAX_REPEATED_PAGES
    assert len(reader.seen) == 100


def test_empty_page_with_more_to_come_ends() -> None:
    reader = Reader()
    reader.take(make_list(100), has_more=True)
    reader.take([], has_more=True)
    assert reader.position.ending is Ending.EMPTY
    assert not Reader(position=reader.position).position.ending.is_certain


def test_same_record_twice_in_a_page_is_read_once() -> None:
    reader = Reader()
    reader.take(["a", "b", "a"], has_more=False)
    assert list(reader.seen) == ["a", "b"]
    assert reader.position.has_changed
