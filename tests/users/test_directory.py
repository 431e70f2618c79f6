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
    Hang,
    InvalidJsonBody,
    MissingField,
    ResetAfterHandling,
    StatusResponse,
)
from tests.clock import ManualClock
from tests.sandbox.chakra_asked import JOHN, NOBODY
from tests.users.people import CONFIG, FETCH_V2, LIST_V1, LIST_V2, UPDATE, Office, office

PRIYA_PHONE = "+91 99999 99999"


@pytest.fixture
async def acme(clock: ManualClock) -> AsyncIterator[Office]:
    async with office(clock, region="IN") as one:
        yield one


async def names_found(acme: Office, typed: str) -> list[str]:
    return [user.username for user in (await acme.directory.find(typed)).value.users]


def with_v1_alone(acme: Office) -> None:
    """The list as documented: without any phone number."""
    acme.chakra.disable_endpoint(LIST_V2)
    acme.chakra.fail(LIST_V1, MissingField("_data.primaryPhone"))


# --- one call, however many ask ------------------------------------------------------------------


async def test_two_hundred_cold_lookups_by_id_are_one_call(acme: Office) -> None:
    found = await asyncio.gather(*(acme.directory.find(JOHN) for _ in range(200)))
    assert {one.value.users[0].username for one in found} == {"johndoe"}
    assert [asked.endpoint for asked in acme.chakra.requests] == ["/v2/ext/user/{id}"]


async def test_two_hundred_cold_lookups_by_address_are_one_list_and_one_card(acme: Office) -> None:
    async def look() -> str:
        found = await acme.directory.find("John@Acme.com")
        return (await acme.directory.get_profile(found.value.users[0].id)).value.role_name

    assert set(await asyncio.gather(*(look() for _ in range(200)))) == {"Inside Sales"}
    assert acme.chakra.count(LIST_V2) == 1
    assert acme.chakra.count(FETCH_V2) == 1
    assert acme.chakra.count(CONFIG) == 1


async def test_every_search_uses_the_one_list(acme: Office) -> None:
    for typed in ("john@acme.com", "priya", PRIYA_PHONE, "maria garcia", "johnd"):
        assert (await acme.directory.find(typed)).value.total
    assert acme.chakra.count() == 1


async def test_an_id_in_capitals_is_the_same_id(acme: Office) -> None:
    await acme.directory.find(JOHN)
    assert await names_found(acme, JOHN.upper()) == ["johndoe"]
    assert acme.chakra.count() == 1


# --- freshness -----------------------------------------------------------------------------------


async def test_a_refresh_shows_what_was_changed_in_chakra(acme: Office, clock: ManualClock) -> None:
    await acme.directory.get_profile(JOHN)
    acme.chakra.update_user("johndoe", last_name="Smith")
    await clock.advance(60)
    old = await acme.directory.get_profile(JOHN)
    assert (old.value.user.last_name, old.age_seconds, old.stale) == ("Doe", 60, False)
    new = await acme.directory.get_profile(JOHN, refresh=True)
    assert (new.value.user.last_name, new.age_seconds) == ("Smith", 0)


async def test_a_new_user_is_found_though_the_list_is_cached(
    acme: Office, clock: ManualClock
) -> None:
    assert await names_found(acme, "newcomer@acme.com") == []
    acme.chakra.add_user(username="newcomer")
    assert await names_found(acme, "newcomer@acme.com") == []
    assert acme.chakra.count(LIST_V2) == 1
    await clock.advance(31)
    assert await names_found(acme, "newcomer@acme.com") == ["newcomer"]
    assert acme.chakra.count(LIST_V2) == 2


async def test_in_an_outage_the_old_card_is_shown_with_its_age(
    acme: Office, clock: ManualClock
) -> None:
    await acme.directory.get_profile(JOHN)
    acme.chakra.fail("*", StatusResponse(401), times=0)
    acme.chakra.fail(FETCH_V2, StatusResponse(503))
    await clock.advance(600)
    looking = asyncio.create_task(acme.directory.get_profile(JOHN))
    await run_out(looking, clock)
    shown = looking.result()
    assert shown.stale
    assert shown.age_seconds >= 600
    assert isinstance(shown.reason, Unavailable)


