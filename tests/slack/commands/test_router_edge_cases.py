"""What a handler may do wrong, and Slack too, without anybody being left in silence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from bot.aio.clock import sleep
from bot.context import Context
from bot.errors import UsageError
from bot.sandbox.slack import collect_text
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
from tests.conftest import OpenSandbox
from tests.world import World

JOHN, SALES = "U0JOHN", "C0SALES"
OVERSIZED_STATE = {"saved": "x" * 4_000}


def build_form(state: dict[str, str] | None = None) -> OpenForm:
    name = blocks.text_field("name", "Name", action="odd.name", optional=True)
    buttons = [blocks.button(name, f"odd.{name}") for name in ("burn", "fail", "change", "draw")]
    burn = blocks.actions(*buttons)
    return OpenForm(blocks.form_modal("odd.submit", "Odd", "Save", [name, burn]), state or {})


async def run(request: CommandRequest, _: Context) -> OpenForm | Message:
    word = request.arguments.join_from()
    if word == "big":
        return build_form(OVERSIZED_STATE)
    if word == "card":
        pressed = blocks.actions(blocks.button("Open", "odd.open"))
        return Message("card", (blocks.section("card"), pressed))
    return build_form()


async def open_oversized_form(_: ActionRequest, __: Context) -> OpenForm:
    return build_form(OVERSIZED_STATE)


async def fail_slowly(_: ActionRequest, desk: Context) -> UpdateForm:
    await sleep(desk.clock, 1)
    raise UsageError("It cannot be burnt.")


async def change_slowly(_: ActionRequest, desk: Context) -> UpdateForm:
    await sleep(desk.clock, 1)
    return UpdateForm(build_form().view, fallback=Message("Changed."))


async def redraw_slowly(_: ActionRequest, desk: Context) -> UpdateForm:
    await sleep(desk.clock, 1)
    return UpdateForm(build_form().view, overwrite=True)


async def return_oversized_state(
    request: SubmitRequest | ActionRequest, __: Context
) -> UpdateForm | CloseForm:
    if request.values.get("name") == "over":
        return CloseForm("Over.", follow_up=Message("It is over."))
    return UpdateForm(build_form().view, OVERSIZED_STATE)


ODD_COMMAND: Command[Context] = Command(
    name="odd",
    summary="misbehaves",
    usage="odd [word]",
    example="/chakra odd big",
    run=run,
    needs=Permission.LOOK,
    actions=(
        Action("odd.open", open_oversized_form),
        Action("odd.burn", return_oversized_state),
        Action("odd.fail", fail_slowly),
        Action("odd.change", change_slowly),
        Action("odd.draw", redraw_slowly),
    ),
    forms=(Form("odd.submit", return_oversized_state, needs=Permission.LOOK),),
)


@pytest.fixture
async def sandbox(open_sandbox: OpenSandbox) -> AsyncIterator[World]:
    async with open_sandbox((ODD_COMMAND,)) as world:
        yield world


async def run_command(sandbox: World, word: str) -> str:
    await sandbox.slack.type(JOHN, SALES, f"/chakra odd {word}")
    await sandbox.settle()
    return collect_text(sandbox.slack.list_messages(JOHN, SALES)[-1])


async def test_too_much_form_state_is_reported_for_a_command(sandbox: World) -> None:
    with capture_logs() as lines:
        text = await run_command(sandbox, "big")
    assert "Something in this app failed" in text
    assert "Reference" in text
    assert sandbox.slack.find_view(JOHN) is None
    assert any(line.get("exc_info") for line in lines)


async def test_too_much_form_state_is_reported_for_a_button(sandbox: World) -> None:
    await run_command(sandbox, "card")
    await sandbox.slack.press(JOHN, "odd.open")
    await sandbox.settle()
    assert "Reference" in collect_text(sandbox.slack.list_messages(JOHN, SALES)[-1])


async def test_too_much_form_state_is_reported_for_a_submission(sandbox: World) -> None:
    await run_command(sandbox, "")
    delivered = await sandbox.slack.submit(JOHN, {"name": "Ann"})
    assert delivered.status == 200
    view = sandbox.slack.find_view(JOHN)
    assert view is not None
    assert "Reference" in collect_text(view)
    name = next(block for block in view["blocks"] if block.get("block_id") == "name")
    assert name["element"]["initial_value"] == "Ann"


async def test_too_much_form_state_is_reported_for_a_button_in_a_form(sandbox: World) -> None:
    await run_command(sandbox, "")
    delivered = await sandbox.slack.press(JOHN, "odd.burn")
    await sandbox.settle()
    assert delivered.status == 200
    assert "Reference" in collect_text(sandbox.slack.find_view(JOHN) or {})


@pytest.mark.parametrize("error", ["expired_trigger_id", "invalid_arguments", "fatal_error"])
async def test_a_form_that_slack_does_not_open_is_reported_in_the_channel(
    sandbox: World, error: str
) -> None:
    sandbox.slack.fail("views.open", error=error)
    assert len(await run_command(sandbox, "")) > 30
    assert sandbox.slack.list_messages(JOHN, SALES)[-1].ephemeral


async def test_an_undeliverable_error_is_logged(sandbox: World) -> None:
    sandbox.slack.fail("views.open", error="fatal_error")
    sandbox.slack.fail("response_url", status=500)
    sandbox.slack.fail("chat.postMessage", error="fatal_error", times=2)
    with capture_logs() as lines:
        await run_command(sandbox, "")
    lost = next(line for line in lines if line["event"] == "reply_failed")
    assert (lost["method"], lost["code"]) == ("chat.postMessage", "fatal_error")


async def press_slow_button(
    sandbox: World, clock: ManualClock, button: str, *, closed: bool
) -> str:
    """Return the text in the channel after a press whose answer comes later."""
    await run_command(sandbox, "")
    before = len(sandbox.slack.list_messages(JOHN, SALES))
    pressing = asyncio.create_task(sandbox.slack.press(JOHN, f"odd.{button}"))
    await clock.wait_for_sleep(1)
    if closed:
        await sandbox.slack.close_view(JOHN)
    await clock.advance(1)
    await pressing
    await sandbox.settle()
    return " ".join(
        collect_text(message) for message in sandbox.slack.list_messages(JOHN, SALES)[before:]
    )


async def test_the_result_of_a_closed_form_goes_to_its_channel(
    sandbox: World, clock: ManualClock
) -> None:
    assert await press_slow_button(sandbox, clock, "change", closed=False) == ""
    assert await press_slow_button(sandbox, clock, "change", closed=True) == "Changed."
    assert "cannot be burnt" in await press_slow_button(sandbox, clock, "fail", closed=True)


async def test_an_update_of_a_closed_form_is_dropped(sandbox: World, clock: ManualClock) -> None:
    with capture_logs() as lines:
        assert await press_slow_button(sandbox, clock, "draw", closed=True) == ""
    assert not [line for line in lines if line["event"] == "reply_failed"]


async def test_an_error_that_does_not_fit_the_form_goes_to_its_channel(
    sandbox: World, clock: ManualClock
) -> None:
    sandbox.slack.fail("views.update", error="hash_conflict")
    assert "cannot be burnt" in await press_slow_button(sandbox, clock, "fail", closed=False)


async def test_the_follow_up_of_an_old_form_goes_to_direct_messages(
    sandbox: World, clock: ManualClock
) -> None:
    await run_command(sandbox, "")
    await clock.jump(31 * 60)
    before = len(sandbox.slack.list_messages(JOHN, SALES))
    delivered = await sandbox.slack.submit(JOHN, {"name": "over"})
    assert delivered.status == 200
    await sandbox.settle()
    assert collect_text(sandbox.slack.list_messages(JOHN, "D0JOHN")[-1]) == "It is over."
    assert len(sandbox.slack.list_messages(JOHN, SALES)) == before


async def test_hung_slack_call_delays_no_other_member(sandbox: World, clock: ManualClock) -> None:
    sandbox.slack.hang("views.open")
    await sandbox.slack.type(JOHN, SALES, "/chakra odd")
    delivered = await sandbox.slack.type("U0MEI", SALES, "/chakra help")
    assert "/chakra odd" in str(delivered.body)
    sandbox.slack.release()
    await sandbox.settle()
    assert sandbox.slack.find_view(JOHN) is not None


async def test_two_concurrent_submissions_of_one_form_run_once(sandbox: World) -> None:
    """Slack does not repeat submissions, but people press twice."""
    await run_command(sandbox, "")
    with capture_logs() as lines:
        await asyncio.gather(
            *(sandbox.slack.submit(JOHN, {"name": "Ann"}) for _ in range(2)), return_exceptions=True
        )
        await sandbox.settle()
    handled = [line for line in lines if line["event"] == "handled" and line["command"] == "odd"]
    assert len(handled) == 1
