"""Stored uploads: each starts once, and each of its batches is claimed once."""

from __future__ import annotations

import asyncio

import pytest

from bot.bulk.repository import Uploads
from bot.bulk.upload import Batch, BatchState, Upload, UploadStage
from bot.db.engine import Database


@pytest.fixture
def uploads(database: Database) -> Uploads:
    return Uploads(database)


async def create_draft(uploads: Uploads, key: str = "view-1", now: float = 1000.0) -> Upload:
    return await uploads.create_draft(
        key,
        member="U0JOHN",
        channel="C0SALES",
        procedure="lead",
        kind="create",
        filename="leads.csv",
        file=b"name\nJohn\n",
        now=now,
    )


def build_batches(number: int) -> list[Batch]:
    return [Batch(n, n * 10 + 2, n * 10 + 11, 10, body=b"[]") for n in range(number)]


async def start_upload(uploads: Uploads, pieces: int = 3) -> Upload:
    upload = await create_draft(uploads)
    assert await uploads.confirm(upload, build_batches(pieces), "C0LEADS", 1001)
    found = await uploads.get(upload.id)
    assert found is not None
    return found


async def list_batch_states(uploads: Uploads, upload: Upload) -> list[BatchState]:
    return [batch.state for batch in await uploads.list_batches(upload.id)]


async def test_a_form_submitted_twice_is_one_draft(uploads: Uploads) -> None:
    first = await create_draft(uploads)
    assert await create_draft(uploads, now=1005) == first
    assert await uploads.load_file(first.id) == b"name\nJohn\n"


async def test_double_confirmation_starts_once(uploads: Uploads) -> None:
    upload = await create_draft(uploads)
    both = await asyncio.gather(
        *(uploads.confirm(upload, build_batches(2), "C0LEADS", 1001) for _ in range(2))
    )
    assert sorted(both) == [False, True]
    assert len(await uploads.list_batches(upload.id)) == 2
    now = await uploads.get(upload.id)
    assert now is not None
    assert (now.stage, now.attempt, now.channel) == (UploadStage.RUNNING, 1, "C0LEADS")
    assert await uploads.load_file(upload.id) == b""


async def test_batches_are_claimed_in_order_once(uploads: Uploads) -> None:
    upload = await start_upload(uploads)
    found = [await uploads.claim(upload.id, 1) for _ in range(4)]
    assert [batch and batch.number for batch in found] == [0, 1, 2, None]
    assert found[0] is not None
    assert (found[0].first_row, found[0].last_row, found[0].row_count, found[0].body) == (
        2,
        11,
        10,
        b"[]",
    )


async def test_sent_batch_drops_its_rows(uploads: Uploads) -> None:
    upload = await start_upload(uploads)
    await uploads.claim(upload.id, 1)
    await uploads.record_outcome(upload.id, 0, BatchState.SENT, job_id="job-1")
    [sent] = await uploads.list_batches_with_body(upload.id, [BatchState.SENT])
    assert (sent.job_id, sent.body) == ("job-1", b"")


async def test_batch_in_flight_is_unknown_until_recorded(uploads: Uploads) -> None:
    upload = await start_upload(uploads)
    await uploads.claim(upload.id, 1)
    assert await uploads.mark_sending_unknown(upload.id) == 1
    assert (await list_batch_states(uploads, upload))[0] is BatchState.UNKNOWN
    await uploads.record_outcome(upload.id, 0, BatchState.SENT, job_id="job-1")
    assert (await list_batch_states(uploads, upload))[0] is BatchState.SENT


async def test_stopped_upload_yields_no_batches_until_resumed(
    uploads: Uploads,
) -> None:
    upload = await start_upload(uploads)
    assert await uploads.resume(upload.id, 1002) is None
    assert await uploads.set_stage(
        upload.id, 1, UploadStage.STOPPED, 1002, problem="Chakra is away."
    )
    assert await uploads.claim(upload.id, 1) is None
    again = await uploads.resume(upload.id, 1003)
    assert again is not None
    assert (again.attempt, again.problem) == (2, "")
    assert await uploads.claim(upload.id, 1) is None
    claimed = await uploads.claim(upload.id, 2)
    assert claimed is not None
    assert claimed.number == 0
    assert [upload.id for upload in await uploads.list_running()] == [upload.id]


async def test_drafts_and_old_uploads_are_purged_with_their_rows(uploads: Uploads) -> None:
    draft = await create_draft(uploads, "view-2", 900)
    upload = await start_upload(uploads)
    assert await uploads.purge(899, 9999) == 0
    assert await uploads.purge(900, 9999) == 1
    assert await uploads.get(draft.id) is None
    assert await uploads.set_stage(upload.id, 1, UploadStage.STOPPED, 1500)
    assert await uploads.purge(0, 1499) == 0
    assert await uploads.purge(0, 1500) == 1
    assert await uploads.list_batches(upload.id) == []


async def test_upload_is_done_once_no_batch_is_pending_or_in_flight(uploads: Uploads) -> None:
    upload = await start_upload(uploads, 2)
    await uploads.claim(upload.id, 1)
    await uploads.record_outcome(upload.id, 0, BatchState.UNKNOWN)
    assert not await uploads.set_stage(upload.id, 1, UploadStage.DONE, 1002)
    await uploads.claim(upload.id, 1)
    assert not await uploads.set_stage(upload.id, 1, UploadStage.DONE, 1003)
    await uploads.record_outcome(upload.id, 1, BatchState.SENT, job_id="job-1")
    assert await uploads.set_stage(upload.id, 1, UploadStage.DONE, 1004)
    assert not await uploads.set_stage(upload.id, 1, UploadStage.STOPPED, 1005, problem="Too late.")


async def test_late_worker_does_not_finish_a_resumed_upload(uploads: Uploads) -> None:
    upload = await start_upload(uploads)
    assert await uploads.set_stage(upload.id, 1, UploadStage.STOPPED, 1002)
    assert await uploads.resume(upload.id, 1003) is not None
    assert not await uploads.set_stage(upload.id, 1, UploadStage.STOPPED, 1004)
    found = await uploads.get(upload.id)
    assert found is not None
    assert (found.stage, found.attempt) == (UploadStage.RUNNING, 2)


async def test_upload_stores_its_watch(uploads: Uploads) -> None:
    upload = await start_upload(uploads)
    await uploads.set_watch(upload.id, 7)
    found = await uploads.get(upload.id)
    assert found is not None
    assert found.watch_id == 7
