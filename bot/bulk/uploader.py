"""Spreadsheets on their way to Chakra: in pieces, each sent once, and what became of each told.

A piece that Chakra certainly did not take is tried again for a while. One that it refused, or whose
answer never came, stops the upload: nothing after it goes up until the person says so, and what may
have been taken is never sent again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from bot.aio.clock import Clock, sleep
from bot.bulk.repository import Piece, PieceState, Stage, Upload, Uploads
from bot.bulk.upload_message import stopped
from bot.chakra.job import Job
from bot.chakra.processes import Change, Processes
from bot.durable.engine import Engine
from bot.errors import (
    ChakraError,
    OutcomeUnknown,
    StoreUnavailable,
    Throttled,
    Unavailable,
    Unreadable,
)
from bot.jobs.repository import Ask, Ending, Watch
from bot.jobs.watcher import Watching
from bot.outbox.outbox import Outbox
from bot.privacy import redact
from bot.slack.copy.explain import explain_as_text

KIND = "upload"
SUBJECT = "upload:"
"""What the subject of an upload's watch begins with; its number follows."""

AGAIN_SECONDS = 5.0
LONGEST_WAIT = 60.0
NOTE_AGAIN = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
PATIENCE = 900.0
"""Seconds for which Chakra is asked again for one piece while it is busy or away."""

INTERRUPTED = "This app was interrupted before Chakra's answer came."
ENDED = (Stage.STOPPED, Stage.DONE)

Items = Sequence[Mapping[str, Any]]
UPDATE = "update"


