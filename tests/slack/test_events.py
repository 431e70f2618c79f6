"""Slack's events through the front door: mentions, messages to the app, invitations, repeats."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot import manifest
from bot.context import Context
from bot.sandbox.slack import VisibleMessage, collect_text
from bot.slack.commands.command import Command, Event, EventRequest
from bot.slack.commands.reply import Message, NoReply, Reply
from tests.clock import ManualClock
from tests.conftest import OpenSandbox
from tests.shared_world import own_world, shared_world
from tests.slack.router_commands import ROUTER_COMMANDS, say_text
from tests.world import World

MEI, JOHN, GITA, SAM = "U0MEI", "U0JOHN", "U0GITA", "U0SAM"
SALES, SUPPORT, GENERAL, PARTNERS = "C0SALES", "C0SUPPORT", "C0GENERAL", "C0PARTNERS"
HOUR = 3_600.0

pytestmark = shared_world


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tell the stories of ``stage`` over both connections, and those of ``over_http`` over one."""
    if "socket_mode" in metafunc.fixturenames:
        modes = (
            {"http": False, "socket": True} if "stage" in metafunc.fixturenames else {"http": False}
        )
        metafunc.parametrize("socket_mode", modes.values(), ids=modes.keys(), scope="module")


@pytest.fixture(scope="module")
def world_settings(socket_mode: bool) -> dict[str, Any]:
    return {"commands": ROUTER_COMMANDS, "socket_mode": socket_mode}


@pytest.fixture
def stage(socket_mode: bool, acme: World) -> World:
    return acme


@pytest.fixture
def over_http(socket_mode: bool, acme: World) -> World:
    return acme


def list_answers(world: World, person: str, channel: str) -> list[VisibleMessage]:
    """What the app posted there, as this person sees it."""
    return [m for m in world.slack.list_messages(person, channel) if m.author == "U0CHAKRA"]


def find_direct_messages(person: str) -> str:
    return f"D{person.removeprefix('U')}"


async def mention(world: World, text: str, person: str = MEI, channel: str = SALES) -> str:
    """Return the last answer to a mention, after checking that no one else saw it."""
    before = len(list_answers(world, person, channel))
    others = len(list_answers(world, JOHN if person != JOHN else MEI, channel))
    delivered = await world.slack.mention(person, channel, text)
    assert delivered.status == 200
    await world.settle()
    new = list_answers(world, person, channel)[before:]
    assert all(message.ephemeral for message in new)
    assert len(list_answers(world, JOHN if person != JOHN else MEI, channel)) == others
    return collect_text(new[-1]) if new else ""


async def write(world: World, text: str, person: str = MEI) -> str:
    channel = find_direct_messages(person)
    before = len(list_answers(world, person, channel))
    delivered = await world.slack.write_to_app(person, text)
    assert delivered.status == 200
    await world.settle()
    new = list_answers(world, person, channel)[before:]
    return collect_text(new[-1]) if new else ""


# --- mentions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["say hello", ": say hello", ", say hello", "/chakra say hello"])
async def test_a_mention_runs_the_rest_of_the_message_as_a_command(stage: World, text: str) -> None:
    assert await mention(stage, text) == "hello"


async def test_the_text_before_a_mention_at_the_end_is_the_command(stage: World) -> None:
    await stage.slack.type(MEI, SALES, "say hello @chakra")
    await stage.settle()
    assert collect_text(list_answers(stage, MEI, SALES)[-1]) == "hello"


async def test_a_mention_alone_is_answered_with_the_welcome(stage: World) -> None:
    assert "You can look things up" in await mention(stage, "")


async def test_a_mention_of_something_unknown_is_answered_with_the_welcome(stage: World) -> None:
    assert "You can look things up" in await mention(stage, "what do you think?")


async def test_a_misspelled_command_is_suggested(stage: World) -> None:
    text = await mention(stage, "sayy hello")
    assert "Did you mean:\n/chakra say hello" in text
    assert "You can look things up" in text


async def test_a_mention_in_a_thread_is_answered_in_the_thread(over_http: World) -> None:
    parent = over_http.slack.list_messages(MEI, SALES)[0]
    await over_http.slack.type(MEI, SALES, "@chakra say hello", thread_ts=parent.ts)
    await over_http.settle()
    [answer] = list_answers(over_http, MEI, SALES)
    assert (collect_text(answer), answer.thread_ts) == ("hello", parent.ts)


async def test_a_permission_is_needed_as_for_a_typed_command(stage: World) -> None:
    assert "can't send or change anything" in await mention(stage, "write hello")
    assert await mention(stage, "write hello", JOHN) == "hello"


async def test_what_is_shared_from_a_mention_is_public(stage: World) -> None:
    await stage.slack.mention(MEI, SALES, "post channel")
    await stage.settle()
    assert collect_text(list_answers(stage, JOHN, SALES)[-1]) == "for everyone"


