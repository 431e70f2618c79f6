"""Files put up in Slack: for a channel, a thread or a person, in three steps and never twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from bot.errors import NotInChannel, SlackError
from bot.sandbox.slack import VisibleMessage
from bot.slack.client.web_api import SlackClient
from tests.clock import ManualClock
from tests.sandbox.slack_harness import SCOPES, SlackHarness, build_manifest, open_harness
from tests.slack.stub_server import TOKEN, StubServer, catch_slack_error, count_calls, open_client

ALL_SCOPES = (*SCOPES, "files:read", "files:write")
JOHN, SALES, DIRECT = "U0JOHN", "C0SALES", "D0JOHN"
ROWS = b"name,phone\nJane,+12025550100\n"
GET_UPLOAD_URL, COMPLETE_UPLOAD = "files.getUploadURLExternal", "files.completeUploadExternal"


@pytest.fixture
async def harness() -> AsyncIterator[SlackHarness]:
    async with open_harness(build_manifest(scopes=ALL_SCOPES)) as harness:
        yield harness


@pytest.fixture
async def slack(harness: SlackHarness) -> AsyncIterator[SlackClient]:
    async with open_client(
        harness.slack.api_url, harness.clock, token=harness.slack.bot_token
    ) as client:
        yield client


def find_last_message(harness: SlackHarness, place: str = SALES) -> VisibleMessage:
    return harness.slack.list_messages(JOHN, place)[-1]


def list_message_texts(harness: SlackHarness) -> list[str]:
    """The names of all files in messages, wherever they are."""
    return [
        file.name
        for place in (SALES, DIRECT)
        for message in harness.slack.list_messages(JOHN, place)
        for file in message.files
    ]


async def test_upload_to_a_channel_has_title_and_comment(
    harness: SlackHarness, slack: SlackClient
) -> None:
    file_id = await slack.files.upload(
        SALES, "failed.csv", ROWS, title="What failed", comment="*2* failed"
    )
    message = find_last_message(harness)
    [file] = message.files
    assert (file.id, file.name, file.title, file.data) == (
        file_id,
        "failed.csv",
        "What failed",
        ROWS,
    )
    assert message.text == "*2* failed"


async def test_upload_to_a_member_goes_to_direct_messages(
    harness: SlackHarness, slack: SlackClient
) -> None:
    await slack.files.upload(JOHN, "failed.csv", ROWS)
    [file] = find_last_message(harness, DIRECT).files
    assert (file.title, file.data) == ("failed.csv", ROWS)
    done = next(call for call in harness.slack.calls if call.method == COMPLETE_UPLOAD)
    assert done.args["channel_id"] == DIRECT


async def test_upload_to_a_thread_is_posted_as_a_reply(
    harness: SlackHarness, slack: SlackClient
) -> None:
    parent = (await harness.web.chat_postMessage(channel=SALES, text="Running"))["ts"]
    await slack.files.upload(SALES, "failed.csv", ROWS, thread_ts=parent)
    message = find_last_message(harness)
    assert (message.thread_ts, [file.name for file in message.files]) == (parent, ["failed.csv"])


async def test_upload_without_access_posts_nothing(
    harness: SlackHarness, slack: SlackClient
) -> None:
    error = await catch_slack_error(slack.files.upload("C0GENERAL", "a.csv", ROWS))
    assert (type(error), error.code) == (NotInChannel, "not_in_channel")
    assert (
        await catch_slack_error(slack.files.upload("U0STRANGER", "a.csv", ROWS))
    ).code == "user_not_found"
    assert list_message_texts(harness) == []


async def test_rejected_upload_request_raises_its_error(
    harness: SlackHarness, slack: SlackClient
) -> None:
    harness.slack.fail(GET_UPLOAD_URL, error="file_uploads_disabled")
    error = await catch_slack_error(slack.files.upload(SALES, "a.csv", ROWS))
    assert (error.method, error.code) == (GET_UPLOAD_URL, "file_uploads_disabled")
    assert (
        await catch_slack_error(slack.files.upload(SALES, "a.csv", b""))
    ).code == "missing_argument"
    assert count_calls(harness, "upload") == 0


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 500}, "http_500"),
        ({"status": 413}, "http_413"),
        ({"reset": "before"}, "unreachable"),
        ({"reset": "after"}, "unreachable"),
    ],
)
async def test_failed_transfer_creates_no_file(
    harness: SlackHarness, slack: SlackClient, fault: Any, code: str
) -> None:
    harness.slack.fail("upload", **fault)
    error = await catch_slack_error(slack.files.upload(SALES, "a.csv", ROWS))
    assert (error.method, error.code) == ("upload", code)
    assert (count_calls(harness, "upload"), count_calls(harness, COMPLETE_UPLOAD)) == (1, 0)
    assert list_message_texts(harness) == []


async def test_hung_upload_times_out(harness: SlackHarness) -> None:
    harness.slack.hang("upload")
    token = harness.slack.bot_token
    async with open_client(
        harness.slack.api_url, harness.clock, token=token, patience=0.1
    ) as slack:
        error = await catch_slack_error(slack.files.upload(SALES, "a.csv", ROWS))
    assert (error.method, error.code) == ("upload", "unreachable")
    harness.slack.release()


@pytest.mark.parametrize(
    ("fault", "code", "posted"),
    [
        ({"reset": "before"}, "unreachable", []),
        ({"reset": "after"}, "unreachable", ["a.csv"]),
        ({"status": 503}, "http_503", []),
    ],
)
async def test_lost_completion_response_is_not_retried(
    harness: SlackHarness, slack: SlackClient, fault: Any, code: str, posted: list[str]
) -> None:
    harness.slack.fail(COMPLETE_UPLOAD, **fault)
    error = await catch_slack_error(slack.files.upload(SALES, "a.csv", ROWS))
    assert (error.method, error.code) == (COMPLETE_UPLOAD, code)
    assert count_calls(harness, COMPLETE_UPLOAD) == 1
    assert list_message_texts(harness) == posted


# --- the token, and answers that are none --------------------------------------------------------


async def test_token_is_sent_to_the_web_api_but_not_with_the_bytes(clock: ManualClock) -> None:
    wire = StubServer()
    async with wire.serve() as url, open_client(f"{url}/api/", clock) as slack:
        announced = {"ok": True, "upload_url": f"{url}/upload/1", "file_id": "F1"}
        wire.path_responses[f"/api/{GET_UPLOAD_URL}"] = lambda: JSONResponse(announced)
        assert await slack.files.upload(SALES, "a.csv", ROWS) == "F1"
    sent = {request.path: request.headers.get("authorization") for request in wire.requests}
    assert sent == {
        f"/api/{GET_UPLOAD_URL}": f"Bearer {TOKEN}",
        "/upload/1": None,
        f"/api/{COMPLETE_UPLOAD}": f"Bearer {TOKEN}",
    }
    assert next(request.body for request in wire.requests if request.path == "/upload/1") == ROWS


async def test_bytes_are_never_sent_to_a_foreign_host(clock: ManualClock) -> None:
    wire, elsewhere = StubServer(), StubServer()
    async with (
        elsewhere.serve() as other,
        wire.serve() as url,
        open_client(f"{url}/api/", clock) as slack,
    ):
        announced = {"ok": True, "upload_url": f"{other}/upload/1", "file_id": "F1"}
        wire.path_responses[f"/api/{GET_UPLOAD_URL}"] = lambda: JSONResponse(announced)
        assert (
            await catch_slack_error(slack.files.upload(SALES, "a", ROWS))
        ).code == "untrusted_url"
        announced["upload_url"] = f"{url}/upload/1"
        moved = {"Location": f"{other}/upload/1"}
        wire.path_responses["/upload/1"] = lambda: Response(status_code=307, headers=moved)
        assert (await catch_slack_error(slack.files.upload(SALES, "a", ROWS))).code == "http_307"
    assert elsewhere.requests == []


@pytest.mark.parametrize(
    "announced",
    [{}, {"upload_url": None, "file_id": "F1"}, {"upload_url": "https://x"}, {"file_id": 5}],
)
async def test_malformed_upload_url_response_is_invalid(
    clock: ManualClock, announced: dict[str, object]
) -> None:
    wire = StubServer(lambda: JSONResponse({"ok": True, **announced}))
    async with wire.serve() as url, open_client(f"{url}/api/", clock) as slack:
        error = await catch_slack_error(slack.files.upload(SALES, "a.csv", ROWS))
    assert (type(error), error.code) == (SlackError, "unreadable")