class Uploading:
    """Raises ``StoreUnavailable`` from every method."""

    def __init__(
        self,
        uploads: Uploads,
        processes: Processes,
        watching: Watching,
        outbox: Outbox,
        clock: Clock,
    ) -> None:
        self.uploads = uploads
        self._processes = processes
        self._watching = watching
        self._outbox = outbox
        self._clock = clock
        self._log = structlog.get_logger("uploads")

    async def begin(
        self, engine: Engine, upload: Upload, pieces: Sequence[Piece], channel: str
    ) -> bool:
        """Whether it begins with this: confirmed twice, it goes up once."""
        now = self._clock.time()
        new = await self.uploads.confirm(upload.id, pieces, channel, now)
        await engine.promise(KIND, _turn(upload.id, 1))
        return new

    async def go_on(self, engine: Engine, upload_id: int) -> bool:
        """With the rest of one that stopped. Whether it had."""
        upload = await self.uploads.continued(upload_id, self._clock.time())
        if upload is None:
            return False
        await engine.promise(KIND, _turn(upload.id, upload.turn))
        return True

    async def pick_up(self, engine: Engine) -> None:
        """Those that somebody set going and did not come to promise."""
        going = [_turn(one.id, one.turn) for one in await self.uploads.going()]
        promised = await engine.promised(KIND) if going else frozenset()
        for turn in going:
            if turn not in promised:
                await engine.promise(KIND, turn)

    async def keep(self, engine: Engine, key: str) -> None:
        """Until all pieces are up, or something is in the way; either is told.

        While a replica that was taken for gone is not, two may be at it for a moment: each piece is
        still sent once, and the one that ends it is the one that says so.
        """
        upload_id, turn = (int(part) for part in key.split(":"))
        upload = await self.uploads.get(upload_id)
        if upload is not None and upload.turn == turn and upload.stage is Stage.GOING:
            await self._send_all(engine, upload)
            upload = await self.uploads.get(upload_id)
        if upload is not None and upload.turn == turn and upload.stage in ENDED:
            await self._watched(engine, upload, whole=True)

    async def _send_all(self, engine: Engine, upload: Upload) -> None:
        lost = await self.uploads.give_up(upload.id)
        problem = INTERRUPTED if lost else ""
        while not problem:
            piece = await self.uploads.claim(upload.id, upload.turn)
            if piece is None:
                break
            problem = await self._send(upload, piece)
            await self._watched(engine, upload, whole=False)
        if problem:
            await self._tell(upload, problem)
        stage, now = Stage.STOPPED if problem else Stage.DONE, self._clock.time()
        if not await self.uploads.move(upload.id, upload.turn, stage, now, problem=problem):
            await self._tell_anew(upload)

    async def _tell_anew(self, upload: Upload) -> None:
        """Somebody else has said that it stopped, and did not know yet what became of our piece."""
        now = await self.uploads.get(upload.id)
        if now is not None and now.stage is Stage.STOPPED and now.turn == upload.turn:
            await self._tell(upload, now.problem)

    async def _send(self, upload: Upload, piece: Piece) -> str:
        """What is in the way, "" where Chakra took it."""
        items: Items = json.loads(piece.body)
        until = self._clock.monotonic() + PATIENCE
        while True:
            try:
                job = await self._post(upload, items)
            except (Throttled, Unavailable) as busy:
                wait = min(busy.retry_after or AGAIN_SECONDS, LONGEST_WAIT)
                if self._clock.monotonic() + wait > until:
                    return await self._not_up(upload, piece, PieceState.PENDING, busy)
                await sleep(self._clock, wait)
                if not await self.uploads.in_hand(upload.id, upload.turn, piece.number):
                    return ""  # somebody has given it up, and said so
            except (OutcomeUnknown, Unreadable) as lost:
                return await self._not_up(upload, piece, PieceState.UNKNOWN, lost)
            except ChakraError as refused:
                return await self._not_up(upload, piece, PieceState.REFUSED, refused)
            else:
                await self._note(upload, piece, PieceState.SENT, job_id=job.id)
                return ""

    async def _post(self, upload: Upload, items: Items) -> Job:
        if upload.kind == "create":
            return await self._processes.bulk_create(upload.procedure, items)
        return await self._processes.bulk_update(upload.procedure, [_change(one) for one in items])

    async def _not_up(
        self, upload: Upload, piece: Piece, state: PieceState, error: ChakraError
    ) -> str:
        self._log.warning("piece_not_up", upload=upload.id, piece=piece.number, reason=error.kind)
        problem = redact(explain_as_text(error))
        await self._note(upload, piece, state, problem=problem)
        return problem

    async def _note(
        self,
        upload: Upload,
        piece: Piece,
        state: PieceState,
        *,
        job_id: str = "",
        problem: str = "",
    ) -> None:
        """A database that is away for a moment must not make unknown what is known."""
        for wait in NOTE_AGAIN:
            try:
                await self.uploads.note(
                    upload.id, piece.number, state, job_id=job_id, problem=problem
                )
            except StoreUnavailable:
                await sleep(self._clock, wait)
            else:
                return
        raise StoreUnavailable(f"piece {piece.number} of upload {upload.id} could not be noted")

    async def _watched(self, engine: Engine, upload: Upload, *, whole: bool) -> None:
        """Its watch follows all jobs that there are; the first of them begins it."""
        jobs = tuple(one.job_id for one in await self.uploads.pieces(upload.id) if one.job_id)
        if not jobs:
            return
        watch = await self._its_watch(upload)
        if watch is not None and (watch.watched or watch.ending is Ending.STOPPED):
            await self._watching.watches.joined(watch.id, jobs, whole=whole)
            self._watching.look_now(watch.id)
            return
        if watch is not None and watch.jobs == jobs:
            return  # all that there is was followed to its end
        ask = Ask(
            subject=f"{SUBJECT}{upload.id}",
            jobs=jobs,
            member=upload.member,
            channel=upload.channel,
            title=title(upload),
        )
        begun, _ = await self._watching.begin(engine, ask, whole=whole)
        await self.uploads.watched_by(upload.id, begun.id)

    async def _its_watch(self, upload: Upload) -> Watch | None:
        fresh = await self.uploads.get(upload.id)
        if fresh is None or not fresh.watch_id:
            return None
        return await self._watching.watches.get(fresh.watch_id)

    async def _tell(self, upload: Upload, problem: str) -> None:
        """In the messages with the app: only the person who began it can go on with it."""
        pieces = await self.uploads.pieces(upload.id)
        await self._outbox.put(
            f"upload:{upload.id}:stopped:{upload.turn}",
            upload.member,
            stopped(upload, title(upload), pieces, problem),
            member=upload.member,
        )


def title(upload: Upload) -> str:
    """``Create leads from leads.csv``."""
    verb = "New" if upload.kind == "create" else "Changed"
    return f"{verb} {upload.procedure}s from {upload.filename}"


def _change(item: Mapping[str, Any]) -> Change:
    """``{"lead_id": "LEAD-7", "update": {…}}``, as ``bot.sheets`` makes it."""
    [attribute] = item.keys() - {UPDATE}
    return Change(str(item[attribute]), item[UPDATE], attribute)


def _turn(upload_id: int, turn: int) -> str:
    return f"{upload_id}:{turn}"