async def test_a_form_is_offered_as_a_button(stage: World) -> None:
    assert "Press the button" in await mention(stage, "stage")
    await stage.slack.press(MEI, "help.run:stage")
    await stage.settle()
    assert stage.slack.find_view(MEI) is not None


async def test_an_error_is_explained_to_the_person_alone(stage: World) -> None:
    assert "Something in this app failed" in await mention(stage, "fail bug")


async def test_a_slow_answer_is_acknowledged_first(stage: World, clock: ManualClock) -> None:
    asking = asyncio.create_task(stage.slack.mention(MEI, SALES, "slow 1"))
    await clock.wait_for_sleep(0.3)
    await clock.advance(0.3)
    assert (await asking).status == 200
    await clock.advance(0.7)
    await stage.settle()
    assert list_answers(stage, MEI, SALES)


# --- messages to the app -------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["say hello", "/chakra say hello"[1:], "Chakra: say hello"])
async def test_a_message_to_the_app_is_read_as_a_command(stage: World, text: str) -> None:
    assert await write(stage, text) == "hello"


@pytest.mark.parametrize("text", ["hello", "hello, who is maria?", "👋", "thanks!"])
async def test_a_hello_is_answered_with_the_welcome(stage: World, text: str) -> None:
    assert "You can look things up" in await write(stage, text)


async def test_a_guest_hears_why_they_may_not(stage: World) -> None:
    assert "Guests can't use Chakra" in await write(stage, "hello", GITA)
    assert "Guests can't use Chakra" in await write(stage, "say hello", GITA)


async def test_the_answer_to_a_direct_message_is_a_message(stage: World) -> None:
    await write(stage, "say hello")
    assert not list_answers(stage, MEI, find_direct_messages(MEI))[-1].ephemeral


async def test_help_is_answered_in_direct_messages(stage: World) -> None:
    assert "/chakra say" in await write(stage, "help")


# --- what is ignored -----------------------------------------------------------------------------


async def test_own_messages_edits_and_deletions_are_ignored(over_http: World) -> None:
    await write(over_http, "say hello")
    slack = over_http.bot.slack
    ref = await slack.post_message(MEI, Message("say this"))
    await slack.update_message(ref, Message("say that"))
    await slack.call("chat.delete", channel=ref.channel, ts=ref.ts)
    await over_http.settle()
    events = [p for p in over_http.slack.exchanges if p.kind == "event"]
    assert [p.summary for p in events][-3:] == ["message", "message_changed", "message_deleted"]
    assert all(payload.status == 200 for payload in events)
    assert len(list_answers(over_http, MEI, find_direct_messages(MEI))) == 1


@pytest.mark.parametrize(
    "event",
    [
        {"type": "reaction_added", "user": MEI},
        {"type": "something_new"},
        {"type": "message", "channel_type": "im", "channel": "D0MEI", "bot_id": "B1", "text": "x"},
        {"type": "message", "channel_type": "im", "subtype": "bot_message", "text": "say hi"},
        {"type": "message", "channel_type": "im", "user": 5, "text": "say hi"},
        {"type": "message", "channel_type": "channel", "channel": SALES, "user": MEI, "text": "x"},
        {
            "type": "message",
            "channel_type": "mpim",
            "channel": "G0BLUEBIRD",
            "user": MEI,
            "text": "say hi",
            "ts": "1700000001.000100",
        },
        {"type": "app_mention"},
        {"type": "member_joined_channel", "user": MEI, "channel": SALES},
    ],
)
async def test_every_other_event_is_acknowledged_and_ignored(
    over_http: World, event: dict[str, object]
) -> None:
    ack = await over_http.slack.send_event(event)
    await over_http.settle()
    assert ack.status == 200
    assert not [call for call in over_http.slack.calls if call.method.startswith("chat.")]


# --- invitations ---------------------------------------------------------------------------------


@own_world
async def test_the_app_says_hello_once_when_it_is_invited(stage: World) -> None:
    await stage.slack.invite_app(MEI, GENERAL)
    await stage.settle()
    [hello] = list_answers(stage, JOHN, GENERAL)
    assert "Type `/chakra` here to begin" in collect_text(hello)
    await stage.slack.redeliver_event()
    await stage.settle()
    assert len(list_answers(stage, JOHN, GENERAL)) == 1


async def test_others_who_join_are_not_greeted(over_http: World) -> None:
    joined = {"type": "member_joined_channel", "user": JOHN, "channel": SALES}
    await over_http.slack.send_event(joined)
    await over_http.settle()
    assert not list_answers(over_http, JOHN, SALES)


# --- repeats and delays --------------------------------------------------------------------------


async def test_an_event_that_slack_delivers_twice_is_answered_once(stage: World) -> None:
    await write(stage, "say hello")
    ack = await stage.slack.redeliver_event()
    await stage.settle()
    assert ack.status == 200
    assert len(list_answers(stage, MEI, find_direct_messages(MEI))) == 1


