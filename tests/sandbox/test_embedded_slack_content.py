"""Emails, snippets, files, forwards and other apps' messages, and conversations between people."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.sandbox.slack import ActionNotPossible, Email
from bot.sandbox.slack.payloads import build_message_json
from tests.people import JOHN, MEI, PRIYA, SALES
from tests.sandbox.slack_harness import SCOPES, Json, SlackHarness, build_manifest, open_harness

GROUP, PAIR = "G0BLUEBIRD", "D0JOHNMEI"
EMAIL = Email("Asha Rao", "asha@lotus.example", "Order", "Call me: +91 98765 43211")


@pytest.fixture
async def harness() -> AsyncIterator[SlackHarness]:
    scopes = (*SCOPES, "mpim:read", "im:read", "files:read")
    async with open_harness(build_manifest(scopes=scopes)) as harness:
        yield harness


async def post_as_page(harness: SlackHarness, **body: str) -> Json:
    url = f"{harness.slack.base_url}/sandbox/post"
    async with harness.session.post(url, json={"as": JOHN, **body}) as answer:
        result: Json = await answer.json()
        return result


async def fetch_state(harness: SlackHarness, person: str) -> Json:
    url = f"{harness.slack.base_url}/sandbox/state"
    async with harness.session.get(url, params={"as": person}) as answer:
        state: Json = await answer.json()
        return state


def find_last_message(harness: SlackHarness, channel: str = SALES) -> Json:
    return build_message_json(harness.slack.workspace.messages.list_messages(channel)[-1])


def test_sender_of_an_email_is_in_its_file() -> None:
    file = EMAIL.to_json()
    assert file["mode"] == file["filetype"] == "email"
    assert file["from"] == [
        {
            "address": "asha@lotus.example",
            "name": "Asha Rao",
            "original": "Asha Rao <asha@lotus.example>",
        }
    ]
    assert file["preview"] == "<p>Call me: +91 98765 43211</p>"


async def test_email_has_no_text_beside_its_file(harness: SlackHarness) -> None:
    harness.slack.posted.receive_email(SALES, EMAIL)
    message = find_last_message(harness)
    assert (message["text"], message["user"]) == ("", "USLACKBOT")
    [file] = message["files"]
    assert (file["subject"], file["plain_text"]) == ("Order", "Call me: +91 98765 43211")


async def test_forwarded_message_is_an_attachment(harness: SlackHarness) -> None:
    original = harness.slack.posted.receive_email(SALES, EMAIL)
    harness.slack.posted.forward(JOHN, original, GROUP, "Please call <her>")
    message = find_last_message(harness, GROUP)
    assert message["text"] == "Please call &lt;her&gt;"
    [shared] = message["attachments"]
    assert (shared["is_share"], shared["author_name"]) == (True, "Slackbot")
    assert shared["files"][0]["mode"] == "email"


async def test_another_apps_message_has_no_user(harness: SlackHarness) -> None:
    assert await post_as_page(harness, channel=SALES, kind="app") == {"ok": True}
    message = find_last_message(harness)
    assert "user" not in message
    assert (message["subtype"], message["bot_id"]) == ("bot_message", "B0HELPDESK")
    assert message["attachments"][0]["title_link"].startswith("https://wa.me/")


@pytest.mark.parametrize(
    ("kind", "mode", "mimetype"),
    [
        ("email", "email", "text/html"),
        ("snippet", "snippet", "text/plain"),
        ("picture", "hosted", "image/svg+xml"),
        ("card", "hosted", "text/vcard"),
    ],
)
async def test_page_posts_samples(
    harness: SlackHarness, kind: str, mode: str, mimetype: str
) -> None:
    assert await post_as_page(harness, channel=SALES, kind=kind) == {"ok": True}
    [file] = find_last_message(harness)["files"]
    assert (file["mode"], file["mimetype"]) == (mode, mimetype)
    shown = (await fetch_state(harness, PRIYA))["messages"][SALES][-1]["files"][0]
    assert shown["mode"] == mode


async def test_page_forwards_a_message(harness: SlackHarness) -> None:
    original = harness.slack.list_messages(JOHN, SALES)[-1]
    answer = await post_as_page(harness, channel=PAIR, message=original.id, text="Look")
    assert answer == {"ok": True}
    assert find_last_message(harness, PAIR)["attachments"][0]["text"] == original.text
    for body in (
        {"channel": PAIR, "message": "M0NONE"},
        {"channel": SALES, "kind": "fax"},
        {"channel": "D0MEI", "kind": "email"},
    ):
        assert (await post_as_page(harness, **body))["ok"] is False


async def test_ephemeral_message_is_not_forwarded(harness: SlackHarness) -> None:
    harness.app.respond_with({"text": "Only for John"})
    await harness.slack.type(JOHN, SALES, "/chakra hi")
    [private] = [m for m in harness.slack.workspace.messages.list_messages(SALES) if m.only_for]
    with pytest.raises(ActionNotPossible, match="can't be forwarded"):
        harness.slack.posted.forward(JOHN, private, GROUP)


async def test_conversation_between_people_is_named_after_the_others(
    harness: SlackHarness,
) -> None:
    for person, names in [(JOHN, ["Priya, Mei", "Mei"]), (MEI, ["Priya, John", "John"])]:
        channels = (await fetch_state(harness, person))["channels"]
        found = [c["name"] for c in channels if c["kind"] in ("group", "pair")]
        assert found == names


@pytest.mark.parametrize("channel", [GROUP, PAIR])
@pytest.mark.parametrize(
    "method", ["conversations.info", "conversations.members", "chat.postMessage"]
)
async def test_conversation_between_people_is_hidden_from_the_app(
    harness: SlackHarness, channel: str, method: str
) -> None:
    answer = await harness.call_rejected(method, channel=channel, text="hi")
    assert answer["error"] == "channel_not_found"


@pytest.mark.parametrize(
    ("channel", "name"), [(GROUP, "mpdm-priya--john--mei-1"), (PAIR, "directmessage")]
)
async def test_command_works_in_a_conversation_between_people(
    harness: SlackHarness, channel: str, name: str
) -> None:
    harness.app.respond_with({"text": "Hello"})
    await harness.slack.type(JOHN, channel, "/chakra hi")
    assert harness.app.last_payload["channel_name"] == name
    assert harness.slack.list_messages(JOHN, channel)[-1].text == "Hello"
    with pytest.raises(ActionNotPossible):
        await harness.slack.invite_app(JOHN, channel)
