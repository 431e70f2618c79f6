"""Buttons that are pressed twice, and answers that belong into a thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.slack import VisibleMessage
from bot.slack import payloads
from tests.clock import ManualClock
from tests.commands.watch_scenarios import FINISHED, list_app_messages
from tests.conftest import OpenSandbox
from tests.people import JOHN, MEI, PRIYA, SALES
from tests.slack.router_commands import ROUTER_COMMANDS
from tests.world import World


@pytest.fixture
async def sandbox(open_sandbox: OpenSandbox) -> AsyncIterator[World]:
    async with open_sandbox(ROUTER_COMMANDS) as world:
        yield world


def count_calls(world: World, method: str) -> int:
    return sum(call.method == method for call in world.slack.calls)


# --- one press at a time -------------------------------------------------------------------------


def build_press(**changes: Any) -> dict[str, Any]:
    button = {
        "type": changes.pop("type", "button"),
        "block_id": changes.pop("block_id", "b1"),
        "action_id": changes.pop("action_id", "job.share"),
        "value": changes.pop("value", "7"),
        "action_ts": changes.pop("action_ts", "1.1"),
    }
    container = {"type": "message", "channel_id": "C1", "message_ts": "1.2"}
    return {
        "type": "block_actions",
        "user": {"id": changes.pop("user", "U1"), "team_id": "T1"},
        "container": {**container, **changes},
        "actions": [button],
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"user": "U2"},
        {"message_ts": "1.3"},
        {"channel_id": "C2"},
        {"view_id": "V1"},
        {"block_id": "b2"},
        {"action_id": "job.failed"},
        {"value": "8"},
    ],
)
def test_other_press_has_another_key(changes: dict[str, str]) -> None:
    assert payloads.build_press_key(build_press(**changes)) != payloads.build_press_key(
        build_press()
    )


def test_same_press_has_the_same_key() -> None:
    key = payloads.build_press_key(build_press())
    assert key
    assert payloads.build_press_key(build_press(action_ts="9.9")) == key


@pytest.mark.parametrize("kind", ["plain_text_input", "static_select", "external_select", "x", ""])
def test_typing_and_choosing_are_no_presses(kind: str) -> None:
    assert payloads.build_press_key(build_press(type=kind)) == ""


@given(st.text(max_size=5), st.text(max_size=5))
def test_keys_of_two_values_differ(value: str, other: str) -> None:
    keys = {payloads.build_press_key(build_press(value=item)) for item in (value, other)}
    assert len(keys) == len({value, other})


async def test_file_is_sent_once_however_often_its_button_is_pressed(acme: World) -> None:
    await acme.type(f"/chakra job {FINISHED}")
    acme.slack.hang("files.completeUploadExternal", times=1)
    presses = [asyncio.create_task(acme.slack.press(JOHN, "job.failed")) for _ in range(3)]
    async with acme.clock.running():
        await asyncio.gather(*presses)
        acme.slack.release()
        await acme.wait_until_idle()
    assert len(acme.slack.files) == 1
    await acme.press("job.failed")
    assert len(acme.slack.files) == 2


async def test_two_people_press_the_same_button_independently(acme: World) -> None:
    for person in (PRIYA, JOHN):
        await acme.type(f"/chakra job {FINISHED}", by=person)
    await asyncio.gather(*(acme.slack.press(person, "job.failed") for person in (PRIYA, JOHN)))
    await acme.wait_until_idle()
    assert sorted(file.shares[0].id for file in acme.slack.files) == ["D0JOHN", "D0PRIYA"]


async def test_card_is_shared_once_when_its_button_is_pressed_twice(acme: World) -> None:
    await acme.type(f"/chakra job {FINISHED}", by=MEI)
    acme.slack.hang("response_url", times=1)
    presses = [asyncio.create_task(acme.slack.press(MEI, "job.share")) for _ in range(2)]
    await asyncio.gather(*presses)
    acme.slack.release()
    await acme.wait_until_idle()
    assert len(list_app_messages(acme, MEI, SALES)) == 1


async def test_press_after_a_failed_one_works(acme: World) -> None:
    await acme.type(f"/chakra job {FINISHED}")
    acme.slack.fail("files.getUploadURLExternal", error="internal_error")
    await acme.press("job.failed")
    assert not acme.slack.files
    await acme.press("job.failed")
    assert len(acme.slack.files) == 1


async def test_form_that_changed_while_its_button_worked_is_no_failure(sandbox: World) -> None:
    """Two different buttons of one form: the second update comes too late."""
    await sandbox.type("/chakra stage")
    before = len(sandbox.slack.list_messages(JOHN, SALES))
    sandbox.slack.fail("views.update", error="hash_conflict")
    await sandbox.press("stage.fill")
    assert count_calls(sandbox, "views.update") == 1
    assert len(sandbox.slack.list_messages(JOHN, SALES)) == before
    assert sandbox.slack.find_view(JOHN) is not None


async def test_button_of_a_form_pressed_twice_updates_it_once(sandbox: World) -> None:
    await sandbox.type("/chakra stage")
    sandbox.slack.hang("views.update", times=1)
    presses = [asyncio.create_task(sandbox.slack.press(JOHN, "stage.fill")) for _ in range(2)]
    await asyncio.gather(*presses)
    sandbox.slack.release()
    await sandbox.wait_until_idle()
    assert count_calls(sandbox, "views.update") == 1
    assert not sandbox.slack.rejections


# --- answers in a thread -------------------------------------------------------------------------


async def reply_in_thread(world: World, text: str) -> VisibleMessage:
    """Post a message and a reply to it; return the reply."""
    await world.slack.type(PRIYA, SALES, "About the Bluebird account")
    parent = world.slack.list_messages(JOHN, SALES)[-1]
    await world.slack.type(PRIYA, SALES, text, thread_ts=parent.ts)
    return world.slack.list_messages(JOHN, SALES)[-1]


async def test_answer_to_a_shortcut_on_a_reply_is_in_its_thread(
    acme: World, clock: ManualClock
) -> None:
    reply = await reply_in_thread(acme, "Call +1 202-555-0101")
    await acme.slack.use_message_shortcut(JOHN, "send.from_message", reply)
    await acme.wait_until_idle()
    await acme.slack.suggest(JOHN, "send.template", "hello_world")
    template = acme.chakra.find_template("hello_world", "en_US")
    await acme.press("send.template", value=template.id)
    assert await acme.send() == {}
    await clock.advance(5)
    answer = acme.find_shown()
    assert answer.ephemeral
    assert answer.thread_ts == reply.thread_ts


async def test_failure_of_a_shortcut_on_a_reply_is_in_its_thread(acme: World) -> None:
    reply = await reply_in_thread(acme, "Call +1 202-555-0101")
    acme.slack.fail("views.open", error="internal_error", times=5)
    await acme.slack.use_message_shortcut(JOHN, "send.from_message", reply)
    await acme.wait_until_idle()
    assert acme.find_shown().thread_ts == reply.thread_ts


async def test_answer_to_a_button_pressed_in_a_thread_is_in_it(acme: World) -> None:
    reply = await reply_in_thread(acme, "Call +1 202-555-0101")
    await acme.slack.mention(JOHN, SALES, "job " + FINISHED)
    await acme.wait_until_idle()
    await acme.slack.type(JOHN, SALES, f"<@U0CHAKRA> job {FINISHED}", thread_ts=reply.thread_ts)
    await acme.wait_until_idle()
    card = acme.find_shown()
    assert card.thread_ts == reply.thread_ts
    await acme.slack.press(JOHN, "job.share", message=card)
    await acme.wait_until_idle()
    assert acme.find_shown().thread_ts == reply.thread_ts
    await acme.slack.press(JOHN, "job.refresh", message=card)
    await acme.wait_until_idle()
    assert not acme.slack.rejections


async def test_answer_to_a_shortcut_on_the_first_message_of_a_thread_is_in_the_channel(
    acme: World,
) -> None:
    await reply_in_thread(acme, "Call +1 202-555-0101")
    parent = acme.slack.list_messages(JOHN, SALES)[-2]
    acme.slack.fail("views.open", error="internal_error", times=5)
    await acme.slack.use_message_shortcut(JOHN, "send.from_message", parent)
    await acme.wait_until_idle()
    assert acme.find_shown().thread_ts is None


THREADS: list[tuple[dict[str, Any], str]] = [
    ({"message": {"ts": "2.0", "thread_ts": "1.0"}}, "1.0"),
    ({"message": {"ts": "1.0", "thread_ts": "1.0"}}, ""),
    ({"message": {"ts": "1.0"}}, ""),
    ({"message": {"ts": "2.0", "thread_ts": "1.0", "subtype": "thread_broadcast"}}, "1.0"),
    ({"container": {"message_ts": "2.0", "thread_ts": "1.0", "is_ephemeral": True}}, "1.0"),
    ({"container": {"message_ts": "1.0", "thread_ts": "1.0"}}, ""),
    ({"message": {"ts": "2.0"}, "container": {"message_ts": "2.0", "thread_ts": "1.0"}}, "1.0"),
    ({"container": {"message_ts": "2.0"}}, ""),
    ({"message": None, "container": None}, ""),
    ({}, ""),
]


@pytest.mark.parametrize(("payload", "thread_ts"), THREADS)
def test_thread_of_a_request_comes_back_with_its_form(
    payload: dict[str, Any], thread_ts: str
) -> None:
    origin = payloads.read_origin({**payload, "response_url": "https://x/1"})
    assert origin.thread_ts == thread_ts
    view = payloads.add_metadata({"type": "modal"}, {}, origin)
    assert payloads.read_origin({"view": view}) == origin
