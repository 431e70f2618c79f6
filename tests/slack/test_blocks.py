"""Block Kit in our words: nothing from outside mentions anybody, and Slack takes all of it."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.slack.limits import check_message, check_view
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, clip, code, escape, italic, lines, markup
from bot.slack.commands.reply import Choice
from bot.slack.refilled_form import refill_form

HOSTILE_TEXTS = (
    "<!channel>",
    "<!here|here>",
    "<@U0JOHN>",
    "<#C0SALES|sales>",
    "<https://evil.example|your bank>",
    "&lt;!channel&gt;",
    "&amp;lt;!everyone&amp;gt;",
    "R&D <3 > 2",
    "*bold* _it_ `code` ~gone~",
    "שלום עולם",
    "مرحبا <!channel>",
    "\u202egnirts",
    "a\x00b\x1bc",
    "👩‍👩‍👧‍👦🇮🇳",
    "",
    "   ",
    "\n\n",
)
TEXTS = st.one_of(
    st.text(max_size=60),
    st.sampled_from(HOSTILE_TEXTS),
    st.lists(st.sampled_from(HOSTILE_TEXTS), max_size=8).map("".join),
    st.builds(
        lambda text, count: text * count, st.sampled_from(HOSTILE_TEXTS), st.integers(1, 900)
    ),
)
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


def is_inert(text: str) -> bool:
    """No angle bracket, and every ampersand begins an entity of Slack's three."""
    return not re.search("[<>]", text) and not re.search("&(?!(?:amp|lt|gt);)", text)


# --- escaping ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("John Doe", "John Doe"),
        ("R&D <3", "R&amp;D &lt;3"),
        ("<!channel>", "&lt;!channel&gt;"),
        ("&lt;", "&amp;lt;"),
        ("a\x00b\x7f", "ab"),
        ("two\nlines\tand", "two\nlines\tand"),
        ("\u202etxt", "txt"),
        ("שלום", "\u2068שלום\u2069"),
        ("<שלום>", "\u2068&lt;שלום&gt;\u2069"),
        ("\u2069\u2069שלום", "\u2068שלום\u2069"),
    ],
)
def test_external_text_is_escaped(text: str, expected: str) -> None:
    assert escape(text) == expected


@given(TEXTS)
def test_escaped_text_is_always_inert(text: str) -> None:
    escaped = escape(text)
    assert is_inert(escaped)
    assert html.unescape(_HIDDEN.sub("", escaped)) == _HIDDEN.sub("", text)
    assert escape(escaped) is escaped


@given(TEXTS, TEXTS)
def test_text_in_our_formatting_stays_inert(one: str, two: str) -> None:
    for formatted in (markup(one, two), lines([one, two]), bold(one), italic(one), code(one)):
        assert is_inert(formatted)
    assert markup(Markup("*x* "), one).startswith("*x* ")
    assert is_inert(markup(one, blocks.mention("U0JOHN")).replace("<@U0JOHN>", ""))


@given(TEXTS)
def test_bold_and_code_are_properly_delimited(text: str) -> None:
    formatted = bold(text)
    assert formatted == "" or (formatted.count("*") == 2 and "\n" not in formatted)
    assert code(text).count("`") == 2
    assert "\n" not in code(text)


def test_own_markup_is_not_double_escaped() -> None:
    once = escape("R&D")
    assert markup(once) == bold(once)[1:-1] == code(once)[1:-1] == italic(once)[1:-1] == "R&amp;D"


# --- cutting -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("hello", 5, "hello"),
        ("hello!", 5, "hell…"),
        ("hello world", 7, "hello…"),
        ("<b>&lt;", 6, "<b>&l…"),
        ("", 5, ""),
    ],
)
def test_long_text_is_truncated_with_an_ellipsis(text: str, most: int, expected: str) -> None:
    assert clip(text, most) == expected


@given(TEXTS, st.integers(1, 80))
def test_truncation_never_breaks_an_entity(text: str, most: int) -> None:
    cut = clip(escape(text), most)
    assert len(cut) <= most
    assert is_inert(cut)
    assert len(clip(text, most)) <= most