async def test_a_stale_list_never_reports_that_there_is_no_match(
    acme: Office, clock: ManualClock
) -> None:
    await acme.directory.get_index()
    acme.chakra.fail("*", StatusResponse(503))
    await clock.advance(600)
    looking = asyncio.create_task(acme.directory.find("nobody@acme.com"))
    await run_out(looking, clock)
    assert isinstance(looking.exception(), Unavailable)


async def never() -> object:
    raise AssertionError("there is a load to join")


async def run_out(task: asyncio.Task[object] | asyncio.Task[None], clock: ManualClock) -> None:
    """Moves the time until the task has ended in whatever way."""
    while not task.done():
        await asyncio.sleep(0.001)
        await clock.advance(1)


# --- who is never found --------------------------------------------------------------------------


async def test_the_deleted_are_missing_by_any_way(acme: Office) -> None:
    gone = acme.chakra.user("tomasgone")
    assert gone.is_deleted
    assert await names_found(acme, "tomasgone") == []
    with pytest.raises(ResourceNotFound):
        await acme.directory.get_profile(gone.id)
    with pytest.raises(ResourceNotFound):
        await acme.directory.find(gone.id)
    assert acme.directory.get_cached_user(gone.id) is None


async def test_an_unknown_id_is_asked_for_once(acme: Office) -> None:
    for _ in range(3):
        with pytest.raises(ResourceNotFound):
            await acme.directory.find(NOBODY)
    assert acme.chakra.count() == 1


async def test_the_inactive_are_found(acme: Office) -> None:
    assert await names_found(acme, "rosa") == ["rosa"]


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
async def test_where_v2_does_not_work_v1_serves_and_is_remembered(
    acme: Office, clock: ManualClock, fault: StatusResponse | InvalidJsonBody | ErrorsWithStatus200
) -> None:
    acme.chakra.fail(LIST_V2, fault)
    assert await names_found(acme, "john@acme.com") == ["johndoe"]
    await clock.advance(301)
    await acme.directory.get_index()
    assert (acme.chakra.count(LIST_V2), acme.chakra.count(LIST_V1)) == (1, 2)
    await clock.advance(1800)
    acme.chakra.clear_faults()
    await acme.directory.get_index()
    assert (acme.chakra.count(LIST_V2), acme.chakra.count(LIST_V1)) == (2, 2)


async def test_a_refused_key_is_no_reason_to_ask_the_other_list(acme: Office) -> None:
    acme.chakra.fail(LIST_V2, StatusResponse(401))
    with pytest.raises(AuthenticationError):
        await acme.directory.get_index()
    assert acme.chakra.count(LIST_V1) == 0


async def test_where_neither_can_be_read_the_error_says_so(acme: Office) -> None:
    acme.chakra.fail("GET /v2/ext/users", InvalidJsonBody())
    acme.chakra.fail("GET /v1/ext/users", InvalidJsonBody())
    with pytest.raises(InvalidResponse):
        await acme.directory.find("john")


# --- phones where the list has none --------------------------------------------------------------


async def test_with_the_v1_list_a_phone_is_found_on_the_cards(acme: Office) -> None:
    with_v1_alone(acme)
    assert await names_found(acme, PRIYA_PHONE) == ["priya"]
    cards = acme.chakra.count(FETCH_V2)
    assert cards == len([one for one in acme.chakra.users if not one.is_deleted])
    assert await names_found(acme, "99999 99999") == ["priya"]
    assert acme.chakra.count(FETCH_V2) == cards


async def test_a_number_that_the_list_does_have_needs_no_cards(acme: Office) -> None:
    acme.chakra.disable_endpoint(LIST_V2)
    assert await names_found(acme, PRIYA_PHONE) == ["priya"]
    assert acme.chakra.count(FETCH_V2) == 0


async def test_no_card_is_read_for_a_search_by_name(acme: Office) -> None:
    with_v1_alone(acme)
    await acme.directory.find("priya")
    assert acme.chakra.count(FETCH_V2) == 0


async def test_at_most_eight_cards_are_asked_for_at_once(acme: Office) -> None:
    with_v1_alone(acme)
    acme.chakra.fail(FETCH_V2, Hang(), times=8)
    looking = asyncio.create_task(acme.directory.find(PRIYA_PHONE))
    await acme.chakra.wait_for_requests(8, FETCH_V2)
    assert acme.chakra.count(FETCH_V2) == 8
    acme.chakra.release_hanging()
    assert (await looking).value.total == 1


