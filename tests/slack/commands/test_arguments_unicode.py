"""Typed words in the letters of the world, and in no order at all."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.slack.commands.arguments import parse_arguments
from bot.slack.commands.markup import unescape
from bot.slack.commands.tokenizer import NUMBERED
from bot.slack.commands.tokens import Token
from bot.text.emoji import replace_emoji_names

ZWJ, ZWNJ = "\u200d", "\u200c"


def parse_texts(text: str, *names: str) -> list[str]:
    return [word.text for word in parse_arguments(text, names).tokens]


def escape(text: str) -> str:
    """Return the typed text as Slack sends it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\u202ajohn\u202c", "john"),
        ("jo\u200bhn\ufeff", "john"),
        ("\u2068+49 123\u2069", "+49"),
        ("in\u00advoice", "invoice"),
        (f"a{ZWJ}b{ZWNJ}", "ab"),
        (f"john{ZWNJ}", "john"),
        ("nul\x00\x1b", "nul"),
        ("half\ud800", "half\ufffd"),
    ],
)
def test_invisible_characters_are_dropped(text: str, expected: str) -> None:
    assert parse_texts(text)[0] == expected


@pytest.mark.parametrize(
    "text",
    [
        f"می{ZWNJ}خواهم",
        f"क्{ZWJ}ष",
        f"👩🏽{ZWJ}🚀",
        f"❤\ufe0f{ZWJ}🔥",
        f"🏃{ZWJ}♀\ufe0f",
        f"🙂{ZWJ}↔\ufe0f",
        "🇩🇪",
        "1\ufe0f⃣",
    ],
)
def test_orthographic_joiners_are_unchanged(text: str) -> None:
    assert parse_texts(f"x {text} y") == ["x", text, "y"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("＋９１９８７６５", "+9198765"),
        ("ｊｏｈｎ＠ａｃｍｅ．ｃｏｍ", "john@acme.com"),
        ("＠ｊｏｈｎ", "@john"),
        ("ｚｏｅ\u0308＠ｘ", "zoë@x"),
        ("ＡＣＭＥ", "ＡＣＭＥ"),
        ('"ＡＣＭＥ １"', "ＡＣＭＥ １"),
        ("株式会社", "株式会社"),
        ("ﬁ", "ﬁ"),
    ],
)
def test_full_width_characters_are_normalized_only_in_phones_and_emails(
    text: str, expected: str
) -> None:
    assert parse_texts(text) == [expected]


@pytest.mark.parametrize("text", ["Zoe\u0308", '"Zoe\u0308"', "<https://x.com|Zoe\u0308>"])
def test_letters_are_composed(text: str) -> None:
    assert parse_texts(text) == ["Zoë"]


# --- anything at all -----------------------------------------------------------------------------

SPECIAL_CHARACTERS = " \n\"'“”„«»‘’<>|&;,=:＝#@＠!x１ｅé\u0308\u0338\u200b\u00a0\ud800" + ZWJ
PIECES = ["&amp;", "&lt;", "role=", "1=", "<@U1|a b>", "<#C1>", "<!here>", "<https://x|y z>"]
FRAGMENTS = st.lists(st.sampled_from([*SPECIAL_CHARACTERS, *PIECES]), max_size=40).map("".join)
PLAIN = st.text(
    st.characters(
        exclude_categories=["C", "Z"], exclude_characters="\"'“”‟″„‘’‛‚«»‹›＂＇\u034f*_~`"
    ),
    min_size=1,
)


@given(st.text() | FRAGMENTS)
@example('"')
@example("role=")
def test_any_text_parses_into_readable_words(text: str) -> None:
    line = parse_arguments(text, ["role", NUMBERED])
    for word in (*line.tokens, *line.named.values()):
        word.text.encode()
        assert unicodedata.is_normalized("NFC", word.text.removeprefix("@").removeprefix("#"))
        assert not set(word.text) & set("\u200b\u202e\ufeff\u00a0\r\x00")
    assert set(line.named) <= {"role"} | {str(number) for number in range(1000)}


@given(st.lists(PLAIN))
@example([":warning:"])
def test_plain_words_round_trip(typed: list[str]) -> None:
    line = parse_arguments(escape(" ".join(typed)))
    for word, original in zip(line.tokens, typed, strict=True):
        expected = replace_emoji_names(original)
        assert unicodedata.normalize("NFKC", word.text) == unicodedata.normalize("NFKC", expected)


@example([":warning:", "x"], "“”")
@given(st.lists(PLAIN), st.sampled_from(['""', "''", "“”", "„“", "‘’", "«»"]))
def test_quoted_text_round_trips(typed: list[str], marks: str) -> None:
    text = " ".join(typed)
    expected = Token(unicodedata.normalize("NFC", replace_emoji_names(text)))
    quoted = f"{marks[0]}{escape(text)}{marks[1]}"
    assert parse_arguments(f"a {quoted} b").tokens == (Token("a"), expected, Token("b"))
    assert parse_arguments(f"1={quoted}", [NUMBERED]).named == {"1": expected}


@given(st.text())
def test_unescape_undoes_slacks_escaping(text: str) -> None:
    assert unescape(escape(text)) == text


@given(st.text().map(lambda text: text.replace("&", "")))
def test_unescape_leaves_alone_what_is_not_escaped(text: str) -> None:
    assert unescape(text) == text
