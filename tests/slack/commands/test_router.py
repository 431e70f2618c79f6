"""The way of a request: text, help, near misses, slow answers, forms, failures."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.sandbox.slack import InteractionResult, VisibleMessage, collect_text
from tests.clock import ManualClock
from tests.conftest import OpenSandbox
from tests.shared_world import shared_world
from tests.slack.router_commands import ERRORS, ROUTER_COMMANDS
from tests.world import World

MEI, JOHN, SALES, GENERAL = "U0MEI", "U0JOHN", "C0SALES", "C0GENERAL"


pytestmark = shared_world


@pytest.fixture(scope="module")
def world_settings() -> dict[str, Any]:
    return {"commands": ROUTER_COMMANDS}


async def run_command(world: World, text: str, who: str = MEI, where: str = SALES) -> str:
    """What the person sees last, after everything has settled."""
    before = {message.id for message in world.slack.list_messages(who, where)}
    await world.slack.type(who, where, text)
    await world.settle()
    fresh = [shown for shown in world.slack.list_messages(who, where) if shown.id not in before]
    return collect_text(fresh[-1]) if fresh else ""


def count_calls(world: World, method: str) -> int:
    return sum(call.method == method for call in world.slack.calls)


async def test_the_ack_carries_the_answer_and_only_the_person_sees_it(acme: World) -> None:
    delivered = await acme.slack.type(MEI, SALES, "/chakra say hello you")
    assert delivered.status == 200
    assert delivered.body is not None
    assert delivered.body["text"] == "hello you"
    assert not count_calls(acme, "response_url")
    assert collect_text(acme.slack.list_messages(MEI, SALES)[-1]) == "hello you"
    assert all(
        "hello you" not in collect_text(message)
        for message in acme.slack.list_messages(JOHN, SALES)
    )


async def test_an_alias_and_capitals_find_the_command(acme: World) -> None:
    assert await run_command(acme, "/chakra Echo hi") == "hi"


async def test_typed_text_mentions_no_one(acme: World) -> None:
    delivered = await acme.slack.type(MEI, SALES, "/chakra say <!channel> & <b>")
    assert delivered.body is not None
    assert "<!channel>" not in delivered.body["text"]


@pytest.mark.parametrize("line", ["/chakra help", "/chakra HELP"])
async def test_help_lists_every_command_with_its_usage(acme: World, line: str) -> None:
    text = await run_command(acme, line)
    assert all(f"/chakra {command.usage}" in text for command in ROUTER_COMMANDS)


@pytest.mark.parametrize("line", ["/chakra help say", "/chakra say help", "/chakra help echo"])
async def test_help_of_one_command_shows_an_example_to_copy(acme: World, line: str) -> None:
    text = await run_command(acme, line)
    assert "/chakra say x" in text
    assert "echo" in text


async def test_help_is_open_to_everyone_without_an_access_check(acme: World) -> None:
    acme.slack.fail("users.info", error="fatal_error")
    for who, where in (("U0GITA", "C0PARTNERS"), ("U0SAM", "C0PARTNERS")):
        assert "/chakra say" in await run_command(acme, "/chakra help", who, where)
    assert not count_calls(acme, "users.info")


async def test_misspelled_command_suggests_the_nearest(acme: World) -> None:
    assert "/chakra slow 3" in await run_command(acme, "/chakra slwo 3")


async def test_an_unknown_word_points_to_help(acme: World) -> None:
    text = await run_command(acme, "/chakra xyzzy")
    assert "/chakra xyzzy" in text
    assert "All commands" in text
    assert "What /chakra can do" in collect_text(await acme.press("help.run:0", by=MEI))


async def test_the_bare_command_shows_what_the_person_may_do(acme: World) -> None:
    assert "send or edit in Chakra" in await run_command(acme, "/chakra", JOHN)
    mei = await run_command(acme, "/chakra", MEI)
    assert "look things up" in mei
    assert "/chakra write" not in mei
    assert "Guests can't use" in await run_command(acme, "/chakra", "U0GITA", "C0PARTNERS")
    sam = await run_command(acme, "/chakra", "U0SAM", "C0PARTNERS")
    assert "People from other workspaces can't use" in sam


async def test_welcome_button_runs_its_command(acme: World) -> None:
    await acme.slack.type(MEI, SALES, "/chakra")
    await acme.slack.press(MEI, "help.run:help")
    await acme.settle()
    assert "What /chakra can do" in collect_text(acme.slack.list_messages(MEI, SALES)[-1])


async def test_a_refusal_names_the_required_role(acme: World) -> None:
    text = await run_command(acme, "/chakra write x", MEI)
    assert "sender" in text
    assert await run_command(acme, "/chakra write x", JOHN) == "x"


async def test_slow_response_is_acked_first_and_delivered_later(
    acme: World, clock: ManualClock
) -> None:
    typing = asyncio.create_task(acme.slack.type(MEI, SALES, "/chakra slow 1"))
    await clock.wait_for_sleep(1)
    await clock.advance(0.3)
    delivered = await typing
    assert delivered.status == 200
    assert not delivered.body
    await clock.advance(1)
    await acme.settle()
    assert collect_text(acme.slack.list_messages(MEI, SALES)[-1]) == "done after 1"


async def test_a_slow_answer_is_announced(acme: World, clock: ManualClock) -> None:
    typing = asyncio.create_task(acme.slack.type(MEI, SALES, "/chakra slow 9"))
    await clock.wait_for_sleep(9)
    await clock.advance(0.3)
    await typing
    await clock.advance(3)
    await acme.settle()
    assert "will follow" in collect_text(acme.slack.list_messages(MEI, SALES)[-1])
    await clock.advance(7)
    await acme.settle()
    assert collect_text(acme.slack.list_messages(MEI, SALES)[-1]) == "done after 9"


async def test_a_hanging_handler_is_cancelled_and_reported(acme: World, clock: ManualClock) -> None:
    typing = asyncio.create_task(acme.slack.type(MEI, SALES, "/chakra slow 9999"))
    await clock.wait_for_sleep(9999)
    await clock.advance(0.3)
    await typing
    await clock.advance(3)
    await acme.settle()
    await clock.advance(60)
    await acme.settle()
    assert "stopped before the answer" in collect_text(acme.slack.list_messages(MEI, SALES)[-1])


@pytest.mark.parametrize("word", sorted(ERRORS))
async def test_every_failure_is_explained_with_a_remedy(acme: World, word: str) -> None:
    text = await run_command(acme, f"/chakra fail {word}")
    assert len(text) > 30
    assert text.rstrip().endswith((".", "`", "?")) or "Reference" in text
    assert "Traceback" not in text
    assert "secret detail" not in text
    assert "RuntimeError" not in text


async def test_a_service_error_has_a_reference(acme: World) -> None:
    assert "Reference" in await run_command(acme, "/chakra fail bug")
    assert "Reference" not in await run_command(acme, "/chakra fail usage")


async def test_chakras_text_is_quoted_and_mentions_no_one(acme: World) -> None:
    delivered = await acme.slack.type(MEI, SALES, "/chakra fail refused")
    assert delivered.body is not None
    assert "<!channel>" not in str(delivered.body)
    assert "&lt;!channel&gt; is &amp; bad" in str(delivered.body)


async def test_public_response_never_publishes_the_command(acme: World) -> None:
    await acme.slack.type(MEI, SALES, "/chakra post channel")
    await acme.settle()
    seen = [collect_text(message) for message in acme.slack.list_messages(JOHN, SALES)]
    assert seen[-1] == "for everyone"
    assert not any("/chakra" in text for text in seen)


async def test_an_answer_that_slack_rejects_is_reported(acme: World) -> None:
    await acme.slack.type(MEI, SALES, "/chakra post toomuch")
    await acme.settle()
    assert acme.slack.list_messages(MEI, SALES)[-1].ephemeral


async def test_no_reply_is_an_empty_ack(acme: World) -> None:
    delivered = await acme.slack.type(MEI, SALES, "/chakra nothing x")
    assert (delivered.status, delivered.body) == (200, None)


async def test_a_pressed_button_replaces_its_card_in_place(acme: World) -> None:
    await acme.slack.type(MEI, SALES, "/chakra post card")
    card = acme.slack.list_messages(MEI, SALES)[-1]
    await acme.slack.press(MEI, "stage.again")
    await acme.settle()
    messages = acme.slack.list_messages(MEI, SALES)
    assert collect_text(messages[-1]) == "again 7"
    assert card.id not in {message.id for message in messages} or collect_text(
        messages[-1]
    ) != collect_text(card)


async def test_a_failed_press_is_reported_next_to_the_card(acme: World) -> None:
    await acme.slack.type(MEI, SALES, "/chakra post card")
    await acme.slack.press(MEI, "stage.boom")
    await acme.settle()
    assert "Reference" in collect_text(acme.slack.list_messages(MEI, SALES)[-1])


async def open_form(world: World, who: str = JOHN) -> None:
    await world.slack.type(who, SALES, "/chakra stage")
    await world.settle()
    assert world.slack.find_view(who) is not None


async def submit_form(world: World, name: str) -> InteractionResult:
    delivered = await world.slack.submit(JOHN, {"name": name})
    await world.settle()
    return delivered


def find_last(world: World) -> VisibleMessage:
    return world.slack.list_messages(JOHN, SALES)[-1]


async def test_a_form_opens_from_the_command_and_from_a_button(acme: World) -> None:
    await open_form(acme)
    await acme.slack.close_view(JOHN)
    await acme.slack.type(JOHN, SALES, "/chakra post card")
    await acme.slack.press(JOHN, "stage.form")
    await acme.settle()
    assert acme.slack.find_view(JOHN) is not None


async def test_a_form_that_opens_too_late_is_reported(acme: World, clock: ManualClock) -> None:
    typing = asyncio.create_task(acme.slack.type(JOHN, SALES, "/chakra stage 4"))
    await clock.wait_for_sleep(4)
    await clock.advance(0.3)
    await typing
    await clock.advance(4)
    await acme.settle()
    assert acme.slack.find_view(JOHN) is None
    assert "gave up waiting for the form" in collect_text(find_last(acme))


async def test_a_submitted_form_closes_and_the_answer_goes_to_its_channel(
    acme: World,
) -> None:
    await open_form(acme)
    delivered = await submit_form(acme, "Ann")
    assert delivered.status == 200
    assert acme.slack.find_view(JOHN) is None
    assert collect_text(find_last(acme)) == "saved Ann yes"


@pytest.mark.parametrize(
    ("name", "sentence"), [("bad", "Another name, please."), ("taken", "That name is taken.")]
)
async def test_validation_error_appears_under_its_field(
    acme: World, name: str, sentence: str
) -> None:
    await open_form(acme)
    delivered = await submit_form(acme, name)
    assert delivered.errors == {"name": sentence}
    delivered = await submit_form(acme, "Ann")
    assert collect_text(find_last(acme)) == "saved Ann yes"


async def test_form_can_lead_to_another(acme: World) -> None:
    await open_form(acme)
    await submit_form(acme, "next")
    assert "the next form" in collect_text(acme.slack.find_view(JOHN) or {})


async def test_a_question_that_replaces_the_form_can_be_answered(acme: World) -> None:
    """The view keeps its id, and yet it is another form."""
    await open_form(acme)
    await submit_form(acme, "ask")
    assert "Are you sure?" in collect_text(acme.slack.find_view(JOHN) or {})
    await acme.slack.submit(JOHN, {})
    await acme.settle()
    assert acme.slack.find_view(JOHN) is None
    assert collect_text(find_last(acme)) == "sure yes"


async def test_a_slow_form_submitted_twice_is_answered_once(
    acme: World, clock: ManualClock
) -> None:
    await open_form(acme)
    presses = [asyncio.create_task(acme.slack.submit(JOHN, {"name": "late"})) for _ in range(2)]
    await clock.wait_for_sleep(5)
    await clock.advance(0.3)
    await asyncio.gather(*presses, return_exceptions=True)
    assert "One moment" in collect_text(acme.slack.find_view(JOHN) or {})
    await clock.advance(5)
    await acme.settle()
    texts = [collect_text(message) for message in acme.slack.list_messages(JOHN, SALES)]
    assert texts.count("saved late yes") == 1


@pytest.mark.parametrize("word", ["down", "unknown", "bug", "key"])
async def test_failed_submission_keeps_entered_values(acme: World, word: str) -> None:
    await open_form(acme)
    await submit_form(acme, word)
    view = acme.slack.find_view(JOHN)
    assert view is not None
    assert "Reference" in collect_text(view)
    name = next(block for block in view["blocks"] if block.get("block_id") == "name")
    assert name["element"]["initial_value"] == word
    await submit_form(acme, "Ann")
    assert acme.slack.find_view(JOHN) is None


async def test_a_slow_submission_shows_progress_and_then_the_result(
    acme: World, clock: ManualClock
) -> None:
    await open_form(acme)
    submitting = asyncio.create_task(acme.slack.submit(JOHN, {"name": "late"}))
    await clock.wait_for_sleep(5)
    await clock.advance(0.3)
    await submitting
    assert "One moment" in collect_text(acme.slack.find_view(JOHN) or {})
    await clock.advance(5)
    await acme.settle()
    assert "Saved." in collect_text(acme.slack.find_view(JOHN) or {})
    assert collect_text(find_last(acme)) == "saved late yes"


async def test_a_slow_failed_submission_returns_the_form(acme: World, clock: ManualClock) -> None:
    await open_form(acme)
    submitting = asyncio.create_task(acme.slack.submit(JOHN, {"name": "late down"}))
    await clock.wait_for_sleep(5)
    await clock.advance(0.3)
    await submitting
    await clock.advance(5)
    await acme.settle()
    view = acme.slack.find_view(JOHN)
    assert view is not None
    assert "cannot be reached" in collect_text(view)
    name = next(block for block in view["blocks"] if block.get("block_id") == "name")
    assert name["element"]["initial_value"] == "late down"


async def test_submitting_needs_the_permission(acme: World) -> None:
    await open_form(acme, MEI)
    await acme.slack.submit(MEI, {"name": "Ann"})
    await acme.settle()
    assert "sender" in collect_text(acme.slack.find_view(MEI) or {})


async def test_a_button_in_a_form_updates_the_form_with_its_state(acme: World) -> None:
    await open_form(acme)
    await acme.slack.press(JOHN, "stage.fill")
    await acme.settle()
    assert "yes" in collect_text(acme.slack.find_view(JOHN) or {})


async def test_a_failed_button_in_a_form_is_reported_in_the_form(acme: World) -> None:
    await open_form(acme)
    await acme.slack.press(JOHN, "stage.burn")
    await acme.settle()
    assert "Reference" in collect_text(acme.slack.find_view(JOHN) or {})


async def test_a_menu_offers_at_most_a_hundred(acme: World) -> None:
    await open_form(acme)
    options = await acme.slack.suggest(JOHN, "stage.who", "jo")
    assert len(options) == 100
    assert options[0]["value"] == "0"


async def test_failed_menu_is_empty(acme: World) -> None:
    await open_form(acme)
    assert await acme.slack.suggest(JOHN, "stage.who", "boom") == []


async def test_a_slow_menu_is_answered_empty_in_time(acme: World, clock: ManualClock) -> None:
    await open_form(acme)
    asking = asyncio.create_task(acme.slack.suggest(JOHN, "stage.who", "slow"))
    await clock.wait_for_sleep(5)
    await clock.advance(0.3)
    assert await asking == []


async def test_socket_mode_uses_the_same_router(open_sandbox: OpenSandbox) -> None:
    async with open_sandbox(ROUTER_COMMANDS, socket_mode=True) as world:
        assert await run_command(world, "/chakra say over a socket") == "over a socket"
        await world.slack.type(JOHN, SALES, "/chakra stage")
        await world.settle()
        assert (await submit_form(world, "bad")).errors == {"name": "Another name, please."}
        await submit_form(world, "Ann")
        assert collect_text(find_last(world)) == "saved Ann yes"
