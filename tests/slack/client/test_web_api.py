"""Talking to Slack: repeats that cannot post twice, bounded waits, Slack's words as our errors."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from bot.errors import NotInChannel, SlackError, TriggerExpired
from bot.sandbox.slack import collect_text
from bot.slack import blocks
from bot.slack.client.retry import parse_retry_after
from bot.slack.client.web_api import SlackClient
from bot.slack.commands.reply import Message
from bot.web.server import serve
from tests.clock import ManualClock
from tests.request_client import reserve_port
from tests.sandbox.slack_harness import SlackHarness, open_harness
from tests.slack.stub_server import TOKEN, StubServer, catch_slack_error, count_calls, open_client

JOHN, SALES = "U0JOHN", "C0SALES"


@pytest.fixture
async def harness() -> AsyncIterator[SlackHarness]:
    async with open_harness() as harness:
        yield harness


@pytest.fixture
async def slack(harness: SlackHarness) -> AsyncIterator[SlackClient]:
    async with open_client(
        harness.slack.api_url, harness.clock, token=harness.slack.bot_token
    ) as client:
        yield client


# --- answers -------------------------------------------------------------------------------------


async def test_response_includes_the_token_scopes(slack: SlackClient) -> None:
    body = await slack.call("auth.test")
    assert body["team_id"] == "T0ACME"
    assert "users:read" in body["_scopes"].split(",")


async def test_slack_error_becomes_the_code(slack: SlackClient) -> None:
    error = await catch_slack_error(slack.call("users.info", user="U0STRANGER"))
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
async def test_user_fixable_errors_have_their_own_class(
    harness: SlackHarness, slack: SlackClient, code: str, kind: type[SlackError]
) -> None:
    harness.slack.fail("views.open", error=code)
    assert type(await catch_slack_error(slack.open_view("1.2.3", {}))) is kind


async def test_a_view_is_opened_pushed_and_updated_by_its_hash(
    harness: SlackHarness, slack: SlackClient
) -> None:
    await harness.slack.type(JOHN, SALES, "/chakra form")
    notice = blocks.info_modal("One", [blocks.section("one")])
    opened = (await slack.open_view(harness.app.last_payload["trigger_id"], notice))["view"]
    two = blocks.info_modal("Two", [blocks.section("two")])
    await slack.update_view(opened["id"], two, view_hash=opened["hash"])
    assert "two" in collect_text(harness.slack.find_view(JOHN) or {})
    error = await catch_slack_error(
        slack.update_view(opened["id"], notice, view_hash=opened["hash"])
    )
    assert error.code == "hash_conflict"


# --- busy ----------------------------------------------------------------------------------------


async def test_a_429_is_waited_out_by_the_clock(harness: SlackHarness, slack: SlackClient) -> None:
    harness.slack.fail("users.info", error="ratelimited", retry_after=10)
    asking = asyncio.create_task(slack.call("users.info", user=JOHN))
    await harness.clock.wait_for_sleep(10)
    assert count_calls(harness, "users.info") == 1
    await harness.clock.advance(10)
    assert (await asking)["user"]["id"] == JOHN
    assert count_calls(harness, "users.info") == 2


async def test_a_429_with_an_excessive_wait_is_raised(
    harness: SlackHarness, slack: SlackClient
) -> None:
    harness.slack.fail("users.info", error="ratelimited", retry_after=11)
    error = await catch_slack_error(slack.call("users.info", user=JOHN))
    assert (error.code, error.retry_after, error.retryable) == ("ratelimited", 11, True)
    assert count_calls(harness, "users.info") == 1


async def test_total_wait_of_one_call_is_bounded(harness: SlackHarness, slack: SlackClient) -> None:
    harness.slack.fail("views.open", error="ratelimited", retry_after=6, times=3)
    asking = asyncio.create_task(slack.open_view("1.2.3", {}))
    await harness.clock.wait_for_sleep(6)
    await harness.clock.advance(6)
    error = await catch_slack_error(asking)
    assert (error.code, error.retry_after) == ("ratelimited", 6)
    assert count_calls(harness, "views.open") == 2


async def test_persistent_429_is_raised_after_the_third_time(
    harness: SlackHarness, slack: SlackClient
) -> None:
    harness.slack.fail("users.info", error="ratelimited", retry_after=1, times=9)
    asking = asyncio.create_task(slack.call("users.info", user=JOHN))
    for _ in range(2):
        await harness.clock.wait_for_sleep(1)
        await harness.clock.advance(1)
    assert (await catch_slack_error(asking)).code == "ratelimited"
    assert count_calls(harness, "users.info") == 3


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "30"}, 30),
        ({"retry-after": ["7"]}, 7),
        ({"Retry-After": "300"}, 300),
        ({"Retry-After": "301"}, 300),
        ({"Retry-After": "86400"}, 300),
        ({"retry-after": "1e12"}, 300),
        ({"Retry-After": "soon"}, 1),
        ({"Retry-After": "-5"}, 1),
        ({"Retry-After": "nan"}, 1),
        ({"Retry-After": "inf"}, 1),
        ({"Retry-After": []}, 1),
        ({}, 1),
    ],
)
def test_retry_after_is_parsed_in_every_format(headers: dict[str, Any], seconds: float) -> None:
    assert parse_retry_after(headers) == seconds


async def test_a_429_with_a_web_page_is_waited_out(clock: ManualClock) -> None:
    """A proxy in between may send it."""
    answers = [
        Response("<html>", 429, {"retry-after": "2"}, "text/html"),
        JSONResponse({"ok": True}),
    ]
    async with (
        StubServer(lambda: answers.pop(0)).serve() as url,
        open_client(f"{url}/api/", clock) as slack,
    ):
        asking = asyncio.create_task(slack.call("auth.test"))
        await clock.wait_for_sleep(2)
        await clock.advance(2)
        assert (await asking)["ok"]


# --- broken --------------------------------------------------------------------------------------


@pytest.mark.parametrize("reset", ["before", "after"])
async def test_post_with_a_lost_response_is_never_retried(
    harness: SlackHarness, slack: SlackClient, reset: Any
) -> None:
    before = len(harness.slack.list_messages(JOHN, SALES))
    harness.slack.fail("chat.postMessage", reset=reset)
    error = await catch_slack_error(slack.call("chat.postMessage", channel=SALES, text="once"))
    assert (error.code, error.retryable) == ("unreachable", True)
    assert count_calls(harness, "chat.postMessage") == 1
    posted = harness.slack.list_messages(JOHN, SALES)[before:]
    assert [collect_text(message) for message in posted] == (["once"] if reset == "after" else [])


@pytest.mark.parametrize("reset", ["before", "after"])
async def test_a_form_is_opened_once_at_most(
    harness: SlackHarness, slack: SlackClient, reset: Any
) -> None:
    await harness.slack.type(JOHN, SALES, "/chakra form")
    harness.slack.fail("views.open", reset=reset)
    notice = blocks.info_modal("One", [blocks.section("one")])
    error = await catch_slack_error(slack.open_view(harness.app.last_payload["trigger_id"], notice))
    assert error.code == "unreachable"
    assert count_calls(harness, "views.open") == 1
    assert len(harness.slack.list_views(JOHN)) == (reset == "after")


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("auth.test", {}),
        ("users.info", {"user": JOHN}),
        ("usergroups.users.list", {"usergroup": "S0SALES"}),
    ],
)
@pytest.mark.parametrize("reset", ["before", "after"])
async def test_read_with_a_lost_response_is_retried_once(
    harness: SlackHarness, slack: SlackClient, method: str, arguments: dict[str, str], reset: Any
) -> None:
    harness.slack.fail(method, reset=reset)
    asking = asyncio.create_task(slack.call(method, **arguments))
    await harness.clock.wait_for_sleep(0.2)
    await harness.clock.advance(0.2)
    assert (await asking)["ok"]
    assert count_calls(harness, method) == 2


async def test_read_fails_after_the_second_attempt(
    harness: SlackHarness, slack: SlackClient
) -> None:
    harness.slack.fail("users.info", reset="before", times=2)
    asking = asyncio.create_task(slack.call("users.info", user=JOHN))
    await harness.clock.wait_for_sleep(0.2)
    await harness.clock.advance(0.2)
    assert (await catch_slack_error(asking)).code == "unreachable"
    assert count_calls(harness, "users.info") == 2


@pytest.mark.parametrize("method", ["users.info", "chat.postMessage"])
async def test_failed_connection_is_retried_once(clock: ManualClock, method: str) -> None:
    """The server is not listening at first; it is at the second try."""
    wire = StubServer()
    with reserve_port() as port:
        async with open_client(f"http://127.0.0.1:{port}/api/", clock) as slack:
            asking = asyncio.create_task(slack.call(method))
            await clock.wait_for_sleep(0.2)
            async with serve(wire.app, port):
                await clock.advance(0.2)
                assert (await asking)["ok"]
            assert [asked.path for asked in wire.requests] == [f"/api/{method}"]


async def test_unreachable_slack_is_reported(clock: ManualClock) -> None:
    with reserve_port() as port:
        async with open_client(f"http://127.0.0.1:{port}/api/", clock) as slack:
            asking = asyncio.create_task(slack.call("auth.test"))
            await clock.wait_for_sleep(0.2)
            await clock.advance(0.2)
            assert (await catch_slack_error(asking)).code == "unreachable"


async def test_hung_slack_times_out(harness: SlackHarness) -> None:
    harness.slack.hang("users.info")
    token = harness.slack.bot_token
    async with open_client(
        harness.slack.api_url, harness.clock, token=token, patience=0.1
    ) as slack:
        error = await catch_slack_error(slack.call("users.info", user=JOHN))
    assert error.code == "unreachable"
    harness.slack.release()


async def test_a_500_is_raised_with_its_status_and_not_retried(
    harness: SlackHarness, slack: SlackClient
) -> None:
    harness.slack.fail("users.info", status=503)
    error = await catch_slack_error(slack.call("users.info", user=JOHN))
    assert (error.code, error.retryable) == ("http_503", True)
    assert count_calls(harness, "users.info") == 1


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
async def test_non_slack_response_is_invalid(clock: ManualClock, answer: Response) -> None:
    async with (
        StubServer(lambda: answer).serve() as url,
        open_client(f"{url}/api/", clock) as slack,
    ):
        assert (await catch_slack_error(slack.call("auth.test"))).code == "unreadable"


async def test_reads_are_sent_as_forms_and_writes_as_json(clock: ManualClock) -> None:
    wire = StubServer()
    async with wire.serve() as url, open_client(f"{url}/api/", clock) as slack:
        await slack.call("users.info", user=JOHN)
        await slack.update_view("V1", {"type": "modal"})
    read, wrote = wire.requests
    assert read.headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert read.body == b"user=U0JOHN"
    assert wrote.headers["content-type"].startswith("application/json")
    assert json.loads(wrote.body) == {"view_id": "V1", "view": {"type": "modal"}}
    assert {request.headers["authorization"] for request in wire.requests} == {f"Bearer {TOKEN}"}


async def test_json_names_its_charset(clock: ManualClock) -> None:
    """Slack warns of ``missing_charset`` otherwise."""
    wire = StubServer()
    async with wire.serve() as url, open_client(f"{url}/api/", clock) as slack:
        await slack.call("chat.postMessage", channel=SALES, text="Zoë 🎉")
    [sent] = wire.requests
    assert sent.headers["content-type"] == "application/json; charset=utf-8"
    assert json.loads(sent.body)["text"] == "Zoë 🎉"


async def test_text_that_no_form_can_carry_is_not_sent(clock: ManualClock) -> None:
    wire = StubServer()
    async with wire.serve() as url, open_client(f"{url}/api/", clock) as slack:
        error = await catch_slack_error(slack.call("users.info", user="\ud83d"))
    assert (error.code, wire.requests) == ("unreadable", [])


async def test_closed_client_sends_nothing(clock: ManualClock) -> None:
    wire = StubServer()
    async with wire.serve() as url:
        async with open_client(f"{url}/api/", clock) as slack:
            pass
        error = await catch_slack_error(slack.call("auth.test"))
    assert (error.code, error.not_sent, wire.requests) == ("unreachable", True, [])


async def test_app_token_is_sent_only_with_its_own_call(clock: ManualClock) -> None:
    wire = StubServer()
    async with wire.serve() as url, open_client(f"{url}/api/", clock) as slack:
        await slack.call("apps.connections.open", token="xapp-other")
        await slack.call("auth.test")
    sent = [request.headers["authorization"] for request in wire.requests]
    assert sent == ["Bearer xapp-other", f"Bearer {TOKEN}"]


async def test_neither_the_token_nor_a_message_follows_a_redirect(clock: ManualClock) -> None:
    elsewhere = StubServer()
    async with elsewhere.serve() as other:
        moved = StubServer(lambda: Response(status_code=307, headers={"location": f"{other}/x"}))
        async with moved.serve() as url, open_client(f"{url}/api/", clock) as slack:
            error = await catch_slack_error(slack.call("chat.postMessage", channel=SALES, text="!"))
    assert (error.code, len(moved.requests), elsewhere.requests) == ("unreadable", 1, [])


@pytest.mark.parametrize("name", ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"])
async def test_loopback_bypasses_the_proxy(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with StubServer().serve() as url, open_client(f"{url}/api/", clock) as slack:
        assert (await slack.call("auth.test"))["ok"]
        await slack.post_response_url(f"{url}/response", Message("hello"))
