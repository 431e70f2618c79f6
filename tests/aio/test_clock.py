"""Waits for a moment of the system clock, which may be set back in between."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.aio.clock import count_seconds_left


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (1_000.0, 0.0),
        (999.0, 0.0),
        (0.0, 0.0),
        (1_000.5, 0.5),
        (1_060.0, 60.0),
        (1_060.1, 0.0),
        (87_400.0, 0.0),
        (math.inf, 0.0),
        (-math.inf, 0.0),
    ],
)
def test_a_wait_that_nothing_could_have_set_is_over(until: float, expected: float) -> None:
    assert count_seconds_left(until, 1_000.0, 60.0) == pytest.approx(expected)


@given(st.floats(0, 4e9), st.floats(0, 4e9), st.floats(0, 1e6))
def test_no_wait_is_negative_or_longer_than_the_longest(
    until: float, now: float, longest: float
) -> None:
    assert 0.0 <= count_seconds_left(until, now, longest) <= longest
