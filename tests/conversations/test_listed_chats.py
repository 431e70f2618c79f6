"""Chats and messages of any fields: those that are known are read, others are shown as they are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chakra.chats import Chat, ChatMessage, ChatPage
from bot.conversations.chat_browser import has_words
from bot.conversations.listed_chats import (
    ChatButton,
    ChatListButton,
    render_chat_list,
    render_message_text,
    render_messages_page,
)
from bot.sandbox.slack import collect_text
from tests.chakra.upstream import read_example


def test_documented_example_is_read() -> None:
    (item,) = read_example("list-chats.response")["_data"]
    chat = Chat.model_validate(item)
    assert (chat.name, chat.phone, chat.status) == ("John", "919911223344", "OPEN")
    assert chat.updated == 1_756_322_278.0


@pytest.mark.parametrize(
    ("item", "name", "phone"),
    [
        ({"id": "1", "customerPhoneNumber": "919911223344"}, "", "919911223344"),
        ({"id": "1", "contact": "John"}, "", ""),
        ({"id": "1", "customer": {"displayName": "Asha", "waId": 919911223344}}, "Asha",
         "919911223344"),
        ({"id": "1", "contact": {"name": "Zed", "phone": "IN.13491208655302741918"}}, "Zed", ""),
        ({"id": "1", "contact": {"name": None, "username": "zed"}}, "zed", ""),
        ({"id": "1"}, "", ""),
    ],
)  # fmt: skip
def test_usual_fields_are_read(item: dict[str, Any], name: str, phone: str) -> None:
    chat = Chat.model_validate(item)
    assert (chat.name, chat.phone) == (name, phone)


def test_chat_of_unknown_fields_shows_them() -> None:
    chat = Chat.model_validate({"id": "1", "subject": "Order 17", "isOpen": True, "team": "t"})
    listed = render_chat_list(ChatPage((chat,), has_more=False), ChatListButton())
    shown = collect_text({"blocks": list(listed.blocks)})
    assert "`subject` Order 17" in shown
    assert "`isOpen` true" in shown
    assert "`team`" not in shown


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ({"text": "Hi <!channel>", "dataType": "text"}, "Hi &lt;!channel&gt;"),
        ({"dataType": "template"}, "Template"),
        ({"dataType": "image", "body": {"id": "1037543291543636"}},
         "Image  `/chakra media 1037543291543636`"),
        ({"dataType": "document", "text": "Invoice", "attachments": [{"mediaId": "12345"}]},
         "Document: Invoice  `/chakra media 12345`"),
        ({"dataType": "image", "body": {"image": {"id": 2754859441498128}}},
         "Image  `/chakra media 2754859441498128`"),
        ({"dataType": "image", "body": {"id": "x/../y"}}, "Image"),
        ({"content": "Hello", "kind": 7}, "`content` Hello, `kind` 7"),
        ({"dataType": "poll", "options": ["a", "b"]},
         "`dataType` poll, `options` ['a', 'b']"),
        ({}, "Message"),
    ],
)  # fmt: skip
def test_message_says_what_it_has(item: dict[str, Any], text: str) -> None:
    assert render_message_text(ChatMessage.model_validate(item)) == text


@pytest.mark.parametrize(
    ("typed", "found"),
    [("zora", True), ("ZORA b", True), ("bell zora", True), ("ora", False), ("", True)],
)
def test_words_begin_words_of_the_name(typed: str, *, found: bool) -> None:
    assert has_words(Chat.model_validate({"name": "Zora Bell"}), typed) is found
    assert not has_words(Chat.model_validate({"id": "1"}), "zora")
    assert has_words(Chat.model_validate({"name": "Zora", "username": "zed.b"}), "@zed")


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "name",
                    "phone",
                    "contact",
                    "text",
                    "body",
                    "dataType",
                    "image",
                    "context",
                    "x",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)
ITEM = st.dictionaries(
    st.sampled_from(["id", "contact", "status", "text", "dataType", "body", "attachments", "odd"]),
    ANY,
    max_size=6,
)


@given(st.lists(ITEM, min_size=1, max_size=4))
def test_any_items_are_listed(items: list[dict[str, Any]]) -> None:
    chats = tuple(Chat.model_validate(item) for item in items)
    assert render_chat_list(ChatPage(chats, has_more=True), ChatListButton()).blocks
    messages = tuple(ChatMessage.model_validate(item) for item in items)
    button = ChatButton(chat="1", phone="", name="Zed")
    assert render_messages_page(ChatPage(messages, has_more=True), button).blocks
    assert all(render_message_text(message) for message in messages)
