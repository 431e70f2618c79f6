"""An upload goes up once, each of its pieces is claimed once, and nothing is sent twice."""

from __future__ import annotations

import asyncio

import pytest

from bot.bulk.repository import Piece, PieceState, Stage, Upload, Uploads
from bot.db.engine import Database


@pytest.fixture
def uploads(database: Database) -> Uploads:
    return Uploads(database)


async def drafted(uploads: Uploads, key: str = "view-1", now: float = 1000.0) -> Upload:
    return await uploads.draft(
        key,
        member="U0JOHN",
        channel="C0SALES",
        procedure="lead",
        kind="create",
        filename="leads.csv",
        file=b"name\nJohn\n",
        now=now,
    )


def cut(number: int) -> list[Piece]:
    return [Piece(n, n * 10 + 2, n * 10 + 11, 10, body=b"[]") for n in range(number)]


async def going(uploads: Uploads, pieces: int = 3) -> Upload:
    upload = await drafted(uploads)
    assert await uploads.confirm(upload.id, cut(pieces), "C0LEADS", 1001)
    found = await uploads.get(upload.id)
    assert found is not None
    return found


async def states(uploads: Uploads, upload: Upload) -> list[PieceState]:
    return [one.state for one in await uploads.pieces(upload.id)]


async def test_a_form_submitted_twice_is_one_draft(uploads: Uploads) -> None:
    first = await drafted(uploads)
    assert await drafted(uploads, now=1005) == first
    assert await uploads.file(first.id) == b"name\nJohn\n"


async def test_confirmed_twice_it_goes_up_once(uploads: Uploads) -> None:
    upload = await drafted(uploads)
    both = await asyncio.gather(
        *(uploads.confirm(upload.id, cut(2), "C0LEADS", 1001) for _ in range(2))
    )
    assert sorted(both) == [False, True]
    assert len(await uploads.pieces(upload.id)) == 2
    now = await uploads.get(upload.id)
    assert now is not None
    assert (now.stage, now.turn, now.channel) == (Stage.GOING, 1, "C0LEADS")
    assert await uploads.file(upload.id) == b""


async def test_pieces_are_claimed_in_order_each_once(uploads: Uploads) -> None:
    upload = await going(uploads)
    found = [await uploads.claim(upload.id, 1) for _ in range(4)]
    assert [one and one.number for one in found] == [0, 1, 2, None]
    assert found[0] is not None
    assert (found[0].first, found[0].last, found[0].count, found[0].body) == (2, 11, 10, b"[]")


async def test_what_was_sent_lets_its_rows_go(uploads: Uploads) -> None:
    upload = await going(uploads)
    await uploads.claim(upload.id, 1)
    await uploads.note(upload.id, 0, PieceState.SENT, job_id="job-1")
    [sent] = await uploads.bodies(upload.id, [PieceState.SENT])
    assert (sent.job_id, sent.body) == ("job-1", b"")


async def test_what_was_on_its_way_is_unknown_until_it_is_noted(uploads: Uploads) -> None:
    upload = await going(uploads)
    await uploads.claim(upload.id, 1)
    assert await uploads.give_up(upload.id) == 1
    assert (await states(uploads, upload))[0] is PieceState.UNKNOWN
    await uploads.note(upload.id, 0, PieceState.SENT, job_id="job-1")
    assert (await states(uploads, upload))[0] is PieceState.SENT


async def test_an_upload_that_stopped_hands_out_nothing_until_it_is_continued(
    uploads: Uploads,
) -> None:
    upload = await going(uploads)
    assert await uploads.continued(upload.id, 1002) is None
    assert await uploads.move(upload.id, 1, Stage.STOPPED, 1002, problem="Chakra is away.")
    assert await uploads.claim(upload.id, 1) is None
    again = await uploads.continued(upload.id, 1003)
    assert again is not None
    assert (again.turn, again.problem) == (2, "")
    assert await uploads.claim(upload.id, 1) is None
    claimed = await uploads.claim(upload.id, 2)
    assert claimed is not None
    assert claimed.number == 0
    assert [one.id for one in await uploads.going()] == [upload.id]


async def test_drafts_and_old_uploads_are_forgotten_with_their_rows(uploads: Uploads) -> None:
    draft = await drafted(uploads, "view-2", 900)
    upload = await going(uploads)
    assert await uploads.forget(899, 9999) == 0
    assert await uploads.forget(900, 9999) == 1
    assert await uploads.get(draft.id) is None
    assert await uploads.move(upload.id, 1, Stage.STOPPED, 1500)
    assert await uploads.forget(0, 1499) == 0
    assert await uploads.forget(0, 1500) == 1
    assert await uploads.pieces(upload.id) == []


async def test_it_is_done_once_no_piece_is_left_or_on_its_way(uploads: Uploads) -> None:
    upload = await going(uploads, 2)
    await uploads.claim(upload.id, 1)
    await uploads.note(upload.id, 0, PieceState.UNKNOWN)
    assert not await uploads.move(upload.id, 1, Stage.DONE, 1002)
    await uploads.claim(upload.id, 1)
    assert not await uploads.move(upload.id, 1, Stage.DONE, 1003)
    await uploads.note(upload.id, 1, PieceState.SENT, job_id="job-1")
    assert await uploads.move(upload.id, 1, Stage.DONE, 1004)
    assert not await uploads.move(upload.id, 1, Stage.STOPPED, 1005, problem="Too late.")


async def test_what_was_given_up_is_nobodys_to_send(uploads: Uploads) -> None:
    upload = await going(uploads)
    await uploads.claim(upload.id, 1)
    assert await uploads.in_hand(upload.id, 1, 0)
    assert not await uploads.in_hand(upload.id, 1, 1)
    assert not await uploads.in_hand(upload.id, 2, 0)
    await uploads.give_up(upload.id)
    assert not await uploads.in_hand(upload.id, 1, 0)


async def test_who_is_late_does_not_end_what_was_continued(uploads: Uploads) -> None:
    upload = await going(uploads)
    assert await uploads.move(upload.id, 1, Stage.STOPPED, 1002)
    assert await uploads.continued(upload.id, 1003) is not None
    assert not await uploads.move(upload.id, 1, Stage.STOPPED, 1004)
    found = await uploads.get(upload.id)
    assert found is not None
    assert (found.stage, found.turn) == (Stage.GOING, 2)


async def test_its_watch_is_remembered(uploads: Uploads) -> None:
    upload = await going(uploads)
    await uploads.watched_by(upload.id, 7)
    found = await uploads.get(upload.id)
    assert found is not None
    assert found.watch_id == 7
