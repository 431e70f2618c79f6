"""What people type, and where it leads.

Of the lines in ``tests/data/typed_lines.txt`` that mean anything to this app, 88 % lead to the
right place in one step; a button does the rest.
"""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.slack import collect_text
from bot.slack.commands.registry import build_registry
from commands import COMMANDS
from tests import typed_lines
from tests.people import JOHN
from tests.world import World

LINES = typed_lines.read_table()
JOB_ID = "19632427-908f-4bf3-a6f5-69b9a0bbfc63"


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
    assert f"{typed_lines.measure_share_in_one_step(LINES):.0f} %" in (__doc__ or "")


@pytest.mark.parametrize("line", ["maria share", "stop watching {id}", "show me john share"])
def test_nothing_that_others_see_or_that_acts_starts_from_a_guess(line: str) -> None:
    registry: Any = build_registry(COMMANDS)
    typed = line.format(id=JOB_ID)
    assert typed_lines.describe(typed, registry).startswith("asks ")


async def test_a_line_of_each_kind_through_the_front_door(acme: World) -> None:
    async def read(line: str) -> str:
        return collect_text(await acme.type(f"/chakra {line}"))

    async def read_form(line: str) -> str:
        await acme.type(f"/chakra {line}")
        view = acme.slack.find_view(JOHN)
        assert view is not None, line
        await acme.slack.close_view(JOHN)
        return collect_text(view)

    assert "Two people match" in await read("maria")
    assert "+91 99999 99999" in await read("hi, who is priya's number?")
    assert "Everything is working" in await read("is it working?")
    assert "Chakra documents no list of tasks." in await read("my tasks")
    assert "Aarav Mehta" in await read("LEAD-004038")
    assert "Aarav Mehta" in await read("what's the status of lead-004038?")
    assert "Did you mean:\n/chakra process show LEAD-004038" in await read("close LEAD-004038")
    assert "Did you mean:\n/chakra unwatch" in await read(f"stop watching {JOB_ID}")
    assert "What /chakra can do" in await read("?")
    assert "Did you mean:\n/chakra users sales" in await read("usres sales")
    assert "role Field Sales or Inside Sales" in collect_text(await acme.press("help.run:0"))
    assert "No one in Chakra matches *zebulon*" in await read("zebulon")
    assert "No templates match" in collect_text(await acme.press("help.run:1"))
    assert "New template" in await read_form("please create a template")
    assert "John Doe" in await read_form("message John Doe")
    assert "Bulk upload" in await read_form("import leads")
