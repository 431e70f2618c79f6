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
from tests.posting import nobody_listens
from tests.sandbox.slack_stage import SCOPES, Json, Stage, manifest, staged
from tests.slack.files import (
    MEGABYTE,
    PAGE,
    PNG,
    fetched,
    not_given,
    not_quite,
    paths,
)
from tests.slack.wire import TOKEN, client, count, refused

ALL_SCOPES = (*SCOPES, "files:read", "files:write")
JOHN = "U0JOHN"
PICTURE = LocalFile("Our shop.png", "image/png", PNG)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged(manifest(scopes=ALL_SCOPES)) as made:
        yield made


@pytest.fixture
async def slack(stage: Stage) -> AsyncIterator[SlackClient]:
    async with client(stage.slack.api_url, stage.clock, token=stage.slack.bot_token) as made:
        yield made


def chosen(stage: Stage, upload: LocalFile = PICTURE) -> str:
    """The id of a file that a form has brought to the app."""
    file = stage.slack.workspace.files.add(JOHN, upload)
    stage.slack.workspace.files.reveal_to_app([file.id])
    return file.id


# --- given ---------------------------------------------------------------------------------------


async def test_a_file_comes_with_what_slack_says_of_it(stage: Stage, slack: SlackClient) -> None:
    file = await slack.files.get_info(chosen(stage))
    assert (file.name, file.mimetype, file.size) == ("Our shop.png", "image/png", len(PNG))
    assert not file.is_external
    assert await slack.files.download(file, max_bytes=len(PNG)) == PNG
    assert "Our shop" not in repr(file)


async def test_the_largest_file_of_a_form_is_fetched_whole(
    stage: Stage, slack: SlackClient
) -> None:
    large = LocalFile("a.mp4", "video/mp4", bytes(10 * MEGABYTE))
    assert await fetched(slack.files, chosen(stage, large), 10 * MEGABYTE) == large.data


async def test_a_page_that_somebody_chose_is_given(stage: Stage, slack: SlackClient) -> None:
    for sort in ("text/html", "application/octet-stream"):
        page = LocalFile("page.html", sort, PAGE.encode())
        assert await fetched(slack.files, chosen(stage, page)) == page.data


# --- refused before anything is asked for --------------------------------------------------------


async def test_a_file_that_is_too_large_is_not_asked_for(stage: Stage, slack: SlackClient) -> None:
    file_id = chosen(stage, LocalFile("a.png", "image/png", bytes(6 * MEGABYTE)))
    assert await not_given(slack.files, file_id) == "too_large"
    assert count(stage, "download") == 0


@pytest.mark.parametrize(
    ("code", "mended"),
    [("file_not_found", False), ("file_deleted", False), ("missing_scope", False)],
)
async def test_slacks_word_is_the_reason(
    stage: Stage, slack: SlackClient, code: str, mended: bool
) -> None:
    stage.slack.fail("files.info", error=code)
    with pytest.raises(FileUnavailable) as raised:
        await slack.files.get_info(chosen(stage))
    assert (raised.value.method, raised.value.code) == ("files.info", code)
    assert raised.value.retryable is mended


async def test_a_file_of_somebody_else_is_not_found(slack: SlackClient) -> None:
    assert await not_given(slack.files, "F0NOBODY") == "file_not_found"


@pytest.mark.parametrize("external", [{"is_external": True}, {"mode": "external"}])
async def test_an_external_file_is_never_asked_for(clock: ManualClock, external: Json) -> None:
    async with not_quite(clock, **external) as (wire, files):
        wire.at["/file"] = lambda: Response(PNG, media_type="image/png")
        assert await not_given(files) == "external_file"
        assert paths(wire) == ["/api/files.info"]


# --- what is no file -----------------------------------------------------------------------------


async def test_with_a_token_that_may_not_the_sign_in_page_is_no_file(stage: Stage) -> None:
    file_id = chosen(stage)
    async with client(stage.slack.api_url, stage.clock, token=stage.slack.bot_token) as good:
        file = await good.files.get_info(file_id)
    async with client(stage.slack.api_url, stage.clock, token="xoxb-old") as old:
        assert (await refused(old.files.download(file, max_bytes=MEGABYTE))).code == "sign_in"
        assert (await refused(old.files.get_info(file_id))).code == "invalid_auth"
    assert count(stage, "download") == 1


async def test_without_the_scope_slack_says_so() -> None:
    async with staged() as stage:
        token = stage.slack.bot_token
        async with client(stage.slack.api_url, stage.clock, token=token) as slack:
            assert await not_given(slack.files, chosen(stage)) == "missing_scope"


@pytest.mark.parametrize(
    ("body", "sort"),
    [
        (PAGE, "text/html"),
        (PAGE, "Text/HTML; charset=utf-8"),
        ("anything at all", "text/html; charset=utf-8"),
        (PAGE, "application/octet-stream"),
        ("\n <HTML><body>", ""),
        ("<x/>", "application/xhtml+xml"),
    ],
)
async def test_the_sign_in_page_that_comes_as_a_200_is_no_file(
    clock: ManualClock, body: str, sort: str
) -> None:
    async with not_quite(clock) as (wire, files):
        wire.at["/file"] = lambda: Response(body.encode(), headers={"Content-Type": sort})
        assert await not_given(files) == "sign_in"


