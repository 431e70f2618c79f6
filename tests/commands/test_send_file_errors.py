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
from tests.commands.send_file_scenarios import (
    PICTURE,
    SEND_ENDPOINT,
    UPLOAD_ENDPOINT,
    check_promo_form,
    open_promo_form,
    submit_promo_form,
)
from tests.commands.send_scenarios import (
    JOHN,
    advance_until,
    count_sent,
    read_last_message_text,
    read_report_text,
    read_view_text,
    settle_app,
)
from tests.world import World

SLACK_ERRORS: list[tuple[str, dict[str, Any], str]] = [
    ("files.info", {"error": "file_deleted"}, "no longer has that file"),
    ("files.info", {"error": "missing_scope"}, "can't read files in Slack"),
    ("files.info", {"reset": "before", "times": 9}, "Slack didn't give us the file"),
    ("files.info", {"status": 500, "times": 9}, "Slack didn't give us the file"),
    ("files.info", {"error": "ratelimited", "retry_after": 30}, "Slack didn't give us the file"),
    ("download", {"error": "sign_in"}, "can't read files in Slack"),
    ("download", {"status": 404}, "no longer has that file"),
    ("download", {"status": 403}, "Slack didn't give us the file you chose (http_403)"),
    ("download", {"status": 503, "times": 9}, "Slack didn't give us the file"),
    ("download", {"reset": "before", "times": 9}, "Slack didn't give us the file"),
    ("download", {"reset": "after", "times": 9}, "Slack didn't give us the file"),
]


@pytest.mark.parametrize(("method", "fault", "expected"), SLACK_ERRORS)
async def test_file_unavailable_in_slack_is_not_sent(
    acme: World, clock: ManualClock, method: str, fault: dict[str, Any], expected: str
) -> None:
    await open_promo_form(acme)
    acme.slack.fail(method, **fault)
    assert await submit_promo_form(acme, file=PICTURE) == {}
    await assert_not_sent(acme, clock, expected)
    assert acme.chakra.count(UPLOAD_ENDPOINT) == 0


@pytest.mark.parametrize(
    "origin",
    [
        "http://127.0.0.1:9",
        "https://files.acme.example",
        "https://127.0.0.1",
        "http://files.slack.com",
        "https://files.slack.com:8443",
        "https://files-slack.com",
    ],
)
async def test_file_on_another_host_names_the_setting(
    acme: World, clock: ManualClock, origin: str
) -> None:
    acme.slack.set_file_origin(origin)
    await open_promo_form(acme)
    assert await submit_promo_form(acme, file=PICTURE) == {}
    await assert_not_sent(acme, clock, "SLACK_API_URL")
    assert "isn't stored in Slack" not in read_last_message_text(acme)


async def test_hung_slack_download_times_out(acme: World, clock: ManualClock) -> None:
    await open_promo_form(acme)
    acme.slack.hang("download")
    await check_promo_form(acme, file=PICTURE)
    press = asyncio.create_task(acme.slack.submit(JOHN, {}))
    await advance_until(acme, clock, lambda: "Not sent" in read_last_message_text(acme))
    assert press.done()
    assert "Slack didn't give us the file" in read_last_message_text(acme)
    acme.slack.release()
    assert (acme.chakra.count(UPLOAD_ENDPOINT), count_sent(acme)) == (0, 0)


CHAKRA_ERRORS: list[tuple[Fault, str]] = [
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


@pytest.mark.parametrize(("fault", "expected"), CHAKRA_ERRORS, ids=lambda each: type(each).__name__)
async def test_file_rejected_by_chakra_is_not_sent(
    acme: World, clock: ManualClock, fault: Fault, expected: str
) -> None:
    acme.chakra.fail(UPLOAD_ENDPOINT, fault)
    await open_promo_form(acme)
    assert await submit_promo_form(acme, file=PICTURE) == {}
    await assert_not_sent(acme, clock, expected)
    assert acme.chakra.count(UPLOAD_ENDPOINT) == 1
    acme.chakra.release_hanging()


async def assert_not_sent(acme: World, clock: ManualClock, expected: str) -> None:
    """The person hears why, in the channel and in the report, and nothing is sent."""
    await advance_until(acme, clock, lambda: "Not sent" in read_last_message_text(acme))
    await advance_until(acme, clock, lambda: "Not sent" in read_report_text(acme))
    for text in (read_last_message_text(acme), read_report_text(acme)):
        assert expected in text
        assert "don't know" not in text
        assert "may have gone out" not in text
        assert "2025550100" not in text
    assert (acme.chakra.count(SEND_ENDPOINT), count_sent(acme)) == (0, 0)


async def test_after_a_failure_the_form_opens_again_without_its_file(
    acme: World, clock: ManualClock
) -> None:
    acme.chakra.fail(UPLOAD_ENDPOINT, StatusResponse(500), times=1)
    await open_promo_form(acme)
    await submit_promo_form(acme, file=PICTURE)
    await advance_until(acme, clock, lambda: "Not sent" in read_last_message_text(acme))
    await acme.slack.close_view(JOHN)
    await acme.slack.press(JOHN, "sends.again")
    await settle_app(acme)
    assert "select your file again" in read_view_text(acme)
    assert "Jane" in read_view_text(acme)
    assert "choose a file" in (await submit_promo_form(acme))["media"]
    assert await submit_promo_form(acme, file=PICTURE) == {}
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)
