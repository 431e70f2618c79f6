"""Lists in pages: each item once, the buttons that turn the page, the filters."""

from __future__ import annotations

from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UsageError
from bot.sandbox.slack.limits import check_response_body
from bot.slack import blocks
from bot.slack.commands.arguments import parse_arguments
from bot.slack.commands.reply import Message, build_response_body
from bot.slack.paging import (
    MAX_FILTER_LENGTH,
    FilterText,
    ListQuery,
    build_unknown_value_error,
    paginate,
    parse_filters,
    render_list_page,
)

EXAMPLE = "/chakra things"


class ThingQuery(ListQuery):
    command: ClassVar[str] = EXAMPLE

    words: FilterText = ""


def render(count: int, number: int) -> Message:
    page = paginate(range(count), number, 10)
    return render_list_page(
        page,
        ThingQuery(page=page.number, words="x"),
        heading=[f"{count} things"],
        row=lambda item: blocks.section(str(item)),
        empty_text="Nothing here.",
        note="Just now",
        page_action="things.page",
    )


def read_button_values(message: Message) -> dict[str, str]:
    elements = [item for block in message.blocks for item in block.get("elements", [])]
    return {item["action_id"]: item["value"] for item in elements if "action_id" in item}


@given(st.integers(0, 95), st.integers(-3, 12))
def test_a_page_that_does_not_exist_becomes_the_nearest(count: int, number: int) -> None:
    page = paginate(range(count), number, 10)
    assert 1 <= page.number <= page.count
    assert bool(page.items) == bool(count)
    if 1 <= number <= page.count:
        assert page.number == number


@given(st.integers(1, 95))
def test_turning_the_pages_shows_each_item_once(count: int) -> None:
    items: list[int] = []
    number = 1
    while True:
        items += paginate(range(count), number, 10).items
        following = read_button_values(render(count, number)).get("things.page:next")
        if following is None:
            break
        query = ThingQuery.from_value(following)
        assert (query.page, query.words) == (number + 1, "x")
        number = query.page
    assert items == list(range(count))


def test_only_pages_that_exist_have_a_button() -> None:
    assert set(read_button_values(render(30, 1))) == {"things.page:next"}
    assert set(read_button_values(render(30, 2))) == {"things.page:previous", "things.page:next"}
    assert set(read_button_values(render(30, 3))) == {"things.page:previous"}
    assert not read_button_values(render(10, 1))


@pytest.mark.parametrize("count", [0, 1, 10, 11, 500])
def test_slack_accepts_every_page(count: int) -> None:
    assert check_response_body(build_response_body(render(count, 2))) == []


def test_an_empty_list_says_so() -> None:
    assert "Nothing here." in str(render(0, 1).blocks)


def test_words_and_filters_are_read() -> None:
    arguments = parse_arguments('maria  "de la" role:"Inside Sales"', ("role",))
    words, named = parse_filters(arguments, example=EXAMPLE)
    assert (words, named) == ("maria de la", {"role": "Inside Sales"})


@pytest.mark.parametrize("text", ["<@U0MEI|mei>", "<#C1|sales>", "<https://acme.com>", "x" * 201])
def test_what_cannot_be_a_filter_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_filters(parse_arguments(text), example=EXAMPLE)
    assert error.value.example == EXAMPLE


@given(st.text(max_size=MAX_FILTER_LENGTH))
def test_whatever_is_typed_fits_into_a_button(text: str) -> None:
    try:
        words, _ = parse_filters(parse_arguments(text), example=EXAMPLE)
    except UsageError:
        return
    query = ThingQuery(words=words)
    assert ThingQuery.from_value(query.to_value()) == query


def test_an_unknown_value_names_the_known_ones_and_counts_the_rest() -> None:
    known = [f"role {number}" for number in range(33)]
    message = build_unknown_value_error("role", "pilot", known, example=EXAMPLE).message
    assert message.startswith('There\'s no role "pilot". Choose from: role 0, role 1,')
    assert message.endswith("role 29 and 3 more.")
    assert (
        build_unknown_value_error("role", "x", [], example=EXAMPLE).message
        == 'There\'s no role "x".'
    )
