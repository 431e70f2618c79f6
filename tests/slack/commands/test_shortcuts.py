"""Entries of Slack's own menus: they open forms at once, and whoever they fail is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot import errors, manifest
from bot.aio.clock import sleep
from bot.context import Context
from bot.sandbox.slack import visible_text
from bot.slack import blocks
from bot.slack.commands.command import (
    Command,
    CommandRequest,
    Form,
    Shortcut,
    ShortcutRequest,
    SubmitRequest,
)
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import CloseForm, Message, NoReply, OpenForm
from tests.clock import ManualClock
from tests.conftest import OpenWorld
from tests.posting import posting
from tests.world import World

MEI, JOHN, SAM = "U0MEI", "U0JOHN", "U0SAM"
SALES = "C0SALES"


def form(text: str) -> OpenForm:
    name = blocks.text_field("name", "Name", action="menu.name", optional=True)
    return OpenForm(
        blocks.form_modal("menu.submit", "A form", "Save", [blocks.section(text), name])
    )


async def anywhere(request: ShortcutRequest, _: Context) -> OpenForm:
    return form(f"from {request.channel.id or 'nowhere'}: {dict(request.message)}")


async def of_message(request: ShortcutRequest, _: Context) -> OpenForm:
    return form(f"from {request.channel.id}: {request.message['text']}")


async def slow(_: ShortcutRequest, desk: Context) -> OpenForm:
    await sleep(desk.clock, 1)
    return form("slow")


async def slower(_: ShortcutRequest, desk: Context) -> OpenForm:
    await sleep(desk.clock, 5)
    return form("slower")


async def down(_: ShortcutRequest, desk: Context) -> OpenForm:
    raise errors.Unavailable(endpoint="GET /x")


async def bug(_: ShortcutRequest, desk: Context) -> OpenForm:
    await sleep(desk.clock, 5)
    raise RuntimeError("secret detail")


async def said(_: ShortcutRequest, __: Context) -> Message:
    return Message("Nothing to do today.")


async def nothing(_: ShortcutRequest, __: Context) -> NoReply:
    return NoReply()


async def run(_: CommandRequest, __: Context) -> OpenForm:
    return form("typed")


async def submit(request: SubmitRequest, _: Context) -> CloseForm:
    return CloseForm("Saved.", follow_up=Message(f"saved {request.values['name']}"))


RUNS: dict[str, Any] = {
    "anywhere": anywhere,
    "slow": slow,
    "slower": slower,
    "down": down,
    "bug": bug,
    "said": said,
    "nothing": nothing,
}
MENU: Command[Context] = Command(
    name="menu",
    summary="stands in Slack's menus",
    usage="menu",
    example="/chakra menu",
    run=run,
    forms=(Form("menu.submit", submit, needs=Permission.LOOK),),
    shortcuts=(
        *(Shortcut(f"menu.{name}", does) for name, does in RUNS.items()),
        Shortcut("menu.write", anywhere, needs=Permission.SEND),
        Shortcut("menu.of_message", of_message, is_message_shortcut=True),
        Shortcut("menu.down_here", down, is_message_shortcut=True),
    ),
)


def with_menus() -> dict[str, object]:
    made = manifest.load()
    entries = [
        (one.id, "message" if one.is_message_shortcut else "global") for one in MENU.shortcuts
    ]
    made["features"]["shortcuts"] = [
        {"name": callback, "type": kind, "callback_id": callback, "description": "For the test"}
        for callback, kind in [*entries, ("menu.older", "global")]
    ]
    return made


@pytest.fixture
async def made(open_world: OpenWorld) -> AsyncIterator[World]:
    async with open_world((MENU,), app_manifest=with_menus()) as world:
        yield world


async def chosen(made: World, entry: str, *, by: str = MEI) -> str:
    """What stands in the modal afterwards."""
    await made.slack.use_shortcut(by, f"menu.{entry}")
    await made.settle()
    return modal(made, by)


def modal(made: World, by: str = MEI) -> str:
    return visible_text(made.slack.view(by) or {})


def direct(made: World, by: str = MEI) -> str:
    shown = made.slack.messages(by, f"D0{by.removeprefix('U0')}")
    return visible_text(shown[-1]) if shown else ""


async def test_a_global_shortcut_opens_a_form(made: World) -> None:
    delivered = await made.slack.use_shortcut(MEI, "menu.anywhere")
    assert (delivered.status, delivered.body) == (200, None)
    await made.settle()
    assert "from nowhere: {}" in modal(made)


async def test_a_message_shortcut_carries_its_message(made: World) -> None:
    await made.slack.type(JOHN, SALES, "Call Jane")
    message = made.slack.messages(MEI, SALES)[-1]
    delivered = await made.slack.use_message_shortcut(MEI, "menu.of_message", message)
    assert (delivered.status, delivered.body) == (200, None)
    await made.settle()
    assert "from C0SALES: Call Jane" in modal(made)


async def test_the_follow_up_of_a_global_shortcut_goes_to_direct_messages(made: World) -> None:
    await chosen(made, "anywhere")
    await made.slack.submit(MEI, {"name": "Ann"})
    await made.settle()
    assert made.slack.view(MEI) is None
    assert direct(made) == "saved Ann"


async def test_the_follow_up_of_a_message_shortcut_is_ephemeral(made: World) -> None:
    message = made.slack.messages(MEI, SALES)[-1]
    await made.slack.use_message_shortcut(MEI, "menu.of_message", message)
    await made.settle()
    await made.slack.submit(MEI, {"name": "Ann"})
    await made.settle()
    shown = made.slack.messages(MEI, SALES)[-1]
    assert (visible_text(shown), shown.ephemeral) == ("saved Ann", True)
    assert direct(made) == ""


async def test_a_refusal_opens_a_modal(made: World) -> None:
    told = await chosen(made, "write")
    assert "That did not work" in told
    assert "sender" in told
    assert "from nowhere" in await chosen(made, "write", by=JOHN)


async def test_an_external_person_is_refused_too(made: World) -> None:
    assert "other workspaces" in await chosen(made, "anywhere", by=SAM)


async def test_an_error_opens_a_modal(made: World) -> None:
    assert "Chakra cannot be reached" in await chosen(made, "down")
    message = made.slack.messages(JOHN, SALES)[-1]
    await made.slack.use_message_shortcut(JOHN, "menu.down_here", message)
    await made.settle()
    assert "Chakra cannot be reached" in modal(made, JOHN)


async def test_a_message_opens_a_modal(made: World) -> None:
    assert "Nothing to do today." in await chosen(made, "said")


async def test_no_reply_opens_nothing(made: World) -> None:
    await chosen(made, "nothing")
    assert made.slack.view(MEI) is None
    assert direct(made) == ""


async def test_an_unknown_shortcut_is_reported(made: World) -> None:
    assert "no longer has that menu entry" in await chosen(made, "older")


async def test_a_form_that_takes_a_moment_still_opens(made: World, clock: ManualClock) -> None:
    choosing = asyncio.create_task(made.slack.use_shortcut(MEI, "menu.slow"))
    await clock.until_sleeping(1)
    await clock.advance(0.3)
    assert (await choosing).seconds < 0.5
    await clock.advance(1)
    await made.settle()
    assert "slow" in modal(made)


async def slowly(made: World, clock: ManualClock, entry: str) -> None:
    """Until the person reads that it takes a while."""
    choosing = asyncio.create_task(made.slack.use_shortcut(MEI, f"menu.{entry}"))
    await clock.until_sleeping(5)
    await clock.advance(0.3)
    await choosing
    await clock.advance(2.3)
    await made.settle()
    assert "One moment" in modal(made)


async def test_a_form_slower_than_its_trigger_still_opens(made: World, clock: ManualClock) -> None:
    await slowly(made, clock, "slower")
    await clock.advance(3)
    await made.settle()
    assert "slower" in modal(made)
    assert "One moment" not in modal(made)


async def test_a_person_who_closes_the_waiting_modal_gets_nothing(
    made: World, clock: ManualClock
) -> None:
    await slowly(made, clock, "slower")
    await made.slack.close_view(MEI)
    await clock.advance(3)
    await made.settle()
    assert made.slack.view(MEI) is None
    assert direct(made) == ""


async def test_a_person_who_closes_the_waiting_modal_still_reads_an_error(
    made: World, clock: ManualClock
) -> None:
    await slowly(made, clock, "bug")
    await made.slack.close_view(MEI)
    await clock.advance(3)
    await made.settle()
    assert "Something in this app failed" in direct(made)
    assert "secret" not in direct(made)


@pytest.mark.parametrize("error", ["expired_trigger_id", "fatal_error", "invalid_arguments"])
async def test_an_unopened_modal_is_reported_in_direct_messages(made: World, error: str) -> None:
    made.slack.fail("views.open", error=error, times=2)
    assert await chosen(made, "anywhere") == ""
    assert len(direct(made)) > 30


async def test_an_unopened_modal_of_a_message_is_reported_in_its_channel(made: World) -> None:
    made.slack.fail("views.open", error="expired_trigger_id", times=2)
    message = made.slack.messages(MEI, SALES)[-1]
    await made.slack.use_message_shortcut(MEI, "menu.of_message", message)
    await made.settle()
    shown = made.slack.messages(MEI, SALES)[-1]
    assert "gave up waiting for the form" in visible_text(shown)
    assert shown.ephemeral


async def test_undeliverable_reply_is_logged(made: World) -> None:
    made.slack.fail("views.open", error="fatal_error", times=3)
    made.slack.fail("chat.postMessage", error="fatal_error", times=3)
    with capture_logs() as lines:
        await chosen(made, "anywhere")
    assert any(line["event"] == "reply_failed" for line in lines)


async def test_a_shortcut_is_counted_for_its_command(made: World) -> None:
    await chosen(made, "anywhere")
    await chosen(made, "write")
    figures = made.bot.metrics.render().decode()
    assert 'chakra_bot_commands_total{command="menu",outcome="ok"} 1.0' in figures
    assert 'chakra_bot_commands_total{command="menu",outcome="not_allowed"} 1.0' in figures


async def test_shortcuts_work_in_socket_mode(open_world: OpenWorld) -> None:
    async with open_world((MENU,), app_manifest=with_menus(), socket_mode=True) as made:
        assert "from nowhere" in await chosen(made, "anywhere")
        message = made.slack.messages(JOHN, SALES)[-1]
        await made.slack.use_message_shortcut(JOHN, "menu.of_message", message)
        await made.settle()
        assert "from C0SALES" in modal(made, JOHN)


USER = {"id": MEI, "team_id": "T0ACME"}
WHOLE = {"user": USER, "callback_id": "menu.of_message", "trigger_id": "1.2.x"}


@pytest.mark.parametrize("kind", ["shortcut", "message_action"])
@pytest.mark.parametrize(
    "odd",
    [
        {},
        {**WHOLE, "user": None},
        {**WHOLE, "user": {"id": ""}, "callback_id": ""},
        {**WHOLE, "callback_id": None},
        {**WHOLE, "callback_id": ["menu.anywhere"]},
        {**WHOLE, "trigger_id": 7},
        {**WHOLE, "trigger_id": ""},
        {**WHOLE, "message": "text"},
        {**WHOLE, "message": ["text"]},
    ],
)
async def test_junk_is_a_4xx(made: World, kind: str, odd: dict[str, Any]) -> None:
    async with posting(made) as post:
        answer = await post.payload({"type": kind, **odd})
        assert 400 <= answer.status < 500, answer.text
        assert "from nowhere" in await chosen(made, "anywhere")