@given(TEXTS, st.integers(1, 80))
def test_truncation_never_breaks_a_mention_or_link(text: str, most: int) -> None:
    link = Markup("<https://chakrahq.com/a?b=1&amp;c=2|Chakra>")
    cut = clip(markup(text[:30], link, text, blocks.mention("U0JOHN")), most)
    assert is_inert(cut.replace(link, "").replace("<@U0JOHN>", ""))


# --- blocks --------------------------------------------------------------------------------------

CHOICES = st.builds(Choice, TEXTS, st.uuids().map(str), TEXTS)


def find_violations(payload: dict[str, Any], *, view: bool = False) -> list[str]:
    found = check_view(payload) if view else check_message(payload)
    return [str(finding) for finding in found if finding.is_error]


def check_blocks(*message_blocks: dict[str, Any]) -> dict[str, Any]:
    return {"text": "x", "blocks": list(message_blocks)}


@given(TEXTS, TEXTS, st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=3))
def test_every_message_block_is_valid(one: str, two: str, pairs: list[tuple[str, str]]) -> None:
    picture = blocks.image("https://acme.com/a.png", one)
    drawn_blocks = [
        blocks.section(one, accessory=picture),
        blocks.section(markup(bold(one), "\n", two), accessory=blocks.button(one, "a.b", two)),
        blocks.header(one),
        blocks.context(one, code(two)),
        blocks.divider(),
        blocks.actions(blocks.button(two, "a.c", style="primary")),
    ]
    for block in drawn_blocks:
        assert find_violations(check_blocks(block)) == []
    for block in blocks.fields(pairs):
        assert find_violations(check_blocks(block)) == []


@given(TEXTS, st.lists(CHOICES, min_size=1, max_size=5, unique_by=lambda kind: kind.value))
def test_every_menu_is_valid(text: str, choices: list[Choice]) -> None:
    menu = blocks.select("a.pick", text, choices, initial=choices[0].value)
    assert find_violations(check_blocks(blocks.actions(menu))) == []
    assert find_violations(check_blocks(blocks.section(text, accessory=menu))) == []


@given(TEXTS, TEXTS, TEXTS)
def test_every_form_is_valid(title: str, label: str, typed: str) -> None:
    field = blocks.text_field("name", label, action="a.name", initial=typed, hint=label)
    plain_field = blocks.text_field("nick", label, action="a.nick", optional=True)
    view = blocks.form_modal("a.submit", title, title, [blocks.section(label), field, plain_field])
    assert find_violations(view, view=True) == []
    assert find_violations(blocks.info_modal(title, [blocks.section(typed)]), view=True) == []


@given(TEXTS, TEXTS)
def test_form_refilled_with_entered_values_is_valid(before: str, typed: str) -> None:
    field = blocks.text_field("name", "Name", action="a.name", initial=before)
    view = {**blocks.form_modal("a.submit", "Form", "Save", [field]), "private_metadata": "{}"}
    full_view = {**view, "id": "V1", "hash": "1.2", "state": {"values": {}}, "close": None}
    again = refill_form(full_view, {"name": typed[:3_000]}, [blocks.section("No.")])
    assert find_violations(again, view=True) == []
    assert again["blocks"][1]["element"].get("initial_value", "") == typed[:3_000]
    assert not {"id", "hash", "state"} & set(again)
    assert again["private_metadata"] == "{}"


def test_many_fields_become_several_sections() -> None:
    drawn_blocks = blocks.fields([(f"label {n}", f"value {n}") for n in range(23)])
    assert [len(block["fields"]) for block in drawn_blocks] == [10, 10, 3]
    assert blocks.fields([]) == []


def test_menu_has_at_most_a_hundred_options_selected_first() -> None:
    choices = [Choice(f"n{n}", str(n)) for n in range(150)]
    menu = blocks.select("a.pick", "Pick", choices, initial="7")
    assert len(menu["options"]) == 100
    assert menu["initial_option"] == menu["options"][7]
    assert "initial_option" not in blocks.select("a.pick", "Pick", choices, initial="120")


