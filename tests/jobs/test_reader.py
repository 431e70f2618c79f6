"""Jobs read through the cache, from the embedded Chakra."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from bot.cache import Cache
from bot.chakra.client import Chakra
from bot.chakra.processes import ProcessChange
from bot.errors import Rejected, ResourceNotFound, Unavailable
from bot.jobs.failed_rows import build_failed_rows_csv
from bot.jobs.progress import Progress, ProgressPoint, add_point
from bot.jobs.reader import MAX_ENTRY_PAGES, JobReader
from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.chakra.faults import StatusResponse
from tests.clock import ManualClock, run_clock
from tests.sandbox.chakra_client import UNKNOWN_ID, serve_chakra

FETCH_JOB = "GET /v1/ext/background-job/{backgroundJobId}"
LIST_ENTRIES = f"{FETCH_JOB}/entries"
DOCUMENTED = "19632427-908f-4bf3-a6f5-69b9a0bbfc63"


@dataclass(frozen=True)
class ReaderHarness:
    library: JobReader
    chakra: EmbeddedChakra
    client: Chakra
    clock: ManualClock


@pytest.fixture
async def harness(clock: ManualClock) -> AsyncIterator[ReaderHarness]:
    async with serve_chakra(clock) as embedded:
        token = SecretStr(embedded.access_token)
        async with Chakra(embedded.base_url, token, clock) as client:
            cache = Cache(clock)
            yield ReaderHarness(JobReader(client, cache), embedded, client, clock)
            await cache.aclose()


async def test_the_documented_job(harness: ReaderHarness) -> None:
    job = (await harness.library.get_job(DOCUMENTED.upper())).value
    assert (job.total, job.done, job.remaining) == (612, 492, 120)
    assert (job.succeeded, job.failed, job.invalid) == (389, 3, 100)


async def test_running_job_is_cached_two_seconds_and_finished_one_an_hour(
    harness: ReaderHarness,
) -> None:
    job_id = harness.chakra.add_job(succeed=10, seconds=10).id
    await harness.library.get_job(job_id)
    await harness.clock.advance(1.9)
    assert (await harness.library.get_job(job_id)).age_seconds == 1.9
    assert harness.chakra.count(FETCH_JOB) == 1
    await harness.clock.advance(10)
    assert (await harness.library.get_job(job_id)).value.finished
    await harness.clock.advance(3599)
    await harness.library.get_job(job_id)
    assert harness.chakra.count(FETCH_JOB) == 2
    await harness.library.get_job(job_id, refresh=True)
    assert harness.chakra.count(FETCH_JOB) == 3
    await harness.clock.advance(3601)
    assert (await harness.library.get_job(job_id)).age_seconds == 0


async def test_outage_serves_the_last_known_job(harness: ReaderHarness) -> None:
    job_id = harness.chakra.add_job(succeed=10, seconds=100).id
    await harness.library.get_job(job_id)
    harness.chakra.fail(FETCH_JOB, StatusResponse(500))
    await harness.clock.advance(30)
    async with run_clock(harness.clock):
        job = await harness.library.get_job(job_id)
    assert job.stale
    assert isinstance(job.reason, Unavailable)


async def test_vanished_job_is_not_found_despite_the_cache(harness: ReaderHarness) -> None:
    job_id = harness.chakra.add_job(succeed=10, seconds=100, vanishes_after=60).id
    await harness.library.get_job(job_id)
    await harness.clock.advance(60)
    with pytest.raises(ResourceNotFound):
        await harness.library.get_job(job_id)
    with pytest.raises(ResourceNotFound):
        await harness.library.get_failed_entries(job_id)
    with pytest.raises(ResourceNotFound):
        await harness.library.get_job(UNKNOWN_ID)
    with pytest.raises(Rejected):
        await harness.library.get_job("LEAD-001")


async def test_first_failed_entries(harness: ReaderHarness) -> None:
    job_id = harness.chakra.add_job(
        succeed=40, fail=4, invalid=4, seconds=5, failed_because=["A", "B"], rejected_because=["C"]
    ).id
    await harness.clock.advance(10)
    found = (await harness.library.get_failed_entries(job_id)).value
    assert len(found.entries) == 5
    assert {entry.completion_status for entry in found.entries} <= {"ERROR", "INVALID"}
    assert {entry.reason for entry in found.entries} <= {"A", "B", "C"}
    pages = harness.chakra.count(LIST_ENTRIES)
    assert pages <= 5
    await harness.clock.advance(3000)  # the job is finished: they will not change
    assert (await harness.library.get_failed_entries(job_id)).age_seconds == 3000
    assert harness.chakra.count(LIST_ENTRIES) == pages
    assert len((await harness.library.get_failed_entries(job_id, limit=100)).value.entries) == 8


async def test_failed_entries_of_a_running_job_are_refetched(harness: ReaderHarness) -> None:
    job_id = harness.chakra.add_job(succeed=5, fail=5, seconds=100).id
    await harness.clock.advance(60)
    before = len((await harness.library.get_failed_entries(job_id)).value.entries)
    await harness.clock.advance(60)
    assert before < len((await harness.library.get_failed_entries(job_id)).value.entries) == 5


async def test_job_without_failures_fetches_no_entries(harness: ReaderHarness) -> None:
    job_id = harness.chakra.add_job(succeed=10, seconds=5).id
    for _ in range(2):
        assert (await harness.library.get_failed_entries(job_id)).value.entries == ()
        await harness.clock.advance(10)
    assert harness.chakra.count(LIST_ENTRIES) == 0


async def test_search_for_failed_entries_is_bounded(harness: ReaderHarness) -> None:
    job_id = harness.chakra.add_job(succeed=999, fail=1, seconds=5).id
    await harness.clock.advance(10)
    found = (await harness.library.get_failed_entries(job_id)).value
    assert harness.chakra.count(LIST_ENTRIES) <= MAX_ENTRY_PAGES
    every = [entry async for entry in harness.library.iter_failed_entries(job_id)]
    assert [entry.completion_status for entry in every] == ["ERROR"]
    assert [entry.id for entry in found.entries] in ([], [every[0].id])


async def test_all_failed_entries_are_exported(harness: ReaderHarness) -> None:
    every = [entry async for entry in harness.library.iter_failed_entries(DOCUMENTED.upper())]
    assert len(every) == 103
    lines = (await build_failed_rows_csv(every)).decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Entry,State,Reason,createdAt,")
    assert sum("INVALID,Process not found" in line for line in lines) == 100


async def test_page_error_midway_is_raised(harness: ReaderHarness) -> None:
    harness.chakra.fail(f"{LIST_ENTRIES}", StatusResponse(400), times=1)
    with pytest.raises(Rejected):
        [entry async for entry in harness.library.iter_failed_entries(DOCUMENTED)]


async def test_bulk_write_job_can_be_read_to_completion(harness: ReaderHarness) -> None:
    rows = [{"lead_id": f"L{number}", "data": {"score": number}} for number in range(600)]
    started = await harness.client.processes.create_many(
        "lead", [*rows, {"data": {"colour": "red"}}]
    )
    assert (started.total, started.finished) == (0, False)
    points: tuple[ProgressPoint, ...] = ()
    job = started
    while not job.finished:
        await harness.clock.advance(3)
        job = (await harness.library.get_job(started.id)).value
        points = add_point(points, ProgressPoint(harness.clock.time(), job.done))
        progress = Progress.from_points(points, job, harness.clock.time())
        if len(points) == 20 and not job.finished:
            assert progress.per_minute == pytest.approx(600, rel=0.05)
            assert progress.eta_seconds == pytest.approx(job.remaining / 10, rel=0.05)
    assert (job.succeeded, job.invalid, len(points)) == (600, 1, 20)
    made_one = (await harness.client.processes.list("lead", {"lead_id": "L599"})).items
    assert [process.data["score"] for process in made_one] == [599]
    change = ProcessChange("L599", {"data": {"city": "Goa"}}, key_attribute="lead_id")
    started = await harness.client.processes.update_many("lead", [change])
    await harness.clock.advance(5)
    assert (await harness.library.get_job(started.id)).value.succeeded == 1
    (changed,) = (await harness.client.processes.list("lead", {"city": "Goa"})).items
    assert changed.id == made_one[0].id
