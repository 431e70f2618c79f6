"""What goes to a channel is masked in its text and every block; ours stays as it is."""

from __future__ import annotations

import json

import pytest

from bot.slack import blocks
from bot.slack.blocks import Markup, code, markup, mention
from bot.slack.channel_mask import is_private, mask_for_channel
from bot.slack.commands.reply import Message

PHONE = "98765 43210"


def mask_text(text: str) -> str:
    return mask_for_channel(Message(text)).text


def mask_header(text: str) -> str:
    [header] = mask_for_channel(Message("", (blocks.header(text),))).blocks
    return str(header["text"]["text"])


@pytest.mark.parametrize(
    "text",
    [
        markup("Watched by ", mention("U0123456789"), "."),
        Markup("From Chakra, <!date^1790000000^{time_secs}|27 Nov 2026 14:05 UTC>"),
        markup("ID ", code("19632427-908f-4bf3-a6f5-69b9a0bbfc63")),
        Markup("<https://app.chakrahq.com/jobs/19632427-908f-4bf3-a6f5-69b9a0bbfc63|Open>"),
        Markup("▰▰▰▱▱  61%  ·  612 of 1,000"),
        Markup("New leads from leads_20261129.csv"),
        Markup("Fish &amp; chips &lt;3"),
    ],
)
def test_own_figures_mentions_dates_and_links_stay(text: str) -> None:
    assert mask_text(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"<tel:+9198765{43210}|Call>", "Call"),
        ("<mailto:ravi@acme.com|ravi@acme.com>", "r•••@acme.com"),
        ("<https://wa.me/919876543210>", "https://wa.me/•••••• 3210"),
        ("<https://shop.example/x|call 98765 43210>", "<https://shop.example/x|call •••••• 3210>"),
        ("98765&amp;43210 &lt;b&gt;", "•••••• 3210 &lt;b&gt;"),
        ("*98765* _43210_", "*•••••• 3210_"),
        ("*Asha*\n> call 98765 43210\n> &gt; soon", "*Asha*\n> call •••••• 3210\n> &gt; soon"),
        ("> 98765\n> 43210", "> •••••• 3210"),
        (f"> {'w' * 60} 9876543 or a@b.com", f"> {'w' * 60} •••••• 43 or •••@b.com"),
    ],
)
def test_links_and_escaped_text_are_masked(text: str, expected: str) -> None:
    assert mask_text(text) == expected


def test_every_displayed_string_of_a_block_is_masked() -> None:
    picture = blocks.image("https://pics.example/a.png", PHONE)
    message = Message(
        PHONE,
        (
            blocks.section(PHONE, accessory=picture),
            *blocks.fields([(PHONE, PHONE)]),
            blocks.header(PHONE),
            blocks.context(PHONE),
            blocks.actions(blocks.button(PHONE, "job.show", "1234567890")),
            {"type": "image", "image_url": "https://wa.me/919876543210", "alt_text": "code"},
            {
                "type": "data_visualization",
                "title": PHONE,
                "chart": {"series": [{"name": PHONE, "data": [{"label": PHONE, "value": 7}]}]},
            },
        ),
    )
    masked = mask_for_channel(message)
    content = json.dumps([masked.text, masked.blocks], ensure_ascii=False)
    assert "98765" not in content
    assert "wa.me" not in content
    assert content.count("•••••• 3210") == 9
    assert '"value": "1234567890"' in content, "what a press brings back is not displayed"


@pytest.mark.parametrize("length", [75, 100, 150, 200, 300, 2_000, 3_000])
def test_a_longer_mask_passes_no_limit_of_slack(length: int) -> None:
    text = ("9876543 x " * 300)[:length]
    masked = mask_text(text) if length >= 300 else mask_header(text)
    assert length - 60 < len(masked) <= length
    assert "9876543" not in masked


def test_a_member_and_a_conversation_of_two_are_private() -> None:
    assert [is_private(channel) for channel in ("U0JOHN", "W0JOHN", "D0JOHN")] == [True] * 3
    assert not any(is_private(channel) for channel in ("C0SALES", "G0GROUP", ""))
