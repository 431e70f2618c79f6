"""Talking to Slack: repeats that cannot post twice, bounded waits, Slack's words as our errors."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from bot.errors import NotInChannel, SlackError, TriggerExpired
from bot.sandbox.slack import visible_text
from bot.slack import blocks
from bot.slack.client.retry import parse_retry_after
from bot.slack.client.web_api import SlackClient
from bot.slack.commands.reply import Message
from bot.web.server import serve
from tests.clock import ManualClock
from tests.posting import nobody_listens
from tests.sandbox.slack_stage import Stage, staged
from tests.slack.wire import TOKEN, Wire, client, count, refused

JOHN, SALES = "U0JOHN", "C0SALES"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as made:
        yield made


@pytest.fixture
async def slack(stage: Stage) -> AsyncIterator[SlackClient]:
    async with client(stage.slack.api_url, stage.clock, token=stage.slack.bot_token) as made:
        yield made


# --- answers -------------------------------------------------------------------------------------


async def test_an_answer_comes_with_the_scopes_of_the_token(slack: SlackClient) -> None:
    body = await slack.call("auth.test")
    assert body["team_id"] == "T0ACME"
    assert "users:read" in body["_scopes"].split(",")


async def test_slacks_word_becomes_the_code(slack: SlackClient) -> None:
    error = await refused(slack.call("users.info", user="U0NOBODY"))
    assert (error.method, error.code, error.retryable) == (
        "users.info",
        "user_not_found",
        False,
    )


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("expired_trigger_id", TriggerExpired),
        ("exchanged_trigger_id", TriggerExpired),
        ("not_in_channel", NotInChannel),
        ("is_archived", NotInChannel),
        ("fatal_error", SlackError),
    ],
)
async def test_what_a_person_can_help_has_a_kind_of_its_own(
    stage: Stage, slack: SlackClient, code: str, kind: type[SlackError]
) -> None:
    stage.slack.fail("views.open", error=code)
    assert type(await refused(slack.open_view("1.2.3", {}))) is kind


async def test_a_view_is_opened_pushed_and_updated_by_its_hash(
    stage: Stage, slack: SlackClient
) -> None:
    await stage.slack.type(JOHN, SALES, "/chakra form")
    notice = blocks.info_modal("One", [blocks.section("one")])
    opened = (await slack.open_view(stage.app.last["trigger_id"], notice))["view"]
    two = blocks.info_modal("Two", [blocks.section("two")])
    await slack.update_view(opened["id"], two, view_hash=opened["hash"])
    assert "two" in visible_text(stage.slack.view(JOHN) or {})
    error = await refused(slack.update_view(opened["id"], notice, view_hash=opened["hash"]))
    assert error.code == "hash_conflict"


# --- busy ----------------------------------------------------------------------------------------


async def test_a_429_is_waited_out_by_the_clock(stage: Stage, slack: SlackClient) -> None:
    stage.slack.fail("users.info", error="ratelimited", retry_after=10)
    asking = asyncio.create_task(slack.call("users.info", user=JOHN))
    await stage.clock.until_sleeping(10)
    assert count(stage, "users.info") == 1
    await stage.clock.advance(10)
    assert (await asking)["user"]["id"] == JOHN
    assert count(stage, "users.info") == 2


async def test_a_429_that_asks_for_more_than_anybody_waits_is_said(
    stage: Stage, slack: SlackClient
) -> None:
    stage.slack.fail("users.info", error="ratelimited", retry_after=11)
    error = await refused(slack.call("users.info", user=JOHN))
    assert (error.code, error.retry_after, error.retryable) == ("ratelimited", 11, True)
    assert count(stage, "users.info") == 1


async def test_all_waits_of_one_call_together_are_bounded(stage: Stage, slack: SlackClient) -> None:
    stage.slack.fail("views.open", error="ratelimited", retry_after=6, times=3)
    asking = asyncio.create_task(slack.open_view("1.2.3", {}))
    await stage.clock.until_sleeping(6)
    await stage.clock.advance(6)
    error = await refused(asking)
    assert (error.code, error.retry_after) == ("ratelimited", 6)
    assert count(stage, "views.open") == 2


async def test_a_429_that_goes_on_is_said_after_the_third_time(
    stage: Stage, slack: SlackClient
) -> None:
    stage.slack.fail("users.info", error="ratelimited", retry_after=1, times=9)
    asking = asyncio.create_task(slack.call("users.info", user=JOHN))
    for _ in range(2):
        await stage.clock.until_sleeping(1)
        await stage.clock.advance(1)
    assert (await refused(asking)).code == "ratelimited"
    assert count(stage, "users.info") == 3


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "30"}, 30),
        ({"retry-after": ["7"]}, 7),
        ({"Retry-After": "soon"}, 1),
        ({"Retry-After": "-5"}, 1),
        ({"Retry-After": "nan"}, 1),
        ({"Retry-After": "inf"}, 1),
        ({"Retry-After": []}, 1),
        ({}, 1),
    ],
)
def test_retry_after_is_read_however_it_is_written(headers: dict[str, Any], seconds: float) -> None:
    assert parse_retry_after(headers) == seconds


# --- broken --------------------------------------------------------------------------------------


@pytest.mark.parametrize("reset", ["before", "after"])
async def test_a_post_whose_answer_got_lost_is_never_repeated(
    stage: Stage, slack: SlackClient, reset: Any
) -> None:
    before = len(stage.slack.messages(JOHN, SALES))
    stage.slack.fail("chat.postMessage", reset=reset)
    error = await refused(slack.call("chat.postMessage", channel=SALES, text="once"))
    assert (error.code, error.retryable) == ("unreachable", True)
    assert count(stage, "chat.postMessage") == 1
    posted = stage.slack.messages(JOHN, SALES)[before:]
    assert [visible_text(message) for message in posted] == (["once"] if reset == "after" else [])


@pytest.mark.parametrize("reset", ["before", "after"])
async def test_a_form_is_opened_once_at_most(stage: Stage, slack: SlackClient, reset: Any) -> None:
    await stage.slack.type(JOHN, SALES, "/chakra form")
    stage.slack.fail("views.open", reset=reset)
    notice = blocks.info_modal("One", [blocks.section("one")])
    error = await refused(slack.open_view(stage.app.last["trigger_id"], notice))
    assert error.code == "unreachable"
    assert count(stage, "views.open") == 1
    assert len(stage.slack.views(JOHN)) == (reset == "after")


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("auth.test", {}),
        ("users.info", {"user": JOHN}),
        ("usergroups.users.list", {"usergroup": "S0SALES"}),
    ],
)
@pytest.mark.parametrize("reset", ["before", "after"])
async def test_a_read_whose_answer_got_lost_is_asked_once_more(
    stage: Stage, slack: SlackClient, method: str, arguments: dict[str, str], reset: Any
) -> None:
    stage.slack.fail(method, reset=reset)
    asking = asyncio.create_task(slack.call(method, **arguments))
    await stage.clock.until_sleeping(0.2)
    await stage.clock.advance(0.2)
    assert (await asking)["ok"]
    assert count(stage, method) == 2


async def test_a_read_is_given_up_after_the_second_time(stage: Stage, slack: SlackClient) -> None:
    stage.slack.fail("users.info", reset="before", times=2)
    asking = asyncio.create_task(slack.call("users.info", user=JOHN))
    await stage.clock.until_sleeping(0.2)
    await stage.clock.advance(0.2)
    assert (await refused(asking)).code == "unreachable"
    assert count(stage, "users.info") == 2


@pytest.mark.parametrize("method", ["users.info", "chat.postMessage"])
async def test_a_connection_that_was_never_made_is_tried_once_more(
    clock: ManualClock, method: str
) -> None:
    """Nobody listens at first; somebody does when it is tried again."""
    wire = Wire()
    with nobody_listens() as port:
        async with client(f"http://127.0.0.1:{port}/api/", clock) as slack:
            asking = asyncio.create_task(slack.call(method))
            await clock.until_sleeping(0.2)
            async with serve(wire.app, port):
                await clock.advance(0.2)
                assert (await asking)["ok"]
            assert [asked.path for asked in wire.asked] == [f"/api/{method}"]


async def test_a_slack_that_is_not_there_is_unreachable(clock: ManualClock) -> None:
    with nobody_listens() as port:
        async with client(f"http://127.0.0.1:{port}/api/", clock) as slack:
            asking = asyncio.create_task(slack.call("auth.test"))
            await clock.until_sleeping(0.2)
            await clock.advance(0.2)
            assert (await refused(asking)).code == "unreachable"


async def test_a_hung_slack_is_given_up(stage: Stage) -> None:
    stage.slack.hang("users.info")
    token = stage.slack.bot_token
    async with client(stage.slack.api_url, stage.clock, token=token, patience=0.1) as slack:
        error = await refused(slack.call("users.info", user=JOHN))
    assert error.code == "unreachable"
    stage.slack.release()


async def test_a_500_is_said_with_its_status_and_not_repeated(
    stage: Stage, slack: SlackClient
) -> None:
    stage.slack.fail("users.info", status=503)
    error = await refused(slack.call("users.info", user=JOHN))
    assert (error.code, error.retryable) == ("http_503", True)
    assert count(stage, "users.info") == 1


# --- the wire ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        Response("<html>Sign in</html>", media_type="text/html"),
        Response("ok", media_type="text/plain"),
        Response("", media_type="application/json"),
        Response('{"ok": tr', media_type="application/json"),
        Response(b"\xff\xfe", media_type="application/json"),
        Response(b"\x1f\x8b", media_type="application/gzip"),
        JSONResponse([]),
        JSONResponse([1]),
        JSONResponse("ok"),
        JSONResponse(None),
        JSONResponse({"ok": False}),
        JSONResponse({}),
    ],
    ids=lambda answer: f"{answer.media_type} {answer.body!r}",
)
async def test_what_is_no_answer_of_slacks_is_said_to_be_unreadable(
    clock: ManualClock, answer: Response
) -> None:
    async with Wire(lambda: answer).served() as url, client(f"{url}/api/", clock) as slack:
        assert (await refused(slack.call("auth.test"))).code == "unreadable"


async def test_what_reads_is_sent_as_a_form_and_what_writes_as_json(clock: ManualClock) -> None:
    wire = Wire()
    async with wire.served() as url, client(f"{url}/api/", clock) as slack:
        await slack.call("users.info", user=JOHN)
        await slack.update_view("V1", {"type": "modal"})
    read, wrote = wire.asked
    assert read.headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert read.body == b"user=U0JOHN"
    assert wrote.headers["content-type"].startswith("application/json")
    assert json.loads(wrote.body) == {"view_id": "V1", "view": {"type": "modal"}}
    assert {one.headers["authorization"] for one in wire.asked} == {f"Bearer {TOKEN}"}


async def test_the_app_token_goes_with_its_own_call_alone(clock: ManualClock) -> None:
    wire = Wire()
    async with wire.served() as url, client(f"{url}/api/", clock) as slack:
        await slack.call("apps.connections.open", token="xapp-other")
        await slack.call("auth.test")
    sent = [one.headers["authorization"] for one in wire.asked]
    assert sent == ["Bearer xapp-other", f"Bearer {TOKEN}"]


async def test_the_token_does_not_follow_a_redirect_to_another_host(clock: ManualClock) -> None:
    elsewhere = Wire()
    async with elsewhere.served() as other:
        moved = Wire(lambda: Response(status_code=307, headers={"location": f"{other}/x"}))
        async with moved.served() as url, client(f"{url}/api/", clock) as slack:
            await slack.call("views.open", trigger_id="1")
    assert elsewhere.asked
    assert all("authorization" not in one.headers for one in elsewhere.asked)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"])
async def test_no_proxy_stands_between_the_bot_and_loopback(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with Wire().served() as url, client(f"{url}/api/", clock) as slack:
        assert (await slack.call("auth.test"))["ok"]
        await slack.post_response_url(f"{url}/response", Message("hello"))
