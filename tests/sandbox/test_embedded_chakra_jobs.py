"""Background jobs of the embedded Chakra, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.chakra.job_plan import load_job_plans
from tests.clock import ManualClock
from tests.sandbox.chakra_client import UNKNOWN_ID, ApiClient, open_client, read_doc, serve_chakra
from tests.sandbox.chakra_jobs import JOBS, fetch_counts, fetch_entries

DOCUMENTED = "19632427-908f-4bf3-a6f5-69b9a0bbfc63"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def chakra(clock: ManualClock) -> AsyncIterator[EmbeddedChakra]:
    async with serve_chakra(clock) as chakra:
        yield chakra


@pytest.fixture
async def client(chakra: EmbeddedChakra) -> AsyncIterator[ApiClient]:
    async with open_client(chakra) as client:
        yield client


# --- a job and its entries -----------------------------------------------------------------------


async def test_the_documented_job_is_fetched_exactly(client: ApiClient, clock: ManualClock) -> None:
    for _ in range(2):
        heard = await client.get(f"{JOBS}/{DOCUMENTED}")
        assert (heard.status, heard.json) == (200, read_doc("fetch-background-job.response"))
        await clock.advance(3600)
    assert (await client.get(f"{JOBS}/{DOCUMENTED.upper()}")).status == 200


async def test_its_entries_come_in_pages_with_the_keys_of_the_example(client: ApiClient) -> None:
    path = f"{JOBS}/{DOCUMENTED}/entries"
    documented = read_doc("fetch-background-job-entries.response")
    heard = (await client.get(f"{path}?limit=4")).json
    assert heard["_meta"] == documented["_meta"]
    assert {frozenset(entry) for entry in heard["_data"]} == {frozenset(documented["_data"][0])}
    usual = (await client.get(path)).json
    assert len(usual["_data"]) == 10
    assert usual["_meta"] == {"total": 612, "next": f"{path}?skip=10&limit=10"}
    last = (await client.get(f"{path}?skip=610")).json
    assert (len(last["_data"]), last["_meta"]) == (2, {"total": 612})
    assert (await client.get(f"{path}?skip=612")).json == {"_data": [], "_meta": {"total": 612}}
    every = await fetch_entries(client, DOCUMENTED)
    assert len({entry["id"] for entry in every}) == 612
    assert {entry["backgroundJob"] for entry in every} == {DOCUMENTED}
    reasons = {(entry["completionStatus"], entry["statusMessage"]) for entry in every}
    assert reasons == {
        ("SUCCESS", None),
        ("NOT_STARTED", None),
        ("ERROR", "Attribute score is not valid"),
        ("INVALID", "Process not found"),
    }


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("LEAD-001", 400, "background-job id is not a valid UUID"),
        ("LEAD-001/entries", 400, "background-job id is not a valid UUID"),
        (UNKNOWN_ID, 404, "Background job not found"),
        (f"{UNKNOWN_ID}/entries", 404, "Background job not found"),
        (f"{DOCUMENTED}/entries?limit=0", 400, "limit is not a whole number from 1 to 100"),
        (f"{DOCUMENTED}/entries?limit=101", 400, "limit is not a whole number from 1 to 100"),
        (f"{DOCUMENTED}/entries?skip=-1", 400, "skip is not a whole number"),
        (f"{DOCUMENTED}/entries?skip=", 400, "skip is not a whole number"),
    ],
)
async def test_invalid_job_requests(client: ApiClient, path: str, status: int, says: str) -> None:
    heard = await client.get(f"{JOBS}/{path}")
    assert (heard.status, heard.json) == (status, {"_errors": [says]})


@pytest.mark.parametrize(("method", "path"), [("DELETE", DOCUMENTED), ("GET", "")])
async def test_cancel_and_list_are_not_supported(client: ApiClient, method: str, path: str) -> None:
    assert (await client.request(method, f"{JOBS}/{path}".rstrip("/"))).status in {404, 405}


async def test_job_progresses_with_the_clock(
    chakra: EmbeddedChakra, client: ApiClient, clock: ManualClock
) -> None:
    job = chakra.add_job(succeed=9, fail=1, invalid=2, seconds=10)
    assert await fetch_counts(client, job.id) is None  # just created: it has no counts yet
    assert await fetch_entries(client, job.id) == []
    await clock.advance(1)
    assert await fetch_counts(client, job.id) == {"INVALID": 2, "NOT_STARTED": 10}
    await clock.advance(4.5)
    halfway = await fetch_counts(client, job.id)
    assert halfway is not None
    assert halfway["NOT_STARTED"] == 6
    assert sum(halfway.values()) == 12
    await clock.advance(5.5)
    assert await fetch_counts(client, job.id) == {"INVALID": 2, "SUCCESS": 9, "ERROR": 1}
    data = (await client.get(f"{JOBS}/{job.id}")).json["_data"]
    assert set(data) == set(read_doc("fetch-background-job.response")["_data"])
    ended = [
        entry["completedAt"] - data["createdAt"] for entry in await fetch_entries(client, job.id)
    ]
    assert sorted(ended)[2:] == [2000 + 1000 * number for number in range(10)]


async def test_job_may_report_its_completion(
    chakra: EmbeddedChakra, client: ApiClient, clock: ManualClock
) -> None:
    job = chakra.add_job(succeed=2, seconds=2, says_when_done=True)
    data = (await client.get(f"{JOBS}/{job.id}")).json["_data"]
    assert (data["completionStatus"], data["completedAt"]) == ("IN_PROGRESS", 0)
    await clock.advance(30)
    data = (await client.get(f"{JOBS}/{job.id}")).json["_data"]
    assert data["completionStatus"] == "SUCCESS"
    assert data["completedAt"] == data["updatedAt"] == data["createdAt"] + 3000


async def test_job_can_stall_temporarily_or_forever(
    chakra: EmbeddedChakra, client: ApiClient, clock: ManualClock
) -> None:
    pausing = chakra.add_job(succeed=10, seconds=10, stalls_after=4, stalls_for=20)
    stuck = chakra.add_job(succeed=10, seconds=10, stalls_after=0)
    never = chakra.add_job(succeed=3, unstarted=2, seconds=3)
    await clock.advance(5)  # four of ten, after a second without counts
    assert await fetch_counts(client, pausing.id) == {"NOT_STARTED": 6, "SUCCESS": 4}
    await clock.advance(20)
    assert await fetch_counts(client, pausing.id) == {"NOT_STARTED": 6, "SUCCESS": 4}
    await clock.advance(6)
    assert await fetch_counts(client, pausing.id) == {"SUCCESS": 10}
    await clock.advance(3600)
    assert await fetch_counts(client, stuck.id) == {"NOT_STARTED": 10}
    assert await fetch_counts(client, never.id) == {"NOT_STARTED": 2, "SUCCESS": 3}
    chakra.resume_job(stuck.id)
    await clock.advance(10)
    assert await fetch_counts(client, stuck.id) == {"SUCCESS": 10}


async def test_test_can_stall_a_job_at_any_time(
    chakra: EmbeddedChakra, client: ApiClient, clock: ManualClock
) -> None:
    job = chakra.add_job(succeed=10, seconds=10)
    await clock.advance(4)
    for _ in range(2):
        chakra.stall_job(job.id)
        await clock.advance(100)
    assert await fetch_counts(client, job.id) == {"NOT_STARTED": 7, "SUCCESS": 3}
    chakra.resume_job(job.id)
    await clock.advance(2)
    assert await fetch_counts(client, job.id) == {"NOT_STARTED": 5, "SUCCESS": 5}
    assert chakra.find_job(job.id).finished_at == 0
    await clock.advance(5)
    assert chakra.find_job(job.id).finished_at == round(1000 * clock.time())


async def test_job_can_vanish(
    chakra: EmbeddedChakra, client: ApiClient, clock: ManualClock
) -> None:
    job = chakra.add_job(succeed=10, seconds=100, vanishes_after=60)
    await clock.advance(59)
    assert (await client.get(f"{JOBS}/{job.id}")).status == 200
    await clock.advance(1)
    for path in (job.id, f"{job.id}/entries"):
        assert (await client.get(f"{JOBS}/{path}")).status == 404
    chakra.delete_job(DOCUMENTED)
    assert (await client.get(f"{JOBS}/{DOCUMENTED}")).status == 404
    with pytest.raises(KeyError):
        chakra.find_job(UNKNOWN_ID)


async def test_every_seeded_job_behaves_as_described(
    chakra: EmbeddedChakra, client: ApiClient, clock: ManualClock
) -> None:
    assert [job.id for job in chakra.jobs] == [plan.id for plan in load_job_plans()]
    assert all(job.description for job in chakra.jobs)
    job_ids = {job.description.split(":")[0].split(" ")[0]: job.id for job in chakra.jobs}
    assert len(job_ids) == len(chakra.jobs)
    await clock.advance(600)  # a fetch of the page in between loses nothing
    initial = {word: await fetch_counts(client, job_id) for word, job_id in job_ids.items()}
    assert initial["Finished"] == {"SUCCESS": 228, "ERROR": 9, "INVALID": 3}
    assert initial["Stuck"] == {"INVALID": 8, "NOT_STARTED": 154, "SUCCESS": 88}
    assert {initial[word] for word in ("600", "Pauses", "Disappears", "Just")} == {None}
    await clock.advance(61)
    assert await fetch_counts(client, job_ids["Pauses"]) == {"NOT_STARTED": 150, "SUCCESS": 150}
    assert (await client.get(f"{JOBS}/{job_ids['Disappears']}")).status == 404
    assert await fetch_counts(client, job_ids["Just"]) == {"SUCCESS": 50}
    running = await fetch_counts(client, job_ids["600"])
    assert running is not None
    assert running["NOT_STARTED"] == 296
    await clock.advance(120)
    assert await fetch_counts(client, job_ids["600"]) == {"SUCCESS": 571, "ERROR": 21, "INVALID": 8}
    assert await fetch_counts(client, job_ids["Pauses"]) == {"SUCCESS": 298, "ERROR": 2}
