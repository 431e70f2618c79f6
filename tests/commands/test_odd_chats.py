"""Chats of another shape than the one that is expected: their fields and limits are INFERRED."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.chakra.faults import StatusResponse
from bot.sandbox.slack import collect_text
from tests.commands.test_chats import FOR_PHONE, LIST, MESSAGES
from tests.shared_world import shared_world
from tests.world import World

LONG_ID = "c" * 3_000
BY_NUMBER = "chat +91 98765 43210"


def build_chat(number: int, **fields: object) -> dict[str, Any]:
    return {"id": f"chat-{number}", "contact": {"name": f"Zora {number}"}, **fields}


def build_message(number: int, **fields: object) -> dict[str, Any]:
    sent = {"timestamp": 1_700_000_000_000 + number, "direction": "INBOUND"}
    return {"id": f"message-{number}", "text": f"Text {number}", **sent, **fields}


async def read(acme: World, typed: str, path: str, data: object) -> str:
    """Type a line while Chakra answers with ``data``; return what is shown."""
    acme.chakra.fail(path, StatusResponse(200, json={"_data": data, "_meta": {}}), times=1)
    shown = collect_text(await acme.type(f"/chakra {typed}"))
    assert acme.slack.rejections == []
    return shown


@shared_world
async def test_list_that_comes_whole_has_pages(acme: World) -> None:
    whole = StatusResponse(200, json={"_data": [build_chat(n) for n in range(25)]})
    acme.chakra.fail(LIST, whole, times=3)
    assert "*Zora 9*" in collect_text(await acme.type("/chakra chat list"))
    shown = collect_text(await acme.press("chat.list:next"))
    assert ("*Zora 9*" in shown, "*Zora 10*" in shown, "*Zora 19*" in shown) == (False, True, True)
    shown = collect_text(await acme.press("chat.list:next"))
    assert ("*Zora 24*" in shown, "Next" in shown) == (True, False)
    assert acme.slack.rejections == []


@shared_world
async def test_messages_that_come_whole_have_pages(acme: World) -> None:
    acme.chakra.fail(LIST, StatusResponse(200, json={"_data": [build_chat(1)]}))
    whole = StatusResponse(200, json={"_data": [build_message(n) for n in range(50)]})
    acme.chakra.fail(MESSAGES, whole)
    shown = collect_text(await acme.type("/chakra chat Zora 1"))
    assert ("Text 49" in shown, "Text 30" in shown, "Text 29" in shown) == (True, True, False)
    shown = collect_text(await acme.press("chat.open:next"))
    assert ("Text 29" in shown, "Text 10" in shown, "Text 30" in shown) == (True, True, False)


@shared_world
@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ({"chats": [build_chat(1)], "total": 1}, "*Zora 1*"),
        ([build_chat(1, id=LONG_ID), build_chat(2)], "*Zora 2*"),
        ([build_chat(1, contact={"name": '"' * 300})], '"""'),
        ([build_chat(1, contact={"name": "<!channel>"})], "&lt;!channel&gt;"),
        ([{"name": {"first": "Zora"}}], "`name`"),
        ([1, None, "x", []], "There are no chats"),
        (None, "There are no chats"),
        ("closed", "couldn't read Chakra's answer"),
        ({"a": [], "b": []}, "couldn't read Chakra's answer"),
        ({"total": 3}, "couldn't read Chakra's answer"),
    ],
)
async def test_odd_list_is_read_or_said_to_be_unreadable(
    acme: World, data: object, shown: str
) -> None:
    assert shown in await read(acme, "chat list", LIST, data)


@shared_world
@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ([build_message(1)], "Text 1"),
        ({"messages": [build_message(1)]}, "Text 1"),
        ([build_message(1, text="", body={"body": "Hi"})], "'body': 'Hi'"),
        ([build_message(1, timestamp="soon")], "Text 1"),
        ([build_message(n) for n in range(300)], "Text 299"),
        ({}, "No messages yet."),
        ({"total": 3}, "can't be read right now"),
        ("closed", "can't be read right now"),
        ([], "No messages yet."),
    ],
)
async def test_odd_messages_of_a_number_are_shown(acme: World, data: object, shown: str) -> None:
    """Not all have WhatsApp's ID."""
    assert shown in await read(acme, BY_NUMBER, FOR_PHONE, data)
