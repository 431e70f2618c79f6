"""Threads that were deleted, locked or in a closed channel: the customer's words are shown."""

from __future__ import annotations

import pytest

from bot.sandbox.chakra.faults import StatusResponse
from bot.sandbox.slack import VisibleMessage, collect_text
from tests.commands.chat_scenarios import (
    find_parent,
    list_thread_texts,
    pass_seconds,
    receive,
    type_in_thread,
)
from tests.people import JOHN, SALES
from tests.world import World

LOCKED = "restricted_action_thread_locked"


def delete(acme: World, message: VisibleMessage) -> None:
    stored = acme.slack.workspace.messages.find_public(SALES, message.ts)
    assert stored is not None
    acme.slack.workspace.messages.delete(stored)


async def test_a_deleted_thread_begins_again_with_the_next_message(acme: World) -> None:
    asha = await receive(acme, "Hello")
    delete(acme, find_parent(acme))
    asha.write("Are you there?")
    asha.write("It's about the shoes")
    await pass_seconds(acme, 10)
    assert "deleted or closed in Slack" in collect_text(find_parent(acme))
    shown = list_thread_texts(acme)
    assert ["Are you there?" in shown[0], "It's about the shoes" in shown[1]] == [True, True]
    asha.write("Hello?")
    await pass_seconds(acme, 10)
    assert len(list_thread_texts(acme)) == 3
    await type_in_thread(acme, "We are")
    await acme.press("chat.send")
    await pass_seconds(acme, 5)
    assert [message.text for message in asha.received] == ["We are"]
    assert "We are" in list_thread_texts(acme)[-1]


async def test_what_follows_in_a_deleted_thread_begins_it_again(acme: World) -> None:
    asha = await receive(acme, "Hello")
    delete(acme, find_parent(acme))
    asha.hear_by_hand("We called you.")
    await pass_seconds(acme, 20)
    assert [text for text in list_thread_texts(acme) if "We called you." in text]


async def test_a_thread_that_is_deleted_again_and_again_begins_again(acme: World) -> None:
    asha = await receive(acme, "0")
    for number in range(1, 4):
        delete(acme, find_parent(acme))
        asha.write(f"Message {number}")
        await pass_seconds(acme, 10)
        [shown] = list_thread_texts(acme)
        assert f"Message {number}" in shown


async def test_a_locked_thread_begins_again(acme: World) -> None:
    asha = await receive(acme, "Hello")
    acme.slack.fail("chat.postMessage", error=LOCKED)
    asha.write("Are you there?")
    await pass_seconds(acme, 10)
    replies = [item for item in acme.slack.list_messages(JOHN, SALES) if item.thread_ts]
    [shown] = [item for item in replies if "Are you there?" in str(item.blocks)]
    assert shown.thread_ts != find_parent(acme).ts


async def test_if_no_thread_takes_replies_the_message_is_in_the_channel(acme: World) -> None:
    asha = await receive(acme, "Hello")
    acme.slack.fail("chat.postMessage", error=LOCKED)
    asha.write("Are you there?")
    while "closed in Slack" not in str(acme.slack.list_messages(JOHN, SALES)):
        await acme.clock.advance(0.5)
    acme.slack.fail("chat.postMessage", error=LOCKED)
    await pass_seconds(acme, 20)
    shown = [
        item for item in acme.slack.list_messages(JOHN, SALES) if "Are you there?" in item.text
    ]
    assert [item.thread_ts for item in shown if "chat.resolve" not in str(item.blocks)] == [None]


@pytest.mark.parametrize("how", ["archived", "removed"])
async def test_a_closed_channel_shows_what_it_missed(acme: World, how: str) -> None:
    asha = await receive(acme, "Hello")
    workspace = acme.slack.workspace
    if how == "archived":
        workspace.archive(SALES)
    else:
        workspace.remove_app(SALES)
    for number in range(3):
        asha.write(f"Message {number}")
        await pass_seconds(acme, 10)
    direct = workspace.find_direct_messages(JOHN)
    assert direct is not None
    notices = [collect_text(item) for item in acme.slack.list_messages(JOHN, direct.id)]
    assert len([text for text in notices if "Notifications can't be posted" in text]) == 1
    [rule] = await acme.bot.context.notifications.rules.list_channel(SALES)
    assert rule.problem
    if how == "archived":
        workspace.unarchive(SALES)
    else:
        await acme.slack.invite_app(JOHN, SALES)
    await pass_seconds(acme, 700)
    await pass_seconds(acme, 20)
    shown = list_thread_texts(acme)
    assert [f"Message {number}" in shown[number + 1] for number in range(3)] == [True] * 3
    [rule] = await acme.bot.context.notifications.rules.list_channel(SALES)
    assert not rule.problem


async def test_a_channel_that_is_shared_later_gets_no_words_and_files(acme: World) -> None:
    asha = await receive(acme, "Hello")
    acme.slack.workspace.share_channel(SALES)
    await pass_seconds(acme, 100)
    asha.write("secret")
    asha.send_picture("my passport")
    await pass_seconds(acme, 120)
    messages = acme.slack.list_messages(JOHN, SALES)
    assert "secret" not in str(messages)
    assert [file for item in messages for file in item.files] == []
    direct = acme.slack.workspace.find_direct_messages(JOHN)
    assert direct is not None
    await acme.press("notify.keep_posting", channel=direct.id)
    await pass_seconds(acme, 120)
    messages = acme.slack.list_messages(JOHN, SALES)
    assert "secret" in str(messages)
    assert [file for item in messages for file in item.files]


async def test_a_file_that_is_fetched_late_is_not_shown_to_others(acme: World) -> None:
    asha = await receive(acme, "Hello")
    acme.chakra.fail(
        "GET /v1/whatsapp/{whatsappApiVersion}/media/{whatsappMediaId}", StatusResponse(503)
    )
    asha.send_picture("my shoe")
    await pass_seconds(acme, 5)
    acme.slack.workspace.share_channel(SALES)
    await pass_seconds(acme, 60)
    acme.chakra.clear_faults()
    await pass_seconds(acme, 300)
    assert "my shoe" in str(acme.slack.list_messages(JOHN, SALES))
    assert [file for item in acme.slack.list_messages(JOHN, SALES) for file in item.files] == []


async def test_a_reminder_begins_a_deleted_thread_again(acme: World) -> None:
    await receive(acme, "Hello")
    delete(acme, find_parent(acme))
    await pass_seconds(acme, 1_900)
    for _ in range(3):
        await pass_seconds(acme, 20)
    [reminder] = list_thread_texts(acme)
    assert "waited for an answer" in reminder
    assert "Hello" in collect_text(find_parent(acme))