@pytest.mark.parametrize(
    "url",
    ["", "x.png", "javascript:alert(1)", "data:image/png;base64,AA", "https://a/" + "x" * 3_000],
)
def test_invalid_image_url_renders_no_image(url: str) -> None:
    assert blocks.image(url, "alt") is None


def test_image_without_alt_text_gets_a_default() -> None:
    assert blocks.image("https://a.com/x.png", "") == {
        "type": "image",
        "image_url": "https://a.com/x.png",
        "alt_text": "picture",
    }


@given(TEXTS, TEXTS, st.lists(st.sampled_from(["jpg", "png", "pdf"]), max_size=3))
def test_every_file_field_is_valid(label: str, hint: str, endings: list[str]) -> None:
    field = blocks.file_field("file", label, action="a.file", filetypes=endings, hint=hint)
    view = blocks.form_modal("a.b", "Title", "Go", [field])
    assert [str(violation) for violation in check_view(view) if violation.is_error] == []
    element = field["element"]
    assert (element["max_files"], element.get("filetypes", [])) == (1, endings)
    assert "dispatch_action" not in field


def test_refilled_form_omits_its_file() -> None:
    fields = [
        blocks.text_field("name", "Name", action="a.name"),
        blocks.file_field("file", "File", action="a.file", optional=True),
    ]
    view = blocks.form_modal("a.b", "Title", "Go", fields)
    again = refill_form(view, {"name": "Ann", "file": ""}, [blocks.section("No.")])
    assert again["blocks"][1]["element"]["initial_value"] == "Ann"
    assert again["blocks"][2] == fields[1]
    assert [str(violation) for violation in check_view(again) if violation.is_error] == []


# --- long texts ----------------------------------------------------------------------------------

LONG_TEXTS = st.builds(
    lambda pieces, count: ("".join(pieces) * count)[:20_000],
    st.lists(st.one_of(TEXTS, st.just("word "), st.just("line\n"), st.just("&<>")), max_size=6),
    st.integers(1, 400),
)


def remove_spaces(text: str) -> str:
    return re.sub(r"\s", "", text)


@given(LONG_TEXTS, st.integers(10, 300))
def test_a_text_that_is_split_is_complete_and_breaks_no_entity(text: str, length: int) -> None:
    escaped = escape(text)
    parts = blocks.split_text(escaped, length)
    assert all(len(part) <= length and is_inert(part) for part in parts)
    assert remove_spaces("".join(parts)) == remove_spaces(escaped)


@given(LONG_TEXTS)
def test_sections_show_the_whole_text_or_say_how_much_is_missing(text: str) -> None:
    escaped = escape(text)
    texts = [block["text"]["text"] for block in blocks.sections(text)]
    joined = "".join(texts)
    missing = re.search(r"… \(([\d,]+) more characters\)$", joined)
    if missing is None:
        assert remove_spaces(joined) == remove_spaces(escaped)
    else:
        prefix = remove_spaces(joined[: missing.start()])
        assert remove_spaces(escaped).startswith(prefix)
        hidden = len(html.unescape(escaped)) - int(missing[1].replace(",", ""))
        assert len(remove_spaces(html.unescape(prefix))) <= hidden
    assert check_message({"text": "x", "blocks": blocks.sections(text)}) == []


@pytest.mark.parametrize(
    "build", [blocks.section, lambda text: blocks.fields([("Label", text)])[0]]
)
def test_one_section_or_field_that_is_too_small_says_how_much_is_missing(build: Any) -> None:
    block = build("x" * 5_000)
    [text] = [block["text"]["text"]] if "text" in block else [block["fields"][0]["text"]]
    count = text.count("x")
    assert text.endswith(f"… ({5_000 - count:,} more characters)")


def test_a_link_stays_whole_where_a_text_is_split() -> None:
    link = "<https://acme.com/a/long/address|a label with spaces>"
    parts = blocks.split_text(Markup("word " * 5 + link + " end"), 60)
    assert [link in part for part in parts].count(True) == 1
