"""A watch is one a place, known until it ends, and its end is final."""

from __future__ import annotations

import asyncio

import pytest

from bot.db.engine import Database
from bot.jobs.repository import Watches
from bot.jobs.watch import NewWatch, Watch, WatchStatus

JOB = "19632427-908f-4bf3-a6f5-69b9a0bbfc63"
OTHER = "c0ffee00-908f-4bf3-a6f5-69b9a0bbfc63"


@pytest.fixture
def watches(database: Database) -> Watches:
    return Watches(database)


def ask(subject: str = JOB, channel: str = "C0SALES", member: str = "U0JOHN") -> NewWatch:
    return NewWatch(subject, (subject,), member, channel, "A title")


async def begun(watches: Watches, wanted: NewWatch | None = None, now: float = 1000.0) -> Watch:
    watch, new = await watches.get_or_create(wanted or ask(), now)
    assert new
    return watch


async def test_one_subject_is_watched_once_in_one_place(watches: Watches) -> None:
    first = await begun(watches)
    again, new = await watches.get_or_create(ask(member="U0MEI"), 1001)
    assert (again, new) == (first, False)
    assert (await begun(watches, ask(channel="C0SUPPORT"))).id != first.id


async def test_two_who_ask_at_once_have_one_watch(watches: Watches) -> None:
    both = await asyncio.gather(
        watches.get_or_create(ask(), 1000), watches.get_or_create(ask(), 1000)
    )
    assert sorted(new for _, new in both) == [False, True]
    assert len({watch.id for watch, _ in both}) == 1


async def test_what_was_seen_is_remembered(watches: Watches) -> None:
    watch = await begun(watches)
    await watches.record_progress(
        watch.id, 1010, {"SUCCESS": 3, "NOT_STARTED": 4}, [(1000.0, 0), (1010.0, 3)]
    )
    seen = await watches.get(watch.id)
    assert seen is not None
    assert (seen.progress_at, dict(seen.counts)) == (1010, {"SUCCESS": 3, "NOT_STARTED": 4})
    assert seen.progress_points == ((1000.0, 0), (1010.0, 3))


async def test_an_end_is_final_and_frees_the_place(watches: Watches) -> None:
    watch = await begun(watches)
    assert await watches.end(watch.id, WatchStatus.STOPPED, 1020)
    assert not await watches.end(watch.id, WatchStatus.FINISHED, 1030)
    ended = await watches.get(watch.id)
    assert ended is not None
    assert (ended.status, ended.ended_at, ended.is_active) == (WatchStatus.STOPPED, 1020, False)
    assert await watches.find_active(JOB, "C0SALES") is None
    assert (await begun(watches)).id != watch.id


async def test_those_that_go_on_are_found_by_job(watches: Watches) -> None:
    watch = await begun(watches)
    other = await begun(watches, ask(OTHER), 1001)
    upload = await begun(watches, NewWatch("upload:1", (OTHER, JOB), "U0JOHN", "C0SALES"), 1002)
    assert {one.id for one in await watches.list_active_by_job(JOB)} == {watch.id, upload.id}
    await watches.end(watch.id, WatchStatus.FINISHED, 1030)
    assert await watches.list_active_ids() == [other.id, upload.id]
    assert [one.id for one in await watches.list_recent(1020, 10)] == [
        upload.id,
        other.id,
        watch.id,
    ]
    assert [one.id for one in await watches.list_recent(1030, 10)] == [upload.id, other.id]


async def test_more_jobs_join_an_upload(watches: Watches) -> None:
    watch, _ = await watches.get_or_create(
        NewWatch("upload:1", (JOB,), "U0JOHN", "C0SALES"), 1000, complete=False
    )
    assert not watch.complete
    await watches.set_jobs(watch.id, [JOB, OTHER], complete=True)
    joined = await watches.get(watch.id)
    assert joined is not None
    assert (joined.jobs, joined.complete) == ((JOB, OTHER), True)


async def test_a_watch_moves_to_the_messages_of_its_member(watches: Watches) -> None:
    watch = await begun(watches)
    moved = await watches.move_to(watch, "U0JOHN")
    assert (moved.channel, moved.is_active) == ("U0JOHN", True)
    assert await watches.find_active(JOB, "U0JOHN") == moved
    assert await watches.find_active(JOB, "C0SALES") is None


async def test_where_the_same_is_followed_already_it_does_not_move(watches: Watches) -> None:
    there = await begun(watches, ask(channel="U0JOHN"))
    watch = await begun(watches, now=1001)
    assert not (await watches.move_to(watch, "U0JOHN")).is_active
    assert await watches.find_active(JOB, "U0JOHN") == there


async def test_old_ones_are_forgotten(watches: Watches) -> None:
    watch = await begun(watches)
    assert await watches.purge(9999) == 0
    await watches.end(watch.id, WatchStatus.FINISHED, 1030)
    assert await watches.purge(1029) == 0
    assert await watches.purge(1030) == 1
    assert await watches.get(watch.id) is None
