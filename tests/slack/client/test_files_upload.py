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
from tests.sandbox.slack_stage import SCOPES, Stage, manifest, staged
from tests.slack.wire import TOKEN, Wire, client, count, refused

ALL_SCOPES = (*SCOPES, "files:read", "files:write")
JOHN, SALES, DIRECT = "U0JOHN", "C0SALES", "D0JOHN"
ROWS = b"name,phone\nJane,+12025550100\n"
ANNOUNCE, COMPLETE = "files.getUploadURLExternal", "files.completeUploadExternal"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged(manifest(scopes=ALL_SCOPES)) as made:
        yield made


@pytest.fixture
async def slack(stage: Stage) -> AsyncIterator[SlackClient]:
    async with client(stage.slack.api_url, stage.clock, token=stage.slack.bot_token) as made:
        yield made


def newest(stage: Stage, place: str = SALES) -> VisibleMessage:
    return stage.slack.messages(JOHN, place)[-1]


def shown(stage: Stage) -> list[str]:
    """The names of all files in messages, wherever they are."""
    return [
        file.name
        for place in (SALES, DIRECT)
        for message in stage.slack.messages(JOHN, place)
        for file in message.files
    ]


async def test_a_file_stands_in_a_channel_with_its_title_and_comment(
    stage: Stage, slack: SlackClient
) -> None:
    file_id = await slack.files.upload(
        SALES, "failed.csv", ROWS, title="What failed", comment="*2* failed"
    )
    message = newest(stage)
    [file] = message.files
    assert (file.id, file.name, file.title, file.data) == (
        file_id,
        "failed.csv",
        "What failed",
        ROWS,
    )
    assert message.text == "*2* failed"


async def test_a_member_gets_it_in_the_messages_with_the_app(
    stage: Stage, slack: SlackClient
) -> None:
    await slack.files.upload(JOHN, "failed.csv", ROWS)
    [file] = newest(stage, DIRECT).files
    assert (file.title, file.data) == ("failed.csv", ROWS)
    done = next(call for call in stage.slack.calls if call.method == COMPLETE)
    assert done.args["channel_id"] == DIRECT


async def test_a_thread_gets_it_below_its_message(stage: Stage, slack: SlackClient) -> None:
    parent = (await stage.web.chat_postMessage(channel=SALES, text="Running"))["ts"]
    await slack.files.upload(SALES, "failed.csv", ROWS, thread_ts=parent)
    message = newest(stage)
    assert (message.thread_ts, [file.name for file in message.files]) == (parent, ["failed.csv"])


async def test_where_the_app_may_not_write_nothing_is_shown(
    stage: Stage, slack: SlackClient
) -> None:
    error = await refused(slack.files.upload("C0GENERAL", "a.csv", ROWS))
    assert (type(error), error.code) == (NotInChannel, "not_in_channel")
    assert (await refused(slack.files.upload("U0NOBODY", "a.csv", ROWS))).code == "user_not_found"
    assert shown(stage) == []


async def test_what_slack_says_at_first_ends_it(stage: Stage, slack: SlackClient) -> None:
    stage.slack.fail(ANNOUNCE, error="file_uploads_disabled")
    error = await refused(slack.files.upload(SALES, "a.csv", ROWS))
    assert (error.method, error.code) == (ANNOUNCE, "file_uploads_disabled")
    assert (await refused(slack.files.upload(SALES, "a.csv", b""))).code == "missing_argument"
    assert count(stage, "upload") == 0


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 500}, "http_500"),
        ({"status": 413}, "http_413"),
        ({"reset": "before"}, "unreachable"),
        ({"reset": "after"}, "unreachable"),
    ],
)
async def test_bytes_that_do_not_arrive_make_no_file(
    stage: Stage, slack: SlackClient, fault: Any, code: str
) -> None:
    stage.slack.fail("upload", **fault)
    error = await refused(slack.files.upload(SALES, "a.csv", ROWS))
    assert (error.method, error.code) == ("upload", code)
    assert (count(stage, "upload"), count(stage, COMPLETE)) == (1, 0)
    assert shown(stage) == []


async def test_a_hung_upload_is_given_up(stage: Stage) -> None:
    stage.slack.hang("upload")
    token = stage.slack.bot_token
    async with client(stage.slack.api_url, stage.clock, token=token, patience=0.1) as slack:
        error = await refused(slack.files.upload(SALES, "a.csv", ROWS))
    assert (error.method, error.code) == ("upload", "unreachable")
    stage.slack.release()


@pytest.mark.parametrize(
    ("fault", "code", "stands"),
    [
        ({"reset": "before"}, "unreachable", []),
        ({"reset": "after"}, "unreachable", ["a.csv"]),
        ({"status": 503}, "http_503", []),
    ],
)
async def test_where_the_last_answer_is_lost_nothing_is_repeated(
    stage: Stage, slack: SlackClient, fault: Any, code: str, stands: list[str]
) -> None:
    stage.slack.fail(COMPLETE, **fault)
    error = await refused(slack.files.upload(SALES, "a.csv", ROWS))
    assert (error.method, error.code) == (COMPLETE, code)
    assert count(stage, COMPLETE) == 1
    assert shown(stage) == stands


# --- the token, and answers that are none --------------------------------------------------------


async def test_the_token_goes_to_the_web_api_and_not_with_the_bytes(clock: ManualClock) -> None:
    wire = Wire()
    async with wire.served() as url, client(f"{url}/api/", clock) as slack:
        announced = {"ok": True, "upload_url": f"{url}/upload/1", "file_id": "F1"}
        wire.at[f"/api/{ANNOUNCE}"] = lambda: JSONResponse(announced)
        assert await slack.files.upload(SALES, "a.csv", ROWS) == "F1"
    sent = {one.path: one.headers.get("authorization") for one in wire.asked}
    assert sent == {
        f"/api/{ANNOUNCE}": f"Bearer {TOKEN}",
        "/upload/1": None,
        f"/api/{COMPLETE}": f"Bearer {TOKEN}",
    }
    assert next(one.body for one in wire.asked if one.path == "/upload/1") == ROWS


async def test_the_bytes_go_to_no_stranger(clock: ManualClock) -> None:
    wire, elsewhere = Wire(), Wire()
    async with (
        elsewhere.served() as other,
        wire.served() as url,
        client(f"{url}/api/", clock) as slack,
    ):
        announced = {"ok": True, "upload_url": f"{other}/upload/1", "file_id": "F1"}
        wire.at[f"/api/{ANNOUNCE}"] = lambda: JSONResponse(announced)
        assert (await refused(slack.files.upload(SALES, "a", ROWS))).code == "untrusted_url"
        announced["upload_url"] = f"{url}/upload/1"
        moved = {"Location": f"{other}/upload/1"}
        wire.at["/upload/1"] = lambda: Response(status_code=307, headers=moved)
        assert (await refused(slack.files.upload(SALES, "a", ROWS))).code == "http_307"
    assert elsewhere.asked == []


@pytest.mark.parametrize(
    "announced",
    [{}, {"upload_url": None, "file_id": "F1"}, {"upload_url": "https://x"}, {"file_id": 5}],
)
async def test_an_announcement_that_is_none_is_unreadable(
    clock: ManualClock, announced: dict[str, object]
) -> None:
    wire = Wire(lambda: JSONResponse({"ok": True, **announced}))
    async with wire.served() as url, client(f"{url}/api/", clock) as slack:
        error = await refused(slack.files.upload(SALES, "a.csv", ROWS))
    assert (type(error), error.code) == (SlackError, "unreadable")
