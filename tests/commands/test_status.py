"""Stories of ``/chakra status``: whether Chakra and Slack answer, and what this person may do."""

from __future__ import annotations

import pytest

from bot.sandbox.chakra.faults import StatusResponse
from bot.sandbox.chakra.request_log import ANY_ENDPOINT
from bot.sandbox.slack import visible_text
from tests.world import World

MEI, JOHN, GITA, SALES = "U0MEI", "U0JOHN", "U0GITA", "C0SALES"


async def typed(acme: World, text: str, person: str = MEI) -> str:
    return visible_text(await acme.type(f"/chakra {text}", by=person))


@pytest.mark.parametrize(
    ("person", "allowed"), [(MEI, "look things up"), (JOHN, "send or edit in Chakra")]
)
async def test_it_shows_both_services_and_what_the_person_may_do(
    acme: World, person: str, allowed: str
) -> None:
    text = await typed(acme, "status", person)
    assert text.count("responds in") == 2
    assert acme.bot.context.version in text
    assert allowed in text


async def test_a_service_that_does_not_answer_is_named_and_comes_back_on_refresh(
    acme: World,
) -> None:
    acme.chakra.fail(ANY_ENDPOINT, StatusResponse(401))
    text = await typed(acme, "status")
    assert "Chakra can't be used right now" in text
    acme.chakra.clear_faults()
    await acme.slack.press(MEI, "status.refresh")
    await acme.settle()
    assert "can't be used" not in visible_text(acme.slack.messages(MEI, SALES)[-1])


async def test_a_guest_reads_why_not(acme: World) -> None:
    assert "Guests can't use Chakra from Slack." in await typed(acme, "status", GITA)


async def test_words_after_the_name_are_ignored(acme: World) -> None:
    assert "Everything is working." in await typed(acme, "status please")
