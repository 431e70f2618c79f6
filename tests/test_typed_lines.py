"""What people type, and where it leads.

Of the lines in ``tests/data/typed_lines.txt`` that mean anything to this app, 82 % lead to the
right place in one step; a button does the rest.
"""

from __future__ import annotations

from typing import Any

import pytest

from bot.slack.commands.registry import build_registry
from commands import COMMANDS
from tests import typed_lines

LINES = typed_lines.read_table()


def test_every_line_leads_where_the_table_says() -> None:
    registry: Any = build_registry(COMMANDS)
    wrong = {
        f"{line.number}: {line.typed}": (line.expected, found)
        for line in LINES
        if (found := typed_lines.describe(line.typed, registry)) != line.expected
    }
    assert not wrong


def test_the_table_is_large_and_has_no_line_twice() -> None:
    assert len({line.typed for line in LINES}) == len(LINES) >= 300


def test_the_share_that_is_right_in_one_step() -> None:
    assert f"{typed_lines.share_in_one_step(LINES):.0f} %" in (__doc__ or "")


@pytest.mark.parametrize("line", ["maria share", "stop watching {id}", "show me john share"])
def test_nothing_that_others_see_or_that_acts_starts_from_a_guess(line: str) -> None:
    registry: Any = build_registry(COMMANDS)
    typed = line.format(id="19632427-908f-4bf3-a6f5-69b9a0bbfc63")
    assert typed_lines.describe(typed, registry).startswith("asks ")
