"""Slack refuses: transient errors are waited out, others are reported to the member."""

from __future__ import annotations

from typing import Any

import pytest

from bot.db.engine import Database
from bot.outbox.error_policy import CONTENT_CODES, TOKEN_CODES
from bot.outbox.message import OutboxMessage
from bot.slack.commands.reply import Message
from bot.slack.copy.undelivered import UNDELIVERED_COPY, explain_undelivered
from tests.outbox.harness import (
    JOHN,
    LEADS,
    MEI,
    SALES,
    SUPPORT,
    OutboxHarness,
    build_sample,
    open_harness,
)

CLOSED_CHANNEL_CODES = sorted(
    code
    for code in UNDELIVERED_COPY
    if code not in ("uncertain", "withdrawn", "cant_update_message", "edit_window_closed")
)


# --- for now --------------------------------------------------------------------------------------


async def test_a_429_for_a_channel_is_waited_out_in_that_channel(harness: OutboxHarness) -> None:
    outbox = harness.start_outbox()
    harness.slack.slack.fail("chat.postMessage", error="ratelimited", retry_after=30)
    for number in range(2):
        await outbox.enqueue(
            OutboxMessage(f"sales:{number}", SALES, build_sample(f"{number}"), member=JOHN)
        )
    await harness.advance(1)
    await outbox.enqueue(OutboxMessage("support", SUPPORT, build_sample("immediate"), member=JOHN))
    await harness.advance(28)
    assert (harness.list_message_texts(SALES), harness.list_message_texts(SUPPORT)) == (
        [],
        ["immediate"],
    )
    await harness.advance(3)
    assert harness.list_message_texts(SALES) == ["0", "1"]
    assert harness.list_calls("conversations.history") == []


async def test_a_429_for_an_edit_is_waited_out_by_all_edits(harness: OutboxHarness) -> None:
    outbox = harness.start_outbox()
    keys = {"one": SALES, "two": SUPPORT}
    await outbox.enqueue(
        *[OutboxMessage(key, keys[key], build_sample("before"), JOHN) for key in keys]
    )
    await harness.advance(4)
    harness.slack.slack.fail("chat.update", error="ratelimited", retry_after=40)
    await outbox.enqueue(OutboxMessage("one", SALES, build_sample("after"), member=JOHN))
    await harness.advance(1)
    await outbox.enqueue(OutboxMessage("two", SUPPORT, build_sample("after"), member=JOHN))
    await harness.advance(38)
    assert len(harness.list_calls("chat.update")) == 1
    await harness.advance(4)
    assert harness.list_message_texts(SALES) == harness.list_message_texts(SUPPORT) == ["after"]


async def test_a_429_is_respected_after_a_restart(harness: OutboxHarness) -> None:
    first = harness.start_outbox("boot-1")
    harness.slack.slack.fail("chat.postMessage", error="ratelimited", retry_after=30)
    await first.enqueue(OutboxMessage("sales", SALES, build_sample("later"), member=JOHN))
    await harness.advance(5)
    await harness.kill(first)
    harness.start_outbox("boot-2")
    await harness.advance(24)
    assert len(harness.list_calls("chat.postMessage")) == 1
    await harness.advance(2)
    assert harness.list_message_texts() == ["later"]


async def test_edit_without_a_response_is_repeated(harness: OutboxHarness) -> None:
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("before"), member=JOHN))
    await harness.advance(3)
    harness.slack.slack.fail("chat.update", reset="before")
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("after"), member=JOHN))
    await harness.advance(6)
    assert harness.list_message_texts() == ["after"]
    assert len(harness.list_calls("chat.update")) == 2