async def test_an_event_from_before_a_restart_is_not_answered_again(
    open_sandbox: OpenSandbox, tmp_path: Path
) -> None:
    stored = {"database_url": SecretStr(f"sqlite:///{tmp_path / 'bot.db'}")}
    event = {
        "type": "message",
        "channel_type": "im",
        "user": MEI,
        "channel": find_direct_messages(MEI),
        "text": "say hello",
    }
    for expected in (1, 0):
        async with open_sandbox(ROUTER_COMMANDS, other=stored) as world:
            assert (await world.slack.send_event(event, event_id="Ev0BEFORE")).status == 200
            await world.settle()
            assert len(list_answers(world, MEI, find_direct_messages(MEI))) == expected


async def test_a_late_message_is_not_acted_on(stage: World, clock: ManualClock) -> None:
    stage.slack.hold_events()
    await stage.slack.write_to_app(MEI, "say hello")
    await stage.slack.mention(MEI, SALES, "say hello")
    await clock.jump(3 * HOUR)
    await stage.slack.release_events()
    await stage.settle()
    for channel in (find_direct_messages(MEI), SALES):
        [answer] = list_answers(stage, MEI, channel)
        assert "3 hours ago" in collect_text(answer)
        assert collect_text(answer) != "hello"


async def test_a_message_of_a_minute_ago_is_acted_on(stage: World, clock: ManualClock) -> None:
    stage.slack.hold_events()
    await stage.slack.write_to_app(MEI, "say hello")
    await clock.advance(60)
    await stage.slack.release_events()
    await stage.settle()
    assert collect_text(list_answers(stage, MEI, find_direct_messages(MEI))[-1]) == "hello"


# --- events of commands --------------------------------------------------------------------------


def add_event(seen: list[EventRequest]) -> tuple[Command[Context], ...]:
    async def note(request: EventRequest, _: Context) -> Reply:
        seen.append(request)
        return NoReply()

    listening: Command[Context] = Command(
        name="listen",
        summary="hear of events",
        usage="listen",
        example="/chakra listen",
        run=say_text,
        events=(Event("message.channels", note),),
    )
    return (*ROUTER_COMMANDS, listening)


@pytest.fixture
def app_manifest() -> dict[str, object]:
    loaded = manifest.load()
    loaded["settings"]["event_subscriptions"]["bot_events"].append("message.channels")
    return loaded


async def test_a_command_gets_the_events_that_it_names(
    open_sandbox: OpenSandbox, app_manifest: dict[str, object], clock: ManualClock
) -> None:
    seen: list[EventRequest] = []
    async with open_sandbox(add_event(seen), app_manifest=app_manifest) as world:
        await world.slack.type(MEI, SALES, "good morning")
        await world.slack.redeliver_event()
        await world.settle()
        [request] = seen
        assert (request.actor.id, request.channel.id) == (MEI, SALES)
        assert request.member is not None
        assert request.body["text"] == "good morning"
        assert request.event_id.startswith("Ev")
        assert not request.delayed
        world.slack.hold_events()
        await world.slack.type(MEI, SALES, "good evening")
        await clock.jump(3 * HOUR)
        await world.slack.release_events()
        await world.settle()
        assert seen[-1].delayed
        assert request.event_time == seen[-1].event_time


async def test_a_person_without_the_permission_is_left_alone(
    open_sandbox: OpenSandbox, app_manifest: dict[str, object]
) -> None:
    seen: list[EventRequest] = []
    async with open_sandbox(add_event(seen), app_manifest=app_manifest) as world:
        await world.slack.type(GITA, SUPPORT, "good morning")
        await world.settle()
        assert not seen
        assert not list_answers(world, GITA, SUPPORT)


# --- the end of an installation ------------------------------------------------------------------


@own_world
async def test_a_revoked_workspace_is_logged_and_not_ready(stage: World) -> None:
    with capture_logs() as lines:
        await stage.slack.uninstall()
        await stage.settle()
    revoked = [line for line in lines if line["event"] == "workspace_revoked"]
    assert {line["reason"] for line in revoked} <= {"app_uninstalled", "tokens_revoked"}
    assert revoked
    async with ClientSession() as session, session.get(f"{stage.bot_url}/readyz") as response:
        assert response.status == 503
        reason = (await response.json())["reason"]
    assert reason.removeprefix("Slack: ") in {"app_uninstalled", "tokens_revoked"}


async def test_a_late_revocation_is_ignored(stage: World) -> None:
    with capture_logs() as lines:
        await stage.slack.send_event({"type": "tokens_revoked", "tokens": {"bot": ["U0CHAKRA"]}})
        await stage.settle()
    assert "revocation_ignored" in {line["event"] for line in lines}
    assert "workspace_revoked" not in {line["event"] for line in lines}


async def test_a_revoked_personal_token_is_ignored(stage: World) -> None:
    await stage.slack.send_event({"type": "tokens_revoked", "tokens": {"oauth": [MEI]}})
    await stage.settle()
    assert not [call for call in stage.slack.calls if call.method == "auth.test"][1:]
