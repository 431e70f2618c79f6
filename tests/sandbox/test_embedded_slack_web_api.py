"""The Web API: tokens, scopes, rates, errors and response bodies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.exchange_log import ExchangeLog, ExchangeRecord
from tests.sandbox.slack_harness import (
    SCOPES,
    Json,
    SlackHarness,
    build_actions_block,
    build_manifest,
    build_section_block,
    encode_arguments,
    open_harness,
)


@pytest.fixture
async def harness() -> AsyncIterator[SlackHarness]:
    async with open_harness() as harness:
        yield harness


async def call_raw(
    harness: SlackHarness, method: str, **args: object
) -> tuple[int, Mapping[str, str], Json]:
    headers = {"Authorization": f"Bearer {harness.slack.bot_token}"}
    url = harness.slack.api_url + method
    async with harness.session.post(
        url, **encode_arguments(method, args), headers=headers
    ) as answer:
        return answer.status, answer.headers, await answer.json()


async def test_auth_test_identifies_the_app(harness: SlackHarness) -> None:
    answer = await harness.web.auth_test()
    assert (answer["team_id"], answer["user_id"]) == ("T0ACME", "U0CHAKRA")
    assert answer["bot_id"] == "B0CHAKRA"


async def test_every_response_lists_the_granted_scopes(harness: SlackHarness) -> None:
    _, headers, _ = await call_raw(harness, "auth.test")
    assert headers["x-oauth-scopes"] == ",".join(SCOPES)
    _, headers, body = await call_raw(harness, "users.info", user="U0STRANGER")
    assert body == {"ok": False, "error": "user_not_found"}
    assert headers["x-oauth-scopes"] == ",".join(SCOPES)


async def test_unknown_method_is_rejected(harness: SlackHarness) -> None:
    _, _, body = await call_raw(harness, "chat.shout")
    assert body["error"] == "unknown_method"


async def test_tokens_are_checked(harness: SlackHarness) -> None:
    url = harness.slack.api_url + "users.info"
    async with harness.session.post(url, data={"user": "U0JOHN"}) as answer:
        assert (await answer.json())["error"] == "not_authed"
    data = {"user": "U0JOHN", "token": "xoxb-wrong"}
    async with harness.session.post(url, data=data) as answer:
        assert (await answer.json())["error"] == "invalid_auth"
    app = AsyncWebClient(
        harness.slack.app_token, base_url=harness.slack.api_url, session=harness.session
    )
    assert (await app.apps_connections_open(app_token=harness.slack.app_token))["ok"]
    data = {"user": "U0JOHN", "token": harness.slack.app_token}
    async with harness.session.post(url, data=data) as answer:
        assert (await answer.json())["error"] == "not_allowed_token_type"
    answer_of_bot = await harness.call_rejected("apps.connections.open")
    assert answer_of_bot["error"] == "not_allowed_token_type"


async def test_token_in_the_form_works_and_is_not_recorded(harness: SlackHarness) -> None:
    data = {"user": "U0JOHN", "token": harness.slack.bot_token}
    async with harness.session.post(harness.slack.api_url + "users.info", data=data) as answer:
        assert (await answer.json())["ok"]
    assert harness.slack.calls[-1].args == {"user": "U0JOHN"}


async def test_missing_scope_is_named() -> None:
    async with open_harness(build_manifest(scopes=("commands", "users:read"))) as harness:
        answer = await harness.call_rejected("chat.postMessage", channel="C0SALES", text="hi")
        assert answer["error"] == "missing_scope"
        assert (answer["needed"], answer["provided"]) == ("chat:write", "commands,users:read")
        answer = await harness.call_rejected("conversations.members", channel="C0LEADS")
        assert answer["needed"] == "groups:read"
        user = (await harness.web.users_info(user="U0JOHN"))["user"]
        assert "email" not in user["profile"]


@pytest.mark.parametrize(
    ("person", "flags"),
    [
        ("U0LENA", {"is_owner": True, "is_admin": True, "is_restricted": False}),
        ("U0PRIYA", {"is_owner": False, "is_admin": True}),
        ("U0JOHN", {"is_admin": False, "is_restricted": False, "is_bot": False}),
        ("U0GITA", {"is_restricted": True, "is_ultra_restricted": False}),
        ("U0ARJUN", {"is_restricted": True, "is_ultra_restricted": True}),
        ("U0SAM", {"is_stranger": True, "team_id": "T0GLOBEX"}),
        ("U0CHAKRA", {"is_bot": True}),
    ],
)
async def test_member_flags(harness: SlackHarness, person: str, flags: Json) -> None:
    harness.slack.workspace.add_app("C0PARTNERS")
    user = (await harness.web.users_info(user=person))["user"]
    assert {key: user[key] for key in flags} == flags
    assert user["deleted"] is False


async def test_a_profile_has_name_address_zone_and_picture(harness: SlackHarness) -> None:
    user = (await harness.web.users_info(user="U0MEI"))["user"]
    assert user["profile"]["email"] == "mei@acme.com"
    assert user["profile"]["real_name"] == "Mei Tanaka"
    assert (user["tz"], user["tz_offset"]) == ("Asia/Tokyo", 32400)
    async with harness.session.get(user["profile"]["image_72"]) as picture:
        assert picture.content_type == "image/svg+xml"
    harness.slack.workspace.add_app("C0PARTNERS")
    stranger = (await harness.web.users_info(user="U0SAM"))["user"]
    assert "email" not in stranger["profile"]


async def test_strangers_without_a_channel_in_common_are_not_shown(harness: SlackHarness) -> None:
    for person, error in (("U0SAM", "user_not_visible"), ("U0GHOST", "user_not_found")):
        assert (await harness.call_rejected("users.info", user=person))["error"] == error


async def test_members_are_found_by_email(harness: SlackHarness) -> None:
    found = await harness.web.users_lookupByEmail(email="John@acme.com")
    assert found["user"]["id"] == "U0JOHN"
    answer = await harness.call_rejected("users.lookupByEmail", email="sam@globex.example")
    assert answer["error"] == "users_not_found"
    assert (await harness.web.usergroups_users_list(usergroup="S0SALES"))["users"] == ["U0JOHN"]
    answer = await harness.call_rejected("usergroups.users.list", usergroup="S0NONE")
    assert answer["error"] == "no_such_subteam"


async def test_lists_come_in_pages(harness: SlackHarness) -> None:
    first = await harness.web.users_list(limit=3)
    cursor = first["response_metadata"]["next_cursor"]
    second = await harness.web.users_list(limit=100, cursor=cursor)
    ids = [user["id"] for user in [*first["members"], *second["members"]]]
    assert len(ids) == len(set(ids)) == 10
    assert "U0SAM" not in ids
    assert second["response_metadata"]["next_cursor"] == ""
    answer = await harness.call_rejected("users.list", cursor="junk")
    assert answer["error"] == "invalid_cursor"


async def test_channels_and_their_members(harness: SlackHarness) -> None:
    info = (await harness.web.conversations_info(channel="C0GENERAL"))["channel"]
    assert (info["name"], info["is_member"]) == ("general", False)
    shared = (await harness.web.conversations_info(channel="C0PARTNERS"))["channel"]
    assert shared["is_ext_shared"] is True
    assert shared["connected_team_ids"] == ["T0ACME", "T0GLOBEX"]
    members = (await harness.web.conversations_members(channel="C0PARTNERS"))["members"]
    assert members == ["U0JOHN", "U0GITA", "U0SAM"]
    opened = await harness.web.conversations_open(users="U0JOHN")
    assert opened["channel"]["id"] == "D0JOHN"
    assert (await harness.call_rejected("conversations.info", channel="C0NONE"))["error"] == (
        "channel_not_found"
    )
    assert (await harness.call_rejected("conversations.open", users="U0SAM"))[
        "error"
    ] == "user_not_found"
    assert (await harness.call_rejected("conversations.open"))["error"] == "users_list_not_supplied"


async def test_a_private_channel_is_hidden_once_the_app_is_removed(harness: SlackHarness) -> None:
    harness.slack.workspace.remove_app("C0LEADS")
    answer = await harness.call_rejected("conversations.info", channel="C0LEADS")
    assert answer["error"] == "channel_not_found"


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"channel": "C0NONE", "text": "hi"}, "channel_not_found"),
        ({"channel": "C0GENERAL", "text": "hi"}, "not_in_channel"),
        ({"channel": "C0PARTNERS", "text": "hi"}, "not_in_channel"),
        ({"channel": "U0SAM", "text": "hi"}, "channel_not_found"),
        ({"text": "hi"}, "invalid_arguments"),
        ({"channel": "C0SALES"}, "no_text"),
        ({"channel": "C0SALES", "markdown_text": "b"}, "no_text"),
        ({"channel": "C0SALES", "text": "a", "blocks": "{"}, "invalid_blocks_format"),
        ({"channel": "C0SALES", "text": "a", "blocks": {}}, "invalid_blocks_format"),
        ({"channel": "C0SALES", "text": "a", "metadata": {"a": 1}}, "invalid_metadata_format"),
        ({"channel": "C0SALES", "text": "a", "blocks": [{"type": "nope"}]}, "invalid_blocks"),
    ],
)
async def test_rejected_posts(harness: SlackHarness, args: Json, error: str) -> None:
    assert (await harness.call_rejected("chat.postMessage", **args))["error"] == error


async def test_post_reaches_a_channel_or_direct_messages(harness: SlackHarness) -> None:
    metadata = {"event_type": "report", "event_payload": {"key": "k1"}}
    posted = await harness.web.chat_postMessage(channel="C0SALES", text="Hi", metadata=metadata)
    line = harness.slack.list_messages("U0MEI", "C0SALES")[-1]
    assert (line.ts, line.text, line.metadata) == (posted["ts"], "Hi", metadata)
    direct = await harness.web.chat_postMessage(channel="U0JOHN", text="Only you")
    assert direct["channel"] == "D0JOHN"
    link = await harness.web.chat_getPermalink(channel="C0SALES", message_ts=posted["ts"])
    assert link["permalink"].endswith(posted["ts"].replace(".", ""))


async def test_write_public_scope_allows_posting_without_membership() -> None:
    async with open_harness(build_manifest(scopes=("chat:write", "chat:write.public"))) as harness:
        assert (await harness.web.chat_postMessage(channel="C0GENERAL", text="hi"))["ok"]


async def test_archived_channel_rejects_posts(harness: SlackHarness) -> None:
    harness.slack.workspace.archive("C0SALES")
    answer = await harness.call_rejected("chat.postMessage", channel="C0SALES", text="hi")
    assert answer["error"] == "is_archived"


async def test_text_over_forty_thousand_is_truncated(harness: SlackHarness) -> None:
    posted = await harness.web.chat_postMessage(channel="C0SALES", text="x" * 40_001)
    assert len(harness.slack.list_messages("U0JOHN", "C0SALES")[-1].text) == 40_000
    assert posted["warning"] == "message_truncated"
    assert "message.text" in {warning.rule for warning in harness.slack.warnings}
    assert harness.slack.rejections == []


async def test_own_messages_are_edited_and_deleted(harness: SlackHarness) -> None:
    posted = await harness.web.chat_postMessage(
        channel="C0SALES", text="One", blocks=[build_section_block("One")]
    )
    where = {"channel": "C0SALES", "ts": posted["ts"]}
    await harness.web.chat_update(**where, text="Two")
    line = harness.slack.list_messages("U0JOHN", "C0SALES")[-1]
    assert (line.text, line.edited) == ("Two", True)
    assert line.blocks is None
    await harness.web.chat_update(**where, text="Three", blocks=[build_section_block("Three")])
    assert harness.slack.list_messages("U0JOHN", "C0SALES")[-1].blocks
    await harness.web.chat_update(**where, text="Four", blocks=[])
    assert harness.slack.list_messages("U0JOHN", "C0SALES")[-1].blocks is None
    answer = await harness.call_rejected("chat.update", **where, text="x" * 4_001)
    assert answer["error"] == "msg_too_long"
    await harness.web.chat_delete(**where)
    assert (await harness.call_rejected("chat.update", **where, text="Gone"))["error"] == (
        "message_not_found"
    )


async def test_an_edit_is_dated(harness: SlackHarness) -> None:
    posted = await harness.web.chat_postMessage(channel="C0SALES", text="One")
    await harness.clock.advance(5)
    where = {"channel": "C0SALES", "ts": posted["ts"]}
    edited = (await harness.web.chat_update(**where, text="Two"))["message"]["edited"]
    assert edited["user"] == "U0CHAKRA"
    assert float(edited["ts"]) - float(posted["ts"]) == pytest.approx(5, abs=0.01)


async def test_a_channel_may_be_named(harness: SlackHarness) -> None:
    for name in ("#sales", "sales"):
        assert (await harness.web.chat_postMessage(channel=name, text="Hi"))["channel"] == "C0SALES"
    answer = await harness.call_rejected("chat.postMessage", channel="#nosuch", text="Hi")
    assert answer["error"] == "channel_not_found"
    private = await harness.call_rejected("chat.postMessage", channel="#leads", text="Hi")
    assert private["error"] == "channel_not_found"


async def test_other_messages_and_ephemerals_cannot_be_edited(harness: SlackHarness) -> None:
    await harness.slack.type("U0JOHN", "C0SALES", "mine")
    theirs = harness.slack.list_messages("U0JOHN", "C0SALES")[-1]
    where = {"channel": "C0SALES", "ts": theirs.ts}
    assert (await harness.call_rejected("chat.update", **where, text="x"))[
        "error"
    ] == "cant_update_message"
    assert (await harness.call_rejected("chat.delete", **where))["error"] == "cant_delete_message"
    posted = await harness.web.chat_postEphemeral(channel="C0SALES", user="U0JOHN", text="psst")
    answer = await harness.call_rejected(
        "chat.update", channel="C0SALES", ts=posted["message_ts"], text="psst!"
    )
    assert answer["error"] == "message_not_found"


async def test_ephemeral_needs_app_and_member_in_the_channel(harness: SlackHarness) -> None:
    answer = await harness.call_rejected(
        "chat.postEphemeral", channel="C0LEADS", user="U0MEI", text="x"
    )
    assert answer["error"] == "user_not_in_channel"
    answer = await harness.call_rejected(
        "chat.postEphemeral", channel="C0GENERAL", user="U0MEI", text="x"
    )
    assert answer["error"] == "not_in_channel"


async def test_history_is_newest_first_with_metadata_on_request(harness: SlackHarness) -> None:
    metadata = {"event_type": "report", "event_payload": {"key": "k1"}}
    first = await harness.web.chat_postMessage(channel="C0SALES", text="One", metadata=metadata)
    reply = {"channel": "C0SALES", "thread_ts": first["ts"]}
    await harness.web.chat_postMessage(**reply, text="quiet")
    await harness.web.chat_postMessage(**reply, text="loud", reply_broadcast=True)
    await harness.web.chat_postEphemeral(channel="C0SALES", user="U0JOHN", text="psst")
    history = await harness.web.conversations_history(
        channel="C0SALES", oldest=first["ts"], inclusive=True, include_all_metadata=True
    )
    assert [message["text"] for message in history["messages"]] == ["loud", "One"]
    assert history["messages"][1]["metadata"] == metadata
    bare = await harness.web.conversations_history(channel="C0SALES", limit=2)
    assert "metadata" not in bare["messages"][1]
    assert bare["has_more"] is True
    answer = await harness.call_rejected("conversations.history", channel="C0GENERAL")
    assert answer["error"] == "not_in_channel"


async def test_app_home_is_not_turned_on(harness: SlackHarness) -> None:
    home = {"type": "home", "blocks": [build_section_block("Hello")]}
    answer = await harness.call_rejected("views.publish", user_id="U0JOHN", view=home)
    assert answer["error"] == "not_enabled"


async def test_a_channel_takes_a_message_a_second_after_a_short_burst(
    harness: SlackHarness,
) -> None:
    for _ in range(5):
        assert (await call_raw(harness, "chat.postMessage", channel="C0SALES", text="hi"))[0] == 200
    status, headers, body = await call_raw(
        harness, "chat.postMessage", channel="C0SALES", text="hi"
    )
    assert (status, body["error"]) == (429, "ratelimited")
    assert headers["retry-after"] == "1"
    assert (await call_raw(harness, "chat.postMessage", channel="C0SUPPORT", text="hi"))[0] == 200
    await harness.clock.advance(1)
    assert (await call_raw(harness, "chat.postMessage", channel="C0SALES", text="hi"))[0] == 200


async def test_a_method_is_limited_by_its_tier(harness: SlackHarness) -> None:
    for _ in range(50):
        await call_raw(harness, "conversations.info", channel="C0SALES")
    await harness.clock.advance(20)
    status, headers, _ = await call_raw(harness, "conversations.info", channel="C0SALES")
    assert (status, headers["retry-after"]) == (429, "40")
    await harness.clock.advance(40)
    assert (await call_raw(harness, "conversations.info", channel="C0SALES"))[0] == 200


@pytest.mark.parametrize(
    ("body", "kind", "error"),
    [
        (b"{", "application/json", "invalid_json"),
        (b"[1]", "application/json", "json_not_object"),
        (b"<a/>", "text/xml", "invalid_post_type"),
    ],
)
async def test_unparseable_bodies(
    harness: SlackHarness, body: bytes, kind: str, error: str
) -> None:
    headers = {"Content-Type": kind, "Authorization": f"Bearer {harness.slack.bot_token}"}
    url = harness.slack.api_url + "api.test"
    async with harness.session.post(url, data=body, headers=headers) as answer:
        assert (await answer.json())["error"] == error


async def test_calls_and_deliveries_are_recorded_in_order(harness: SlackHarness) -> None:
    await harness.slack.type("U0JOHN", "C0SALES", "/chakra hi")
    await harness.web.chat_postMessage(channel="C0SALES", text="Hi", blocks=[build_actions_block()])
    command, call = harness.slack.exchanges[-2:]
    assert (command.direction, command.kind, command.summary) == (
        "to the app",
        "command",
        "/chakra hi",
    )
    assert "token" not in command.request
    assert (call.direction, call.kind, call.status) == ("from the app", "chat.postMessage", 200)
    assert call.n == command.n + 1


def test_only_the_last_five_hundred_payloads_are_stored() -> None:
    heard: list[ExchangeRecord] = []
    traffic = ExchangeLog(heard.append)
    for number in range(501):
        traffic.record(
            "to the app",
            "command",
            str(number),
            at=0.0,
            seconds=0.0012,
            status=200,
            request={},
            response=None,
        )
    assert len(heard) == 501
    assert len(traffic.exchanges) == 500
    assert (traffic.exchanges[0].n, traffic.exchanges[0].ms) == (2, 1.2)


async def test_read_methods_ignore_json_bodies(harness: SlackHarness) -> None:
    headers = {"Authorization": f"Bearer {harness.slack.bot_token}"}
    url = harness.slack.api_url + "users.info"
    async with harness.session.post(url, json={"user": "U0MEI"}, headers=headers) as answer:
        assert (await answer.json())["error"] == "invalid_arguments"
