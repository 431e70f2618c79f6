"""Stored watches: one per subject and channel, with a final end."""

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


def build_watch(subject: str = JOB, channel: str = "C0SALES", member: str = "U0JOHN") -> NewWatch:
    return NewWatch(subject, (subject,), member, channel, "A title")


async def start_watch(
    watches: Watches, new_watch: NewWatch | None = None, now: float = 1000.0
) -> Watch:
    watch, new = await watches.get_or_create(new_watch or build_watch(), now)
    assert new
    return watch


async def test_subject_is_watched_once_per_channel(watches: Watches) -> None:
    first = await start_watch(watches)
    again, new = await watches.get_or_create(build_watch(member="U0MEI"), 1001)
    assert (again, new) == (first, False)
    assert (await start_watch(watches, build_watch(channel="C0SUPPORT"))).id != first.id


async def test_concurrent_requests_create_one_watch(watches: Watches) -> None:
    both = await asyncio.gather(
        watches.get_or_create(build_watch(), 1000), watches.get_or_create(build_watch(), 1000)
    )
    assert sorted(new for _, new in both) == [False, True]
    assert len({watch.id for watch, _ in both}) == 1


async def test_progress_is_stored(watches: Watches) -> None:
    watch = await start_watch(watches)
    await watches.record_progress(
        watch.id, 1010, {"SUCCESS": 3, "NOT_STARTED": 4}, [(1000.0, 0), (1010.0, 3)]
    )
    seen = await watches.get(watch.id)
    assert seen is not None
    assert (seen.progress_at, dict(seen.counts)) == (1010, {"SUCCESS": 3, "NOT_STARTED": 4})
    assert seen.progress_points == ((1000.0, 0), (1010.0, 3))


async def test_finished_watch_is_final_and_frees_its_key(watches: Watches) -> None:
    watch = await start_watch(watches)
    assert await watches.end(watch.id, WatchStatus.STOPPED, 1020)
    assert not await watches.end(watch.id, WatchStatus.FINISHED, 1030)
    ended = await watches.get(watch.id)
    assert ended is not None
    assert (ended.status, ended.ended_at, ended.is_active) == (WatchStatus.STOPPED, 1020, False)
    assert await watches.find_active(JOB, "C0SALES") is None
    assert (await start_watch(watches)).id != watch.id


async def test_active_watches_are_found_by_job(watches: Watches) -> None:
    watch = await start_watch(watches)
    other = await start_watch(watches, build_watch(OTHER), 1001)
    upload = await start_watch(
        watches, NewWatch("upload:1", (OTHER, JOB), "U0JOHN", "C0SALES"), 1002
    )
    assert {watch.id for watch in await watches.list_active_by_job(JOB)} == {watch.id, upload.id}
    await watches.end(watch.id, WatchStatus.FINISHED, 1030)
    assert await watches.list_active_ids() == [other.id, upload.id]
    assert [watch.id for watch in await watches.list_recent(1020, 10)] == [
        upload.id,
        other.id,
        watch.id,
    ]
    assert [watch.id for watch in await watches.list_recent(1030, 10)] == [upload.id, other.id]


async def test_jobs_can_be_added_to_an_upload(watches: Watches) -> None:
    watch, _ = await watches.get_or_create(
        NewWatch("upload:1", (JOB,), "U0JOHN", "C0SALES"), 1000, complete=False
    )
    assert not watch.complete
    await watches.set_jobs(watch.id, [JOB, OTHER], complete=True)
    joined = await watches.get(watch.id)
    assert joined is not None
    assert (joined.jobs, joined.complete) == ((JOB, OTHER), True)


async def test_watch_moves_to_direct_messages(watches: Watches) -> None:
    watch = await start_watch(watches)
    moved = await watches.move_to(watch, "U0JOHN")
    assert (moved.channel, moved.is_active) == ("U0JOHN", True)
    assert await watches.find_active(JOB, "U0JOHN") == moved
    assert await watches.find_active(JOB, "C0SALES") is None


async def test_watch_does_not_move_onto_an_existing_one(watches: Watches) -> None:
    there = await start_watch(watches, build_watch(channel="U0JOHN"))
    watch = await start_watch(watches, now=1001)
    assert not (await watches.move_to(watch, "U0JOHN")).is_active
    assert await watches.find_active(JOB, "U0JOHN") == there


async def test_old_watches_are_purged(watches: Watches) -> None:
    watch = await start_watch(watches)
    assert await watches.purge(9999) == 0
    await watches.end(watch.id, WatchStatus.FINISHED, 1030)
    assert await watches.purge(1029) == 0
    assert await watches.purge(1030) == 1
    assert await watches.get(watch.id) is None
