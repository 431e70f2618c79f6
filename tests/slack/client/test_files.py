"""Files fetched from Slack: within bounds, never a web page for a file, no token to strangers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response, StreamingResponse

from bot.errors import FileUnavailable
from bot.sandbox.slack import LocalFile
from bot.slack.client.files import SlackFiles, StoredFile
from bot.slack.client.web_api import SlackClient
from tests.clock import ManualClock
from tests.event_loop import run
from tests.request_client import reserve_port
from tests.sandbox.slack_harness import SCOPES, Json, SlackHarness, build_manifest, open_harness
from tests.slack.stub_files import (
    MEGABYTE,
    PNG,
    SIGN_IN_PAGE,
    catch_unavailable,
    download,
    list_requested_paths,
    serve_stub_files,
)
from tests.slack.stub_server import TOKEN, catch_slack_error, count_calls, open_client

ALL_SCOPES = (*SCOPES, "files:read", "files:write")
JOHN = "U0JOHN"
PICTURE = LocalFile("Our shop.png", "image/png", PNG)


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


def share_file(harness: SlackHarness, upload: LocalFile = PICTURE) -> str:
    """The id of a file that a form has brought to the app."""
    file = harness.slack.workspace.files.add(JOHN, upload)
    harness.slack.workspace.files.reveal_to_app([file.id])
    return file.id


# --- given ---------------------------------------------------------------------------------------


async def test_file_includes_slacks_metadata(harness: SlackHarness, slack: SlackClient) -> None:
    file = await slack.files.get_info(share_file(harness))
    assert (file.name, file.mimetype, file.size) == ("Our shop.png", "image/png", len(PNG))
    assert not file.is_external
    assert await slack.files.download(file, max_bytes=len(PNG)) == PNG
    assert "Our shop" not in repr(file)


async def test_largest_allowed_file_is_downloaded_in_full(
    harness: SlackHarness, slack: SlackClient
) -> None:
    large = LocalFile("a.mp4", "video/mp4", bytes(10 * MEGABYTE))
    assert await download(slack.files, share_file(harness, large), 10 * MEGABYTE) == large.data


async def test_uploaded_html_file_is_downloaded(harness: SlackHarness, slack: SlackClient) -> None:
    for sort in ("text/html", "application/octet-stream"):
        page = LocalFile("page.html", sort, SIGN_IN_PAGE.encode())
        assert await download(slack.files, share_file(harness, page)) == page.data


# --- refused before anything is asked for --------------------------------------------------------


async def test_oversized_file_is_not_requested(harness: SlackHarness, slack: SlackClient) -> None:
    file_id = share_file(harness, LocalFile("a.png", "image/png", bytes(6 * MEGABYTE)))
    assert await catch_unavailable(slack.files, file_id) == "too_large"
    assert count_calls(harness, "download") == 0


@pytest.mark.parametrize(
    ("code", "mended"),
    [("file_not_found", False), ("file_deleted", False), ("missing_scope", False)],
)
async def test_slack_error_is_the_reason(
    harness: SlackHarness, slack: SlackClient, code: str, mended: bool
) -> None:
    harness.slack.fail("files.info", error=code)
    with pytest.raises(FileUnavailable) as raised:
        await slack.files.get_info(share_file(harness))
    assert (raised.value.method, raised.value.code) == ("files.info", code)
    assert raised.value.retryable is mended


async def test_unknown_file_is_not_found(slack: SlackClient) -> None:
    assert await catch_unavailable(slack.files, "F0UNKNOWN") == "file_not_found"


@pytest.mark.parametrize("external", [{"is_external": True}, {"mode": "external"}])
async def test_external_file_is_never_requested(clock: ManualClock, external: Json) -> None:
    async with serve_stub_files(clock, **external) as (wire, files):
        wire.path_responses["/file"] = lambda: Response(PNG, media_type="image/png")
        assert await catch_unavailable(files) == "external_file"
        assert list_requested_paths(wire) == ["/api/files.info"]


async def test_file_beyond_the_history_of_a_workspace_is_not_found(clock: ManualClock) -> None:
    hidden = {"mode": "hidden_by_limit", "url_private": "", "url_private_download": ""}
    async with serve_stub_files(clock, **hidden) as (wire, files):
        assert await catch_unavailable(files) == "file_not_found"
        assert list_requested_paths(wire) == ["/api/files.info"]


# --- not a file ----------------------------------------------------------------------------------


async def test_sign_in_redirect_is_not_a_file(harness: SlackHarness) -> None:
    file_id = share_file(harness)
    async with open_client(
        harness.slack.api_url, harness.clock, token=harness.slack.bot_token
    ) as good:
        file = await good.files.get_info(file_id)
    async with open_client(harness.slack.api_url, harness.clock, token="xoxb-old") as old:
        assert (
            await catch_slack_error(old.files.download(file, max_bytes=MEGABYTE))
        ).code == "sign_in"
        assert (await catch_slack_error(old.files.get_info(file_id))).code == "invalid_auth"
    assert count_calls(harness, "download") == 1


async def test_missing_scope_is_reported() -> None:
    async with open_harness() as harness:
        token = harness.slack.bot_token
        async with open_client(harness.slack.api_url, harness.clock, token=token) as slack:
            assert await catch_unavailable(slack.files, share_file(harness)) == "missing_scope"


@pytest.mark.parametrize(
    ("body", "sort"),
    [
        (SIGN_IN_PAGE, "text/html"),
        (SIGN_IN_PAGE, "Text/HTML; charset=utf-8"),
        ("anything at all", "text/html; charset=utf-8"),
        (SIGN_IN_PAGE, "application/octet-stream"),
        ("\n <HTML><body>", ""),
        ("<x/>", "application/xhtml+xml"),
    ],
)
async def test_sign_in_page_with_status_200_is_not_a_file(
    clock: ManualClock, body: str, sort: str
) -> None:
    async with serve_stub_files(clock) as (wire, files):
        wire.path_responses["/file"] = lambda: Response(
            body.encode(), headers={"Content-Type": sort}
        )
        assert await catch_unavailable(files) == "sign_in"


async def test_file_larger_than_declared_is_aborted(clock: ManualClock) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += MEGABYTE
            yield bytes(MEGABYTE)
            await asyncio.sleep(0)  # or the closed connection is never noticed

    for size in (1000, None):
        async with serve_stub_files(clock, size=size) as (wire, files):
            wire.path_responses["/file"] = lambda: StreamingResponse(
                endless(), media_type="image/png"
            )
            assert await catch_unavailable(files, max_bytes=2 * MEGABYTE) == "too_large"
    assert sent < 60 * MEGABYTE  # what the sockets took, and no more


# --- trouble -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [{"reset": "before", "times": 2}, {"reset": "after", "times": 2}, {"status": 503}],
)  # aiohttp itself retries once on a reused connection
async def test_reset_and_server_error_are_retried_once(
    harness: SlackHarness, slack: SlackClient, fault: Any
) -> None:
    file_id = share_file(harness)
    harness.slack.fail("download", **fault)
    asking = asyncio.create_task(download(slack.files, file_id))
    await harness.clock.wait_for_sleep(0.2)
    await harness.clock.advance(0.2)
    assert await asking == PNG


@pytest.mark.parametrize(
    ("fault", "code"), [({"reset": "before"}, "unreachable"), ({"status": 503}, "http_503")]
)
async def test_second_download_failure_is_raised(
    harness: SlackHarness, slack: SlackClient, fault: Any, code: str
) -> None:
    file_id = share_file(harness)
    harness.slack.fail("download", **fault, times=9)
    asking = asyncio.create_task(download(slack.files, file_id))
    await harness.clock.wait_for_sleep(0.2)
    await harness.clock.advance(0.2)
    error = await catch_slack_error(asking)
    assert (error.method, error.code, error.retryable) == ("download", code, True)


@pytest.mark.parametrize(("status", "code"), [(404, "http_404"), (410, "http_410")])
async def test_missing_file_is_not_retried(
    harness: SlackHarness, slack: SlackClient, status: int, code: str
) -> None:
    harness.slack.fail("download", status=status)
    assert await catch_unavailable(slack.files, share_file(harness)) == code
    assert count_calls(harness, "download") == 1


async def test_short_429_is_waited_out_and_a_long_one_raised(
    harness: SlackHarness, slack: SlackClient
) -> None:
    async with serve_stub_files(harness.clock) as (wire, files):
        answers = [Response(status_code=429, headers={"Retry-After": "7"}), Response(PNG)]
        wire.path_responses["/file"] = lambda: answers.pop(0)
        asking = asyncio.create_task(download(files))
        await harness.clock.wait_for_sleep(7)
        await harness.clock.advance(7)
        assert await asking == PNG
        wire.path_responses["/file"] = lambda: Response(
            status_code=429, headers={"Retry-After": "60"}
        )
        error = await catch_slack_error(download(files))
        assert (error.code, error.retry_after) == ("ratelimited", 60)


async def test_truncated_download_is_retried_once(clock: ManualClock) -> None:
    def halves() -> Iterator[Response]:
        yield StreamingResponse(broken(), headers={"Content-Length": str(len(PNG))})
        yield Response(PNG, media_type="image/png")

    async def broken() -> AsyncIterator[bytes]:
        yield PNG[:100]
        raise ConnectionError

    answers = halves()
    async with serve_stub_files(clock) as (wire, files):
        wire.path_responses["/file"] = lambda: next(answers)
        asking = asyncio.create_task(download(files))
        await clock.wait_for_sleep(0.2)
        await clock.advance(0.2)
        assert await asking == PNG


async def test_hung_slack_times_out(harness: SlackHarness) -> None:
    file_id = share_file(harness)
    harness.slack.hang("download")
    token = harness.slack.bot_token
    async with open_client(
        harness.slack.api_url, harness.clock, token=token, patience=0.1
    ) as slack:
        assert await catch_unavailable(slack.files, file_id) == "unreachable"
    harness.slack.release()


async def test_refused_download_is_unreachable(clock: ManualClock) -> None:
    with reserve_port() as port:
        async with open_client(f"http://127.0.0.1:{port}/api/", clock) as slack:
            address = f"http://127.0.0.1:{port}/file"
            file = StoredFile("F1", "", "", None, is_external=False, url=address)
            asking = asyncio.create_task(slack.files.download(file, max_bytes=1))
            await clock.wait_for_sleep(0.2)
            await clock.advance(0.2)
            assert (await catch_slack_error(asking)).code == "unreachable"


# --- answers that are none -----------------------------------------------------------------------


WILD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
PARTS = ("name", "mimetype", "size", "is_external", "mode", "url_private", "url_private_download")


class FixedResponseClient:
    """Answers every call with one body."""

    def __init__(self, body: Json) -> None:
        self._body = body

    async def call(self, method: str, **arguments: Any) -> Json:  # noqa: ARG002
        return self._body

    async def open_direct_messages(self, _: str) -> str:
        raise AssertionError


@given(
    WILD
    | st.fixed_dictionaries(
        {}, optional={part: WILD | st.just("https://evil.example/x") for part in PARTS}
    )
)
def test_any_file_url_never_reaches_a_foreign_host(url: Any) -> None:
    run(_check_rejected(url))


async def _check_rejected(url: Any) -> None:
    async with open_client("https://slack.com/api/", ManualClock()) as slack:
        files = SlackFiles(
            FixedResponseClient({"file": url}),
            slack._session,
            token=TOKEN,
            base_url="https://slack.com/api/",
            clock=ManualClock(),
            timeout=0.1,
        )
        error = await catch_unavailable(files)
        assert error in {
            "untrusted_url", "external_file", "too_large", "unreadable", "file_not_found"
        }  # fmt: skip