async def test_when_time_runs_out_the_unread_are_counted_and_the_next_search_goes_on(
    acme: Office, clock: ManualClock
) -> None:
    with_v1_alone(acme)
    priya = acme.chakra.user("priya")
    acme.chakra.fail(f"GET /v2/ext/user/{priya.id}", Hang())
    looking = asyncio.create_task(acme.directory.find(PRIYA_PHONE))
    await acme.chakra.wait_for_requests(30, FETCH_V2)
    await run_out(looking, clock)
    found = looking.result().value
    assert (found.total, found.unavailable_count) == (0, 1)
    acme.chakra.clear_faults()
    acme.chakra.release_hanging()
    assert await names_found(acme, PRIYA_PHONE) == ["priya"]


# --- the names of roles and teams ----------------------------------------------------------------


async def test_ids_become_names_through_config(acme: Office) -> None:
    profile = (await acme.directory.get_profile(JOHN)).value
    assert (profile.role_name, profile.team_name) == ("Inside Sales", "PaisaPay")


async def test_without_config_the_short_ids_are_made_readable(acme: Office) -> None:
    acme.chakra.fail(CONFIG, StatusResponse(403))
    for _ in range(3):
        profile = (await acme.directory.get_profile(JOHN)).value
        assert (profile.role_name, profile.team_name) == ("Inside sales", "Paisapay")
    assert acme.chakra.count(CONFIG) == 1


async def test_a_slow_config_delays_no_card_and_serves_the_next(
    acme: Office, clock: ManualClock
) -> None:
    acme.chakra.fail(CONFIG, Hang(), times=1)
    looking = asyncio.create_task(acme.directory.get_profile(JOHN))
    await acme.chakra.wait_for_requests(2)
    await run_out(looking, clock)
    assert looking.result().value.role_name == "Inside sales"
    acme.chakra.release_hanging()
    await acme.cache.get("config", "names", never)
    assert (await acme.directory.get_profile(JOHN)).value.role_name == "Inside Sales"
    assert acme.chakra.count(CONFIG) == 1


async def test_the_v1_list_gets_its_role_names_from_config(acme: Office) -> None:
    acme.chakra.disable_endpoint(LIST_V2)
    roster = (await acme.directory.get_index()).value
    names = await acme.directory.get_names()
    (john,) = roster.find_by_email("john@acme.com").users
    assert names.role(john.role) == "Inside Sales"


async def test_reportees_have_names_once_the_list_is_there(acme: Office) -> None:
    priya = acme.chakra.user("priya").id
    before = (await acme.directory.get_profile(priya)).value
    assert (before.reportee_names, before.reportee_count) == ((), 6)
    await acme.directory.get_index()
    after = (await acme.directory.get_profile(priya)).value
    assert "John Doe" in after.reportee_names
    assert len(after.reportee_names) == 6


# --- writing -------------------------------------------------------------------------------------


async def test_after_an_update_card_list_and_search_show_the_new_name(acme: Office) -> None:
    await acme.directory.get_index()
    await acme.directory.get_profile(JOHN)
    await acme.directory.update(JOHN, UserChanges(last_name="Newman"))
    assert (await acme.directory.get_profile(JOHN)).value.user.last_name == "Newman"
    assert await names_found(acme, "john newman") == ["johndoe"]
    written = [asked.json for asked in acme.chakra.requests if asked.method == "PUT"]
    assert written == [{"lastName": "Newman"}]


async def test_after_an_unknown_outcome_the_user_is_loaded_again(acme: Office) -> None:
    await acme.directory.get_profile(JOHN)
    acme.chakra.fail(UPDATE, ResetAfterHandling())
    with pytest.raises(OutcomeUnknown):
        await acme.directory.update(JOHN, UserChanges(last_name="Newman"))
    assert (await acme.directory.get_profile(JOHN)).value.user.last_name == "Newman"
    assert acme.chakra.count(UPDATE) == 1


async def test_a_rejected_write_is_raised(acme: Office) -> None:
    acme.chakra.fail(UPDATE, StatusResponse(400))
    with pytest.raises(Rejected):
        await acme.directory.update(JOHN, UserChanges(last_name="Newman"))


async def test_what_is_remembered_needs_no_call(acme: Office) -> None:
    assert acme.directory.get_cached_user(JOHN) is None
    await acme.directory.get_index()
    calls = acme.chakra.count()
    remembered = acme.directory.get_cached_user(JOHN)
    assert remembered is not None
    assert remembered.first_name == "John"
    assert acme.chakra.count() == calls
