"""Answers whose delivery Slack doesn't confirm: no warning below an answer that may be shown."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.sandbox.slack import collect_text
from tests.clock import ManualClock
from tests.people import JOHN, SALES
from tests.shared_world import shared_world
from tests.slack.router_commands import ROUTER_COMMANDS
from tests.world import World

JOHNS_DM = "D0JOHN"
LOST: list[Any] = [
    pytest.param({"reset": "after"}, True, id="shown, response lost"),
    pytest.param({"reset": "before"}, False, id="not shown, connection lost"),
    pytest.param({"status": 500}, False, id="internal error"),
    pytest.param({"status": 503}, False, id="unavailable"),
]


pytestmark = shared_world


@pytest.fixture(scope="module")
def world_settings() -> dict[str, Any]:
    return {"commands": ROUTER_COMMANDS}


def list_texts(world: World, channel: str) -> list[str]:
    """Return what John sees of the app in this channel."""
    messages = world.slack.list_messages(JOHN, channel)
    return [collect_text(message) for message in messages if message.author == "U0CHAKRA"]


async def run_slow_command(world: World, clock: ManualClock, seconds: int) -> None:
    """Type a command that answers after the ack."""
    typing = asyncio.create_task(world.slack.type(JOHN, SALES, f"/chakra slow {seconds}"))
    await clock.wait_for_sleep(seconds)
    await clock.advance(seconds)
    await typing
    await world.wait_until_idle()


@pytest.mark.parametrize(("fault", "is_shown"), LOST)
async def test_unconfirmed_answer_goes_to_the_dm_too_and_no_warning_follows(
    acme: World, clock: ManualClock, fault: dict[str, Any], is_shown: bool
) -> None:
    acme.slack.fail("response_url", **fault)
    await run_slow_command(acme, clock, 1)
    assert list_texts(acme, SALES)[-1:] == (["done after 1"] if is_shown else [])
    assert list_texts(acme, JOHNS_DM) == ["done after 1"]


@pytest.mark.parametrize(("fault", "is_shown"), LOST)
async def test_unconfirmed_error_goes_to_the_dm_too_and_no_second_one_follows(
    acme: World, fault: dict[str, Any], is_shown: bool
) -> None:
    acme.slack.fail("views.open", error="fatal_error")
    acme.slack.fail("response_url", **fault)
    await acme.slack.type(JOHN, SALES, "/chakra stage")
    await acme.wait_until_idle()
    assert len(list_texts(acme, SALES)) == is_shown
    assert len(list_texts(acme, JOHNS_DM)) == 1


@pytest.mark.parametrize(("fault", "is_shown"), LOST)
async def test_unconfirmed_card_in_a_channel_is_not_posted_again(
    acme: World, fault: dict[str, Any], is_shown: bool
) -> None:
    acme.slack.fail("response_url", **fault)
    await acme.slack.type(JOHN, SALES, "/chakra post channel")
    await acme.wait_until_idle()
    assert list_texts(acme, SALES) == (["for everyone"] if is_shown else [])
    [note] = list_texts(acme, JOHNS_DM)
    assert note.startswith("Slack didn't confirm that the card was posted in <#C0SALES>.")


@pytest.mark.parametrize("reset", ["before", "after"])
async def test_unconfirmed_replacement_is_repeated(
    acme: World, clock: ManualClock, reset: Any
) -> None:
    await acme.type("/chakra post card")
    acme.slack.fail("response_url", reset=reset)
    await acme.press("stage.again")
    await clock.advance(1)
    await acme.wait_until_idle()
    assert list_texts(acme, SALES) == ["again 7"]
    assert list_texts(acme, JOHNS_DM) == []


@pytest.mark.parametrize("reset", ["before", "after"])
async def test_unconfirmed_note_after_a_form_goes_to_the_dm_too(acme: World, reset: Any) -> None:
    await acme.type("/chakra stage")
    acme.slack.fail("response_url", reset=reset)
    assert await acme.submit({"name": "Ann"}) == {}
    assert list_texts(acme, SALES) == (["saved Ann yes"] if reset == "after" else [])
    assert list_texts(acme, JOHNS_DM) == ["saved Ann yes"]


@pytest.mark.parametrize("reset", ["before", "after"])
async def test_unconfirmed_answer_to_a_mention_goes_to_the_dm_too(acme: World, reset: Any) -> None:
    acme.slack.fail("chat.postEphemeral", reset=reset)
    await acme.slack.mention(JOHN, SALES, "say hello")
    await acme.wait_until_idle()
    assert list_texts(acme, SALES) == (["hello"] if reset == "after" else [])
    assert list_texts(acme, JOHNS_DM) == ["hello"]


async def test_confirmation_lost_in_the_dm_is_no_failure(acme: World) -> None:
    acme.slack.fail("chat.postMessage", reset="after")
    await acme.slack.write_to_app(JOHN, "say hello")
    await acme.wait_until_idle()
    assert list_texts(acme, JOHNS_DM) == ["hello"]


async def test_answer_lost_on_the_way_to_the_dm_is_reported(acme: World) -> None:
    acme.slack.fail("chat.postMessage", reset="before")
    await acme.slack.write_to_app(JOHN, "say hello")
    await acme.wait_until_idle()
    [text] = list_texts(acme, JOHNS_DM)
    assert "Slack" in text


async def test_unconfirmed_notice_of_a_delay_is_not_repeated(
    acme: World, clock: ManualClock
) -> None:
    acme.slack.fail("response_url", reset="after")
    await run_slow_command(acme, clock, 9)
    assert list_texts(acme, SALES)[-1] == "done after 9"
    assert len(list_texts(acme, SALES)) == 2
    assert list_texts(acme, JOHNS_DM) == []


REFUSED: list[Any] = [{"error": "internal_error"}, {"error": "no_text"}, {"status": 404}]


@pytest.mark.parametrize("fault", REFUSED)
async def test_what_a_form_has_done_is_read_in_the_dm_if_slack_refuses_it_elsewhere(
    acme: World, fault: dict[str, Any]
) -> None:
    await acme.type("/chakra stage")
    acme.slack.fail("response_url", times=9, **fault)
    assert await acme.submit({"name": "Ann"}) == {}
    assert list_texts(acme, JOHNS_DM) == ["saved Ann yes"]


@pytest.mark.parametrize("fault", REFUSED)
async def test_what_a_button_has_done_is_read_in_the_dm_if_slack_refuses_it_elsewhere(
    acme: World, fault: dict[str, Any]
) -> None:
    await acme.type("/chakra post card")
    acme.slack.fail("response_url", times=9, **fault)
    await acme.press("stage.again")
    assert list_texts(acme, JOHNS_DM) == ["again 7"]


async def test_person_checks_what_was_done_if_slack_refuses_its_answer_everywhere(
    acme: World,
) -> None:
    await acme.type("/chakra stage")
    for method in ("response_url", "chat.postMessage"):
        acme.slack.fail(method, error="internal_error")
    assert await acme.submit({"name": "Ann"}) == {}
    [text] = list_texts(acme, SALES)
    assert "Slack didn't accept the answer" in text
    assert "If this sends or changes something, check first if it's done." in text
