"""The directory over HTTP against the embedded Chakra: cache, lists, phones, names, writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.chakra.models import UserChanges
from bot.errors import (
    AuthenticationError,
    InvalidResponse,
    OutcomeUnknown,
    Rejected,
    ResourceNotFound,
    Unavailable,
)
from bot.sandbox.chakra.faults import (
    ErrorsWithStatus200,
    Fault,
    Hang,
    HtmlErrorPage,
    InvalidJsonBody,
    MissingField,
    ResetAfterHandling,
    StatusResponse,
    TruncatedBody,
)
from bot.users.names import CACHE_KEY, CACHE_KIND
from tests.clock import ManualClock
from tests.sandbox.chakra_client import JOHN, UNKNOWN_ID
from tests.users.directory_harness import (
    CONFIG,
    FETCH_V2,
    LIST_V1,
    LIST_V2,
    UPDATE,
    DirectoryHarness,
    open_directory,
)

PRIYA_PHONE = "+91 99999 99999"


@pytest.fixture
async def acme(clock: ManualClock) -> AsyncIterator[DirectoryHarness]:
    async with open_directory(clock, region="IN") as directory:
        yield directory


async def search_names(acme: DirectoryHarness, typed: str) -> list[str]:
    return [user.username for user in (await acme.directory.find(typed)).value.users]


def disable_v2_list(acme: DirectoryHarness) -> None:
    """The list as documented: without any phone number."""
    acme.chakra.disable_endpoint(LIST_V2)
    acme.chakra.fail(LIST_V1, MissingField("_data.primaryPhone"))


# --- one call, however many ask ------------------------------------------------------------------


async def test_concurrent_cold_lookups_by_id_make_one_call(acme: DirectoryHarness) -> None:
    found = await asyncio.gather(*(acme.directory.find(JOHN) for _ in range(200)))
    assert {cached.value.users[0].username for cached in found} == {"johndoe"}
    assert [asked.endpoint for asked in acme.chakra.requests] == ["/v2/ext/user/{id}"]


async def test_concurrent_cold_lookups_by_email_make_one_list_and_one_fetch(
    acme: DirectoryHarness,
) -> None:
    async def look() -> str:
        found = await acme.directory.find("John@Acme.com")
        return (await acme.directory.get_profile(found.value.users[0].id)).value.role_name

    assert set(await asyncio.gather(*(look() for _ in range(200)))) == {"Inside Sales"}
    assert acme.chakra.count(LIST_V2) == 1
    assert acme.chakra.count(FETCH_V2) == 1
    assert acme.chakra.count(CONFIG) == 1


async def test_every_search_shares_the_list(acme: DirectoryHarness) -> None:
    for typed in ("john@acme.com", "priya", PRIYA_PHONE, "maria garcia", "johnd"):
        assert (await acme.directory.find(typed)).value.total
    assert acme.chakra.count() == 1


async def test_id_lookup_is_case_insensitive(acme: DirectoryHarness) -> None:
    await acme.directory.find(JOHN)
    assert await search_names(acme, JOHN.upper()) == ["johndoe"]
    assert acme.chakra.count() == 1


# --- freshness -----------------------------------------------------------------------------------


async def test_a_refresh_shows_what_was_changed_in_chakra(
    acme: DirectoryHarness, clock: ManualClock
) -> None:
    await acme.directory.get_profile(JOHN)
    acme.chakra.update_user("johndoe", last_name="Smith")
    await clock.advance(60)
    old = await acme.directory.get_profile(JOHN)
    assert (old.value.user.last_name, old.age_seconds, old.stale) == ("Doe", 60, False)
    new = await acme.directory.get_profile(JOHN, refresh=True)
    assert (new.value.user.last_name, new.age_seconds) == ("Smith", 0)


async def test_a_new_user_is_found_though_the_list_is_cached(
    acme: DirectoryHarness, clock: ManualClock
) -> None:
    assert await search_names(acme, "newcomer@acme.com") == []
    acme.chakra.add_user(username="newcomer")
    assert await search_names(acme, "newcomer@acme.com") == []
    assert acme.chakra.count(LIST_V2) == 1
    await clock.advance(31)
    assert await search_names(acme, "newcomer@acme.com") == ["newcomer"]
    assert acme.chakra.count(LIST_V2) == 2


async def test_outage_serves_the_stale_card_with_its_age(
    acme: DirectoryHarness, clock: ManualClock
) -> None:
    await acme.directory.get_profile(JOHN)
    acme.chakra.fail("*", StatusResponse(401), times=0)
    acme.chakra.fail(FETCH_V2, StatusResponse(503))
    await clock.advance(600)
    looking = asyncio.create_task(acme.directory.get_profile(JOHN))
    await advance_until_done(looking, clock)
    found = looking.result()
    assert found.stale
    assert found.age_seconds >= 600
    assert isinstance(found.reason, Unavailable)


async def test_a_stale_list_never_reports_that_there_is_no_match(
    acme: DirectoryHarness, clock: ManualClock
) -> None:
    await acme.directory.get_index()
    acme.chakra.fail("*", StatusResponse(503))
    await clock.advance(600)
    looking = asyncio.create_task(acme.directory.find("stranger@acme.com"))
    await advance_until_done(looking, clock)
    assert isinstance(looking.exception(), Unavailable)


async def fail_to_load() -> object:
    raise AssertionError("there is a load to join")


async def advance_until_done(
    task: asyncio.Task[object] | asyncio.Task[None], clock: ManualClock
) -> None:
    """Moves the time until the task has ended in whatever way."""
    while not task.done():
        await asyncio.sleep(0.001)
        await clock.advance(1)


# --- who is never found --------------------------------------------------------------------------


async def test_deleted_user_is_never_found(acme: DirectoryHarness) -> None:
    gone = acme.chakra.find_user("tomasgone")
    assert gone.is_deleted
    assert await search_names(acme, "tomasgone") == []
    with pytest.raises(ResourceNotFound):
        await acme.directory.get_profile(gone.id)
    with pytest.raises(ResourceNotFound):
        await acme.directory.find(gone.id)
    assert acme.directory.get_cached_user(gone.id) is None


async def test_unknown_id_is_fetched_once(acme: DirectoryHarness) -> None:
    for _ in range(3):
        with pytest.raises(ResourceNotFound):
            await acme.directory.find(UNKNOWN_ID)
    assert acme.chakra.count() == 1


async def test_the_inactive_are_found(acme: DirectoryHarness) -> None:
    assert await search_names(acme, "rosa") == ["rosa"]


# --- the two lists -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        StatusResponse(404),
        InvalidJsonBody(),
        ErrorsWithStatus200(),
        StatusResponse(200, json={"_data": []}),
    ],
)
async def test_v1_list_is_used_and_remembered_when_v2_fails(
    acme: DirectoryHarness,
    clock: ManualClock,
    fault: StatusResponse | InvalidJsonBody | ErrorsWithStatus200,
) -> None:
    acme.chakra.fail(LIST_V2, fault)
    assert await search_names(acme, "john@acme.com") == ["johndoe"]
    await clock.advance(301)
    await acme.directory.get_index()
    assert (acme.chakra.count(LIST_V2), acme.chakra.count(LIST_V1)) == (1, 2)
    await clock.advance(1800)
    acme.chakra.clear_faults()
    await acme.directory.get_index()
    assert (acme.chakra.count(LIST_V2), acme.chakra.count(LIST_V1)) == (2, 2)


@pytest.mark.parametrize("fault", [InvalidJsonBody(), TruncatedBody(), HtmlErrorPage(200)])
async def test_unreadable_list_after_good_ones_is_an_outage(
    acme: DirectoryHarness, clock: ManualClock, fault: Fault
) -> None:
    await acme.directory.get_index()
    acme.chakra.fail(LIST_V2, fault)
    await clock.advance(301)
    index = await acme.directory.get_index()
    assert index.stale
    assert isinstance(index.reason, InvalidResponse)
    assert index.value.has_phones
    assert acme.chakra.count(LIST_V1) == 0


async def test_rejected_key_does_not_fall_back_to_v1(acme: DirectoryHarness) -> None:
    acme.chakra.fail(LIST_V2, StatusResponse(401))
    with pytest.raises(AuthenticationError):
        await acme.directory.get_index()
    assert acme.chakra.count(LIST_V1) == 0


async def test_error_is_raised_when_both_lists_fail(acme: DirectoryHarness) -> None:
    acme.chakra.fail("GET /v2/ext/users", InvalidJsonBody())
    acme.chakra.fail("GET /v1/ext/users", InvalidJsonBody())
    with pytest.raises(InvalidResponse):
        await acme.directory.find("john")


# --- phones where the list has none --------------------------------------------------------------


async def test_v1_phone_search_fetches_profiles(acme: DirectoryHarness) -> None:
    disable_v2_list(acme)
    assert await search_names(acme, PRIYA_PHONE) == ["priya"]
    cards = acme.chakra.count(FETCH_V2)
    assert cards == len([user for user in acme.chakra.users if not user.is_deleted])
    assert await search_names(acme, "99999 99999") == ["priya"]
    assert acme.chakra.count(FETCH_V2) == cards


async def test_phone_in_the_list_needs_no_profile_fetches(acme: DirectoryHarness) -> None:
    acme.chakra.disable_endpoint(LIST_V2)
    assert await search_names(acme, PRIYA_PHONE) == ["priya"]
    assert acme.chakra.count(FETCH_V2) == 0


async def test_name_search_fetches_no_profiles(acme: DirectoryHarness) -> None:
    disable_v2_list(acme)
    await acme.directory.find("priya")
    assert acme.chakra.count(FETCH_V2) == 0


async def test_at_most_eight_profiles_are_fetched_concurrently(acme: DirectoryHarness) -> None:
    disable_v2_list(acme)
    acme.chakra.fail(FETCH_V2, Hang(), times=8)
    looking = asyncio.create_task(acme.directory.find(PRIYA_PHONE))
    await acme.chakra.wait_for_requests(8, FETCH_V2)
    assert acme.chakra.count(FETCH_V2) == 8
    acme.chakra.release_hanging()
    assert (await looking).value.total == 1


async def test_timed_out_phone_search_counts_the_rest_and_resumes(
    acme: DirectoryHarness, clock: ManualClock
) -> None:
    disable_v2_list(acme)
    priya = acme.chakra.find_user("priya")
    acme.chakra.fail(f"GET /v2/ext/user/{priya.id}", Hang())
    looking = asyncio.create_task(acme.directory.find(PRIYA_PHONE))
    await acme.chakra.wait_for_requests(30, FETCH_V2)
    await advance_until_done(looking, clock)
    found = looking.result().value
    assert (found.total, found.unavailable_count) == (0, 1)
    acme.chakra.clear_faults()
    acme.chakra.release_hanging()
    assert await search_names(acme, PRIYA_PHONE) == ["priya"]


# --- the names of roles and teams ----------------------------------------------------------------


async def test_config_resolves_ids_to_names(acme: DirectoryHarness) -> None:
    profile = (await acme.directory.get_profile(JOHN)).value
    assert (profile.role_name, profile.team_name) == ("Inside Sales", "PaisaPay")


async def test_short_ids_are_humanized_without_config(acme: DirectoryHarness) -> None:
    acme.chakra.fail(CONFIG, StatusResponse(403))
    for _ in range(3):
        profile = (await acme.directory.get_profile(JOHN)).value
        assert (profile.role_name, profile.team_name) == ("Inside sales", "Paisapay")
    assert acme.chakra.count(CONFIG) == 1


async def test_slow_config_delays_no_card_and_is_used_for_the_next(
    acme: DirectoryHarness, clock: ManualClock
) -> None:
    acme.chakra.fail(CONFIG, Hang(), times=1)
    looking = asyncio.create_task(acme.directory.get_profile(JOHN))
    await acme.chakra.wait_for_requests(2)
    await advance_until_done(looking, clock)
    assert looking.result().value.role_name == "Inside sales"
    acme.chakra.release_hanging()
    await acme.cache.get(CACHE_KIND, CACHE_KEY, fail_to_load)
    assert (await acme.directory.get_profile(JOHN)).value.role_name == "Inside Sales"
    assert acme.chakra.count(CONFIG) == 1


async def test_the_v1_list_gets_its_role_names_from_config(acme: DirectoryHarness) -> None:
    acme.chakra.disable_endpoint(LIST_V2)
    roster = (await acme.directory.get_index()).value
    names = await acme.directory.get_names()
    (john,) = roster.find_by_email("john@acme.com").users
    assert names.find_role(john.role) == "Inside Sales"


async def test_reportees_are_named_once_the_list_is_loaded(acme: DirectoryHarness) -> None:
    priya = acme.chakra.find_user("priya").id
    before = (await acme.directory.get_profile(priya)).value
    assert (before.reportee_names, before.reportee_count) == ((), 6)
    await acme.directory.get_index()
    after = (await acme.directory.get_profile(priya)).value
    assert "John Doe" in after.reportee_names
    assert len(after.reportee_names) == 6


# --- writing -------------------------------------------------------------------------------------


async def test_after_an_update_card_list_and_search_show_the_new_name(
    acme: DirectoryHarness,
) -> None:
    await acme.directory.get_index()
    await acme.directory.get_profile(JOHN)
    await acme.directory.update(JOHN, UserChanges(last_name="Newman"))
    assert (await acme.directory.get_profile(JOHN)).value.user.last_name == "Newman"
    assert await search_names(acme, "john newman") == ["johndoe"]
    written = [asked.json for asked in acme.chakra.requests if asked.method == "PUT"]
    assert written == [{"lastName": "Newman"}]


async def test_after_an_unknown_outcome_the_user_is_loaded_again(acme: DirectoryHarness) -> None:
    await acme.directory.get_profile(JOHN)
    acme.chakra.fail(UPDATE, ResetAfterHandling())
    with pytest.raises(OutcomeUnknown):
        await acme.directory.update(JOHN, UserChanges(last_name="Newman"))
    assert (await acme.directory.get_profile(JOHN)).value.user.last_name == "Newman"
    assert acme.chakra.count(UPDATE) == 1


async def test_a_rejected_write_is_raised(acme: DirectoryHarness) -> None:
    acme.chakra.fail(UPDATE, StatusResponse(400))
    with pytest.raises(Rejected):
        await acme.directory.update(JOHN, UserChanges(last_name="Newman"))


async def test_cached_values_need_no_call(acme: DirectoryHarness) -> None:
    assert acme.directory.get_cached_user(JOHN) is None
    await acme.directory.get_index()
    calls = acme.chakra.count()
    remembered = acme.directory.get_cached_user(JOHN)
    assert remembered is not None
    assert remembered.first_name == "John"
    assert acme.chakra.count() == calls
