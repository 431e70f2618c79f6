"""The way of a request: text, help, near misses, slow answers, forms, failures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.sandbox.slack import InteractionResult, VisibleMessage, visible_text
from tests.clock import ManualClock
from tests.conftest import OpenWorld
from tests.slack.stage import FAILURES, STAGE
from tests.world import World

MEI, JOHN, SALES, GENERAL = "U0MEI", "U0JOHN", "C0SALES", "C0GENERAL"


@pytest.fixture
async def stage(open_world: OpenWorld) -> AsyncIterator[World]:
    async with open_world(STAGE) as made:
        yield made


async def typed(made: World, text: str, who: str = MEI, where: str = SALES) -> str:
    """What the person sees last, after everything has settled."""
    before = {shown.id for shown in made.slack.messages(who, where)}
    await made.slack.type(who, where, text)
    await made.settle()
    fresh = [shown for shown in made.slack.messages(who, where) if shown.id not in before]
    return visible_text(fresh[-1]) if fresh else ""


def calls(made: World, method: str) -> int:
    return sum(call.method == method for call in made.slack.calls)


async def test_the_ack_carries_the_answer_and_only_the_person_sees_it(stage: World) -> None:
    delivered = await stage.slack.type(MEI, SALES, "/chakra say hello you")
    assert delivered.status == 200
    assert delivered.body is not None
    assert delivered.body["text"] == "hello you"
    assert not calls(stage, "response_url")
    assert visible_text(stage.slack.messages(MEI, SALES)[-1]) == "hello you"
    assert all(
        "hello you" not in visible_text(shown) for shown in stage.slack.messages(JOHN, SALES)
    )


async def test_an_alias_and_capitals_find_the_command(stage: World) -> None:
    assert await typed(stage, "/chakra Echo hi") == "hi"


async def test_typed_text_mentions_nobody(stage: World) -> None:
    delivered = await stage.slack.type(MEI, SALES, "/chakra say <!channel> & <b>")
    assert delivered.body is not None
    assert "<!channel>" not in delivered.body["text"]


@pytest.mark.parametrize("line", ["/chakra help", "/chakra HELP"])
async def test_help_names_every_command_with_its_usage(stage: World, line: str) -> None:
    said = await typed(stage, line)
    assert all(f"/chakra {command.usage}" in said for command in STAGE)


@pytest.mark.parametrize("line", ["/chakra help say", "/chakra say help", "/chakra help echo"])
async def test_help_of_one_command_shows_an_example_to_copy(stage: World, line: str) -> None:
    said = await typed(stage, line)
    assert "/chakra say x" in said
    assert "echo" in said


async def test_help_is_open_to_everyone_without_an_access_check(stage: World) -> None:
    stage.slack.fail("users.info", error="fatal_error")
    for who, where in (("U0GITA", "C0PARTNERS"), ("U0SAM", "C0PARTNERS")):
        assert "/chakra say" in await typed(stage, "/chakra help", who, where)
    assert not calls(stage, "users.info")


async def test_a_misspelt_word_is_answered_with_the_nearest_command(stage: World) -> None:
    assert "/chakra slow 3" in await typed(stage, "/chakra slwo 3")


async def test_an_unknown_word_points_to_help(stage: World) -> None:
    said = await typed(stage, "/chakra xyzzy")
    assert "/chakra xyzzy" in said
    assert "/chakra help" in said


async def test_the_bare_command_shows_what_the_person_may_do(stage: World) -> None:
    assert "send or edit in Chakra" in await typed(stage, "/chakra", JOHN)
    mei = await typed(stage, "/chakra", MEI)
    assert "look things up" in mei
    assert "/chakra write" not in mei
    assert "Guests can't use" in await typed(stage, "/chakra", "U0GITA", "C0PARTNERS")
    sam = await typed(stage, "/chakra", "U0SAM", "C0PARTNERS")
    assert "People from other workspaces can't use" in sam


async def test_a_button_of_the_bare_command_runs_the_command(stage: World) -> None:
    await stage.slack.type(MEI, SALES, "/chakra")
    await stage.slack.press(MEI, "help.run:help")
    await stage.settle()
    assert "What /chakra can do" in visible_text(stage.slack.messages(MEI, SALES)[-1])


async def test_a_refusal_names_the_required_role(stage: World) -> None:
    said = await typed(stage, "/chakra write x", MEI)
    assert "sender" in said
    assert await typed(stage, "/chakra write x", JOHN) == "x"


async def test_a_slow_answer_is_acked_first_and_follows(stage: World, clock: ManualClock) -> None:
    typing = asyncio.create_task(stage.slack.type(MEI, SALES, "/chakra slow 1"))
    await clock.until_sleeping(1)
    await clock.advance(0.3)
    delivered = await typing
    assert delivered.status == 200
    assert not delivered.body
    await clock.advance(1)
    await stage.settle()
    assert visible_text(stage.slack.messages(MEI, SALES)[-1]) == "done after 1"


async def test_a_slow_answer_is_announced(stage: World, clock: ManualClock) -> None:
    typing = asyncio.create_task(stage.slack.type(MEI, SALES, "/chakra slow 9"))
    await clock.until_sleeping(9)
    await clock.advance(0.3)
    await typing
    await clock.advance(3)
    await stage.settle()
    assert "will follow" in visible_text(stage.slack.messages(MEI, SALES)[-1])
    await clock.advance(7)
    await stage.settle()
    assert visible_text(stage.slack.messages(MEI, SALES)[-1]) == "done after 9"


async def test_a_hanging_handler_is_cancelled_and_reported(
    stage: World, clock: ManualClock
) -> None:
    typing = asyncio.create_task(stage.slack.type(MEI, SALES, "/chakra slow 9999"))
    await clock.until_sleeping(9999)
    await clock.advance(0.3)
    await typing
    await clock.advance(3)
    await stage.settle()
    await clock.advance(60)
    await stage.settle()
    assert "stopped before the answer" in visible_text(stage.slack.messages(MEI, SALES)[-1])


@pytest.mark.parametrize("word", sorted(FAILURES))
async def test_every_failure_becomes_a_sentence_with_a_remedy(stage: World, word: str) -> None:
    said = await typed(stage, f"/chakra fail {word}")
    assert len(said) > 30
    assert said.rstrip().endswith((".", "`", "?")) or "Reference" in said
    assert "Traceback" not in said
    assert "secret detail" not in said
    assert "RuntimeError" not in said


async def test_a_service_error_has_a_reference(stage: World) -> None:
    assert "Reference" in await typed(stage, "/chakra fail bug")
    assert "Reference" not in await typed(stage, "/chakra fail usage")


async def test_chakras_text_is_quoted_and_mentions_nobody(stage: World) -> None:
    delivered = await stage.slack.type(MEI, SALES, "/chakra fail refused")
    assert delivered.body is not None
    assert "<!channel>" not in str(delivered.body)
    assert "&lt;!channel&gt; is &amp; bad" in str(delivered.body)


async def test_an_answer_for_everyone_never_publishes_what_was_typed(stage: World) -> None:
    await stage.slack.type(MEI, SALES, "/chakra post channel")
    await stage.settle()
    seen = [visible_text(shown) for shown in stage.slack.messages(JOHN, SALES)]
    assert seen[-1] == "for everyone"
    assert not any("/chakra" in text for text in seen)


async def test_an_answer_that_slack_rejects_is_reported(stage: World) -> None:
    await stage.slack.type(MEI, SALES, "/chakra post toomuch")
    await stage.settle()
    assert stage.slack.messages(MEI, SALES)[-1].ephemeral


async def test_no_reply_is_an_empty_ack(stage: World) -> None:
    delivered = await stage.slack.type(MEI, SALES, "/chakra nothing x")
    assert (delivered.status, delivered.body) == (200, None)


async def test_a_pressed_button_replaces_its_card_in_place(stage: World) -> None:
    await stage.slack.type(MEI, SALES, "/chakra post card")
    card = stage.slack.messages(MEI, SALES)[-1]
    await stage.slack.press(MEI, "stage.again")
    await stage.settle()
    shown = stage.slack.messages(MEI, SALES)
    assert visible_text(shown[-1]) == "again 7"
    assert card.id not in {one.id for one in shown} or visible_text(shown[-1]) != visible_text(card)


async def test_a_failed_press_is_reported_next_to_the_card(stage: World) -> None:
    await stage.slack.type(MEI, SALES, "/chakra post card")
    await stage.slack.press(MEI, "stage.boom")
    await stage.settle()
    assert "Reference" in visible_text(stage.slack.messages(MEI, SALES)[-1])


async def opened(made: World, who: str = JOHN) -> None:
    await made.slack.type(who, SALES, "/chakra stage")
    await made.settle()
    assert made.slack.view(who) is not None


async def submitted(made: World, name: str) -> InteractionResult:
    delivered = await made.slack.submit(JOHN, {"name": name})
    await made.settle()
    return delivered


def last(made: World) -> VisibleMessage:
    return made.slack.messages(JOHN, SALES)[-1]


async def test_a_form_opens_from_the_command_and_from_a_button(stage: World) -> None:
    await opened(stage)
    await stage.slack.close_view(JOHN)
    await stage.slack.type(JOHN, SALES, "/chakra post card")
    await stage.slack.press(JOHN, "stage.form")
    await stage.settle()
    assert stage.slack.view(JOHN) is not None


async def test_a_form_that_opens_too_late_is_reported(stage: World, clock: ManualClock) -> None:
    typing = asyncio.create_task(stage.slack.type(JOHN, SALES, "/chakra stage 4"))
    await clock.until_sleeping(4)
    await clock.advance(0.3)
    await typing
    await clock.advance(4)
    await stage.settle()
    assert stage.slack.view(JOHN) is None
    assert "gave up waiting for the form" in visible_text(last(stage))


async def test_a_submitted_form_closes_and_the_answer_goes_to_its_channel(
    stage: World,
) -> None:
    await opened(stage)
    delivered = await submitted(stage, "Ann")
    assert delivered.status == 200
    assert stage.slack.view(JOHN) is None
    assert visible_text(last(stage)) == "saved Ann yes"


@pytest.mark.parametrize(
    ("name", "sentence"), [("bad", "Another name, please."), ("taken", "That name is taken.")]
)
async def test_what_is_wrong_stands_under_its_field(stage: World, name: str, sentence: str) -> None:
    await opened(stage)
    delivered = await submitted(stage, name)
    assert delivered.errors == {"name": sentence}
    delivered = await submitted(stage, "Ann")
    assert visible_text(last(stage)) == "saved Ann yes"


async def test_a_form_may_lead_to_the_next(stage: World) -> None:
    await opened(stage)
    await submitted(stage, "next")
    assert "the next form" in visible_text(stage.slack.view(JOHN) or {})


async def test_a_question_that_replaces_the_form_can_be_answered(stage: World) -> None:
    """The view keeps its id, and yet it is another form."""
    await opened(stage)
    await submitted(stage, "ask")
    assert "Are you sure?" in visible_text(stage.slack.view(JOHN) or {})
    await stage.slack.submit(JOHN, {})
    await stage.settle()
    assert stage.slack.view(JOHN) is None
    assert visible_text(last(stage)) == "sure yes"


async def test_a_slow_form_submitted_twice_is_answered_once(
    stage: World, clock: ManualClock
) -> None:
    await opened(stage)
    presses = [asyncio.create_task(stage.slack.submit(JOHN, {"name": "late"})) for _ in range(2)]
    await clock.until_sleeping(5)
    await clock.advance(0.3)
    await asyncio.gather(*presses, return_exceptions=True)
    assert "One moment" in visible_text(stage.slack.view(JOHN) or {})
    await clock.advance(5)
    await stage.settle()
    said = [visible_text(shown) for shown in stage.slack.messages(JOHN, SALES)]
    assert said.count("saved late yes") == 1


@pytest.mark.parametrize("word", ["down", "unknown", "bug", "key"])
async def test_a_failed_submission_keeps_what_was_typed(stage: World, word: str) -> None:
    await opened(stage)
    await submitted(stage, word)
    view = stage.slack.view(JOHN)
    assert view is not None
    assert "Reference" in visible_text(view)
    name = next(block for block in view["blocks"] if block.get("block_id") == "name")
    assert name["element"]["initial_value"] == word
    await submitted(stage, "Ann")
    assert stage.slack.view(JOHN) is None


async def test_a_slow_submission_shows_progress_and_then_the_result(
    stage: World, clock: ManualClock
) -> None:
    await opened(stage)
    submitting = asyncio.create_task(stage.slack.submit(JOHN, {"name": "late"}))
    await clock.until_sleeping(5)
    await clock.advance(0.3)
    await submitting
    assert "One moment" in visible_text(stage.slack.view(JOHN) or {})
    await clock.advance(5)
    await stage.settle()
    assert "Saved." in visible_text(stage.slack.view(JOHN) or {})
    assert visible_text(last(stage)) == "saved late yes"


async def test_a_slow_failed_submission_returns_the_form(stage: World, clock: ManualClock) -> None:
    await opened(stage)
    submitting = asyncio.create_task(stage.slack.submit(JOHN, {"name": "late down"}))
    await clock.until_sleeping(5)
    await clock.advance(0.3)
    await submitting
    await clock.advance(5)
    await stage.settle()
    view = stage.slack.view(JOHN)
    assert view is not None
    assert "cannot be reached" in visible_text(view)
    name = next(block for block in view["blocks"] if block.get("block_id") == "name")
    assert name["element"]["initial_value"] == "late down"


async def test_submitting_needs_the_permission(stage: World) -> None:
    await opened(stage, MEI)
    await stage.slack.submit(MEI, {"name": "Ann"})
    await stage.settle()
    assert "sender" in visible_text(stage.slack.view(MEI) or {})


async def test_a_button_in_a_form_updates_the_form_with_its_state(stage: World) -> None:
    await opened(stage)
    await stage.slack.press(JOHN, "stage.fill")
    await stage.settle()
    assert "yes" in visible_text(stage.slack.view(JOHN) or {})


async def test_a_failed_button_in_a_form_is_reported_in_the_form(stage: World) -> None:
    await opened(stage)
    await stage.slack.press(JOHN, "stage.burn")
    await stage.settle()
    assert "Reference" in visible_text(stage.slack.view(JOHN) or {})


async def test_a_menu_offers_at_most_a_hundred(stage: World) -> None:
    await opened(stage)
    options = await stage.slack.suggest(JOHN, "stage.who", "jo")
    assert len(options) == 100
    assert options[0]["value"] == "0"


async def test_a_menu_that_fails_stays_empty(stage: World) -> None:
    await opened(stage)
    assert await stage.slack.suggest(JOHN, "stage.who", "boom") == []


async def test_a_slow_menu_is_answered_empty_in_time(stage: World, clock: ManualClock) -> None:
    await opened(stage)
    asking = asyncio.create_task(stage.slack.suggest(JOHN, "stage.who", "slow"))
    await clock.until_sleeping(5)
    await clock.advance(0.3)
    assert await asking == []


async def test_socket_mode_leads_to_the_same_router(open_world: OpenWorld) -> None:
    async with open_world(STAGE, socket_mode=True) as made:
        assert await typed(made, "/chakra say over a socket") == "over a socket"
        await made.slack.type(JOHN, SALES, "/chakra stage")
        await made.settle()
        assert (await submitted(made, "bad")).errors == {"name": "Another name, please."}
        await submitted(made, "Ann")
        assert visible_text(last(made)) == "saved Ann yes"
