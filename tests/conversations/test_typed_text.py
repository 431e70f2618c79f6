"""What a member types in Slack, as the customer reads it."""

from __future__ import annotations

import pytest

from bot.conversations.typed_text import find_mentions, to_whatsapp

NAMES = {"U0MEI": "Mei Tanaka"}


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Hello", "Hello"),
        (" two\nlines \n", "two\nlines"),
        ("*bold* _it_ ~gone~ ```code```", "*bold* _it_ ~gone~ ```code```"),
        ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
        ("&amp;lt;", "&lt;"),
        ("see <https://acme.com/a?b=1&amp;c=2>", "see https://acme.com/a?b=1&c=2"),
        ("see <https://acme.com|our page>", "see our page (https://acme.com)"),
        ("<http://acme.com|acme.com>", "acme.com"),
        ("<mailto:john@acme.com|john@acme.com>", "john@acme.com"),
        ("<tel:+61491570156|+61 491 570 156>", "+61 491 570 156"),
        ("ask <@U0MEI>", "ask @Mei Tanaka"),
        ("ask <@U0MEI|mei>", "ask @Mei Tanaka"),
        ("ask <@U0GONE>", "ask @someone"),
        ("<!here> <!channel>", "@here @channel"),
        ("in <#C0SALES|sales>", "in #sales"),
        ("great :tada: 10:30:15", "great 🎉 10:30:15"),
        ("<not markup>", "<not markup>"),
        ("مرحبا", "مرحبا"),
        ("", ""),
    ],
)
def test_text_reads_as_it_was_typed(typed: str, read: str) -> None:
    assert to_whatsapp(typed, NAMES) == read


def test_mentioned_members_are_found_once() -> None:
    assert find_mentions("<@U0MEI> and <@U0JOHN|john>, <@U0MEI>") == ("U0MEI", "U0JOHN")
