"""Stored uploads of spreadsheets: the file until it is confirmed, then its batches, a row each.

A batch is sent to Chakra once: it is claimed first, and if no response arrives it is ``unknown``
and is not sent again automatically.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, select, update

from bot.bulk.upload import Batch, BatchState, Upload, UploadStage
from bot.db.engine import Database
from bot.db.rows import read_row
from bot.db.tables import upload_batches, uploads
from bot.privacy import mask_text


class Uploads:
    """Reads and writes uploads, one transaction per method. Raises ``DatabaseUnavailable``."""

    def __init__(self, database: Database, workspace: str = "") -> None:
        self._database = database
        self._workspace = workspace

    async def create_draft(
        self,
        key: str,
        *,
        member: str,
        channel: str,
        procedure: str,
        kind: str,
        filename: str,
        file: bytes,
        now: float,
    ) -> Upload:
        """Return the upload of this key, or a new one."""
        async with self._database.begin() as connection:
            await connection.execute(
                self._database.insert(uploads)
                .values(
                    workspace=self._workspace,
                    key=key,
                    member=member,
                    channel=channel,
                    procedure=procedure,
                    kind=kind,
                    filename=filename,
                    file=file,
                    stage=UploadStage.DRAFT,
                    created_at=now,
                )
                .on_conflict_do_nothing(index_elements=[uploads.c.workspace, uploads.c.key])
            )
            created = select(uploads).where(
                uploads.c.workspace == self._workspace, uploads.c.key == key
            )
            row = (await connection.execute(created)).one()
        return _upload_from_row(row)

    async def get(self, upload_id: int) -> Upload | None:
        async with self._database.begin() as connection:
            found = await connection.execute(select(uploads).where(uploads.c.id == upload_id))
            row = found.one_or_none()
        return None if row is None else _upload_from_row(row)

    async def load_file(self, upload_id: int) -> bytes:
        async with self._database.begin() as connection:
            found = await connection.scalar(select(uploads.c.file).where(uploads.c.id == upload_id))
        return bytes(found or b"")

    async def confirm(
        self, upload: Upload, batches: Sequence[Batch], channel: str, now: float
    ) -> bool:
        """Store the batches and start. Return False if it was no longer a draft.

        Kind and procedure are stored as ``upload`` has them, which the plan may have changed. The
        file is dropped, and its name is stored masked from now on.
        """
        async with self._database.begin() as connection:
            done = await connection.execute(
                update(uploads)
                .where(uploads.c.id == upload.id, uploads.c.stage == UploadStage.DRAFT)
                .values(
                    stage=UploadStage.RUNNING,
                    file=None,
                    filename=mask_text(upload.filename),
                    procedure=upload.procedure,
                    kind=upload.kind,
                    channel=channel,
                    attempt=1,
                    updated_at=now,
                )
            )
            if done.rowcount != 1:
                return False
            await connection.execute(
                upload_batches.insert(),
                [
                    {
                        "workspace": self._workspace,
                        "upload_id": upload.id,
                        "number": batch.number,
                        "first_row": batch.first_row,
                        "last_row": batch.last_row,
                        "row_count": batch.row_count,
                        "body": batch.body,
                        "state": BatchState.PENDING,
                    }
                    for batch in batches
                ],
            )
        return True

    async def resume(self, upload_id: int, now: float) -> Upload | None:
        """Run a stopped upload again. Return None if it was not stopped."""
        async with self._database.begin() as connection:
            found = await connection.execute(
                update(uploads)
                .where(uploads.c.id == upload_id, uploads.c.stage == UploadStage.STOPPED)
                .values(
                    stage=UploadStage.RUNNING,
                    attempt=uploads.c.attempt + 1,
                    problem="",
                    updated_at=now,
                )
                .returning(uploads)
            )
            row = found.one_or_none()
        return None if row is None else _upload_from_row(row)

    async def list_running(self) -> list[Upload]:
        async with self._database.begin() as connection:
            rows = await connection.execute(
                select(uploads)
                .where(
                    uploads.c.workspace == self._workspace,
                    uploads.c.stage == UploadStage.RUNNING,
                )
                .order_by(uploads.c.id)
            )
            return [_upload_from_row(row) for row in rows]

    async def list_batches(self, upload_id: int) -> list[Batch]:
        """Return the batches in the order of the file, without their bodies."""
        async with self._database.begin() as connection:
            rows = await connection.execute(
                select(*_WITHOUT_BODY)
                .where(upload_batches.c.upload_id == upload_id)
                .order_by(upload_batches.c.number)
            )
            return [_batch_from_row(row) for row in rows]

    async def claim(self, upload_id: int, attempt: int) -> Batch | None:
        """Claim the next pending batch for the caller to send.

        Return None if none is left, or if the upload no longer runs in this attempt.
        """
        going = select(uploads.c.id).where(*_is_running(upload_id, attempt)).exists()
        first = (
            select(func.min(upload_batches.c.number))
            .where(
                upload_batches.c.upload_id == upload_id,
                upload_batches.c.state == BatchState.PENDING,
            )
            .scalar_subquery()
        )
        async with self._database.begin() as connection:
            found = await connection.execute(
                update(upload_batches)
                .where(
                    upload_batches.c.upload_id == upload_id,
                    upload_batches.c.number == first,
                    upload_batches.c.state == BatchState.PENDING,
                    going,
                )
                .values(state=BatchState.SENDING)
                .returning(*_WITHOUT_BODY, upload_batches.c.body)
            )
            row = found.one_or_none()
        return None if row is None else _batch_from_row(row, bytes(row.body or b""))

    async def record_outcome(
        self, upload_id: int, number: int, state: BatchState, *, job_id: str = "", problem: str = ""
    ) -> None:
        """Store the outcome of a batch; its body is deleted once Chakra has accepted it."""
        values: dict[str, Any] = {"state": state, "job_id": job_id, "problem": problem}
        if state is BatchState.SENT:
            values["body"] = None
        async with self._database.begin() as connection:
            await connection.execute(
                update(upload_batches)
                .where(upload_batches.c.upload_id == upload_id, upload_batches.c.number == number)
                .values(**values)
            )

    async def mark_sending_unknown(self, upload_id: int) -> int:
        """Mark batches that another run left in flight as unknown.

        A batch is left alone while that run still records its outcome. Return how many.
        """
        async with self._database.begin() as connection:
            done = await connection.execute(
                update(upload_batches)
                .where(
                    upload_batches.c.upload_id == upload_id,
                    upload_batches.c.state == BatchState.SENDING,
                )
                .values(state=BatchState.UNKNOWN)
            )
            return done.rowcount

    async def set_stage(
        self, upload_id: int, attempt: int, stage: UploadStage, now: float, *, problem: str = ""
    ) -> bool:
        """Set the stage of a running upload.

        Return False if it does not run in this attempt, or if it would be done while a batch is
        pending or in flight.
        """
        conditions = _is_running(upload_id, attempt)
        if stage is UploadStage.DONE:
            unfinished = upload_batches.c.state.in_((BatchState.PENDING, BatchState.SENDING))
            conditions.append(
                ~select(upload_batches.c.id)
                .where(upload_batches.c.upload_id == upload_id, unfinished)
                .exists()
            )
        async with self._database.begin() as connection:
            done = await connection.execute(
                update(uploads)
                .where(*conditions)
                .values(stage=stage, problem=problem, updated_at=now)
            )
            return done.rowcount == 1

    async def set_watch(self, upload_id: int, watch_id: int) -> None:
        async with self._database.begin() as connection:
            await connection.execute(
                update(uploads).where(uploads.c.id == upload_id).values(watch_id=watch_id)
            )

    async def list_batches_with_body(
        self, upload_id: int, states: Sequence[BatchState]
    ) -> list[Batch]:
        """Return the batches in these states, with their bodies."""
        async with self._database.begin() as connection:
            rows = await connection.execute(
                select(*_WITHOUT_BODY, upload_batches.c.body)
                .where(upload_batches.c.upload_id == upload_id, upload_batches.c.state.in_(states))
                .order_by(upload_batches.c.number)
            )
            return [_batch_from_row(row, bytes(row.body or b"")) for row in rows]

    async def purge(self, draft_cutoff: float, settled_cutoff: float) -> int:
        """Delete old drafts, settled uploads and their batches.

        Drafts are deleted if created before ``draft_cutoff``, other uploads if unchanged since
        ``settled_cutoff``. Return how many.
        """
        old = (uploads.c.stage == UploadStage.DRAFT) & (uploads.c.created_at <= draft_cutoff)
        still = (uploads.c.stage.in_((UploadStage.STOPPED, UploadStage.DONE))) & (
            uploads.c.updated_at <= settled_cutoff
        )
        gone = select(uploads.c.id).where(uploads.c.workspace == self._workspace, old | still)
        async with self._database.begin() as connection:
            ids = [row.id for row in await connection.execute(gone)]
            if ids:
                await connection.execute(
                    delete(upload_batches).where(upload_batches.c.upload_id.in_(ids))
                )
                await connection.execute(delete(uploads).where(uploads.c.id.in_(ids)))
        return len(ids)


_WITHOUT_BODY = tuple(column for column in upload_batches.c if column.name != "body")


def _is_running(upload_id: int, attempt: int) -> list[ColumnElement[bool]]:
    return [
        uploads.c.id == upload_id,
        uploads.c.stage == UploadStage.RUNNING,
        uploads.c.attempt == attempt,
    ]


def _upload_from_row(row: Row[Any]) -> Upload:
    return read_row(Upload, row, stage=UploadStage(row.stage))


def _batch_from_row(row: Any, body: bytes = b"") -> Batch:
    return read_row(Batch, row, state=BatchState(row.state), body=body)
