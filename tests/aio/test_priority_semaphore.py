"""A bounded number at a time, in the order they came."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from bot.aio.priority_semaphore import Room
from tests.clock import settle
from tests.event_loop import run

PLACES = 2


@dataclass
class Crowd:
    """Who came in, in order; each stays until told to leave."""

    room: Room = field(default_factory=lambda: Room(PLACES))
    came: list[int] = field(default_factory=list)
    inside: set[int] = field(default_factory=set)
    most: int = 0
    tasks: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    doors: dict[int, asyncio.Event] = field(default_factory=dict)

    async def comes(self, *people: int) -> None:
        for who in people:
            self.doors[who] = asyncio.Event()
            self.tasks[who] = asyncio.create_task(self._stay(who))
        await settle()

    async def goes(self, who: int) -> None:
        self.doors[who].set()
        await settle()

    async def give_up(self, *people: int) -> None:
        """All at the same moment."""
        for who in people:
            self.tasks[who].cancel()
        await settle()

    async def empties(self) -> None:
        for door in self.doors.values():
            door.set()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)

    async def _stay(self, who: int) -> None:
        async with self.room.place(who):
            self.came.append(who)
            self.inside.add(who)
            self.most = max(self.most, len(self.inside))
            try:
                await self.doors[who].wait()
            finally:
                self.inside.discard(who)


async def test_so_many_are_inside_and_the_others_wait_in_line() -> None:
    crowd = Crowd()
    await crowd.comes(1, 2, 3, 4)
    assert (crowd.came, crowd.room.waiting) == ([1, 2], 2)
    await crowd.goes(2)
    assert (crowd.came, crowd.room.waiting) == ([1, 2, 3], 1)
    await crowd.empties()
    assert (crowd.came, crowd.most) == ([1, 2, 3, 4], PLACES)


async def test_who_is_wanted_soon_is_let_in_first() -> None:
    crowd = Crowd()
    await crowd.comes(1, 2, 3, 4, 5)
    crowd.room.hurry(5)
    crowd.room.hurry(1)  # is inside already
    crowd.room.hurry(9)  # is nowhere
    await crowd.goes(1)
    assert crowd.came == [1, 2, 5]
    await crowd.empties()
    assert crowd.came == [1, 2, 5, 3, 4]


async def test_who_gives_up_in_line_or_inside_takes_no_place_along() -> None:
    crowd = Crowd()
    await crowd.comes(1, 2, 3, 4)
    await crowd.give_up(3)
    await crowd.give_up(1)
    assert crowd.came == [1, 2, 4]
    await crowd.comes(5)
    await crowd.goes(4)
    assert crowd.came == [1, 2, 4, 5]
    await crowd.empties()


async def test_a_place_that_was_given_to_one_who_gives_up_at_that_moment_is_the_next_ones() -> None:
    crowd = Crowd()
    await crowd.comes(1, 2, 3, 4)
    crowd.doors[1].set()
    while crowd.room.waiting > 1:  # noqa: ASYNC110
        await asyncio.sleep(0)
    crowd.tasks[3].cancel()  # the place is theirs, and they have not taken it yet
    await settle()
    assert crowd.came == [1, 2, 4]
    await crowd.empties()
    assert crowd.most == PLACES


async def test_all_who_give_up_at_once_leave_the_room_empty() -> None:
    """As at a stop: who leaves must not call in somebody who is leaving as well."""
    crowd = Crowd()
    await crowd.comes(1, 2, 3, 4, 5)
    await crowd.give_up(1, 2, 3, 4, 5)
    assert all(one.cancelled() for one in crowd.tasks.values())
    await crowd.comes(6, 7)
    assert crowd.inside == {6, 7}
    await crowd.empties()


steps = st.tuples(
    st.sampled_from(["comes", "goes", "gives up", "all up to them give up", "hurry"]),
    st.integers(0, 9),
)


@given(st.lists(steps, max_size=40))
def test_whatever_they_do_there_are_never_too_many_and_no_place_is_lost(
    turns: Iterable[tuple[str, int]],
) -> None:
    async def story() -> None:
        crowd = Crowd()
        for what, who in turns:
            if what == "comes" and who not in crowd.tasks:
                await crowd.comes(who)
            elif what == "hurry":
                crowd.room.hurry(who)
            elif what == "all up to them give up":
                await crowd.give_up(*(one for one in crowd.tasks if one <= who))
            elif who in crowd.tasks:
                await (crowd.goes(who) if what == "goes" else crowd.give_up(who))
            assert len(crowd.inside) <= PLACES
            assert not crowd.room.waiting or len(crowd.inside) == PLACES
        await crowd.empties()
        await crowd.comes(10, 11)
        assert {10, 11} <= crowd.inside
        await crowd.empties()

    run(story())
