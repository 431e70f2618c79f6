"""Stored exports: the request, the progress, and the lines until Slack has the file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from bot.db.engine import Database
from bot.db.record_tables import export_chunks, exports
from bot.db.rows import read_row
from bot.exports.export import (
    ACTIVE_STATES,
    CANCELLABLE_STATES,
    Chunk,
    Export,
    ExportProgress,
    ExportQuery,
    ExportState,
    NewExport,
)
from bot.exports.seen_records import SeenRecords, split_digests
from bot.sealing import Sealer, hash_with_key

_KEY_PURPOSE = "exports of records"
_DIGEST_BATCH = 40
"""Chunks whose digests are loaded together: more would block the loop."""


class Exports:
    """Each method is one transaction and raises ``DatabaseUnavailable``.

    ``key`` is the secret that queries and lines are encrypted with.
    """

    def __init__(self, database: Database, key: bytes, workspace: str = "") -> None:
        self._database = database
        self._key = key
        self._sealer = Sealer(key, _KEY_PURPOSE)
        self._workspace = workspace

    # --- what a member does -----------------------------------------------------------------------

    async def create(self, new: NewExport, now: float, limit: int) -> tuple[Export | None, bool]:
        """Return a new export, or the active one of the same query; and whether it is new.

        Return None if the member has ``limit`` active ones.
        """
        key = self._build_active_key(new)
        row = {
            "workspace": self._workspace,
            "key": key,
            "member": new.member,
            "record_type": new.record_type,
            "query": self._sealer.seal(new.query.to_json()),
            "state": ExportState.READING,
            "attempt": 1,
            "progress": self._sealer.seal(ExportProgress().to_json()),
            "page_count": 0,
            "chunk_count": 0,
            "row_count": 0,
            "started_at": now,
        }
        async with self._database.begin() as connection:
            found = await connection.execute(
                select(exports).where(self._match_workspace(exports.c.key == key))
            )
            if known := found.one_or_none():
                return self._from_row(known), False
            counted = select(func.count()).where(
                self._match_workspace(
                    exports.c.member == new.member, exports.c.state.in_(ACTIVE_STATES)
                )
            )
            if (await connection.execute(counted)).scalar_one() >= limit:
                return None, False
            inserted = self._database.insert(exports).values(**row).on_conflict_do_nothing()
            created = await connection.execute(inserted.returning(exports.c.id))
            is_new = created.one_or_none() is not None
            stored = await connection.execute(
                select(exports).where(self._match_workspace(exports.c.key == key))
            )
            return self._from_row(stored.one()), is_new

    async def cancel(self, export_id: int, member: str, now: float) -> Export | None:
        """End a member's export before its file is posted; return its current state."""
        ended = {
            "state": ExportState.CANCELLED,
            "ended_at": now,
            "key": _build_ended_key(export_id),
        }
        own = exports.c.member == member
        await self._update(
            exports.c.id == export_id, own, exports.c.state.in_(CANCELLABLE_STATES), values=ended
        )
        return await self._get_of(export_id, member)

    async def resume(self, export_id: int, member: str) -> Export | None:
        """Continue a member's failed export; return its current state.

        An export without lines, or whose lines were deleted, starts over. An active one isn't
        changed.
        """
        export = await self._get_of(export_id, member)
        if export is None or export.state is not ExportState.FAILED or export.query is None:
            return export
        is_read = bool(export.progress.position.ending)
        is_whole = await self._count_chunks(export_id) == export.chunk_count
        is_whole &= not is_read or export.row_count > 0
        values: dict[str, Any] = {
            "state": ExportState.UPLOADING if is_whole and is_read else ExportState.READING,
            "attempt": export.attempt + 1,
            "problem": "",
            "ended_at": 0.0,
            "key": self._build_active_key(NewExport(member, export.record_type, export.query)),
        }
        if not is_whole:
            await self.delete_chunks(export_id)
            progress = self._sealer.seal(ExportProgress().to_json())
            values |= {"progress": progress, "page_count": 0, "chunk_count": 0, "row_count": 0}
        try:
            await self._update(
                exports.c.id == export_id,
                exports.c.state == ExportState.FAILED,
                exports.c.attempt == export.attempt,
                values=values,
            )
        except IntegrityError:
            return export  # the same query is being read
        return await self._get_of(export_id, member)

    # --- the work ---------------------------------------------------------------------------------

    async def get(self, export_id: int) -> Export | None:
        async with self._database.begin() as connection:
            found = await connection.execute(
                select(exports).where(self._match_workspace(exports.c.id == export_id))
            )
            row = found.one_or_none()
        return self._from_row(row) if row else None

    async def list_active(self) -> list[tuple[int, int]]:
        """Return the ID and the attempt of each export that is under way."""
        active = select(exports.c.id, exports.c.attempt).where(
            self._match_workspace(exports.c.state.in_(ACTIVE_STATES))
        )
        async with self._database.begin() as connection:
            return [(row.id, row.attempt) for row in await connection.execute(active)]

    async def record_page(
        self, export: Export, progress: ExportProgress, chunk: Chunk | None
    ) -> bool:
        """Store the result of a page with its lines; the last page ends the reading.

        Return False, with nothing stored, if the export is no longer as ``export`` says.
        """
        rows, chunks = (len(chunk.lines), 1) if chunk else (0, 0)
        values: dict[str, Any] = {
            "progress": self._sealer.seal(progress.to_json()),
            "page_count": export.page_count + 1,
            "chunk_count": export.chunk_count + chunks,
            "row_count": export.row_count + rows,
        }
        if progress.position.ending:
            values["state"] = ExportState.UPLOADING
        content = self._sealer.seal([chunk.width, chunk.lines]) if chunk else b""
        async with self._database.begin() as connection:
            changed = await connection.execute(
                update(exports)
                .where(
                    self._match_workspace(
                        exports.c.id == export.id,
                        exports.c.state == ExportState.READING,
                        exports.c.attempt == export.attempt,
                        exports.c.page_count == export.page_count,
                    )
                )
                .values(**values)
            )
            if changed.rowcount != 1:
                return False
            if chunk:
                row = {
                    "workspace": self._workspace,
                    "export_id": export.id,
                    "number": export.chunk_count,
                    "content": content,
                    "digests": b"".join(chunk.digests),
                }
                await connection.execute(export_chunks.insert().values(**row))
        return True

    async def load_chunk(self, export_id: int, number: int) -> Chunk | None:
        """Return the lines of a page, without digests; None if they are gone or can't be read."""
        content = select(export_chunks.c.content).where(
            export_chunks.c.export_id == export_id, export_chunks.c.number == number
        )
        async with self._database.begin() as connection:
            sealed = await connection.scalar(content)
        opened = self._sealer.open(sealed)
        return Chunk(tuple(opened[1]), opened[0]) if opened else None

    async def load_seen(self, export_id: int) -> SeenRecords:
        """Return the records that an export has."""
        seen, number = SeenRecords(), -1
        while True:
            batch = (
                select(export_chunks.c.number, export_chunks.c.digests)
                .where(export_chunks.c.export_id == export_id, export_chunks.c.number > number)
                .order_by(export_chunks.c.number)
                .limit(_DIGEST_BATCH)
            )
            async with self._database.begin() as connection:
                rows = (await connection.execute(batch)).all()
            for row in rows:
                for digest in split_digests(bytes(row.digests)):
                    seen.add(digest)
            if len(rows) < _DIGEST_BATCH:
                return seen
            number = rows[-1].number

    async def claim_sharing(self, export: Export, file_id: str, now: float) -> bool:
        """Record that Slack is about to be asked to post the file; False if it must not be."""
        return await self._change(
            export,
            ExportState.UPLOADING,
            {"state": ExportState.SHARING, "file_id": file_id, "shared_at": now},
        )

    async def release_sharing(self, export: Export) -> bool:
        """Record that Slack certainly hasn't posted the file: it is uploaded again."""
        return await self._change(
            export, ExportState.SHARING, {"state": ExportState.UPLOADING, "file_id": ""}
        )

    async def finish(
        self, export: Export, state: ExportState, now: float, *, problem: str = ""
    ) -> bool:
        """End an export, unless it was cancelled."""
        values = {
            "state": state,
            "problem": problem,
            "ended_at": now,
            "key": _build_ended_key(export.id),
        }
        return await self._change(export, None, values)

    async def delete_chunks(self, export_id: int) -> None:
        """Delete the lines of an export."""
        async with self._database.begin() as connection:
            await connection.execute(
                delete(export_chunks).where(export_chunks.c.export_id == export_id)
            )

    async def purge(self, chunks_cutoff: float, cutoff: float) -> None:
        """Delete the lines of exports that ended before one time, and exports from before another.

        The lines of an export that doesn't wait to be continued are deleted in any case.
        """
        ended = self._match_workspace(exports.c.state.not_in(ACTIVE_STATES))
        idle = select(exports.c.id).where(
            ended,
            (exports.c.state != ExportState.FAILED) | (exports.c.ended_at <= chunks_cutoff),
        )
        async with self._database.begin() as connection:
            await connection.execute(
                delete(export_chunks).where(export_chunks.c.export_id.in_(idle))
            )
            await connection.execute(delete(exports).where(ended, exports.c.ended_at <= cutoff))

    # --- internal ---------------------------------------------------------------------------------

    def _build_active_key(self, new: NewExport) -> str:
        query = new.query.to_json()
        parts = (new.member, new.record_type, repr(query["where"]), repr(query["layout"]["fields"]))
        return hash_with_key(self._key, *parts)

    def _match_workspace(self, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
        mine = exports.c.workspace == self._workspace
        for condition in conditions:
            mine &= condition
        return mine

    async def _get_of(self, export_id: int, member: str) -> Export | None:
        export = await self.get(export_id)
        return export if export and export.member == member else None

    async def _count_chunks(self, export_id: int) -> int:
        counted = select(func.count()).where(export_chunks.c.export_id == export_id)
        async with self._database.begin() as connection:
            return int((await connection.execute(counted)).scalar_one())

    async def _change(
        self, export: Export, state: ExportState | None, values: Mapping[str, object]
    ) -> bool:
        """Change an export of this attempt in ``state``, or in any active state."""
        states: Collection[ExportState] = ACTIVE_STATES if state is None else (state,)
        return await self._update(
            exports.c.id == export.id,
            exports.c.attempt == export.attempt,
            exports.c.state.in_(states),
            values=values,
        )

    async def _update(self, *conditions: ColumnElement[bool], values: Mapping[str, object]) -> bool:
        async with self._database.begin() as connection:
            changed = await connection.execute(
                update(exports).where(self._match_workspace(*conditions)).values(**values)
            )
            return changed.rowcount == 1

    def _from_row(self, row: Row[Any]) -> Export:
        query, progress = self._sealer.open(row.query), self._sealer.open(row.progress)
        return read_row(
            Export,
            row,
            query=ExportQuery.from_json(query) if query else None,
            state=ExportState(row.state),
            progress=ExportProgress.from_json(progress) if progress else ExportProgress(),
        )


def _build_ended_key(export_id: int) -> str:
    return f"ended {export_id}"
