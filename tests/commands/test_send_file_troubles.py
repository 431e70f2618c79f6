"""Stories of a file that does not come through: nothing is sent, and the person hears why."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.sandbox.chakra.faults import (
    EmptyBody,
    ErrorsWithStatus200,
    Fault,
    Hang,
    HtmlErrorPage,
    ResetAfterHandling,
    ResetBeforeHandling,
    StatusResponse,
)
from tests.clock import ManualClock
from tests.commands.file_stories import PICTURE, PUT_UP, SEND, promo, submitted
from tests.commands.send_stories import JOHN, READS, calm, line, out, report, until, view
from tests.world import World

SLACK_TROUBLES: list[tuple[str, dict[str, Any], str]] = [
    ("files.info", {"error": "file_deleted"}, "no longer has that file"),
    ("files.info", {"error": "missing_scope"}, "can't read files in Slack"),
    ("files.info", {"reset": "before", "times": 9}, "Slack didn't hand over the file"),
    ("files.info", {"status": 500, "times": 9}, "Slack didn't hand over the file"),
    ("files.info", {"error": "ratelimited", "retry_after": 30}, "Slack didn't hand over the file"),
    ("download", {"error": "sign_in"}, "can't read files in Slack"),
    ("download", {"status": 404}, "no longer has that file"),
    ("download", {"status": 403}, "Slack didn't hand over the file you chose (http_403)"),
    ("download", {"status": 503, "times": 9}, "Slack didn't hand over the file"),
    ("download", {"reset": "before", "times": 9}, "Slack didn't hand over the file"),
    ("download", {"reset": "after", "times": 9}, "Slack didn't hand over the file"),
]


@pytest.mark.parametrize(("method", "fault", "expected"), SLACK_TROUBLES)
async def test_what_slack_does_not_give_is_not_sent(
    acme: World, clock: ManualClock, method: str, fault: dict[str, Any], expected: str
) -> None:
    await promo(acme)
    acme.slack.fail(method, **fault)
    assert await submitted(acme, file=PICTURE) == {}
    await not_sent(acme, clock, expected)
    assert acme.chakra.count(PUT_UP) == 0


async def test_a_slack_that_hangs_is_given_up(acme: World, clock: ManualClock) -> None:
    await promo(acme)
    acme.slack.hang("download")
    values: dict[str, Any] = {"phone": READS, "var_body_1": "Jane", "file": PICTURE}
    press = asyncio.create_task(acme.slack.submit(JOHN, values))
    await until(acme, clock, lambda: "Not sent" in line(acme))
    assert press.done()
    assert "Slack didn't hand over the file" in line(acme)
    acme.slack.release()
    assert (acme.chakra.count(PUT_UP), out(acme)) == (0, 0)


CHAKRA_TROUBLES: list[tuple[Fault, str]] = [
    (StatusResponse(500), "Chakra didn't accept the file"),
    (HtmlErrorPage(), "Chakra didn't accept the file"),
    (HtmlErrorPage(status=200), "Chakra didn't accept the file"),
    (EmptyBody(), "Chakra didn't accept the file"),
    (ResetBeforeHandling(), "Chakra didn't accept the file"),
    (ResetAfterHandling(), "Chakra didn't accept the file"),
    (StatusResponse(413, json={"_errors": ["file is too large"]}), "says: “file is too large”"),
    (StatusResponse(400), "Chakra didn't accept the file"),
    (ErrorsWithStatus200("quota is used up"), "says: “quota is used up”"),
    (StatusResponse(401), "doesn't accept this app's access token"),
    (StatusResponse(403), "doesn't let this app do that"),
    (Hang(), "Chakra didn't accept the file"),
]


@pytest.mark.parametrize(
    ("fault", "expected"), CHAKRA_TROUBLES, ids=lambda each: type(each).__name__
)
async def test_what_chakra_does_not_take_is_not_sent(
    acme: World, clock: ManualClock, fault: Fault, expected: str
) -> None:
    acme.chakra.fail(PUT_UP, fault)
    await promo(acme)
    assert await submitted(acme, file=PICTURE) == {}
    await not_sent(acme, clock, expected)
    assert acme.chakra.count(PUT_UP) == 1
    acme.chakra.release_hanging()


async def not_sent(acme: World, clock: ManualClock, expected: str) -> None:
    """The person hears why, in the channel and in the report, and nothing left."""
    await until(acme, clock, lambda: "Not sent" in line(acme))
    await until(acme, clock, lambda: "Not sent" in report(acme))
    for said in (line(acme), report(acme)):
        assert expected in said
        assert "don't know" not in said
        assert "may have gone out" not in said
        assert "2025550100" not in said
    assert (acme.chakra.count(SEND), out(acme)) == (0, 0)


async def test_after_a_failure_the_form_opens_again_without_its_file(
    acme: World, clock: ManualClock
) -> None:
    acme.chakra.fail(PUT_UP, StatusResponse(500), times=1)
    await promo(acme)
    await submitted(acme, file=PICTURE)
    await until(acme, clock, lambda: "Not sent" in line(acme))
    await acme.slack.press(JOHN, "send.edit")
    await calm(acme)
    assert "select your file again" in view(acme)
    assert "Jane" in view(acme)
    assert "choose a file" in (await submitted(acme))["media"]
    assert await submitted(acme, file=PICTURE) == {}
    await until(acme, clock, lambda: out(acme) == 1)
