"""What people type for a rule, and the rule that it means."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UsageError
from bot.notifications.rule_line import parse_rule
from bot.notifications.rule_text import describe_spec, find_impossible
from bot.notifications.rule_values import KnownNames, join_values, split_values
from bot.notifications.rule_words import FIELD_ALIASES
from bot.notifications.times import parse_period, parse_time
from bot.slack.commands.arguments import parse_arguments
from bot.text.countries import find_country, list_country_names
from tests.notifications.test_matching import KNOWN

TABLE = Path(__file__).parents[1] / "data" / "notify_lines.txt"
LINES = [
    tuple(part.strip() for part in row.split(" => "))
    for row in TABLE.read_text(encoding="utf-8").splitlines()
    if " => " in row and not row.startswith("#")
]


def describe(typed: str) -> str:
    """Return what a line means, in the words of the table."""
    try:
        parsed = parse_rule(parse_arguments(typed, tuple(FIELD_ALIASES)), KNOWN)
    except UsageError as error:
        return f"? {error.message}"
    text = describe_spec(parsed.spec, KNOWN.senders).replace("*", "").replace("\n", " / ")
    return f"{text} | {', '.join(parsed.unused)}" if parsed.unused else text


@pytest.mark.parametrize(("typed", "meaning"), LINES, ids=[typed for typed, _ in LINES])
def test_line_means_what_the_table_says(typed: str, meaning: str) -> None:
    assert describe(typed) == meaning


def test_the_table_is_large_and_has_no_line_twice() -> None:
    assert len({typed for typed, _ in LINES}) == len(LINES) >= 80


def test_slips_are_corrected_for_a_button() -> None:
    parsed = parse_rule(parse_arguments("add message threded"), KNOWN)
    assert parsed.correction == "add message threaded"
    again = parse_rule(parse_arguments("notify message threded").skip_first(), KNOWN)
    assert again.correction == "message threaded"
    with pytest.raises(UsageError) as raised:
        parse_rule(parse_arguments("add faild"), KNOWN)
    assert [item.line for item in raised.value.suggested_lines] == ["notify add failed"]


@pytest.mark.parametrize(
    ("typed", "sentences"),
    [
        ('message "refund"', []),
        ('all "refund"', []),
        ("failed from India", []),
        (
            'message failed "refund"',
            ["Failed messages have no customer's words: this rule receives none of them."],
        ),
        (
            "template by <@U0MEI|mei> from India",
            ["Template changes have no country or sender: this rule receives none of them."],
        ),
        (
            "account order_update",
            ["Account warnings have no template: this rule receives none of them."],
        ),
    ],
)
def test_filters_that_exclude_the_events_are_named(typed: str, sentences: list[str]) -> None:
    parsed = parse_rule(parse_arguments(typed, tuple(FIELD_ALIASES)), KNOWN)
    assert find_impossible(parsed.spec) == sentences


@pytest.mark.parametrize("name", ["template:order_update", "sender:Acme"])
def test_names_that_chakra_does_not_list_now_are_not_called_missing(name: str) -> None:
    with pytest.raises(UsageError, match=r"Chakra lists no .* right now, so I can't check"):
        parse_rule(parse_arguments(f"failed {name}", tuple(FIELD_ALIASES)), KnownNames())


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("refund, late delivery;\nblue,, ", ["refund", "late delivery", "blue"]),
        (
            '"refund, please", “soon; or never”, plain',
            ["refund, please", "soon; or never", "plain"],
        ),
        ('lead.city="Pune, India"', ['lead.city="Pune, India"']),
        ('5" screen, "open', ['5" screen', '"open']),
        ('""', []),
    ],
)
def test_values_of_a_field(typed: str, values: list[str]) -> None:
    assert split_values(typed) == values


@given(st.lists(st.text('ab ,;\n"“”=', min_size=1).filter(str.strip).map(str.strip)))
def test_values_come_back_from_a_form_as_they_were(values: list[str]) -> None:
    assert split_values(join_values(values)) == values


@given(st.text(max_size=60))
def test_any_line_is_a_rule_or_a_sentence(typed: str) -> None:
    assert describe(typed)


@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ("9", time(9)), ("9am", time(9)), ("9:30 pm", time(21, 30)), ("12am", time(0)),
        ("12 p.m.", time(12)), ("24:00", time(0)), ("noon", time(12)), ("7h", time(7)),
        ("25", None), ("9:75", None), ("13pm", None), ("soon", None), ("", None),
    ],
)  # fmt: skip
def test_times_of_day(typed: str, moment: time | None) -> None:
    assert parse_time(typed) == moment


@pytest.mark.parametrize(
    ("typed", "period"),
    [
        ("22-7", (time(22), time(7))), ("22:00 - 07:00", (time(22), time(7))),
        ("10pm to 7am", (time(22), time(7))), ("from 8 until 9:30", (time(8), time(9, 30))),
        ("hours between 22:00 and 07:00", (time(22), time(7))),
        ("7-7", None), ("22", None), ("22-25", None), ("night", None),
    ],
)  # fmt: skip
def test_periods(typed: str, period: tuple[time, time] | None) -> None:
    assert parse_period(typed) == period


def test_every_country_is_found_by_its_code_and_its_name() -> None:
    for code, name in list_country_names().items():
        assert find_country(code.lower()) == code
        assert find_country(name.upper()) == code
    assert (find_country("U.K."), find_country("uae"), find_country("Narnia")) == ("GB", "AE", "")