@pytest.mark.parametrize("code", sorted(TOKEN_CODES))
async def test_messages_wait_while_the_token_is_rejected(harness: OutboxHarness, code: str) -> None:
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("posted", SUPPORT, build_sample("before"), member=JOHN))
    await harness.advance(3)
    harness.slack.slack.fail("chat.postMessage", error=code)
    await outbox.enqueue(OutboxMessage("waits", SALES, build_sample("stored"), member=JOHN))
    await harness.settle()
    await outbox.enqueue(OutboxMessage("posted", SUPPORT, build_sample("after"), member=JOHN))
    await harness.advance(59)
    assert (harness.list_message_texts(SALES), harness.list_message_texts(SUPPORT)) == (
        [],
        ["before"],
    )
    await harness.advance(4)
    assert (harness.list_message_texts(SALES), harness.list_message_texts(SUPPORT)) == (
        ["stored"],
        ["after"],
    )
    assert harness.list_direct_message_texts() == []


# --- for good -------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [*CLOSED_CHANNEL_CODES, "some_new_code"])
async def test_member_is_notified_of_an_undelivered_message(
    harness: OutboxHarness, code: str
) -> None:
    outbox = harness.start_outbox()
    harness.slack.slack.fail("chat.postMessage", error=code)
    await outbox.enqueue(
        OutboxMessage("job:1", SALES, build_sample("The job has ended"), member=MEI)
    )
    await harness.advance(2)
    [notice] = harness.list_direct_message_texts(MEI)
    what, remedy = explain_undelivered(code, SALES)
    assert "<#C0SALES>" in what
    assert f"*{what}*".replace("`", "") in notice.replace("`", "")
    assert remedy in notice
    assert "The job has ended" in notice
    assert harness.list_message_texts() == []
    assert (await outbox.get_status("job:1")).error_code == code
    assert harness.outcomes == {"undeliverable": 1, "posted": 1}


async def test_error_codes_of_closed_channels(harness: OutboxHarness) -> None:
    workspace = harness.slack.slack.workspace
    workspace.archive(SALES)
    workspace.remove_app(SUPPORT)
    workspace.remove_app(LEADS)
    closed = {
        SALES: "is_archived",
        SUPPORT: "not_in_channel",
        LEADS: "channel_not_found",
        "C0NOWHERE": "channel_not_found",
    }
    outbox = harness.start_outbox()
    for channel in closed:
        await outbox.enqueue(OutboxMessage(channel, channel, build_sample("Done"), member=JOHN))
    await harness.advance(5)
    assert {key: (await outbox.get_status(key)).error_code for key in closed} == closed
    assert len(harness.list_direct_message_texts()) == 4


async def test_closed_channel_makes_one_notice_with_all_messages(harness: OutboxHarness) -> None:
    """Further messages go to the thread of the notice."""
    harness.slack.slack.workspace.archive(SALES)
    outbox = harness.start_outbox()
    for number in range(4):
        await outbox.enqueue(
            OutboxMessage(f"event:{number}", SALES, build_sample(f"Event {number}"), member=JOHN)
        )
    await outbox.enqueue(OutboxMessage("mei", SALES, build_sample("Event for Mei"), member=MEI))
    await harness.advance(8)
    notice, *rest = harness.list_messages("D0JOHN")
    assert "Event 0" in harness.list_direct_message_texts()[0]
    assert [(message.text, message.thread_ts) for message in rest] == [
        (f"Event {number}", notice.ts) for number in (1, 2, 3)
    ]
    assert len(harness.list_direct_message_texts(MEI)) == 1


async def test_reopened_channel_receives_no_stale_posts(harness: OutboxHarness) -> None:
    workspace = harness.slack.slack.workspace
    workspace.archive(SALES)
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("old", SALES, build_sample("Old"), member=JOHN))
    await harness.advance(2)
    workspace.unarchive(SALES)
    await outbox.enqueue(OutboxMessage("old", SALES, build_sample("Old, but newer"), member=JOHN))
    await outbox.enqueue(OutboxMessage("new", SALES, build_sample("New"), member=JOHN))
    await harness.advance(5)
    assert harness.list_message_texts() == ["New"]
    workspace.archive(SALES)
    await outbox.enqueue(OutboxMessage("newer", SALES, build_sample("Newer"), member=JOHN))
    await harness.advance(3)
    notices = [message for message in harness.list_messages("D0JOHN") if message.thread_ts is None]
    assert len(notices) == 2  # closed once more is news


