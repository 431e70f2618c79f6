"""What people type, as Slack and phones hand it over, and the words that come out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.commands.arguments import MAX_TEXT_LENGTH, Arguments, parse_arguments
from bot.slack.commands.tokenizer import NUMBERED
from bot.slack.commands.tokens import ChannelMention, GroupMention, Link, Mention, Token


def parse_texts(text: str, *names: str) -> list[str]:
    return [word.text for word in parse_arguments(text, names).tokens]


def parse_named(text: str, *names: str) -> dict[str, str]:
    return {name: word.text for name, word in parse_arguments(text, names).named.items()}


# --- words and spaces ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("   ", []),
        ("user", ["user"]),
        ("user john@acme.com", ["user", "john@acme.com"]),
        ("  user \t john\nacme ", ["user", "john", "acme"]),
        ("user\u00a0john\u202fdoe\u3000x\u2028y\u0085z", ["user", "john", "doe", "x", "y", "z"]),
        ("send C:\\new \\n", ["send", "C:\\new", "\\n"]),
        ("R&amp;D &lt;3 &gt; 2", ["R&D", "<3", ">", "2"]),
        ("AT&T &copy; &#38;", ["AT&T", "&copy;", "&#38;"]),
    ],
)
def test_words_are_separated_by_any_spaces(text: str, expected: list[str]) -> None:
    assert parse_texts(text) == expected


def test_text_from_joins_words() -> None:
    line = parse_arguments("user  +91 98765\u00a043210 role:admin", ["role"])
    assert line.join_from(1) == "+91 98765 43210"
    assert line.join_from() == "user +91 98765 43210"
    assert line.join_from(9) == ""


def test_tail_keeps_everything_but_the_first_word() -> None:
    line = parse_arguments("users john status:active", ["status"])
    assert line.skip_first() == Arguments((Token("john"),), {"status": Token("active")}, line.raw)
    assert parse_arguments("").skip_first() == parse_arguments("")


def test_raw_is_the_original_text() -> None:
    assert parse_arguments("user “R&amp;D” ").raw == "user “R&amp;D” "


def test_a_long_text_is_cut() -> None:
    line = parse_arguments("x" * MAX_TEXT_LENGTH + " more")
    assert line == Arguments((Token("x" * MAX_TEXT_LENGTH),), {}, "x" * MAX_TEXT_LENGTH)
    assert parse_texts(" " * (MAX_TEXT_LENGTH - 6) + "<@U123|john>") == ["<@U123"]


# --- escapes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("&amp;lt;", "&lt;"),
        ("&amp;amp;", "&amp;"),
        ("&lt;@U123|john&gt;", "<@U123|john>"),
        ("&lt;https://x.com|y&gt;", "<https://x.com|y>"),
        ("&amp;lt;@U123&amp;gt;", "&lt;@U123&gt;"),
    ],
)
def test_typed_text_is_unescaped_once_and_never_becomes_markup(text: str, expected: str) -> None:
    assert parse_arguments(text).tokens == (Token(expected),)


# --- quotes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "quoted",
    [
        '"john doe"',
        "'john doe'",
        "“john doe”",
        "”john doe”",
        "„john doe“",
        "„john doe”",
        "«john doe»",
        "»john doe«",
        "«\u00a0john doe\u00a0»",
        "‹john doe›",
        "‘john doe’",
        "’john doe’",
        "‚john doe‘",
        "＂john doe＂",
        '"john doe”',
        '“john doe"',
    ],
)
def test_quotes_group_words(quoted: str) -> None:
    assert parse_texts(f"user {quoted} next") == ["user", "john doe", "next"]
    assert parse_texts(f"user {quoted}, next") == ["user", "john doe", "next"]
    assert parse_texts(quoted) == ["john doe"]


@pytest.mark.parametrize(
    "text",
    [
        "O’Brien",
        "O'Brien",
        "l'été",
        "dogs’",
        "5'10\"",
        "’tis",
        '"',
        "'",
        '"unclosed',
        "“unclosed",
        "«unclosed",
        'a"b"',
        '"a"b',
        "it’s",
        "rock’n’roll",
    ],
)
def test_unpaired_quote_mark_is_text(text: str) -> None:
    assert parse_texts(f"user {text} next") == ["user", text, "next"]
    assert parse_texts(text) == [text]


def test_an_apostrophe_within_quotes_does_not_end_them() -> None:
    assert parse_texts("'it's me' “O”Brien” ‘it’s you’") == ["it's me", "O”Brien", "it’s you"]


def test_quotes_of_another_kind_are_text_within_quotes() -> None:
    assert parse_texts('"say \'hi\' now" ‘say "hi" now’') == ["say 'hi' now", 'say "hi" now']


def test_unclosed_quote_does_not_group_words() -> None:
    assert parse_texts('user "john doe') == ["user", '"john', "doe"]


def test_empty_quotes_are_an_empty_word() -> None:
    assert parse_arguments('"" “”').tokens == (Token(""), Token(""))


def test_a_quoted_text_keeps_its_spaces_and_lines() -> None:
    assert parse_texts('" a  b\r\nc\u00a0d "') == [" a  b\nc d "]


def test_markup_within_quotes_is_read_as_its_text() -> None:
    quoted = '"ask <@U1|john> or <https://x.com|the "site"> &amp; wait"'
    assert parse_texts(quoted) == ['ask @john or the "site" & wait']


# --- what Slack inserts --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markup", "word"),
    [
        ("<@U123|john>", Mention("U123", "john")),
        ("<@W123>", Mention("W123")),
        ("<@U123|tom &amp; co>", Mention("U123", "tom & co")),
        ("<#C123|sales>", ChannelMention("C123", "sales")),
        ("<#G123|>", ChannelMention("G123")),
        ("<!subteam^S123|@sales>", GroupMention("S123", "sales")),
        ("<!subteam^S123>", GroupMention("S123")),
        ("<!here>", Token("@here")),
        ("<!here|here>", Token("@here")),
        ("<!channel>", Token("@channel")),
        ("<!everyone>", Token("@everyone")),
        ("<!date^1392734382^{date}|18 February>", Token("18 February")),
        ("<mailto:a@b.c|a@b.c>", Token("a@b.c")),
        ("<mailto:a@b.c>", Token("a@b.c")),
        ("<mailto:a@b.c?subject=x|write us>", Token("a@b.c")),
        ("<mailto:A@b.c|A@B.c>", Token("A@B.c")),
        ("<mailto:o%27brien@b.c|o'brien@b.c>", Token("o'brien@b.c")),
        ("<mailto:long.name@b.c|long.na…>", Token("long.name@b.c")),
        ("<tel:+4912345|+49 123 45>", Token("+49 123 45")),
        ("<tel:+4912345|call us>", Token("+4912345")),
        ("<https://x.com>", Link("https://x.com")),
        ("<https://x.com|https://x.com>", Link("https://x.com")),
        ("<https://x.com/|https://x.com>", Link("https://x.com")),
        ("<http://acme.com|acme.com>", Token("acme.com")),
        ("<http://Booking.com|Booking.com>", Token("Booking.com")),
        ("<http://acme.com/|Acme.com>", Token("Acme.com")),
        ("<http://acme.com/a?b=1&amp;c|acme.com/a?b=1&amp;c>", Token("acme.com/a?b=1&c")),
        ("<http://xn--mnchen-3ya.de|münchen.de>", Token("münchen.de")),
        ("<http://xn--strae-oqa.de|straße.de>", Token("straße.de")),
        ("<mailto:a@xn--mnchen-3ya.de|a@München.de>", Token("a@München.de")),
        ("<@B0BOT|tool>", Mention("B0BOT", "tool")),
        ("<https://x.com/%C3%BC|https://x.com/ü>", Link("https://x.com/ü")),
        (
            "<https://shop.example/orders/2026/11/12345|https://shop.example/orders/20…>",
            Link("https://shop.example/orders/2026/11/12345"),
        ),
        (
            "<http://shop.example/orders/12345|shop.example/ord…>",
            Token("shop.example/orders/12345"),
        ),
        (
            "<https://shop.example/o/12345|https://shop...12345>",
            Link("https://shop.example/o/12345"),
        ),
        ("<https://x.com|y.com…>", Link("https://x.com", "y.com…")),
        ("<https://x.com/?a=1&amp;b=2|R&amp;D>", Link("https://x.com/?a=1&b=2", "R&D")),
    ],
)
def test_markup_is_understood(markup: str, word: Token) -> None:
    assert parse_arguments(markup).tokens == (word,)
    assert parse_arguments(f'  "{markup}" ').tokens == (word,)
    assert parse_arguments(f"assignee={markup}", ["assignee"]).named == {"assignee": word}
    assert parse_arguments(f"watch {markup} {markup}").tokens == (Token("watch"), word, word)


def test_word_text_is_human_readable() -> None:
    line = "<@U1|john> <@U1> <#C1|sales> <#C1> <!subteam^S1|@team> <https://x.com|site>"
    assert parse_texts(line) == ["@john", "@U1", "#sales", "#C1", "@team", "site"]


@pytest.mark.parametrize(
    "text",
    [
        "<",
        "<>",
        "<@>",
        "<@U123",
        "<@u123>",
        "<@u-1|x>",
        "<#D-1>",
        "<!>",
        "<!unknown>",
        "<!subteam^>",
        "<!subteam^X1>",
        "<mailto:>",
        "<foo>",
        "<10:30>",
        "<|x>",
        "<https://>",
        "<@U1|a|b",
        "U123>",
    ],
)
def test_malformed_markup_stays_text(text: str) -> None:
    assert parse_arguments(f"user {text} next").tokens == (
        Token("user"),
        Token(text),
        Token("next"),
    )


def test_malformed_markup_does_not_group_words() -> None:
    assert parse_texts("<foo bar> <@U1 x>") == ["<foo", "bar>", "<@U1", "x>"]


def test_email_or_link_adjacent_to_text_is_text() -> None:
    assert parse_texts("(<mailto:a@b.c|a@b.c>), x<https://y.z|y.z>") == ["(a@b.c),", "xy.z"]


def test_mention_is_a_word_even_when_adjacent_to_text() -> None:
    line = parse_arguments("ask:<@U1|john>, <#C1|a><#C2|b>")
    expected = (Token("ask:"), Mention("U1", "john"), Token(","), ChannelMention("C1", "a"))
    assert line.tokens == (*expected, ChannelMention("C2", "b"))


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("role=admin", "admin"),
        ("role:admin", "admin"),
        ("Role:admin", "admin"),
        ("ROLE=admin", "admin"),
        ("ｒｏｌｅ＝admin", "admin"),
        ("role：admin", "admin"),
        ('role="team lead"', "team lead"),
        ("role:“team lead”", "team lead"),
        ('role="team lead", ', "team lead"),
        ("role='it's me'", "it's me"),
        ('role=""', ""),
        ("role=", ""),
        ("role==admin", "=admin"),
        ("role=a=b:c", "a=b:c"),
        ("role=R&amp;D", "R&D"),
        ("role=&lt;", "<"),
        ("role=<@U1|john>", "@john"),
        ("role=<https://x.com|x.com>/y", "x.com/y"),
        ('role="unclosed', '"unclosed'),
    ],
)
def test_a_name_takes_the_value_after_its_sign(text: str, value: str) -> None:
    line = parse_arguments(f"users {text}", ["status", "role"])
    assert {name: word.text for name, word in line.named.items()} == {"role": value}
    assert line.tokens == (Token("users"),)


def test_named_values_and_words_come_in_any_order() -> None:
    text = "role:admin john status=active doe"
    assert parse_named(text, "role", "status") == {"role": "admin", "status": "active"}
    assert parse_texts(text, "role", "status") == ["john", "doe"]


@pytest.mark.parametrize(
    "text",
    ["https://x.com", "10:30", "a:b", "x=1", ":custom:", "=", "=x", "roles=x", "my.role=x", "1=x"],
)
def test_an_unknown_name_stays_a_word(text: str) -> None:
    assert parse_arguments(text, ["role"]) == Arguments((Token(text),), {}, text)


def test_spaces_around_the_sign_are_not_a_pair() -> None:
    line = parse_arguments('role = x role= "y"', ["role"])
    assert [word.text for word in line.tokens] == ["role", "=", "x", "y"]
    assert line.named == {"role": Token("")}


def test_a_quoted_pair_is_a_word() -> None:
    assert parse_arguments('"role=admin"', ["role"]).tokens == (Token("role=admin"),)


def test_the_last_value_of_a_repeated_name_counts() -> None:
    assert parse_named("role=a Role:b", "role") == {"role": "b"}


def test_a_name_is_found_under_the_spelling_of_the_command() -> None:
    assert parse_named("TEAMNAME=x straße=y", "teamName", "STRASSE") == {
        "teamName": "x",
        "STRASSE": "y",
    }


def test_mention_adjacent_to_a_named_value_is_the_next_word() -> None:
    line = parse_arguments("role=x<@U1|john>", ["role"])
    assert (line.named, line.tokens) == ({"role": Token("x")}, (Mention("U1", "john"),))


def test_numbers_are_names_if_the_command_has_variables() -> None:
    text = '1=John 02="Big Plan" ３＝x #=y 10:30 1234=z -1=a 1.5=b'
    assert parse_named(text, NUMBERED) == {"1": "John", "2": "Big Plan", "3": "x"}
    assert parse_texts(text, NUMBERED) == ["#=y", "10:30", "1234=z", "-1=a", "1.5=b"]


@given(st.text(alphabet="ab1@._+- ", max_size=60), st.sampled_from([(), ("a",), ("#",)]))
def test_simple_line_fast_path_is_equivalent(text: str, names: tuple[str, ...]) -> None:
    """An honest no-break space sends the same words down the long way."""
    simple, long = parse_arguments(text, names), parse_arguments(text + "\u00a0", names)
    assert (simple.tokens, dict(simple.named)) == (long.tokens, dict(long.named))
