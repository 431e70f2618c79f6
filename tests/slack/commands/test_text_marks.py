"""The marks of Slack's composer around the words of a typed line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.commands.arguments import parse_arguments
from bot.slack.commands.tokenizer import ANY_NAME, NUMBERED

NAMES = ["role", NUMBERED, ANY_NAME]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("*user* `john@acme.com`", ["user", "john@acme.com"]),
        ("*user john doe*", ["user", "john", "doe"]),
        ('`user` *"John Doe"*', ["user", "John Doe"]),
        ('user "*John Doe*"', ["user", "John Doe"]),
        ("user “_John Doe_”", ["user", "John Doe"]),
        ("```19632427-908f``` ~x~ ***b***", ["19632427-908f", "x", "b"]),
        ("*_john_* _*john*_ ~`john`~", ["john", "john", "john"]),
        ("*john*, _john_.", ["john,", "john."]),
        ("`<@U0MEI>` *<#C1|x>*", ["@U0MEI", "#x"]),
        (
            "`<http://acme.com|acme.com>` *<https://x.com/_a_*b>*",
            ["acme.com", "https://x.com/_a_*b"],
        ),
        ("`+91 98765 43210`", ["+91", "98765", "43210"]),
        ("*:tada:*", ["🎉"]),
        ("` john ` next", ["john", "next"]),
        ("```\njohn doe\n```", ["john", "doe"]),
        ("lead/`LEAD-004038` (*mei*)", ["lead/LEAD-004038", "(mei)"]),
        ("`lead`/`LEAD_1` *mei*… #`5f3a`", ["lead/LEAD_1", "mei…", "#5f3a"]),
    ],
)
def test_marks_around_words_are_removed(text: str, words: list[str]) -> None:
    assert [word.text for word in parse_arguments(text, NAMES).tokens] == words


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "**",
        "****",
        "_x",
        "x_",
        "*x",
        "snake_case_name",
        "(a_b_c)",
        "john._x_.doe@acme.com",
        "lead/`x",
        "john_(x)_",
        "5*3",
        "* x *",
        "a*b*",
        "~5",
        "`x",
        "__",
    ],
)
def test_what_marks_nothing_stays(text: str) -> None:
    line = parse_arguments(f"user {text} next", NAMES)
    assert line.join_from() == f"user {text} next"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("1=*500*", {"1": "*500*"}),
        ('1="_500_" 2=~x~ 3=`y`', {"1": "_500_", "2": "~x~", "3": "`y`"}),
        ("*first_name*=Ravi _role_:admin", {"first_name": "Ravi", "role": "admin"}),
        ("*first_name=Ravi* `1=x`", {"first_name": "Ravi", "1": "x"}),
        ('*1="two words"* `role="team lead"`', {"1": "two words", "role": "team lead"}),
        ('role=*admin* role="`team lead`"', {"role": "team lead"}),
        ("*send 1=x role=y*", {"1": "x", "role": "y"}),
        ("*promo* 1=*500* 2=*600*", {"1": "*500*", "2": "*600*"}),
    ],
)
def test_marks_around_pairs_are_removed_and_those_of_values_stay(
    text: str, named: dict[str, str]
) -> None:
    line = parse_arguments(text, NAMES)
    assert {name: word.text for name, word in line.named.items()} == named


@given(st.lists(st.sampled_from(["*", "_", "~", "`", "x", " ", '"', "1=", ":", "<@U1>"])))
def test_no_order_of_marks_breaks_the_parser(pieces: list[str]) -> None:
    line = parse_arguments("".join(pieces), NAMES)
    letters = "".join(word.text for word in (*line.tokens, *line.named.values()))
    assert letters.count("x") <= pieces.count("x")


@given(st.lists(st.text(alphabet="abc1.@+-", min_size=1, max_size=5), min_size=1, max_size=5))
def test_any_words_are_the_same_within_marks(words: list[str]) -> None:
    text = " ".join(words)
    plain = [word.text for word in parse_arguments(text).tokens]
    for mark in "*_~`":
        marked = parse_arguments(f"{mark}{text}{mark}").tokens
        assert [word.text for word in marked] == plain
