"""What a handler may do wrong, and Slack too, without anybody being left in silence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from bot.aio.clock import sleep
from bot.context import Context
from bot.errors import UsageError
from bot.sandbox.slack import visible_text
from bot.slack import blocks
from bot.slack.commands.command import (
    Action,
    ActionRequest,
    Command,
    CommandRequest,
    Form,
    SubmitRequest,
)
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import CloseForm, Message, OpenForm, UpdateForm
from tests.clock import ManualClock
from tests.conftest import OpenWorld
from tests.world import World

JOHN, SALES = "U0JOHN", "C0SALES"
TOO_MUCH = {"kept": "x" * 4_000}


def form(state: dict[str, str] | None = None) -> OpenForm:
    name = blocks.text_field("name", "Name", action="odd.name", optional=True)
    buttons = [blocks.button(one, f"odd.{one}") for one in ("burn", "fail", "change", "draw")]
    burn = blocks.actions(*buttons)
    return OpenForm(blocks.form_modal("odd.submit", "Odd", "Save", [name, burn]), state or {})


async def run(request: CommandRequest, _: Context) -> OpenForm | Message:
    word = request.arguments.text_from()
    if word == "big":
        return form(TOO_MUCH)
    if word == "card":
        pressed = blocks.actions(blocks.button("Open", "odd.open"))
        return Message("card", (blocks.section("card"), pressed))
    return form()


async def open_big(_: ActionRequest, __: Context) -> OpenForm:
    return form(TOO_MUCH)


async def fail_later(_: ActionRequest, desk: Context) -> UpdateForm:
    await sleep(desk.clock, 1)
    raise UsageError("It cannot be burnt.")


async def change_later(_: ActionRequest, desk: Context) -> UpdateForm:
    await sleep(desk.clock, 1)
    return UpdateForm(form().view, fallback=Message("Changed."))


async def draw_later(_: ActionRequest, desk: Context) -> UpdateForm:
    await sleep(desk.clock, 1)
    return UpdateForm(form().view, overwrite=True)


async def grow(request: SubmitRequest | ActionRequest, __: Context) -> UpdateForm | CloseForm:
    if request.values.get("name") == "over":
        return CloseForm("Over.", follow_up=Message("It is over."))
    return UpdateForm(form().view, TOO_MUCH)


ODD: Command[Context] = Command(
    name="odd",
    summary="misbehaves",
    usage="odd [word]",
    example="/chakra odd big",
    run=run,
    needs=Permission.LOOK,
    actions=(
        Action("odd.open", open_big),
        Action("odd.burn", grow),
        Action("odd.fail", fail_later),
        Action("odd.change", change_later),
        Action("odd.draw", draw_later),
    ),
    forms=(Form("odd.submit", grow, needs=Permission.LOOK),),
)


@pytest.fixture
async def made(open_world: OpenWorld) -> AsyncIterator[World]:
    async with open_world((ODD,)) as world:
        yield world


async def typed(made: World, word: str) -> str:
    await made.slack.type(JOHN, SALES, f"/chakra odd {word}")
    await made.settle()
    return visible_text(made.slack.messages(JOHN, SALES)[-1])


async def test_too_much_form_state_is_reported_for_a_command(made: World) -> None:
    with capture_logs() as lines:
        said = await typed(made, "big")
    assert "Something in this app failed" in said
    assert "Reference" in said
    assert made.slack.view(JOHN) is None
    assert any(line.get("exc_info") for line in lines)


async def test_too_much_form_state_is_reported_for_a_button(made: World) -> None:
    await typed(made, "card")
    await made.slack.press(JOHN, "odd.open")
    await made.settle()
    assert "Reference" in visible_text(made.slack.messages(JOHN, SALES)[-1])


async def test_too_much_form_state_is_reported_for_a_submission(made: World) -> None:
    await typed(made, "")
    delivered = await made.slack.submit(JOHN, {"name": "Ann"})
    assert delivered.status == 200
    view = made.slack.view(JOHN)
    assert view is not None
    assert "Reference" in visible_text(view)
    name = next(block for block in view["blocks"] if block.get("block_id") == "name")
    assert name["element"]["initial_value"] == "Ann"


async def test_too_much_form_state_is_reported_for_a_button_in_a_form(made: World) -> None:
    await typed(made, "")
    delivered = await made.slack.press(JOHN, "odd.burn")
    await made.settle()
    assert delivered.status == 200
    assert "Reference" in visible_text(made.slack.view(JOHN) or {})


@pytest.mark.parametrize("error", ["expired_trigger_id", "invalid_arguments", "fatal_error"])
async def test_a_form_that_slack_does_not_open_is_reported_in_the_channel(
    made: World, error: str
) -> None:
    made.slack.fail("views.open", error=error)
    assert len(await typed(made, "")) > 30
    assert made.slack.messages(JOHN, SALES)[-1].ephemeral


async def test_an_undeliverable_error_is_logged(made: World) -> None:
    made.slack.fail("views.open", error="fatal_error")
    made.slack.fail("response_url", status=500, times=2)
    with capture_logs() as lines:
        await typed(made, "")
    lost = next(line for line in lines if line["event"] == "reply_failed")
    assert (lost["method"], lost["code"]) == ("response_url", "http_500")


async def pressed(made: World, clock: ManualClock, button: str, *, closed: bool) -> str:
    """What is said in the channel after a press whose answer comes later."""
    await typed(made, "")
    before = len(made.slack.messages(JOHN, SALES))
    pressing = asyncio.create_task(made.slack.press(JOHN, f"odd.{button}"))
    await clock.until_sleeping(1)
    if closed:
        await made.slack.close_view(JOHN)
    await clock.advance(1)
    await pressing
    await made.settle()
    return " ".join(visible_text(one) for one in made.slack.messages(JOHN, SALES)[before:])


async def test_the_result_of_a_closed_form_goes_to_its_channel(
    made: World, clock: ManualClock
) -> None:
    assert await pressed(made, clock, "change", closed=False) == ""
    assert await pressed(made, clock, "change", closed=True) == "Changed."
    assert "cannot be burnt" in await pressed(made, clock, "fail", closed=True)


async def test_an_update_of_a_closed_form_is_dropped(made: World, clock: ManualClock) -> None:
    with capture_logs() as lines:
        assert await pressed(made, clock, "draw", closed=True) == ""
    assert not [line for line in lines if line["event"] == "reply_failed"]


async def test_an_error_that_does_not_fit_the_form_goes_to_its_channel(
    made: World, clock: ManualClock
) -> None:
    made.slack.fail("views.update", error="hash_conflict")
    assert "cannot be burnt" in await pressed(made, clock, "fail", closed=False)


async def test_the_follow_up_of_an_old_form_goes_to_direct_messages(
    made: World, clock: ManualClock
) -> None:
    await typed(made, "")
    await clock.advance(31 * 60)
    before = len(made.slack.messages(JOHN, SALES))
    delivered = await made.slack.submit(JOHN, {"name": "over"})
    assert delivered.status == 200
    await made.settle()
    assert visible_text(made.slack.messages(JOHN, "D0JOHN")[-1]) == "It is over."
    assert len(made.slack.messages(JOHN, SALES)) == before


async def test_one_persons_hung_slack_call_delays_nobody_else(
    made: World, clock: ManualClock
) -> None:
    made.slack.hang("views.open")
    await made.slack.type(JOHN, SALES, "/chakra odd")
    delivered = await made.slack.type("U0MEI", SALES, "/chakra help")
    assert "/chakra odd" in str(delivered.body)
    made.slack.release()
    await made.settle()
    assert made.slack.view(JOHN) is not None


async def test_a_form_submitted_twice_at_once_runs_once(made: World) -> None:
    """Slack does not repeat submissions, but people press twice."""
    await typed(made, "")
    with capture_logs() as lines:
        await asyncio.gather(
            *(made.slack.submit(JOHN, {"name": "Ann"}) for _ in range(2)), return_exceptions=True
        )
        await made.settle()
    handled = [line for line in lines if line["event"] == "handled" and line["command"] == "odd"]
    assert len(handled) == 1
