"""Previous messages of a customer, and the marks that they see."""

from __future__ import annotations

import json

import pytest

from bot.chakra.chats import ChatsApi
from bot.chakra.messages import MessagesApi
from bot.errors import InvalidResponse
from tests.chakra.upstream import Reply, Upstream, read_example, reply
from tests.clock import ManualClock

PLUGIN, SENDER = "d83e1d23-50b8-4d87-8f92-842a0ac516f6", "775966265503012"
PHONE = "919911223344"


async def test_previous_messages_are_listed_latest_first() -> None:
    body = read_example("list-messages-for-phone.response")
    body["_data"][1]["timestamp"] += 60_000
    upstream = Upstream([reply(200, body)])
    async with upstream.open_http(ManualClock()) as http:
        last, first = (await ChatsApi(http).list_for_phone(PHONE, limit=50)).items
    assert json.loads(upstream.requests[0].content) == read_example(
        "list-messages-for-phone.request"
    )
    assert (last.is_ours, last.text, last.delivery_status) == (True, "Merry Christmas John", "SENT")
    assert (first.is_ours, first.sent_at) == (False, 1_729_230_547.0)
    assert first.text == "Hi, can you please help me out with an issue"


async def test_items_that_cannot_be_read_are_left_out() -> None:
    items = [None, "text", {"text": ["a"], "direction": 7, "timestamp": "soon"}, {"text": "Hello"}]
    upstream = Upstream([reply(200, {"_data": items})])
    async with upstream.open_http(ManualClock()) as http:
        found = await ChatsApi(http).list_for_phone(PHONE, limit=10)
    assert [message.text for message in found.items] == ["", "Hello"]


@pytest.mark.parametrize("data", [None, {}, {"messages": []}])
async def test_empty_list_may_have_another_shape(data: object) -> None:
    upstream = Upstream([reply(200, {"_data": data})])
    async with upstream.open_http(ManualClock()) as http:
        assert (await ChatsApi(http).list_for_phone(PHONE, limit=10)).items == ()


async def test_an_answer_without_data_is_an_error() -> None:
    upstream = Upstream([reply(200, {"messages": []})])
    async with upstream.open_http(ManualClock()) as http:
        with pytest.raises(InvalidResponse):
            await ChatsApi(http).list_for_phone(PHONE, limit=10)


async def test_chats_and_their_messages_are_listed_as_documented() -> None:
    upstream = Upstream(
        [
            reply(200, read_example("list-chats.response")),
            reply(200, read_example("list-chat-messages.response")),
        ]
    )
    async with upstream.open_http(ManualClock()) as http:
        (chat,) = (await ChatsApi(http).list(limit=25)).items
        page = await ChatsApi(http).list_messages(chat.id, limit=50)
    assert len(page.items) == 2
    assert not page.has_more
    listed, read = upstream.requests
    assert json.loads(listed.content) == read_example("list-chats.request")
    assert json.loads(read.content) == read_example("list-chat-messages.request")
    assert read.url.path == f"/v1/ext/chat/{chat.id}/message"


@pytest.mark.parametrize(
    ("count", "meta", "more"),
    [
        (2, {}, True),
        (1, {}, False),
        (0, {}, False),
        (2, {"total": 2}, False),
        (2, {"total": 3}, True),
        (0, {"total": 9}, False),
        (2, {"total": "many"}, True),
    ],
)
async def test_page_says_whether_there_may_be_another(
    count: int, meta: dict[str, object], *, more: bool
) -> None:
    body = {"_data": [{"id": str(number)} for number in range(count)], "_meta": meta}
    async with Upstream([reply(200, body)]).open_http(ManualClock()) as http:
        assert (await ChatsApi(http).list(limit=2)).has_more is more


@pytest.mark.parametrize(
    "answer",
    [
        reply(200, {"success": True}),
        reply(200, {"_data": {"success": True}}),
        reply(400, {"error": {"code": 100, "message": "Invalid parameter"}}),
        reply(200, {"_errors": ["no"]}),
        reply(500, {}),
    ],
)
async def test_a_read_mark_is_sent_once_and_never_fails(answer: Reply) -> None:
    upstream = Upstream([answer])
    async with upstream.open_http(ManualClock()) as http:
        await MessagesApi(http, "v24.0").mark_read(PLUGIN, SENDER, "wamid.A", is_typing=True)
    assert [json.loads(request.content) for request in upstream.requests] == [
        {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": "wamid.A",
            "typing_indicator": {"type": "text"},
        }
    ]
