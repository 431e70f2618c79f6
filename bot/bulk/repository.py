"""The uploads of spreadsheets: the file until it is confirmed, then its pieces, one row each.

A piece goes to Chakra once: it is claimed before anything leaves, and one whose answer never came
is ``unknown`` and is not sent again by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, select, update

from bot.db.engine import Database
from bot.db.tables import pieces, uploads


class Stage(StrEnum):
    DRAFT = "draft"  # looked at, not confirmed
    GOING = "going"
    STOPPED = "stopped"  # something is in the way; it can be continued
    DONE = "done"


class PieceState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"  # its request is on the way
    SENT = "sent"  # Chakra made a job of it
    REFUSED = "refused"  # and nothing of it was taken
    UNKNOWN = "unknown"  # no answer came: it may have been taken


@dataclass(frozen=True, slots=True)
class Upload:
    """``file`` is what was uploaded, while it is still needed: "" once it is in pieces. ``turn``
    counts how often it was set going."""

    id: int
    key: str
    member: str
    channel: str
    procedure: str
    kind: str
    filename: str
    stage: Stage
    turn: int
    watch_id: int
    made_at: float
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows ``first`` to ``last`` of the file, ``count`` of them; ``body`` is JSON."""

    number: int
    first: int
    last: int
    count: int
    state: PieceState = PieceState.PENDING
    job_id: str = ""
    problem: str = ""
    body: bytes = field(default=b"", repr=False)


