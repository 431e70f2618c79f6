"""What an upload goes through that its own stories do not show: a busy Chakra, a database that is
away for a moment, and two who are at it at once."""

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
from bot.sandbox.slack import visible_text
from tests.clock import ManualClock
from tests.commands.following import lasting, passing, until
from tests.world import World

SALES, JOHN, JOHNS = "C0SALES", "U0JOHN", "D0JOHN"
CREATE = "POST /v1/ext/procedure/{procedureShortId}/process/bulk-create"
SENT, UNKNOWN, PENDING = BatchState.SENT, BatchState.UNKNOWN, BatchState.PENDING


async def drafted(acme: World) -> Upload:
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


def pieces(count: int) -> list[Batch]:
    """Of ten rows each."""
    made = []
    for number in range(count):
        first = number * 10
        rows = [
            {"lead_id": f"EXPO-{row}", "data": {"firstname": "Asha"}}
            for row in range(first, first + 10)
        ]
        body = json.dumps(rows).encode()
        made.append(Batch(number, first + 2, first + 11, 10, body=body))
    return made


async def begun(acme: World, count: int = 1) -> Upload:
    upload = await drafted(acme)
    assert await acme.bot.context.workflows.upload(upload, pieces(count), SALES)
    return upload


async def states(acme: World, upload: Upload) -> list[BatchState]:
    return [one.state for one in await acme.bot.context.workflows.uploads.list_batches(upload.id)]


async def stage(acme: World, upload: Upload) -> UploadStage:
    found = await acme.bot.context.workflows.uploads.get(upload.id)
    assert found is not None
    return found.stage


async def settled(acme: World, clock: ManualClock, upload: Upload) -> UploadStage:
    """Once nobody is at it."""
    await passing(acme, clock, lambda: not uploading(acme))
    return await stage(acme, upload)


def uploading(acme: World) -> bool:
    """Whether its chain is alive."""
    return acme.bot.context.workflows.engine.active_count(UPLOAD_WORKFLOW) > 0


async def keep(acme: World, upload: Upload, turn: int = 1) -> None:
    """As another process would, that took this one for gone."""
    await acme.bot.context.workflows.uploader.run(f"{upload.id}:{turn}", {})


async def answered(acme: World, status: int) -> None:
    """Until Chakra has answered so, and the one who asked has heard it."""
    await acme.chakra.wait_for_requests(1, CREATE)
    await until(acme, lambda: acme.chakra.requests[-1].status == status)
    await asyncio.sleep(0.1)


def told(acme: World) -> list[str]:
    return [one for one in map(visible_text, lasting(acme, JOHN, JOHNS)) if "stopped" in one]


@asynccontextmanager
async def without_pieces(acme: World) -> AsyncIterator[None]:
    """A database that answers, but not when it is asked for a piece."""
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
async def test_a_busy_chakra_is_asked_again_when_it_says_and_no_later_than_in_a_minute(
    acme: World, clock: ManualClock, asks: int, waits: float
) -> None:
    """Shorter waits are the client's own."""
    acme.chakra.fail(CREATE, StatusResponse(429, headers={"Retry-After": str(asks)}), times=1)
    upload = await begun(acme)
    await answered(acme, 429)
    await clock.advance(waits - 0.5)
    await acme.settle()
    assert acme.chakra.count(CREATE) == 1
    await clock.advance(0.5)
    await until(acme, lambda: acme.chakra.count(CREATE) == 2)
    assert await settled(acme, clock, upload) is UploadStage.DONE
    assert await states(acme, upload) == [SENT]


async def test_batch_that_another_run_sent_meanwhile_is_not_sent_again(
    acme: World, clock: ManualClock
) -> None:
    """While Chakra is busy the batch is pending, and belongs to whichever run is next."""
    acme.chakra.fail(CREATE, StatusResponse(429, headers={"Retry-After": "30"}), times=1)
    upload = await begun(acme, 2)
    await answered(acme, 429)
    assert await states(acme, upload) == [PENDING, PENDING]
    await keep(acme, upload)
    assert await stage(acme, upload) is UploadStage.DONE
    await clock.advance(30)
    assert await settled(acme, clock, upload) is UploadStage.DONE
    assert acme.chakra.count(CREATE) == 3
    assert await states(acme, upload) == [SENT, SENT]
    assert told(acme) == []


# --- a database that is away ---------------------------------------------------------------------


