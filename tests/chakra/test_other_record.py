"""An answer with another record than the requested one is invalid, and never a record."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from bot.chakra.jobs import JobsApi
from bot.chakra.models import UserChanges
from bot.chakra.processes import ProcessesApi
from bot.chakra.transport.http import Http
from bot.chakra.users import UsersApi
from bot.errors import InvalidResponse, OutcomeUnknown
from tests.chakra.upstream import Upstream, reply
from tests.clock import ManualClock

ASKED = "a91b5073-e9d4-4959-9fd3-6edf79c2c5a4"
OTHER = "00000000-0000-4000-8000-000000000001"
NO_RECORDS = ("", OTHER, 7, None, [ASKED], {"id": ASKED}, f"{ASKED}1", f" {ASKED}/x")

READS: dict[str, Callable[[Http, str], Awaitable[object]]] = {
    "user v2": lambda http, asked: UsersApi(http).fetch(asked),
    "user v1": lambda http, asked: UsersApi(http).fetch_v1(asked),
    "job": lambda http, asked: JobsApi(http).fetch(asked),
    "process": lambda http, asked: ProcessesApi(http).fetch("lead", asked),
}


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("answered", NO_RECORDS, ids=repr)
async def test_another_record_is_invalid(clock: ManualClock, name: str, answered: object) -> None:
    async with Upstream([reply(200, {"_data": {"id": answered, "data": {}}})]).open_http(
        clock
    ) as http:
        with pytest.raises(InvalidResponse):
            await READS[name](http, ASKED)


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("answered", [ASKED, ASKED.upper()])
async def test_requested_record_is_read_in_either_case(
    clock: ManualClock, name: str, answered: str
) -> None:
    async with Upstream([reply(200, {"_data": {"id": answered, "data": {}}})]).open_http(
        clock
    ) as http:
        assert await READS[name](http, ASKED)


async def test_process_with_another_key_is_invalid(clock: ManualClock) -> None:
    other = {"_data": {"id": OTHER, "data": {"lead_id": "LEAD-2", "phone_number": "12025550100"}}}
    async with Upstream([reply(200, other)]).open_http(clock) as http:
        with pytest.raises(InvalidResponse):
            await ProcessesApi(http).find("lead", "LEAD-1")
        assert (await ProcessesApi(http).find("lead", "LEAD-2")).id == OTHER


async def test_update_that_answers_with_another_user_has_an_unknown_outcome(
    clock: ManualClock,
) -> None:
    async with Upstream([reply(200, {"_data": {"id": OTHER}})]).open_http(clock) as http:
        with pytest.raises(OutcomeUnknown):
            await UsersApi(http).update(ASKED, UserChanges(first_name="Jane"))