class Uploads:
    """Every method is one transaction, and raises ``StoreUnavailable``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def draft(
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
        """The one of this key, or a new one."""
        async with self._database.begin() as connection:
            await connection.execute(
                self._database.insert(uploads)
                .values(
                    key=key,
                    member=member,
                    channel=channel,
                    procedure=procedure,
                    kind=kind,
                    filename=filename,
                    file=file,
                    stage=Stage.DRAFT,
                    made_at=now,
                )
                .on_conflict_do_nothing(index_elements=[uploads.c.key])
            )
            row = (await connection.execute(select(uploads).where(uploads.c.key == key))).one()
        return _upload(row)

    async def get(self, upload_id: int) -> Upload | None:
        async with self._database.begin() as connection:
            found = await connection.execute(select(uploads).where(uploads.c.id == upload_id))
            row = found.one_or_none()
        return None if row is None else _upload(row)

    async def file(self, upload_id: int) -> bytes:
        async with self._database.begin() as connection:
            found = await connection.scalar(select(uploads.c.file).where(uploads.c.id == upload_id))
        return bytes(found or b"")

    async def confirm(self, upload_id: int, cut: Sequence[Piece], channel: str, now: float) -> bool:
        """Cut into pieces, and going. Whether it was a draft until now: pressed twice, once."""
        async with self._database.begin() as connection:
            done = await connection.execute(
                update(uploads)
                .where(uploads.c.id == upload_id, uploads.c.stage == Stage.DRAFT)
                .values(stage=Stage.GOING, file=None, channel=channel, turn=1, moved_at=now)
            )
            if done.rowcount != 1:
                return False
            await connection.execute(
                pieces.insert(),
                [
                    {
                        "upload_id": upload_id,
                        "number": one.number,
                        "first_row": one.first,
                        "last_row": one.last,
                        "rows": one.count,
                        "body": one.body,
                        "state": PieceState.PENDING,
                    }
                    for one in cut
                ],
            )
        return True

    async def continued(self, upload_id: int, now: float) -> Upload | None:
        """Going once more; None where it was not stopped."""
        async with self._database.begin() as connection:
            found = await connection.execute(
                update(uploads)
                .where(uploads.c.id == upload_id, uploads.c.stage == Stage.STOPPED)
                .values(stage=Stage.GOING, turn=uploads.c.turn + 1, problem="", moved_at=now)
                .returning(uploads)
            )
            row = found.one_or_none()
        return None if row is None else _upload(row)

    async def going(self) -> list[Upload]:
        async with self._database.begin() as connection:
            rows = await connection.execute(
                select(uploads).where(uploads.c.stage == Stage.GOING).order_by(uploads.c.id)
            )
            return [_upload(row) for row in rows]

    async def pieces(self, upload_id: int) -> list[Piece]:
        """In the order of the file, without their bodies."""
        async with self._database.begin() as connection:
            rows = await connection.execute(
                select(*_WITHOUT_BODY)
                .where(pieces.c.upload_id == upload_id)
                .order_by(pieces.c.number)
            )
            return [_piece(row) for row in rows]

    async def claim(self, upload_id: int, turn: int) -> Piece | None:
        """The next pending piece, which is the caller's to send; None where none is left, or the
        upload goes no longer in this turn."""
        going = select(uploads.c.id).where(*_goes(upload_id, turn)).exists()
        first = (
            select(func.min(pieces.c.number))
            .where(pieces.c.upload_id == upload_id, pieces.c.state == PieceState.PENDING)
            .scalar_subquery()
        )
        async with self._database.begin() as connection:
            found = await connection.execute(
                update(pieces)
                .where(
                    pieces.c.upload_id == upload_id,
                    pieces.c.number == first,
                    pieces.c.state == PieceState.PENDING,
                    going,
                )
                .values(state=PieceState.SENDING)
                .returning(*_WITHOUT_BODY, pieces.c.body)
            )
            row = found.one_or_none()
        return None if row is None else _piece(row, bytes(row.body or b""))

    async def in_hand(self, upload_id: int, turn: int, number: int) -> bool:
        """Whether a piece that was claimed is still the caller's to send."""
        mine = select(pieces.c.id).where(
            pieces.c.upload_id == upload_id,
            pieces.c.number == number,
            pieces.c.state == PieceState.SENDING,
            select(uploads.c.id).where(*_goes(upload_id, turn)).exists(),
        )
        async with self._database.begin() as connection:
            return await connection.scalar(mine) is not None

    async def note(
        self, upload_id: int, number: int, state: PieceState, *, job_id: str = "", problem: str = ""
    ) -> None:
        """Its body is let go once Chakra has it."""
        values: dict[str, Any] = {"state": state, "job_id": job_id, "problem": problem}
        if state is PieceState.SENT:
            values["body"] = None
        async with self._database.begin() as connection:
            await connection.execute(
                update(pieces)
                .where(pieces.c.upload_id == upload_id, pieces.c.number == number)
                .values(**values)
            )

    async def give_up(self, upload_id: int) -> int:
        """What somebody left on its way becomes unknown, unless they note it yet. Returns how
        many."""
        async with self._database.begin() as connection:
            done = await connection.execute(
                update(pieces)
                .where(pieces.c.upload_id == upload_id, pieces.c.state == PieceState.SENDING)
                .values(state=PieceState.UNKNOWN)
            )
            return done.rowcount

    async def move(
        self, upload_id: int, turn: int, stage: Stage, now: float, *, problem: str = ""
    ) -> bool:
        """Whether it went until now, in this turn. It is not done before each of its pieces has
        been sent, or has met what it met."""
        may = _goes(upload_id, turn)
        if stage is Stage.DONE:
            open_ones = pieces.c.state.in_((PieceState.PENDING, PieceState.SENDING))
            may.append(
                ~select(pieces.c.id).where(pieces.c.upload_id == upload_id, open_ones).exists()
            )
        async with self._database.begin() as connection:
            done = await connection.execute(
                update(uploads).where(*may).values(stage=stage, problem=problem, moved_at=now)
            )
            return done.rowcount == 1

    async def watched_by(self, upload_id: int, watch_id: int) -> None:
        async with self._database.begin() as connection:
            await connection.execute(
                update(uploads).where(uploads.c.id == upload_id).values(watch_id=watch_id)
            )

    async def bodies(self, upload_id: int, states: Sequence[PieceState]) -> list[Piece]:
        """Those of the pieces in these states, with what they hold."""
        async with self._database.begin() as connection:
            rows = await connection.execute(
                select(*_WITHOUT_BODY, pieces.c.body)
                .where(pieces.c.upload_id == upload_id, pieces.c.state.in_(states))
                .order_by(pieces.c.number)
            )
            return [_piece(row, bytes(row.body or b"")) for row in rows]

    async def forget(self, drafts_by: float, others_by: float) -> int:
        """Drops drafts made by the one moment, and others that have not moved since the other,
        with all that they hold."""
        old = (uploads.c.stage == Stage.DRAFT) & (uploads.c.made_at <= drafts_by)
        still = (uploads.c.stage.in_((Stage.STOPPED, Stage.DONE))) & (
            uploads.c.moved_at <= others_by
        )
        gone = select(uploads.c.id).where(old | still)
        async with self._database.begin() as connection:
            ids = [row.id for row in await connection.execute(gone)]
            if ids:
                await connection.execute(delete(pieces).where(pieces.c.upload_id.in_(ids)))
                await connection.execute(delete(uploads).where(uploads.c.id.in_(ids)))
        return len(ids)


_WITHOUT_BODY = tuple(column for column in pieces.c if column.name != "body")


def _goes(upload_id: int, turn: int) -> list[ColumnElement[bool]]:
    return [uploads.c.id == upload_id, uploads.c.stage == Stage.GOING, uploads.c.turn == turn]


def _upload(row: Row[Any]) -> Upload:
    return Upload(
        id=row.id,
        key=row.key,
        member=row.member,
        channel=row.channel,
        procedure=row.procedure,
        kind=row.kind,
        filename=row.filename,
        stage=Stage(row.stage),
        turn=row.turn,
        watch_id=row.watch_id or 0,
        made_at=row.made_at,
        problem=row.problem or "",
    )


def _piece(row: Any, body: bytes = b"") -> Piece:
    return Piece(
        number=row.number,
        first=row.first_row,
        last=row.last_row,
        count=row.rows,
        state=PieceState(row.state),
        job_id=row.job_id or "",
        problem=row.problem or "",
        body=body,
    )
