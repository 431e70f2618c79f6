"""Uploads with a busy Chakra, during an outage of the database, and with concurrent workers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from bot.bulk.upload import Batch, BatchState, Upload, UploadStage
from bot.bulk.uploader import DB_RETRY_DELAYS, MAX_RETRY_DELAY_SECONDS, UPLOAD_WORKFLOW
from bot.db.engine import Database
from bot.sandbox.chakra.exchange import Exchange
from bot.sandbox.chakra.faults import Hang, StatusResponse
from bot.sandbox.slack import collect_text
from tests.clock import ManualClock
from tests.commands.watch_scenarios import advance_until, list_app_messages, wait_until
from tests.world import World

SALES, JOHN, JOHNS = "C0SALES", "U0JOHN", "D0JOHN"
CREATE = "POST /v1/ext/procedure/{procedureShortId}/process/bulk-create"
SENT, UNKNOWN, PENDING = BatchState.SENT, BatchState.UNKNOWN, BatchState.PENDING


async def create_draft(acme: World) -> Upload:
    return await acme.bot.context.workflows.uploads.create_draft(
        "view-1",
        member=JOHN,
        channel=SALES,
        procedure="lead",
        kind="create",
        filename="leads.csv",
        file=b"",
        now=acme.bot.clock.time(),
    )


def build_batches(count: int) -> list[Batch]:
    """Return batches of ten rows each."""
    batches = []
    for number in range(count):
        first = number * 10
        rows = [
            {"lead_id": f"EXPO-{row}", "data": {"firstname": "Asha"}}
            for row in range(first, first + 10)
        ]
        body = json.dumps(rows).encode()
        batches.append(Batch(number, first + 2, first + 11, 10, body=body))
    return batches


async def start_upload(acme: World, count: int = 1) -> Upload:
    upload = await create_draft(acme)
    assert await acme.bot.context.workflows.upload(upload, build_batches(count), SALES)
    return upload


async def list_batch_states(acme: World, upload: Upload) -> list[BatchState]:
    return [
        batch.state for batch in await acme.bot.context.workflows.uploads.list_batches(upload.id)
    ]


async def get_stage(acme: World, upload: Upload) -> UploadStage:
    found = await acme.bot.context.workflows.uploads.get(upload.id)
    assert found is not None
    return found.stage


async def wait_until_idle(acme: World, clock: ManualClock, upload: Upload) -> UploadStage:
    """Wait until no worker is running."""
    await advance_until(acme, clock, lambda: not is_uploading(acme))
    return await get_stage(acme, upload)


def is_uploading(acme: World) -> bool:
    """Return whether the chain of an upload is alive."""
    return acme.bot.context.workflows.engine.count_active(UPLOAD_WORKFLOW) > 0


async def run_as_another_process(acme: World, upload: Upload, attempt: int = 1) -> None:
    """Run the upload as another process would that presumes this one dead."""
    await acme.bot.context.workflows.uploader.run(f"{upload.id}:{attempt}", {})


async def wait_for_response(acme: World, status: int) -> None:
    """Wait until Chakra has answered with ``status``, and the uploader has the answer."""
    await acme.chakra.wait_for_requests(1, CREATE)
    await wait_until(acme, lambda: acme.chakra.requests[-1].status == status)
    await asyncio.sleep(0.1)


def list_stopped_messages(acme: World) -> list[str]:
    return [
        text
        for text in map(collect_text, list_app_messages(acme, JOHN, JOHNS))
        if "stopped" in text
    ]


@asynccontextmanager
async def break_batches_table(acme: World) -> AsyncIterator[None]:
    """Make the table of batches fail while the block runs; the other tables work."""
    database: Database = acme.bot.context.workflows.uploads._database

    async def rename(name: str, new: str) -> None:
        async with database.begin() as connection:
            await connection.execute(text(f"ALTER TABLE {name} RENAME TO {new}"))

    await rename("upload_batches", "elsewhere")
    try:
        yield
    finally:
        await rename("elsewhere", "upload_batches")


# --- a busy Chakra -------------------------------------------------------------------------------


@pytest.mark.parametrize(("asks", "waits"), [(30, 30.0), (600, MAX_RETRY_DELAY_SECONDS)])
async def test_rate_limited_chakra_is_retried_within_a_minute(
    acme: World, clock: ManualClock, asks: int, waits: float
) -> None:
    """The client itself waits for shorter ones."""
    acme.chakra.fail(CREATE, StatusResponse(429, headers={"Retry-After": str(asks)}), times=1)
    upload = await start_upload(acme)
    await wait_for_response(acme, 429)
    await clock.advance(waits - 0.5)
    await acme.settle()
    assert acme.chakra.count(CREATE) == 1
    await clock.advance(0.5)
    await wait_until(acme, lambda: acme.chakra.count(CREATE) == 2)
    assert await wait_until_idle(acme, clock, upload) is UploadStage.DONE
    assert await list_batch_states(acme, upload) == [SENT]


async def test_batch_sent_by_a_concurrent_run_is_not_sent_again(
    acme: World, clock: ManualClock
) -> None:
    """While Chakra is busy the batch is pending, and the next run may claim it."""
    acme.chakra.fail(CREATE, StatusResponse(429, headers={"Retry-After": "30"}), times=1)
    upload = await start_upload(acme, 2)
    await wait_for_response(acme, 429)
    assert await list_batch_states(acme, upload) == [PENDING, PENDING]
    await run_as_another_process(acme, upload)
    assert await get_stage(acme, upload) is UploadStage.DONE
    await clock.advance(30)
    assert await wait_until_idle(acme, clock, upload) is UploadStage.DONE
    assert acme.chakra.count(CREATE) == 3
    assert await list_batch_states(acme, upload) == [SENT, SENT]
    assert list_stopped_messages(acme) == []


# --- a database that is away ---------------------------------------------------------------------


async def test_response_is_recorded_once_the_database_is_back(
    acme: World, clock: ManualClock
) -> None:
    acme.chakra.fail(CREATE, Hang())
    upload = await start_upload(acme)
    await acme.chakra.wait_for_requests(1, CREATE)
    async with break_batches_table(acme):
        acme.chakra.clear_faults()
        acme.chakra.release_hanging()
        await wait_for_response(acme, 202)
        await advance_until(acme, clock, lambda: clock.monotonic() > sum(DB_RETRY_DELAYS[:3]))
        assert is_uploading(acme)
    assert await wait_until_idle(acme, clock, upload) is UploadStage.DONE
    assert await list_batch_states(acme, upload) == [SENT]
    assert (acme.chakra.count(CREATE), list_stopped_messages(acme)) == (1, [])


class LateRejection:
    """Hangs until it is released, then rejects the request."""

    async def apply(self, exchange: Exchange) -> None:
        await exchange.wait_until_released()
        await StatusResponse(400).apply(exchange)


async def test_batch_rejection_is_recorded_once_the_database_is_back(
    acme: World, clock: ManualClock
) -> None:
    acme.chakra.fail(CREATE, LateRejection())
    upload = await start_upload(acme)
    await acme.chakra.wait_for_requests(1, CREATE)
    async with break_batches_table(acme):
        acme.chakra.release_hanging()
        await wait_for_response(acme, 400)
    assert await wait_until_idle(acme, clock, upload) is UploadStage.STOPPED
    assert await list_batch_states(acme, upload) == [BatchState.REFUSED]


async def test_persistent_database_outage_makes_the_batch_unknown_and_never_resent(
    acme: World, clock: ManualClock
) -> None:
    acme.chakra.fail(CREATE, Hang())
    upload = await start_upload(acme, 2)
    await acme.chakra.wait_for_requests(1, CREATE)
    async with break_batches_table(acme):
        acme.chakra.clear_faults()
        acme.chakra.release_hanging()
        await advance_until(acme, clock, lambda: clock.monotonic() > 2 * sum(DB_RETRY_DELAYS))
    await advance_until(acme, clock, lambda: bool(list_stopped_messages(acme)))
    assert await wait_until_idle(acme, clock, upload) is UploadStage.STOPPED
    assert await list_batch_states(acme, upload) == [UNKNOWN, PENDING]
    assert acme.chakra.count(CREATE) == 1
    assert "restarted before Chakra responded" in list_stopped_messages(acme)[0]


# --- two concurrent workers ----------------------------------------------------------------------


async def test_premature_takeover_stops_and_learns_the_batch_outcome(
    acme: World, clock: ManualClock
) -> None:
    acme.chakra.fail(CREATE, Hang(), times=1)
    upload = await start_upload(acme, 3)
    await acme.chakra.wait_for_requests(1, CREATE)
    await run_as_another_process(acme, upload)
    assert await list_batch_states(acme, upload) == [UNKNOWN, PENDING, PENDING]
    await wait_until(
        acme, lambda: "Rows 2 to 11 may have been uploaded" in "".join(list_stopped_messages(acme))
    )
    acme.chakra.release_hanging()
    assert await wait_until_idle(acme, clock, upload) is UploadStage.STOPPED
    assert await list_batch_states(acme, upload) == [SENT, PENDING, PENDING]
    await advance_until(
        acme, clock, lambda: "Rows 2 to 11 were uploaded" in "".join(list_stopped_messages(acme))
    )
    assert len(list_stopped_messages(acme)) == 1
    assert await acme.bot.context.workflows.continue_upload(upload.id)
    await wait_until(acme, lambda: acme.chakra.count(CREATE) == 3)
    assert await wait_until_idle(acme, clock, upload) is UploadStage.DONE
    assert await list_batch_states(acme, upload) == [SENT, SENT, SENT]


async def test_concurrent_workers_send_each_batch_once_and_the_last_finishes(
    acme: World, clock: ManualClock
) -> None:
    upload = await create_draft(acme)
    await acme.bot.context.workflows.uploads.confirm(upload, build_batches(4), SALES, clock.time())
    acme.chakra.fail(CREATE, Hang(), times=1)
    both = [asyncio.create_task(run_as_another_process(acme, upload)) for _ in range(2)]
    await wait_until(acme, lambda: any(reporter.done() for reporter in both))
    assert acme.chakra.count(CREATE) == 4
    assert await get_stage(acme, upload) is UploadStage.RUNNING
    acme.chakra.release_hanging()
    await asyncio.gather(*both)
    assert await get_stage(acme, upload) is UploadStage.DONE
    assert await list_batch_states(acme, upload) == [SENT] * 4
    await advance_until(acme, clock, lambda: bool(list_app_messages(acme, JOHN, SALES)), step=5)
    [outcome] = list_app_messages(acme, JOHN, SALES)
    assert "40 of 40 succeeded" in collect_text(outcome)
    assert list_stopped_messages(acme) == []