async def test_reply_to_an_undelivered_message_goes_to_the_member(
    harness: OutboxHarness,
) -> None:
    harness.slack.slack.workspace.remove_app(SALES)
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("1 of 3"), member=JOHN))
    await harness.advance(1)
    harness.slack.slack.workspace.add_app(SALES)
    await outbox.enqueue(
        OutboxMessage("job:1:outcome", SALES, build_sample("Done"), member=JOHN, thread_key="job:1")
    )
    await outbox.enqueue(
        OutboxMessage(
            "lost:outcome", SALES, build_sample("Lost"), member=JOHN, thread_key="never put in"
        )
    )
    await harness.advance(5)
    first, second, third = harness.list_messages("D0JOHN")
    assert "This app is not in <#C0SALES>" in first.text
    assert (second.text, second.thread_ts) == ("Done", first.ts)
    assert "was deleted, or takes no replies" in third.text
    assert harness.list_message_texts() == []


async def test_reply_to_a_deleted_message_goes_to_the_member(
    harness: OutboxHarness,
) -> None:
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("1 of 3"), member=JOHN))
    await harness.settle()
    [message] = harness.list_messages()
    await harness.slack.web.chat_delete(channel=SALES, ts=message.ts)
    await outbox.enqueue(
        OutboxMessage("job:1:outcome", SALES, build_sample("Done"), member=JOHN, thread_key="job:1")
    )
    await harness.advance(3)
    [notice] = harness.list_direct_message_texts()
    assert "Done" in notice


# --- edits ----------------------------------------------------------------------------------------


async def test_deleted_message_is_not_reposted(harness: OutboxHarness) -> None:
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("1 of 3"), member=JOHN))
    await harness.settle()
    [message] = harness.list_messages()
    await harness.slack.web.chat_delete(channel=SALES, ts=message.ts)
    for number in (2, 3):
        await outbox.enqueue(
            OutboxMessage("job:1", SALES, build_sample(f"{number} of 3"), member=JOHN, urgent=True)
        )
        await harness.advance(4)
    assert harness.list_message_texts() == harness.list_direct_message_texts() == []
    assert (await outbox.get_status("job:1")).error_code == "message_not_found"


@pytest.mark.parametrize("code", ["edit_window_closed", "cant_update_message", "is_inactive"])
async def test_failed_edit_makes_one_notice_and_another_for_the_urgent_one(
    harness: OutboxHarness, code: str
) -> None:
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("1 of 3"), member=JOHN))
    await harness.advance(4)
    for number in (2, 3):
        harness.slack.slack.fail("chat.update", error=code)
        await outbox.enqueue(
            OutboxMessage("job:1", SALES, build_sample(f"{number} of 3"), member=JOHN)
        )
        await harness.advance(4)
    harness.slack.slack.fail("chat.update", error=code)
    await outbox.enqueue(
        OutboxMessage("job:1", SALES, build_sample("Done"), member=JOHN, urgent=True)
    )
    await harness.advance(4)
    notice, last = harness.list_direct_message_texts()
    assert "2 of 3" in notice
    assert last == "Done"


async def test_progress_and_outcome_in_an_archived_channel_make_one_notice(
    harness: OutboxHarness,
) -> None:
    """Slack has two words for it."""
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("1 of 3"), member=JOHN))
    await harness.advance(4)
    harness.slack.slack.workspace.archive(SALES)
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("2 of 3"), member=JOHN))
    await harness.advance(2)
    await outbox.enqueue(
        OutboxMessage("job:1:outcome", SALES, build_sample("Done"), member=JOHN, thread_key="job:1")
    )
    await harness.advance(4)
    notice, reply = harness.list_messages("D0JOHN")
    assert "is archived" in notice.text
    assert (reply.text, reply.thread_ts) == ("Done", notice.ts)
    assert (await outbox.get_status("job:1")).error_code == "is_archived"


