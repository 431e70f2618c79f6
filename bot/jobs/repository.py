"""Stored watches: who follows which job in which channel, its last known status and its end."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.db.engine import Database
from bot.db.rows import read_row
from bot.db.tables import watches
from bot.jobs.watch import NewWatch, StoredPoint, Watch, WatchStatus
from bot.privacy import mask_text


class Watches:
    """Reads and writes watches, one transaction per method. Raises ``DatabaseUnavailable``."""

    def __init__(self, database: Database, workspace: str = "") -> None:
        self._database = database
        self._workspace = workspace
        self._active_ids = (
            select(watches.c.id)
            .where(watches.c.workspace == workspace, watches.c.active_key.is_not(None))
            .order_by(watches.c.id)
        )

    async def get_or_create(
        self, new_watch: NewWatch, now: float, *, complete: bool = True
    ) -> tuple[Watch, bool]:
        """Return the watch, and whether it is new: a subject has one active watch per channel.

        The title is stored masked.
        """
        active_key = _build_active_key(new_watch.subject, new_watch.channel)
        row = {
            "workspace": self._workspace,
            "subject": new_watch.subject,
            "active_key": active_key,
            "jobs": json.dumps(new_watch.jobs),
            "member": new_watch.member,
            "channel": new_watch.channel,
            "title": mask_text(new_watch.title),
            "status": WatchStatus.ACTIVE,
            "started_at": now,
            "complete": complete,
            "counts": "{}",
            "progress_points": "[]",
        }
        async with self._database.begin() as connection:
            inserted = await connection.execute(
                self._database.insert(watches)
                .values(**row)
                .on_conflict_do_nothing(index_elements=[watches.c.workspace, watches.c.active_key])
                .returning(watches)
            )
            new = inserted.one_or_none()
            if new is not None:
                return _watch_from_row(new), True
            existing = await _fetch_one(connection, self._has_active_key(active_key))
        if existing is None:  # it ended between the two statements
            return await self.get_or_create(new_watch, now, complete=complete)
        return existing, False

    async def get(self, watch_id: int) -> Watch | None:
        async with self._database.begin() as connection:
            return await _fetch_one(connection, watches.c.id == watch_id)

    async def find_active(self, subject: str, channel: str) -> Watch | None:
        """Return the active watch of a subject in a channel."""
        async with self._database.begin() as connection:
            return await _fetch_one(
                connection, self._has_active_key(_build_active_key(subject, channel))
            )

    async def list_active_ids(self) -> list[int]:
        """Return the IDs of all active watches; there may be thousands."""
        async with self._database.begin() as connection:
            return list(await connection.scalars(self._active_ids))

    async def list_active_by_job(self, job_id: str) -> list[Watch]:
        """Return the active watches of a job, uploads' included."""
        named = watches.c.jobs.contains(job_id, autoescape=True)
        found = await self._fetch_all(and_(watches.c.active_key.is_not(None), named), limit=None)
        return [watch for watch in found if job_id in watch.jobs]

    async def list_recent(self, since: float, limit: int) -> list[Watch]:
        """Return watches that are active or ended after ``since``, the latest first."""
        late = or_(watches.c.active_key.is_not(None), watches.c.ended_at > since)
        return await self._fetch_all(late, limit=limit)

    async def record_progress(
        self,
        watch_id: int,
        now: float,
        counts: Mapping[str, int],
        points: Sequence[StoredPoint],
    ) -> None:
        await self._update(
            watch_id,
            {
                "progress_at": now,
                "counts": json.dumps(dict(counts)),
                "progress_points": json.dumps(points),
            },
        )

    async def set_jobs(self, watch_id: int, jobs: Sequence[str], *, complete: bool) -> None:
        """Set the jobs of an upload's watch; ``complete`` if no more will follow."""
        await self._update(watch_id, {"jobs": json.dumps(list(jobs)), "complete": complete})

    async def move_to(self, watch: Watch, channel: str) -> Watch:
        """Move a watch to another channel, or stop it if its subject is watched there already."""
        existing = await self.find_active(watch.subject, channel)
        key = None if existing is not None else _build_active_key(watch.subject, channel)
        status = WatchStatus.ACTIVE if key else WatchStatus.STOPPED
        values = {"channel": channel, "active_key": key, "status": status}
        await self._update(watch.id, values if key else {**values, "ended_at": watch.progress_at})
        return replace(watch, channel=channel, status=status)

    async def enable_dm_notice(self, watch_id: int) -> None:
        await self._update(watch_id, {"notify_by_dm": True})

    async def set_stall_notified(self, watch_id: int, *, notified: bool) -> None:
        await self._update(watch_id, {"stall_notified": notified})

    async def end(self, watch_id: int, status: WatchStatus, now: float) -> bool:
        """End a watch. Return False if it had ended."""
        async with self._database.begin() as connection:
            done = await connection.execute(
                update(watches)
                .where(watches.c.id == watch_id, watches.c.active_key.is_not(None))
                .values(status=status, ended_at=now, active_key=None)
            )
            return done.rowcount == 1

    async def purge(self, cutoff: float) -> int:
        async with self._database.begin() as connection:
            gone = await connection.execute(
                delete(watches).where(
                    watches.c.workspace == self._workspace,
                    watches.c.active_key.is_(None),
                    watches.c.ended_at <= cutoff,
                )
            )
            return gone.rowcount

    def _has_active_key(self, active_key: str) -> ColumnElement[bool]:
        return and_(watches.c.workspace == self._workspace, watches.c.active_key == active_key)

    async def _fetch_all(self, condition: ColumnElement[bool], *, limit: int | None) -> list[Watch]:
        chosen = (
            select(watches)
            .where(watches.c.workspace == self._workspace, condition)
            .order_by(watches.c.started_at.desc())
        )
        async with self._database.begin() as connection:
            rows = await connection.execute(chosen if limit is None else chosen.limit(limit))
            return [_watch_from_row(row) for row in rows]

    async def _update(self, watch_id: int, values: Mapping[str, Any]) -> None:
        async with self._database.begin() as connection:
            await connection.execute(
                update(watches).where(watches.c.id == watch_id).values(**values)
            )


def _build_active_key(subject: str, channel: str) -> str:
    return f"{subject} {channel}"


async def _fetch_one(connection: AsyncConnection, condition: ColumnElement[bool]) -> Watch | None:
    row = (await connection.execute(select(watches).where(condition))).one_or_none()
    return None if row is None else _watch_from_row(row)


def _watch_from_row(row: Row[Any]) -> Watch:
    points = tuple((at, done) for at, done in json.loads(row.progress_points))
    return read_row(
        Watch,
        row,
        jobs=tuple(json.loads(row.jobs)),
        status=WatchStatus(row.status),
        counts=json.loads(row.counts),
        progress_points=points,
    )
