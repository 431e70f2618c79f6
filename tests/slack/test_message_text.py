"""The text of a message, from every part of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.message_text import extract_text


def read_text(message: dict[str, Any]) -> list[str]:
    return [" ".join(text.split()) for text in extract_text(message)]


def build_rich_text(*elements: dict[str, Any], kind: str = "rich_text_section") -> dict[str, Any]:
    return {"type": "rich_text", "elements": [{"type": kind, "elements": list(elements)}]}


def build_mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


LINKED = [
    {"type": "text", "text": "Ask "},
    {"type": "link", "url": "mailto:asha@acme.com", "text": "Asha"},
    {"type": "text", "text": " or "},
    {"type": "link", "url": "tel:%2B919876543210", "text": "98765 43210"},
]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"text": "a &lt;b&gt; &amp;amp; c"}, ["a <b> &amp; c"]),
        ({"text": "<mailto:a@b.de?subject=x|Ann>, <tel:+49 30 1|030 1>"}, ["a@b.de , +49 30 1"]),
        ({"text": "<https://acme.com/?a=1&amp;b=2|Acme>"}, ["Acme https://acme.com/?a=1&b=2"]),
        ({"text": "<@U0JOHN|john> in <#C0SALES|sales>"}, ["in"]),
        ({"text": "<!date^1700000000^{date}|14 November>"}, ["14 November"]),
        ({"text": "1 < 2 and <b"}, ["1 < 2 and <b"]),
        ({"blocks": [build_rich_text(*LINKED)]}, ["Ask asha@acme.com or +919876543210"]),
        ({"blocks": [build_rich_text({"type": "text", "text": "<tel:1|2>"})]}, ["<tel:1|2>"]),
        (
            {
                "blocks": [
                    build_rich_text(*LINKED[:1], {"type": "emoji", "name": "wave"}, *LINKED[1:2])
                ]
            },
            ["Ask asha@acme.com"],
        ),
        (
            {
                "blocks": [
                    build_rich_text(*LINKED[:2], kind="rich_text_quote"),
                    build_rich_text(kind="rich_text_section"),
                ]
            },
            ["Ask asha@acme.com", ""],
        ),
        (
            {
                "blocks": [
                    {"type": "section", "text": build_mrkdwn("a"), "fields": [build_mrkdwn("b")]}
                ]
            },
            ["a", "b"],
        ),
        (
            {"blocks": [{"type": "context", "elements": [build_mrkdwn("a"), build_mrkdwn("b")]}]},
            ["a", "b"],
        ),
        (
            {
                "blocks": [
                    {
                        "type": "table",
                        "rows": [[{"type": "raw_text", "text": "a"}, build_rich_text()]],
                    }
                ]
            },
            ["a", ""],
        ),
        ({"blocks": [{"type": "actions", "elements": [{"type": "button", "value": "7"}]}]}, []),
        (
            {
                "attachments": [
                    {"title": "a", "text": "b", "fields": [{"title": "c", "value": "d"}]}
                ]
            },
            ["a", "b", "c", "d"],
        ),
        (
            {
                "attachments": [
                    {"message_blocks": [{"message": {"blocks": [build_rich_text(*LINKED[:2])]}}]}
                ]
            },
            ["Ask asha@acme.com"],
        ),
        ({"attachments": [{"blocks": [{"type": "header", "text": build_mrkdwn("a")}]}]}, ["a"]),
        ({"text": 7, "blocks": {"a": "b"}, "attachments": "c"}, []),
        ({"text": None, "blocks": [None, 7, "a"], "attachments": [None, {"fields": [7]}]}, ["a"]),
        ({"attachments": [{"message_blocks": [{"message": [7]}, 7]}]}, []),
        ({"blocks": [{"type": ["section"], "text": {"type": {}, "text": "a"}}]}, ["a"]),
        (
            {
                "blocks": [
                    build_rich_text({"type": [], "text": 7, "url": None}, kind="rich_text_quote")
                ]
            },
            [""],
        ),
        ({}, []),
    ],
)
def test_text_is_read_from_every_part_of_a_message(
    message: dict[str, Any], expected: list[str]
) -> None:
    assert read_text(message) == expected


def test_deeply_nested_blocks_are_not_read() -> None:
    deep: dict[str, Any] = {"type": "container", "child_blocks": []}
    for _ in range(200):
        deep = {"type": "container", "child_blocks": [deep, {"type": "x", "text": "deep"}]}
    assert set(read_text({"blocks": [deep]})) == {"deep"}
    assert len(read_text({"blocks": [deep]})) < 20


KEYS = st.sampled_from(
    ["text", "type", "url", "elements", "fields", "blocks", "attachments", "message_blocks", "rows"]
)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just("rich_text_section"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, JUNK) | st.fixed_dictionaries({"blocks": st.lists(JUNK)}))
def test_any_message_is_read_or_skipped(message: dict[str, Any]) -> None:
    assert all(isinstance(text, str) for text in extract_text(message))


@given(st.text())
def test_any_text_is_extracted_without_markup(text: str) -> None:
    [extracted] = extract_text({"text": text})
    assert len(extracted) <= len(text) + 4 * text.count("<") + 1