async def test_edits_resume_once_the_channel_is_open(harness: OutboxHarness) -> None:
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("1 of 3"), member=JOHN))
    await harness.advance(4)
    harness.slack.slack.workspace.archive(SALES)
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("2 of 3"), member=JOHN))
    await harness.advance(4)
    harness.slack.slack.workspace.unarchive(SALES)
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("3 of 3"), member=JOHN))
    await harness.advance(4)
    assert harness.list_message_texts() == ["3 of 3"]
    assert (await outbox.get_status("job:1")).error_code == ""


# --- direct messages ------------------------------------------------------------------------------


async def test_undeliverable_notice_is_logged(
    sqlite: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_harness(sqlite, messages_tab_enabled=False) as harness:
        harness.slack.slack.workspace.archive(SALES)
        outbox = harness.start_outbox()
        await outbox.enqueue(OutboxMessage("report", JOHN, build_sample("Accepted"), member=JOHN))
        await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("Done"), member=JOHN))
        await outbox.enqueue(
            OutboxMessage("stranger", "U0STRANGER", build_sample("Hello"), member="U0STRANGER")
        )
        await harness.advance(30)
        assert len(harness.list_calls("chat.postMessage")) == 4  # and one notice
        assert harness.outcomes == {"undeliverable": 4}
        assert (await outbox.get_status("report")).error_code == "messages_tab_disabled"
        assert (await outbox.get_status("stranger")).error_code == "channel_not_found"


# --- content --------------------------------------------------------------------------------------


async def test_rejected_blocks_are_replaced_by_text(sqlite: Database) -> None:
    async with open_harness(sqlite) as harness:
        outbox = harness.start_outbox()
        section: dict[str, Any] = {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "x" * 3_001},
        }
        await outbox.enqueue(
            OutboxMessage("job:1", SALES, Message("In &lt;words&gt;", (section,)), member=JOHN)
        )
        await harness.advance(3)
        assert harness.list_message_texts() == ["In &lt;words&gt;"]
        await outbox.enqueue(
            OutboxMessage("job:1", SALES, Message("Still words", (section,)), member=JOHN)
        )
        await harness.advance(4)
        assert harness.list_message_texts() == ["Still words"]
        assert {rejection.error for rejection in harness.slack.slack.rejections} == {
            "invalid_blocks"
        }


@pytest.mark.parametrize("code", sorted(CONTENT_CODES))
async def test_message_rejected_in_any_form_makes_a_notice(
    harness: OutboxHarness, code: str
) -> None:
    harness.slack.slack.fail("chat.postMessage", error=code, times=2)
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("Done"), member=JOHN))
    await harness.advance(3)
    [notice] = harness.list_direct_message_texts()
    assert f"(`{code}`)" in notice
    assert "Done" in notice


async def test_notice_of_a_large_message_contains_its_text(harness: OutboxHarness) -> None:
    harness.slack.slack.workspace.archive(SALES)
    sections = tuple(
        {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 250}} for _ in range(49)
    )
    outbox = harness.start_outbox()
    await outbox.enqueue(
        OutboxMessage("job:1", SALES, Message("A &amp; B have ended", sections), member=JOHN)
    )
    await harness.advance(3)
    [notice] = harness.list_direct_message_texts()
    assert notice.endswith("A &amp; B have ended")
    assert "xxx" not in notice


async def test_message_without_a_member_makes_no_notice(harness: OutboxHarness) -> None:
    harness.slack.slack.workspace.archive(SALES)
    outbox = harness.start_outbox()
    await outbox.enqueue(OutboxMessage("job:1", SALES, build_sample("Done"), member=""))
    await harness.advance(3)
    assert (await outbox.get_status("job:1")).error_code == "is_archived"
    assert len(harness.list_calls("chat.postMessage")) == 1


def test_every_notice_has_advice() -> None:
    for code in UNDELIVERED_COPY:
        what, remedy = explain_undelivered(code, SALES)
        assert what.endswith(".")
        assert remedy.endswith(".")
        assert "{" not in what + remedy
