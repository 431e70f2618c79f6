"""Stories of ``/chakra status``: whether Chakra and Slack answer, and what this person may do."""

from __future__ import annotations

import pytest

from bot.sandbox.chakra.faults import StatusResponse
from bot.sandbox.chakra.request_log import ANY_ENDPOINT
from bot.sandbox.slack import collect_text
from tests.endpoints import reaches
from tests.shared_world import shared_world
from tests.world import World

MEI, JOHN, GITA, SALES = "U0MEI", "U0JOHN", "U0GITA", "C0SALES"


async def type_line(acme: World, text: str, person: str = MEI) -> str:
    return collect_text(await acme.type(f"/chakra {text}", by=person))


@shared_world
@pytest.mark.parametrize(
    ("person", "allowed"), [(MEI, "look things up"), (JOHN, "send or edit in Chakra")]
)
@reaches("GET /v1/health", "health.check")
async def test_it_shows_both_services_and_what_the_person_may_do(
    acme: World, person: str, allowed: str
) -> None:
    text = await type_line(acme, "status", person)
    assert text.count("responds in") == 2
    assert acme.bot.context.version in text
    assert allowed in text


@shared_world
async def test_a_service_that_does_not_answer_is_named_and_comes_back_on_refresh(
    acme: World,
) -> None:
    acme.chakra.fail(ANY_ENDPOINT, StatusResponse(401))
    text = await type_line(acme, "status")
    assert "Chakra can't be used right now" in text
    acme.chakra.clear_faults()
    await acme.slack.press(MEI, "status.refresh")
    await acme.settle()
    assert "can't be used" not in collect_text(acme.slack.list_messages(MEI, SALES)[-1])


@shared_world
async def test_a_guest_reads_why_not(acme: World) -> None:
    shown = await acme.type("/chakra status", by=GITA, channel="C0SUPPORT")
    assert "Guests can't use Chakra from Slack." in collect_text(shown)


@shared_world
async def test_words_after_the_name_are_ignored(acme: World) -> None:
    assert "Everything is working." in await type_line(acme, "status please")


# --- our numbers ---------------------------------------------------------------------------------


@reaches(
    "GET /v1/ext/whatsapp-business-account",
    "numbers.list_accounts",
    title="List WhatsApp Business Accounts",
    by="`/chakra status`",
)
async def test_numbers_are_shown_with_what_is_left_of_their_limit(acme: World) -> None:
    text = await type_line(acme, "phone numbers")
    for shown in (
        "*Acme*  +91 72597 75805",
        "connected  ·  :large_green_circle: high quality  ·  1,000 people a day  ·  1,000 left",
        "*Acme Support*  +1 202-555-0190",
        "medium quality  ·  250 people a day",
        "The quality of this number is medium.",
        "Business accounts: Acme (connected)",
        "counts only what this app sent",
    ):
        assert shown in text
    await acme.type("/chakra send hello_world +12025550100", by=JOHN)
    await acme.confirm()
    await acme.chakra.wait_for_sends(1)
    assert "999 left today" in await type_line(acme, "status")


@shared_world
async def test_numbers_that_cannot_be_listed_leave_the_status(acme: World) -> None:
    acme.chakra.fail("GET /v1/ext/whatsapp-phone-number", StatusResponse(404))
    text = await type_line(acme, "status")
    assert "doesn't list our WhatsApp numbers" in text
    assert text.count("responds in") == 2


@shared_world
async def test_accounts_that_cannot_be_listed_leave_the_numbers(acme: World) -> None:
    acme.chakra.fail("GET /v1/ext/whatsapp-business-account", StatusResponse(404))
    text = await type_line(acme, "status")
    assert "people a day" in text
    assert "Business accounts" not in text


@shared_world
async def test_choice_of_a_sender_shows_quality_and_limit(acme: World) -> None:
    await acme.type("/chakra send hello_world", by=JOHN)
    view = collect_text(acme.slack.find_view(JOHN) or {})
    assert "+91 72597 75805 · high quality · 1,000 people a day" in view