async def test_a_file_that_says_it_is_small_and_is_not_is_cut_off(clock: ManualClock) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += MEGABYTE
            yield bytes(MEGABYTE)
            await asyncio.sleep(0)  # or nobody comes to notice that the line is closed

    for size in (1000, None):
        async with not_quite(clock, size=size) as (wire, files):
            wire.at["/file"] = lambda: StreamingResponse(endless(), media_type="image/png")
            assert await not_given(files, most=2 * MEGABYTE) == "too_large"
    assert sent < 60 * MEGABYTE  # what the sockets took, and no more


# --- trouble -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [{"reset": "before", "times": 2}, {"reset": "after", "times": 2}, {"status": 503}],
)  # aiohttp itself asks once more on a connection that it had kept
async def test_a_broken_line_and_a_failing_slack_are_asked_once_more(
    stage: Stage, slack: SlackClient, fault: Any
) -> None:
    file_id = chosen(stage)
    stage.slack.fail("download", **fault)
    asking = asyncio.create_task(fetched(slack.files, file_id))
    await stage.clock.until_sleeping(0.2)
    await stage.clock.advance(0.2)
    assert await asking == PNG


@pytest.mark.parametrize(
    ("fault", "code"), [({"reset": "before"}, "unreachable"), ({"status": 503}, "http_503")]
)
async def test_then_it_is_said(stage: Stage, slack: SlackClient, fault: Any, code: str) -> None:
    file_id = chosen(stage)
    stage.slack.fail("download", **fault, times=9)
    asking = asyncio.create_task(fetched(slack.files, file_id))
    await stage.clock.until_sleeping(0.2)
    await stage.clock.advance(0.2)
    error = await refused(asking)
    assert (error.method, error.code, error.retryable) == ("download", code, True)


@pytest.mark.parametrize(("status", "code"), [(404, "http_404"), (410, "http_410")])
async def test_what_is_not_there_is_not_asked_for_again(
    stage: Stage, slack: SlackClient, status: int, code: str
) -> None:
    stage.slack.fail("download", status=status)
    assert await not_given(slack.files, chosen(stage)) == code
    assert count(stage, "download") == 1


async def test_a_429_is_waited_out_unless_it_is_too_long(stage: Stage, slack: SlackClient) -> None:
    async with not_quite(stage.clock) as (wire, files):
        answers = [Response(status_code=429, headers={"Retry-After": "7"}), Response(PNG)]
        wire.at["/file"] = lambda: answers.pop(0)
        asking = asyncio.create_task(fetched(files))
        await stage.clock.until_sleeping(7)
        await stage.clock.advance(7)
        assert await asking == PNG
        wire.at["/file"] = lambda: Response(status_code=429, headers={"Retry-After": "60"})
        error = await refused(fetched(files))
        assert (error.code, error.retry_after) == ("ratelimited", 60)


async def test_a_file_that_breaks_off_is_asked_for_once_more(clock: ManualClock) -> None:
    def halves() -> Iterator[Response]:
        yield StreamingResponse(broken(), headers={"Content-Length": str(len(PNG))})
        yield Response(PNG, media_type="image/png")

    async def broken() -> AsyncIterator[bytes]:
        yield PNG[:100]
        raise ConnectionError

    answers = halves()
    async with not_quite(clock) as (wire, files):
        wire.at["/file"] = lambda: next(answers)
        asking = asyncio.create_task(fetched(files))
        await clock.until_sleeping(0.2)
        await clock.advance(0.2)
        assert await asking == PNG


async def test_a_hung_slack_is_given_up(stage: Stage) -> None:
    file_id = chosen(stage)
    stage.slack.hang("download")
    token = stage.slack.bot_token
    async with client(stage.slack.api_url, stage.clock, token=token, patience=0.1) as slack:
        assert await not_given(slack.files, file_id) == "unreachable"
    stage.slack.release()


async def test_where_nobody_listens_it_is_unreachable(clock: ManualClock) -> None:
    with nobody_listens() as port:
        async with client(f"http://127.0.0.1:{port}/api/", clock) as slack:
            address = f"http://127.0.0.1:{port}/file"
            file = StoredFile("F1", "", "", None, is_external=False, url=address)
            asking = asyncio.create_task(slack.files.download(file, max_bytes=1))
            await clock.until_sleeping(0.2)
            await clock.advance(0.2)
            assert (await refused(asking)).code == "unreachable"


# --- answers that are none -----------------------------------------------------------------------


WILD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
PARTS = ("name", "mimetype", "size", "is_external", "mode", "url_private", "url_private_download")


class Telling:
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
def test_whatever_files_info_says_a_stranger_is_never_asked(shown: Any) -> None:
    run(_told(shown))


async def _told(shown: Any) -> None:
    async with client("https://slack.com/api/", ManualClock()) as slack:
        files = SlackFiles(
            Telling({"file": shown}),
            slack._session,
            token=TOKEN,
            base_url="https://slack.com/api/",
            clock=ManualClock(),
            timeout=0.1,
        )
        told = await not_given(files)
        assert told in {"untrusted_url", "external_file", "too_large", "unreadable"}
