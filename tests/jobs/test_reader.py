"""The jobs through the cache, from the embedded Chakra."""

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
from tests.clock import ManualClock, time_passes
from tests.sandbox.chakra_asked import NOBODY, served

ONE = "GET /v1/ext/background-job/{backgroundJobId}"
ENTRIES = f"{ONE}/entries"
DOCUMENTED = "19632427-908f-4bf3-a6f5-69b9a0bbfc63"


@dataclass(frozen=True)
class Made:
    library: JobReader
    chakra: EmbeddedChakra
    client: Chakra
    clock: ManualClock


@pytest.fixture
async def made(clock: ManualClock) -> AsyncIterator[Made]:
    async with served(clock) as embedded:
        token = SecretStr(embedded.access_token)
        async with Chakra(embedded.base_url, token, clock) as client:
            cache = Cache(clock)
            yield Made(JobReader(client, cache), embedded, client, clock)
            await cache.aclose()


async def test_the_documented_job(made: Made) -> None:
    job = (await made.library.get_job(DOCUMENTED.upper())).value
    assert (job.total, job.done, job.remaining) == (612, 492, 120)
    assert (job.succeeded, job.failed, job.invalid) == (389, 3, 100)


async def test_a_running_job_is_asked_for_every_two_seconds_a_finished_one_every_hour(
    made: Made,
) -> None:
    job_id = made.chakra.add_job(succeed=10, seconds=10).id
    await made.library.get_job(job_id)
    await made.clock.advance(1.9)
    assert (await made.library.get_job(job_id)).age_seconds == 1.9
    assert made.chakra.count(ONE) == 1
    await made.clock.advance(10)
    assert (await made.library.get_job(job_id)).value.finished
    await made.clock.advance(3599)
    await made.library.get_job(job_id)
    assert made.chakra.count(ONE) == 2
    await made.library.get_job(job_id, refresh=True)
    assert made.chakra.count(ONE) == 3
    await made.clock.advance(3601)
    assert (await made.library.get_job(job_id)).age_seconds == 0


async def test_during_an_outage_the_last_answer_stands_in(made: Made) -> None:
    job_id = made.chakra.add_job(succeed=10, seconds=100).id
    await made.library.get_job(job_id)
    made.chakra.fail(ONE, StatusResponse(500))
    await made.clock.advance(30)
    async with time_passes(made.clock):
        shown = await made.library.get_job(job_id)
    assert shown.stale
    assert isinstance(shown.reason, Unavailable)


async def test_a_job_that_vanished_is_missing_even_where_it_was_known(made: Made) -> None:
    job_id = made.chakra.add_job(succeed=10, seconds=100, vanishes_after=60).id
    await made.library.get_job(job_id)
    await made.clock.advance(60)
    with pytest.raises(ResourceNotFound):
        await made.library.get_job(job_id)
    with pytest.raises(ResourceNotFound):
        await made.library.get_failed_entries(job_id)
    with pytest.raises(ResourceNotFound):
        await made.library.get_job(NOBODY)
    with pytest.raises(Rejected):
        await made.library.get_job("LEAD-001")


async def test_the_first_that_failed(made: Made) -> None:
    job_id = made.chakra.add_job(
        succeed=40, fail=4, invalid=4, seconds=5, failed_because=["A", "B"], rejected_because=["C"]
    ).id
    await made.clock.advance(10)
    found = (await made.library.get_failed_entries(job_id)).value
    assert len(found.entries) == 5
    assert {one.completion_status for one in found.entries} <= {"ERROR", "INVALID"}
    assert {one.reason for one in found.entries} <= {"A", "B", "C"}
    pages = made.chakra.count(ENTRIES)
    assert pages <= 5
    await made.clock.advance(3000)  # the job is finished: they will not change
    assert (await made.library.get_failed_entries(job_id)).age_seconds == 3000
    assert made.chakra.count(ENTRIES) == pages
    assert len((await made.library.get_failed_entries(job_id, limit=100)).value.entries) == 8


async def test_of_a_running_job_they_are_looked_for_again(made: Made) -> None:
    job_id = made.chakra.add_job(succeed=5, fail=5, seconds=100).id
    await made.clock.advance(60)
    before = len((await made.library.get_failed_entries(job_id)).value.entries)
    await made.clock.advance(60)
    assert before < len((await made.library.get_failed_entries(job_id)).value.entries) == 5


async def test_where_nothing_failed_no_entry_is_asked_for(made: Made) -> None:
    job_id = made.chakra.add_job(succeed=10, seconds=5).id
    for _ in range(2):
        assert (await made.library.get_failed_entries(job_id)).value.entries == ()
        await made.clock.advance(10)
    assert made.chakra.count(ENTRIES) == 0


async def test_a_needle_is_not_looked_for_through_the_whole_haystack(made: Made) -> None:
    job_id = made.chakra.add_job(succeed=999, fail=1, seconds=5).id
    await made.clock.advance(10)
    found = (await made.library.get_failed_entries(job_id)).value
    assert made.chakra.count(ENTRIES) <= MAX_ENTRY_PAGES
    every = [one async for one in made.library.iter_failed_entries(job_id)]
    assert [one.completion_status for one in every] == ["ERROR"]
    assert [one.id for one in found.entries] in ([], [every[0].id])


async def test_all_that_failed_make_a_report(made: Made) -> None:
    every = [one async for one in made.library.iter_failed_entries(DOCUMENTED.upper())]
    assert len(every) == 103
    lines = (await build_failed_rows_csv(every)).decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Entry,State,Reason,createdAt,")
    assert sum("INVALID,Process not found" in line for line in lines) == 100


async def test_a_page_that_fails_half_way_is_told(made: Made) -> None:
    made.chakra.fail(f"{ENTRIES}", StatusResponse(400), times=1)
    with pytest.raises(Rejected):
        [one async for one in made.library.iter_failed_entries(DOCUMENTED)]


async def test_what_is_written_in_bulk_is_followed_to_its_end(made: Made) -> None:
    rows = [{"lead_id": f"L{number}", "data": {"score": number}} for number in range(600)]
    begun = await made.client.processes.bulk_create("lead", [*rows, {"data": {"colour": "red"}}])
    assert (begun.total, begun.finished) == (0, False)
    points: tuple[ProgressPoint, ...] = ()
    job = begun
    while not job.finished:
        await made.clock.advance(3)
        job = (await made.library.get_job(begun.id)).value
        points = add_point(points, ProgressPoint(made.clock.time(), job.done))
        progress = Progress.from_points(points, job, made.clock.time())
        if len(points) == 20 and not job.finished:
            assert progress.per_minute == pytest.approx(600, rel=0.05)
            assert progress.eta_seconds == pytest.approx(job.remaining / 10, rel=0.05)
    assert (job.succeeded, job.invalid, len(points)) == (600, 1, 20)
    made_one = (await made.client.processes.list("lead", {"lead_id": "L599"})).items
    assert [one.data["score"] for one in made_one] == [599]
    change = ProcessChange("L599", {"data": {"city": "Goa"}}, key_attribute="lead_id")
    begun = await made.client.processes.bulk_update("lead", [change])
    await made.clock.advance(5)
    assert (await made.library.get_job(begun.id)).value.succeeded == 1
    (changed,) = (await made.client.processes.list("lead", {"city": "Goa"})).items
    assert changed.id == made_one[0].id
