"""What buttons carry: read back as it was written, or the one error of an outdated button."""

from __future__ import annotations

import contextlib
from enum import StrEnum
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.button_state import (
    MAX_VALUE_LENGTH,
    ButtonState,
    OutdatedButton,
    ValueTooLong,
    parse_row_id,
)
from bot.slack.paging import ListQuery


class Color(StrEnum):
    RED = "red"


class Paint(ButtonState):
    command: ClassVar[str] = "/chakra paint"

    name: str = ""
    color: Color = Color.RED
    coats: tuple[int, ...] = ()


class PaintList(ListQuery):
    command: ClassVar[str] = "/chakra paints"


@given(st.text(max_size=100), st.lists(st.integers(0, 10**6), max_size=20))
def test_a_state_is_read_back_as_it_was_written(name: str, coats: list[int]) -> None:
    state = Paint(name=name, coats=tuple(coats))
    try:
        value = state.to_value()
    except ValueTooLong:
        assert len(name) > 90  # control characters take six characters each
        return
    assert len(value) <= MAX_VALUE_LENGTH
    assert Paint.from_value(value) == state


def test_a_state_that_no_button_holds_raises() -> None:
    with pytest.raises(ValueTooLong):
        Paint(name="x" * MAX_VALUE_LENGTH).to_value()


def test_a_button_of_before_a_field_was_added_gets_its_default() -> None:
    assert Paint.from_value('["blue"]') == Paint(name="blue")


@pytest.mark.parametrize(
    "value",
    ["", "x", "{}", "7", "null", '"a"', '[1]', '["a","green"]', '["a","red",[1.5]]',
     '["a","red",["1"]]', '["a","red",[],1]', "[" * 90_000, "\ud800", "NaN", '[NaN]'],
)  # fmt: skip
def test_any_other_value_is_an_outdated_button(value: str) -> None:
    with pytest.raises(OutdatedButton) as error:
        Paint.from_value(value)
    assert error.value.example == "/chakra paint"


@pytest.mark.parametrize("value", ['["1"]', "[true]", "[1.0]", "[null]", "2"])
def test_a_page_is_a_whole_number(value: str) -> None:
    with pytest.raises(OutdatedButton):
        PaintList.from_value(value)


@given(st.text())
def test_no_text_breaks_it(value: str) -> None:
    with contextlib.suppress(OutdatedButton):
        Paint.from_value(value)


@pytest.mark.parametrize("value", ["", "-1", "1.0", "x", "²", "١", "9" * 16])
def test_a_row_id_is_a_number(value: str) -> None:
    with pytest.raises(OutdatedButton):
        parse_row_id(value, "/chakra jobs")
    assert parse_row_id("17", "/chakra jobs") == 17