async def test_what_chakra_answered_is_noted_as_soon_as_the_database_is_back(
    acme: World, clock: ManualClock
) -> None:
    acme.chakra.fail(CREATE, Hang())
    upload = await begun(acme)
    await acme.chakra.wait_for_requests(1, CREATE)
    async with without_pieces(acme):
        acme.chakra.clear_faults()
        acme.chakra.release_hanging()
        await answered(acme, 202)
        await passing(acme, clock, lambda: clock.monotonic() > sum(DB_RETRY_DELAYS[:3]))
        assert uploading(acme)
    assert await settled(acme, clock, upload) is UploadStage.DONE
    assert await states(acme, upload) == [SENT]
    assert (acme.chakra.count(CREATE), told(acme)) == (1, [])


class RefusesLate:
    """Hangs until it is released; then it refuses."""

    async def apply(self, exchange: Exchange) -> None:
        await exchange.wait_until_released()
        await StatusResponse(400).apply(exchange)


async def test_a_refusal_is_noted_as_one_as_soon_as_the_database_is_back(
    acme: World, clock: ManualClock
) -> None:
    acme.chakra.fail(CREATE, RefusesLate())
    upload = await begun(acme)
    await acme.chakra.wait_for_requests(1, CREATE)
    async with without_pieces(acme):
        acme.chakra.release_hanging()
        await answered(acme, 400)
    assert await settled(acme, clock, upload) is UploadStage.STOPPED
    assert await states(acme, upload) == [BatchState.REFUSED]


async def test_a_database_that_stays_away_makes_it_unknown_and_it_is_not_sent_again(
    acme: World, clock: ManualClock
) -> None:
    acme.chakra.fail(CREATE, Hang())
    upload = await begun(acme, 2)
    await acme.chakra.wait_for_requests(1, CREATE)
    async with without_pieces(acme):
        acme.chakra.clear_faults()
        acme.chakra.release_hanging()
        await passing(acme, clock, lambda: clock.monotonic() > 2 * sum(DB_RETRY_DELAYS))
    await passing(acme, clock, lambda: bool(told(acme)))
    assert await settled(acme, clock, upload) is UploadStage.STOPPED
    assert await states(acme, upload) == [UNKNOWN, PENDING]
    assert acme.chakra.count(CREATE) == 1
    assert "restarted before Chakra responded" in told(acme)[0]


# --- two at once ---------------------------------------------------------------------------------


async def test_one_who_took_over_too_early_stops_it_and_learns_what_became_of_the_piece(
    acme: World, clock: ManualClock
) -> None:
    acme.chakra.fail(CREATE, Hang(), times=1)
    upload = await begun(acme, 3)
    await acme.chakra.wait_for_requests(1, CREATE)
    await keep(acme, upload)
    assert await states(acme, upload) == [UNKNOWN, PENDING, PENDING]
    await until(acme, lambda: "Rows 2 to 11 may have been uploaded" in "".join(told(acme)))
    acme.chakra.release_hanging()
    assert await settled(acme, clock, upload) is UploadStage.STOPPED
    assert await states(acme, upload) == [SENT, PENDING, PENDING]
    await passing(acme, clock, lambda: "Rows 2 to 11 were uploaded" in "".join(told(acme)))
    assert len(told(acme)) == 1
    assert await acme.bot.context.workflows.continue_upload(upload.id)
    await until(acme, lambda: acme.chakra.count(CREATE) == 3)
    assert await settled(acme, clock, upload) is UploadStage.DONE
    assert await states(acme, upload) == [SENT, SENT, SENT]


async def test_two_who_send_at_once_send_each_piece_once_and_the_last_ends_it(
    acme: World, clock: ManualClock
) -> None:
    upload = await drafted(acme)
    await acme.bot.context.workflows.uploads.confirm(upload.id, pieces(4), SALES, clock.time())
    acme.chakra.fail(CREATE, Hang(), times=1)
    both = [asyncio.create_task(keep(acme, upload)) for _ in range(2)]
    await until(acme, lambda: any(one.done() for one in both))
    assert acme.chakra.count(CREATE) == 4
    assert await stage(acme, upload) is UploadStage.RUNNING
    acme.chakra.release_hanging()
    await asyncio.gather(*both)
    assert await stage(acme, upload) is UploadStage.DONE
    assert await states(acme, upload) == [SENT] * 4
    await passing(acme, clock, lambda: len(lasting(acme, JOHN, SALES)) > 1, step=5)
    assert "40 of 40 succeeded" in visible_text(lasting(acme, JOHN, SALES)[1])
    assert told(acme) == []
