"""Exports that meet a person without access, a time of no zone, or a fault of the app's own."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bot.processes.typed_line import split_csv
from bot.sandbox.chakra.faults import StatusResponse
from bot.slack.commands.arguments import parse_arguments
from tests.clock import ManualClock
from tests.conftest import OpenSandbox
from tests.exports.scenarios import (
    COMPLETE,
    LIST,
    advance_until,
    export,
    list_file_messages,
    read_dm_text,
    wait_for_file,
    wait_for_text,
)
from tests.exports.test_exports import ALL, hang_after
from tests.people import JOHN
from tests.world import World


@pytest.mark.parametrize("lost", ["account", "role"])
async def test_who_lost_access_while_it_was_read_gets_no_file(
    open_sandbox: OpenSandbox, clock: ManualClock, lost: str
) -> None:
    async with open_sandbox(senders=("S0SALES",)) as acme:
        await hang_after(acme, 0)
        await acme.type(ALL)
        await advance_until(acme, clock, lambda: acme.chakra.count(LIST) == 1)
        workspace = acme.slack.workspace
        if lost == "account":
            workspace.change_member_kind(JOHN, "deactivated")
        else:
            workspace.user_groups["S0SALES"] = ()
        await clock.jump(60)
        acme.chakra.release_hanging()
        await wait_for_text(acme, clock, "you no longer may")
        assert not list_file_messages(acme)
        workspace.change_member_kind(JOHN, "admin")
        await clock.jump(60)
        await acme.slack.press(JOHN, "process.csv_continue")
        await wait_for_file(acme, clock)


async def test_slack_that_does_not_say_who_may_is_waited_for(
    acme: World, clock: ManualClock
) -> None:
    await hang_after(acme, 0)
    await acme.type(ALL)
    await advance_until(acme, clock, lambda: acme.chakra.count(LIST) == 1)
    acme.slack.fail("users.info", error="internal_error", times=4)
    await clock.jump(60)
    acme.chakra.release_hanging()
    await wait_for_text(acme, clock, "Slack isn't responding; trying again.")
    assert not list_file_messages(acme)
    await wait_for_file(acme, clock)


async def test_times_that_no_zone_has_are_in_the_file(acme: World, clock: ManualClock) -> None:
    times: dict[object, str] = {
        253_402_300_799_000: "9999-12-31T23:59:59+00:00",
        "9999-12-31T23:59:59-05:00": "9999-12-31T23:59:59-05:00",
        "0001-01-01T00:00:00+14:00": "0001-01-01T00:00:00+14:00",
        "soon": "",
        10**30: "",
    }
    lead = dict(acme.chakra.records.find("LEAD-004038"))
    leads = [
        {**lead, "id": f"{lead['id'][:-1]}{number}", "createdAt": time, "nextActionAt": time}
        for number, time in enumerate(times)
    ]
    page = StatusResponse(200, json={"_data": leads, "_meta": {"hasMore": False}})
    acme.chakra.fail(LIST, page)
    rows = await export(acme, clock, ALL)
    assert [row["Created"] for row in rows] == list(times.values())
    assert [row["Next action"] for row in rows] == list(times.values())


@pytest.mark.parametrize(
    ("broken_function", "sentence"),
    [
        ("bot.exports.exporter.build_rows", "Something in this app failed"),
        ("bot.exports.delivery.render_file_comment", "If it isn't below, press Continue"),
    ],
)
async def test_fault_of_the_app_ends_it_and_the_member_reads_so(
    acme: World,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
    broken_function: str,
    sentence: str,
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(broken_function, fail)
        await acme.type(ALL)
        await wait_for_text(acme, clock, sentence)
    await acme.slack.press(JOHN, "process.csv_continue")
    assert await wait_for_file(acme, clock)


@pytest.mark.parametrize(
    ("method", "fault", "sentence"),
    [
        (COMPLETE, {"error": "channel_not_found"}, "doesn't let this app send you messages"),
        (COMPLETE, {"error": "file_not_found"}, "didn't accept the file (file_not_found)"),
        ("upload", {"status": 413}, "doesn't accept files of this size"),
        ("files.getUploadURLExternal", {"error": "missing_scope"}, "lacks a permission in Slack"),
    ],
)
async def test_refused_file_is_explained_for_the_member_who_waits(
    acme: World, clock: ManualClock, method: str, fault: dict[str, Any], sentence: str
) -> None:
    acme.slack.fail(method, **fault)
    await acme.type(ALL)
    await wait_for_text(acme, clock, re.escape(sentence))
    assert "/invite" not in read_dm_text(acme)
    await acme.slack.press(JOHN, "process.csv_continue")
    await wait_for_file(acme, clock)


async def test_no_message_opened_means_no_file_posted(acme: World, clock: ManualClock) -> None:
    """So it is sent again without a search for it among the messages."""
    await hang_after(acme, 0)
    await acme.type(ALL)
    await advance_until(acme, clock, lambda: acme.chakra.count(LIST) == 1)
    acme.slack.fail("conversations.open", status=503)
    acme.chakra.release_hanging()
    await wait_for_file(acme, clock)
    assert "conversations.history" not in {call.method for call in acme.slack.calls}


@pytest.mark.parametrize(
    ("typed", "rest", "is_export"),
    [
        ("state:NEW csv", 1, True),
        ("state:NEW as a CSV file", 1, True),
        ("state:NEW to an Excel file", 1, True),
        ("state:NEW xlsx", 1, True),
        ("state:NEW as a file", 1, True),
        ("state:NEW file", 2, False),
        ('state:NEW "csv"', 2, False),
        ("csv state:NEW", 2, False),
        ("csv", 0, True),
        ("", 0, False),
    ],
)
def test_end_of_a_line_asks_for_the_file(typed: str, rest: int, is_export: bool) -> None:
    left, asked = split_csv(parse_arguments(typed).tokens)
    assert (len(left), asked) == (rest, is_export)
