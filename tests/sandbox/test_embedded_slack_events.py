"""The Events API of the embedded Slack: subscriptions, scopes, envelopes, retries, revocation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.responses import Response

from bot.sandbox.slack import collect_text
from bot.sandbox.slack.errors import ActionNotPossible
from tests.sandbox.slack_harness import SCOPES, Json, SlackHarness, build_manifest, open_harness
from tests.sandbox.test_embedded_slack_socket import connect_app

JOHN, SAM, SALES, GENERAL, LEADS = "U0JOHN", "U0SAM", "C0SALES", "C0GENERAL", "C0LEADS"
EVENTS = (
    "app_mention",
    "app_uninstalled",
    "member_joined_channel",
    "message.groups",
    "message.im",
    "tokens_revoked",
)
EVENT_SCOPES = (*SCOPES, "app_mentions:read", "im:history", "groups:history")


@pytest.fixture
async def stage() -> AsyncIterator[SlackHarness]:
    async with open_harness(build_manifest(scopes=EVENT_SCOPES, events=EVENTS)) as harness:
        yield harness


def list_events(stage: SlackHarness) -> list[Json]:
    return [received.payload for received in stage.app.received if "event" in received.payload]


async def test_a_mention_comes_in_a_signed_envelope(stage: SlackHarness) -> None:
    delivered = await stage.slack.mention(JOHN, SALES, "hello")
    assert delivered.status == 200
    [received] = stage.app.received
    assert received.headers["content-type"] == "application/json"
    moment = int(received.headers["x-slack-request-timestamp"])
    signed = stage.slack.sign_request(received.body, moment)
    assert received.headers["x-slack-signature"] == signed["X-Slack-Signature"]
    assert "x-slack-retry-num" not in received.headers
    payload = received.payload
    assert (payload["type"], payload["team_id"]) == ("event_callback", "T0ACME")
    assert payload["event_id"].startswith("Ev")
    assert payload["event_time"] == int(stage.clock.time())
    [authorization] = payload["authorizations"]
    assert (authorization["user_id"], authorization["is_bot"]) == ("U0CHAKRA", True)
    event = payload["event"]
    assert (event["type"], event["user"], event["channel"]) == ("app_mention", JOHN, SALES)
    assert event["text"] == "<@U0CHAKRA> hello"
    assert event["ts"] == event["event_ts"]


async def test_a_typed_name_of_the_app_is_a_mention_too(stage: SlackHarness) -> None:
    await stage.slack.type(JOHN, SALES, "@chakra hello")
    assert list_events(stage)[0]["event"]["text"] == "<@U0CHAKRA> hello"


async def test_the_app_hears_no_mention_where_it_is_no_member(stage: SlackHarness) -> None:
    await stage.slack.mention(JOHN, GENERAL, "hello")
    assert not list_events(stage)


async def test_messages_of_people_and_of_the_app_come_with_edits_and_deletions(
    stage: SlackHarness,
) -> None:
    await stage.slack.write_to_app(JOHN, "hello")
    posted = await stage.web.chat_postMessage(channel=JOHN, text="Hi")
    place = {"channel": posted["channel"], "ts": posted["ts"]}
    await stage.web.chat_update(**place, text="Hi again")
    await stage.web.chat_delete(**place)
    await stage.slack.settle()
    written, own, changed, deleted = (payload["event"] for payload in list_events(stage))
    assert (written["type"], written["channel_type"], written["user"]) == ("message", "im", JOHN)
    assert "bot_id" not in written
    assert (own["user"], own["bot_id"]) == ("U0CHAKRA", "B0CHAKRA")
    assert (changed["subtype"], changed["message"]["text"]) == ("message_changed", "Hi again")
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", posted["ts"])


async def test_a_message_for_one_person_is_no_event(stage: SlackHarness) -> None:
    await stage.web.chat_postEphemeral(channel=LEADS, user=JOHN, text="Only you")
    await stage.slack.settle()
    assert not list_events(stage)


async def test_without_its_scope_an_event_does_not_come() -> None:
    async with open_harness(build_manifest(events=EVENTS)) as harness:
        await harness.slack.mention(JOHN, SALES, "hello")
        await harness.slack.write_to_app(JOHN, "hello")
        assert not list_events(harness)


async def test_without_a_subscription_an_event_does_not_come() -> None:
    async with open_harness(build_manifest(scopes=EVENT_SCOPES)) as harness:
        await harness.slack.mention(JOHN, SALES, "hello")
        await harness.slack.invite_app(JOHN, GENERAL)
        assert not list_events(harness)


async def test_an_invitation_names_who_invited(stage: SlackHarness) -> None:
    await stage.slack.invite_app(JOHN, GENERAL)
    await stage.slack.invite_app(JOHN, GENERAL)
    [payload] = list_events(stage)
    event = payload["event"]
    assert (event["type"], event["user"]) == ("member_joined_channel", "U0CHAKRA")
    assert (event["channel"], event["inviter"]) == (GENERAL, JOHN)


async def test_slacks_own_commands_are_about_the_app_alone(stage: SlackHarness) -> None:
    await stage.slack.type(JOHN, SALES, "/remove @chakra")
    assert not (await stage.call_rejected("chat.postMessage", channel=SALES, text="Hi"))["ok"]
    with pytest.raises(ActionNotPossible):
        await stage.slack.type(JOHN, SALES, "/invite @mei")


async def test_a_person_of_another_workspace_has_no_messages_with_the_app(
    stage: SlackHarness,
) -> None:
    with pytest.raises(ActionNotPossible):
        await stage.slack.write_to_app(SAM, "hello")


# --- retries -------------------------------------------------------------------------------------


async def test_a_failed_delivery_is_retried_three_times(stage: SlackHarness) -> None:
    stage.app.respond_with("no", 500)
    delivered = await stage.slack.mention(JOHN, SALES, "hello")
    assert delivered.status == 500
    for seconds in (60, 300):
        await stage.clock.wait_for_sleep(seconds)
        await stage.clock.advance(seconds)
    await stage.slack.settle()
    numbers = [r.headers.get("x-slack-retry-num") for r in stage.app.received]
    assert numbers == [None, "1", "2", "3"]
    assert {r.headers.get("x-slack-retry-reason") for r in stage.app.received[1:]} == {"http_error"}
    assert len({payload["event_id"] for payload in list_events(stage)}) == 1
    assert len({payload["event_time"] for payload in list_events(stage)}) == 1


async def test_an_app_may_refuse_retries(stage: SlackHarness) -> None:
    stage.app.respond = lambda _: Response("no", 500, headers={"X-Slack-No-Retry": "1"})
    await stage.slack.mention(JOHN, SALES, "hello")
    await stage.clock.advance(400)
    await stage.slack.settle()
    assert len(stage.app.received) == 1


async def test_no_answer_within_three_seconds_is_a_timeout(stage: SlackHarness) -> None:
    answer = asyncio.Event()

    async def hang(_: Json) -> Response:
        await answer.wait()
        return Response()

    stage.app.respond = hang
    mentioning = asyncio.create_task(stage.slack.mention(JOHN, SALES, "hello"))
    await stage.clock.wait_for_sleep(3)
    await stage.clock.advance(3)
    assert (await mentioning).status == 0
    stage.app.respond = None
    answer.set()
    await stage.slack.wait_until(lambda: len(stage.app.received) == 2)
    assert stage.app.received[1].headers["x-slack-retry-reason"] == "http_timeout"


async def test_delayed_events_carry_the_time_at_which_they_happened(
    stage: SlackHarness,
) -> None:
    happened = int(stage.clock.time())
    stage.slack.hold_events()
    await stage.slack.mention(JOHN, SALES, "hello")
    await stage.clock.advance(7_200)
    assert not list_events(stage)
    await stage.slack.release_events()
    assert [payload["event_time"] for payload in list_events(stage)] == [happened]


# --- Socket Mode, and the end --------------------------------------------------------------------


async def test_over_a_socket_events_have_an_envelope_of_their_own(stage: SlackHarness) -> None:
    async with connect_app(stage, lambda _: None) as requests:
        await stage.slack.mention(JOHN, SALES, "hello")
    [request] = requests
    assert (request.type, request.accepts_response_payload) == ("events_api", False)
    assert request.payload["event"]["type"] == "app_mention"
    assert request.retry_attempt == 0


async def test_after_an_uninstallation_the_token_is_refused(stage: SlackHarness) -> None:
    await stage.slack.uninstall()
    assert [p["event"]["type"] for p in list_events(stage)] == ["app_uninstalled", "tokens_revoked"]
    assert (await stage.call_rejected("auth.test"))["error"] == "account_inactive"


async def test_a_revoked_token_is_refused(stage: SlackHarness) -> None:
    await stage.slack.revoke_token()
    assert list_events(stage)[0]["event"]["tokens"] == {"oauth": [], "bot": ["U0CHAKRA"]}
    assert (await stage.call_rejected("auth.test"))["error"] == "token_revoked"


async def test_the_person_sees_what_they_wrote(stage: SlackHarness) -> None:
    await stage.slack.mention(JOHN, SALES, "hello")
    assert collect_text(stage.slack.list_messages("U0MEI", SALES)[-1]) == "<@U0CHAKRA> hello"


CHANNEL_EVENTS = (
    *("channel_archive", "channel_unarchive", "channel_rename", "channel_shared"),
    *("channel_unshared", "channel_left", "group_archive", "group_rename", "message.channels"),
)


async def test_changes_of_channels_are_events_with_their_scope() -> None:
    scopes = (*SCOPES, "channels:read", "groups:read", "channels:history")
    async with open_harness(build_manifest(scopes=scopes, events=CHANNEL_EVENTS)) as stage:
        place = stage.slack.workspace
        place.archive(SALES)
        with pytest.raises(ActionNotPossible, match="archived"):
            await stage.slack.type(JOHN, SALES, "hello")
        place.unarchive(SALES)
        place.rename_channel(SALES, "deals")
        place.share_channel(SALES)
        assert (await stage.web.conversations_info(channel=SALES))["channel"]["is_ext_shared"]
        assert SAM in place.channels[SALES].members
        place.unshare_channel(SALES)
        await stage.slack.type(JOHN, SALES, "hello")
        place.make_private(SALES)
        place.rename_channel(SALES, "secrets")
        place.remove_app(SALES)
        await asyncio.sleep(0)  # the deliveries have been scheduled, and begin now
        await stage.slack.settle()
        found = [payload["event"] for payload in list_events(stage)]
    assert sorted(event["type"] for event in found) == [
        *("channel_archive", "channel_rename", "channel_shared", "channel_unarchive"),
        *("channel_unshared", "group_rename", "message"),
    ]
    renamed = next(event for event in found if event["type"] == "channel_rename")
    assert renamed["channel"]["name"] == "deals"


async def test_changes_where_the_app_is_no_member_are_no_events() -> None:
    scopes = (*SCOPES, "channels:read")
    async with open_harness(build_manifest(scopes=scopes, events=CHANNEL_EVENTS)) as stage:
        stage.slack.workspace.archive(GENERAL)
        await stage.slack.settle()
        assert not list_events(stage)
