"""The watches: who follows which job, where, how it stood when last seen, and how it ended."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.db.engine import Database
from bot.db.tables import watches

Point = tuple[float, int]
"""When, in seconds since 1970, and how many entries were done."""


class Ending(StrEnum):
    """Why nobody looks any more; what is not ended yet is ``WATCHED``."""

    WATCHED = "watched"
    FINISHED = "finished"
    STOPPED = "stopped"  # by a person
    VANISHED = "vanished"  # Chakra knows the job no longer
    TOO_LONG = "too_long"  # followed for longer than anything lasts


@dataclass(frozen=True, slots=True)
class Ask:
    """What one person wants to follow. ``jobs`` are Chakra's ids: one, or those of one upload in
    the order they were begun in. ``channel`` is where the message stands: a channel, or the
    member's own id for the direct messages with the app."""

    subject: str
    jobs: tuple[str, ...]
    member: str
    channel: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Watch:
    """``subject`` is what is followed: a job's id, or an upload's key; one subject has one watch
    at a time in one place. ``counts`` are entries by state, as last seen; ``whole`` while more jobs
    of an upload may still come is False. ``privately`` where the outcome is for the member alone.
    """

    id: int
    subject: str
    jobs: tuple[str, ...]
    member: str
    channel: str
    title: str
    ending: Ending
    started_at: float
    ended_at: float
    seen_at: float
    whole: bool
    privately: bool
    stall_told: bool
    counts: Mapping[str, int] = field(default_factory=dict)
    points: tuple[Point, ...] = ()

    @property
    def watched(self) -> bool:
        return self.ending is Ending.WATCHED


class Watches:
    """Every method is one transaction, and raises ``StoreUnavailable``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, ask: Ask, now: float, *, whole: bool = True) -> tuple[Watch, bool]:
        """The watch, and whether it is new: the same subject is followed once in one place."""
        row = {
            "subject": ask.subject,
            "live": _live(ask.subject, ask.channel),
            "jobs": json.dumps(ask.jobs),
            "member": ask.member,
            "channel": ask.channel,
            "title": ask.title,
            "ending": Ending.WATCHED,
            "started_at": now,
            "whole": whole,
            "counts": "{}",
            "points": "[]",
        }
        async with self._database.begin() as connection:
            made = await connection.execute(
                self._database.insert(watches)
                .values(**row)
                .on_conflict_do_nothing(index_elements=[watches.c.live])
                .returning(watches)
            )
            new = made.one_or_none()
            if new is not None:
                return _watch(new), True
            there = await _one(connection, watches.c.live == row["live"])
        if there is None:  # it ended between the two statements
            return await self.begin(ask, now, whole=whole)
        return there, False

    async def get(self, watch_id: int) -> Watch | None:
        async with self._database.begin() as connection:
            return await _one(connection, watches.c.id == watch_id)

    async def here(self, subject: str, channel: str) -> Watch | None:
        """The one that is live in this place."""
        async with self._database.begin() as connection:
            return await _one(connection, watches.c.live == _live(subject, channel))

    async def live_ids(self) -> list[int]:
        """Of all that go on: there may be very many."""
        async with self._database.begin() as connection:
            return list(await connection.scalars(_LIVE_IDS))

    async def of_job(self, job_id: str) -> list[Watch]:
        """Those that go on and follow this job, an upload's among them."""
        named = watches.c.jobs.contains(job_id, autoescape=True)
        found = await self._all(and_(watches.c.live.is_not(None), named), limit=None)
        return [one for one in found if job_id in one.jobs]

    async def recent(self, since: float, limit: int) -> list[Watch]:
        """Those that go on or ended after ``since``, the latest first."""
        late = or_(watches.c.live.is_not(None), watches.c.ended_at > since)
        return await self._all(late, limit=limit)

    async def saw(
        self,
        watch_id: int,
        now: float,
        counts: Mapping[str, int],
        points: Sequence[Point],
    ) -> None:
        await self._set(
            watch_id,
            {"seen_at": now, "counts": json.dumps(dict(counts)), "points": json.dumps(points)},
        )

    async def joined(self, watch_id: int, jobs: Sequence[str], *, whole: bool) -> None:
        """More jobs of the same upload; ``whole`` once no more will come."""
        await self._set(watch_id, {"jobs": json.dumps(list(jobs)), "whole": whole})

    async def move(self, watch: Watch, channel: str) -> Watch:
        """To another place. Where its subject is followed there already, that goes on alone."""
        there = await self.here(watch.subject, channel)
        live = None if there is not None else _live(watch.subject, channel)
        ending = Ending.WATCHED if live else Ending.STOPPED
        values = {"channel": channel, "live": live, "ending": ending}
        await self._set(watch.id, values if live else {**values, "ended_at": watch.seen_at})
        return replace(watch, channel=channel, ending=ending)

    async def privately(self, watch_id: int) -> None:
        await self._set(watch_id, {"privately": True})

    async def told_of_stall(self, watch_id: int, *, told: bool) -> None:
        await self._set(watch_id, {"stall_told": told})

    async def end(self, watch_id: int, ending: Ending, now: float) -> bool:
        """Whether it was live until now."""
        async with self._database.begin() as connection:
            done = await connection.execute(
                update(watches)
                .where(watches.c.id == watch_id, watches.c.live.is_not(None))
                .values(ending=ending, ended_at=now, live=None)
            )
            return done.rowcount == 1

    async def forget(self, ended_by: float) -> int:
        async with self._database.begin() as connection:
            gone = await connection.execute(
                delete(watches).where(watches.c.live.is_(None), watches.c.ended_at <= ended_by)
            )
            return gone.rowcount

    async def _all(self, which: ColumnElement[bool], *, limit: int | None) -> list[Watch]:
        chosen = select(watches).where(which).order_by(watches.c.started_at.desc())
        async with self._database.begin() as connection:
            rows = await connection.execute(chosen if limit is None else chosen.limit(limit))
            return [_watch(row) for row in rows]

    async def _set(self, watch_id: int, values: Mapping[str, Any]) -> None:
        async with self._database.begin() as connection:
            await connection.execute(
                update(watches).where(watches.c.id == watch_id).values(**values)
            )


_LIVE_IDS = select(watches.c.id).where(watches.c.live.is_not(None)).order_by(watches.c.id)


def _live(subject: str, channel: str) -> str:
    return f"{subject} {channel}"


async def _one(connection: AsyncConnection, which: ColumnElement[bool]) -> Watch | None:
    row = (await connection.execute(select(watches).where(which))).one_or_none()
    return None if row is None else _watch(row)


def _watch(row: Row[Any]) -> Watch:
    return Watch(
        id=row.id,
        subject=row.subject,
        jobs=tuple(json.loads(row.jobs)),
        member=row.member,
        channel=row.channel,
        title=row.title,
        ending=Ending(row.ending),
        started_at=row.started_at,
        ended_at=row.ended_at or 0.0,
        seen_at=row.seen_at or 0.0,
        whole=bool(row.whole),
        privately=bool(row.privately),
        stall_told=bool(row.stall_told),
        counts=json.loads(row.counts),
        points=tuple((at, done) for at, done in json.loads(row.points)),
    )
