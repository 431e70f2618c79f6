"""Entries of Slack's own menus: they open forms immediately, and failures are reported."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot import errors, manifest
from bot.aio.clock import sleep
from bot.context import Context
from bot.sandbox.slack import collect_text
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
from tests.conftest import OpenSandbox
from tests.request_client import open_request_client
from tests.shared_world import own_world, shared_world
from tests.world import World

MEI, JOHN, SAM = "U0MEI", "U0JOHN", "U0SAM"
SALES = "C0SALES"


def build_form(text: str) -> OpenForm:
    name = blocks.text_field("name", "Name", action="menu.name", optional=True)
    return OpenForm(
        blocks.form_modal("menu.submit", "A form", "Save", [blocks.section(text), name])
    )


async def open_globally(request: ShortcutRequest, _: Context) -> OpenForm:
    return build_form(f"from {request.channel.id or 'nowhere'}: {dict(request.message)}")


async def open_on_message(request: ShortcutRequest, _: Context) -> OpenForm:
    return build_form(f"from {request.channel.id}: {request.message['text']}")


async def open_slowly(_: ShortcutRequest, desk: Context) -> OpenForm:
    await sleep(desk.clock, 1)
    return build_form("slow")


async def open_very_slowly(_: ShortcutRequest, desk: Context) -> OpenForm:
    await sleep(desk.clock, 5)
    return build_form("slower")


async def fail_unavailable(_: ShortcutRequest, desk: Context) -> OpenForm:
    raise errors.Unavailable(endpoint="GET /x")


async def fail_unexpectedly(_: ShortcutRequest, desk: Context) -> OpenForm:
    await sleep(desk.clock, 5)
    raise RuntimeError("secret detail")


async def reply_with_text(_: ShortcutRequest, __: Context) -> Message:
    return Message("Nothing to do today.")


async def reply_with_nothing(_: ShortcutRequest, __: Context) -> NoReply:
    return NoReply()


async def run(_: CommandRequest, __: Context) -> OpenForm:
    return build_form("typed")


async def submit(request: SubmitRequest, _: Context) -> CloseForm:
    return CloseForm("Saved.", follow_up=Message(f"saved {request.values['name']}"))


RUNS: dict[str, Any] = {
    "anywhere": open_globally,
    "slow": open_slowly,
    "slower": open_very_slowly,
    "down": fail_unavailable,
    "bug": fail_unexpectedly,
    "text": reply_with_text,
    "nothing": reply_with_nothing,
}
MENU_COMMAND: Command[Context] = Command(
    name="menu",
    summary="is in Slack's menus",
    usage="menu",
    example="/chakra menu",
    run=run,
    forms=(Form("menu.submit", submit, needs=Permission.LOOK),),
    shortcuts=(
        *(Shortcut(f"menu.{name}", does) for name, does in RUNS.items()),
        Shortcut("menu.write", open_globally, needs=Permission.SEND),
        Shortcut("menu.of_message", open_on_message, is_message_shortcut=True),
        Shortcut("menu.down_here", fail_unavailable, is_message_shortcut=True),
    ),
)


def build_manifest_with_menus() -> dict[str, object]:
    app_manifest = manifest.load()
    entries = [
        (shortcut.id, "message" if shortcut.is_message_shortcut else "global")
        for shortcut in MENU_COMMAND.shortcuts
    ]
    app_manifest["features"]["shortcuts"] = [
        {"name": callback, "type": kind, "callback_id": callback, "description": "For the test"}
        for callback, kind in [*entries, ("menu.older", "global")]
    ]
    return app_manifest


pytestmark = shared_world


@pytest.fixture(scope="module")
def world_settings() -> dict[str, Any]:
    return {"commands": (MENU_COMMAND,), "app_manifest": build_manifest_with_menus()}


async def use_shortcut(acme: World, entry: str, *, by: str = MEI) -> str:
    """Return the text of the modal afterwards."""
    await acme.slack.use_shortcut(by, f"menu.{entry}")
    await acme.settle()
    return read_modal_text(acme, by)


def read_modal_text(acme: World, by: str = MEI) -> str:
    return collect_text(acme.slack.find_view(by) or {})


def read_direct_message_text(acme: World, by: str = MEI) -> str:
    posted = acme.slack.list_messages(by, f"D0{by.removeprefix('U0')}")
    return collect_text(posted[-1]) if posted else ""


async def test_a_global_shortcut_opens_a_form(acme: World) -> None:
    delivered = await acme.slack.use_shortcut(MEI, "menu.anywhere")
    assert (delivered.status, delivered.body) == (200, None)
    await acme.settle()
    assert "from nowhere: {}" in read_modal_text(acme)


async def test_a_message_shortcut_carries_its_message(acme: World) -> None:
    await acme.slack.type(JOHN, SALES, "Call Jane")
    message = acme.slack.list_messages(MEI, SALES)[-1]
    delivered = await acme.slack.use_message_shortcut(MEI, "menu.of_message", message)
    assert (delivered.status, delivered.body) == (200, None)
    await acme.settle()
    assert "from C0SALES: Call Jane" in read_modal_text(acme)


async def test_the_follow_up_of_a_global_shortcut_goes_to_direct_messages(acme: World) -> None:
    await use_shortcut(acme, "anywhere")
    await acme.slack.submit(MEI, {"name": "Ann"})
    await acme.settle()
    assert acme.slack.find_view(MEI) is None
    assert read_direct_message_text(acme) == "saved Ann"


async def test_the_follow_up_of_a_message_shortcut_is_ephemeral(acme: World) -> None:
    message = acme.slack.list_messages(MEI, SALES)[-1]
    await acme.slack.use_message_shortcut(MEI, "menu.of_message", message)
    await acme.settle()
    await acme.slack.submit(MEI, {"name": "Ann"})
    await acme.settle()
    posted = acme.slack.list_messages(MEI, SALES)[-1]
    assert (collect_text(posted), posted.ephemeral) == ("saved Ann", True)
    assert read_direct_message_text(acme) == ""


async def test_a_refusal_opens_a_modal(acme: World) -> None:
    message = await use_shortcut(acme, "write")
    assert "That didn't work" in message
    assert "sender" in message
    assert "from nowhere" in await use_shortcut(acme, "write", by=JOHN)


async def test_an_external_person_is_refused_too(acme: World) -> None:
    assert "other workspaces" in await use_shortcut(acme, "anywhere", by=SAM)


async def test_an_error_opens_a_modal(acme: World) -> None:
    assert "Chakra cannot be reached" in await use_shortcut(acme, "down")
    message = acme.slack.list_messages(JOHN, SALES)[-1]
    await acme.slack.use_message_shortcut(JOHN, "menu.down_here", message)
    await acme.settle()
    assert "Chakra cannot be reached" in read_modal_text(acme, JOHN)


async def test_a_message_opens_a_modal(acme: World) -> None:
    assert "Nothing to do today." in await use_shortcut(acme, "text")


async def test_no_reply_opens_nothing(acme: World) -> None:
    await use_shortcut(acme, "nothing")
    assert acme.slack.find_view(MEI) is None
    assert read_direct_message_text(acme) == ""


async def test_an_unknown_shortcut_is_reported(acme: World) -> None:
    assert "no longer has that menu entry" in await use_shortcut(acme, "older")


async def test_slow_form_still_opens(acme: World, clock: ManualClock) -> None:
    choosing = asyncio.create_task(acme.slack.use_shortcut(MEI, "menu.slow"))
    await clock.wait_for_sleep(1)
    await clock.advance(0.3)
    assert (await choosing).seconds < 0.5
    await clock.advance(1)
    await acme.settle()
    assert "slow" in read_modal_text(acme)


async def open_until_progress(acme: World, clock: ManualClock, entry: str) -> None:
    """Until the person reads that it takes a while."""
    choosing = asyncio.create_task(acme.slack.use_shortcut(MEI, f"menu.{entry}"))
    await clock.wait_for_sleep(5)
    await clock.advance(0.3)
    await choosing
    await clock.advance(2.3)
    await acme.settle()
    assert "One moment" in read_modal_text(acme)


async def test_a_form_slower_than_its_trigger_still_opens(acme: World, clock: ManualClock) -> None:
    await open_until_progress(acme, clock, "slower")
    await clock.advance(3)
    await acme.settle()
    assert "slower" in read_modal_text(acme)
    assert "One moment" not in read_modal_text(acme)


async def test_a_person_who_closes_the_waiting_modal_gets_nothing(
    acme: World, clock: ManualClock
) -> None:
    await open_until_progress(acme, clock, "slower")
    await acme.slack.close_view(MEI)
    await clock.advance(3)
    await acme.settle()
    assert acme.slack.find_view(MEI) is None
    assert read_direct_message_text(acme) == ""


async def test_a_person_who_closes_the_waiting_modal_still_reads_an_error(
    acme: World, clock: ManualClock
) -> None:
    await open_until_progress(acme, clock, "bug")
    await acme.slack.close_view(MEI)
    await clock.advance(3)
    await acme.settle()
    assert "Something in this app failed" in read_direct_message_text(acme)
    assert "secret" not in read_direct_message_text(acme)


@pytest.mark.parametrize("error", ["expired_trigger_id", "fatal_error", "invalid_arguments"])
async def test_an_unopened_modal_is_reported_in_direct_messages(acme: World, error: str) -> None:
    acme.slack.fail("views.open", error=error, times=2)
    assert await use_shortcut(acme, "anywhere") == ""
    assert len(read_direct_message_text(acme)) > 30


async def test_an_unopened_modal_of_a_message_is_reported_in_its_channel(acme: World) -> None:
    acme.slack.fail("views.open", error="expired_trigger_id", times=2)
    message = acme.slack.list_messages(MEI, SALES)[-1]
    await acme.slack.use_message_shortcut(MEI, "menu.of_message", message)
    await acme.settle()
    posted = acme.slack.list_messages(MEI, SALES)[-1]
    assert "gave up waiting for the form" in collect_text(posted)
    assert posted.ephemeral


async def test_undeliverable_reply_is_logged(acme: World) -> None:
    acme.slack.fail("views.open", error="fatal_error", times=3)
    acme.slack.fail("chat.postMessage", error="fatal_error", times=3)
    with capture_logs() as lines:
        await use_shortcut(acme, "anywhere")
    assert any(line["event"] == "reply_failed" for line in lines)


@own_world
async def test_a_shortcut_is_counted_for_its_command(acme: World) -> None:
    await use_shortcut(acme, "anywhere")
    await use_shortcut(acme, "write")
    figures = acme.bot.metrics.render().decode()
    assert 'chakra_bot_commands_total{command="menu",outcome="ok"} 1.0' in figures
    assert 'chakra_bot_commands_total{command="menu",outcome="not_allowed"} 1.0' in figures


async def test_shortcuts_work_in_socket_mode(open_sandbox: OpenSandbox) -> None:
    async with open_sandbox(
        (MENU_COMMAND,), app_manifest=build_manifest_with_menus(), socket_mode=True
    ) as world:
        assert "from nowhere" in await use_shortcut(world, "anywhere")
        message = world.slack.list_messages(JOHN, SALES)[-1]
        await world.slack.use_message_shortcut(JOHN, "menu.of_message", message)
        await world.settle()
        assert "from C0SALES" in read_modal_text(world, JOHN)


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
async def test_junk_is_a_4xx(acme: World, kind: str, odd: dict[str, Any]) -> None:
    async with open_request_client(acme) as post:
        answer = await post.post_payload({"type": kind, **odd})
        assert 400 <= answer.status < 500, answer.text
        assert "from nowhere" in await use_shortcut(acme, "anywhere")
