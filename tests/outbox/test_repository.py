"""One row per message: its newest content, its claim, and what Slack shows of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.db.engine import Database
from bot.outbox import content
from bot.outbox.message import OutboxMessage
from bot.outbox.repository import WITHDRAWN, FailureNotice, Post, Posts
from bot.slack.commands.reply import Message

SALES, SUPPORT, JOHN = "C0SALES", "C0SUPPORT", "U0JOHN"
NOTICE = FailureNotice(Message("first"), Message("again"))


@pytest.fixture
def posts(database: Database) -> Posts:
    return Posts(database)


def draft(key: str = "a", text: str = "1", channel: str = SALES, **other: Any) -> OutboxMessage:
    return OutboxMessage(key, channel, Message(text), JOHN, **other)


def body(text: str) -> str:
    """Return ``text`` as the database stores it."""
    return content.dumps(Message(text))


async def put(posts: Posts, *drafts: OutboxMessage, now: float = 1000.0) -> None:
    await posts.enqueue(drafts, now)


async def row(posts: Posts, key: str = "a") -> Post:
    found = await posts.find_by_key(key)
    assert found is not None
    return found


async def posted(posts: Posts, key: str = "a", now: float = 1001.0) -> Post:
    post = await row(posts, key)
    await posts.mark_delivered(post.id, post.version, now, channel=post.channel, ts=f"{post.id}.0")
    return await row(posts, key)


# --- putting in -----------------------------------------------------------------------------------


async def test_new_content_makes_a_new_version_and_the_same_does_not(posts: Posts) -> None:
    await put(posts, draft(thread_key="root", broadcast=True))
    first = await row(posts)
    assert (first.version, first.delivered_version, first.pending) == (1, 0, True)
    assert (first.thread_key, first.broadcast, first.urgent) == ("root", True, False)
    await put(posts, draft(), now=1001)
    assert await row(posts) == first
    await put(posts, draft(text="2", urgent=True), now=1002)
    second = await row(posts)
    assert (second.id, second.version, second.content, second.urgent) == (
        first.id,
        2,
        body("2"),
        True,
    )


async def test_delivered_content_is_not_stored(posts: Posts) -> None:
    await put(posts, *(draft(key) for key in ("shown", "moved", "refused", "dropped")))
    await posted(posts, "shown")
    moved = await row(posts, "moved")
    await put(posts, draft("moved", "2"))
    await posts.mark_delivered(moved.id, moved.version, 1001, channel=SALES, ts="1.0")
    await posts.mark_failed(await row(posts, "refused"), "is_archived", 1001)
    await posts.withdraw("dropped", 1001)
    kept = {key: (await row(posts, key)).content for key in ("shown", "refused", "dropped")}
    assert set(kept.values()) == {""}
    assert (await row(posts, "moved")).content == body("2")
    await put(posts, draft("shown"))
    assert not (await row(posts, "shown")).pending


async def test_concurrent_enqueues_of_one_key_make_one_row(posts: Posts) -> None:
    keys = [f"key-{number}" for number in range(10)]
    await asyncio.gather(
        *(
            put(posts, *(draft(key, f"{turn}") for key in (keys if turn % 2 else keys[::-1])))
            for turn in range(10)
        )
    )
    heads = await posts.next_per_channel()
    assert len(heads) == 1
    assert [(await row(posts, key)).version for key in keys] == [10] * 10


async def test_pending_edit_is_stale_since_its_first_change(posts: Posts) -> None:
    await put(posts, draft())
    await posted(posts, now=1001)
    for now in (1010, 1020):
        await put(posts, draft(text=f"{now}"), now=now)
    assert (await row(posts)).stale_since == 1010
    await posts.mark_delivered((await row(posts)).id, 2, 1030)  # and version 3 came meanwhile
    later = await row(posts)
    assert (later.pending, later.delivered_version, later.version, later.stale_since) == (
        True,
        2,
        3,
        1030,
    )


async def test_withdrawn_message_stays_withdrawn(posts: Posts) -> None:
    await put(posts, draft("waits"), draft("stands"))
    await posted(posts, "stands")
    for key in ("waits", "stands", "unknown"):
        await posts.withdraw(key, 1002)
    await put(posts, draft("waits", "2"), draft("stands", "2"), now=1003)
    assert await posts.next_per_channel() == await posts.pending_edits(1003, 10) == []
    assert (await row(posts, "stands")).error_code == WITHDRAWN


async def test_message_withdrawn_while_posting_is_not_edited(posts: Posts) -> None:
    await put(posts, draft())
    post = await posts.claim((await row(posts)).id, "boot-1", 1001, 0)
    await put(posts, draft(text="2"))
    await posts.withdraw("a", 1002)
    assert post is not None
    await posts.mark_delivered(post.id, 1, 1003, channel=SALES, ts="1.0")
    after = await row(posts)
    assert (after.message_ts, after.pending, after.error_code) == ("1.0", False, WITHDRAWN)


# --- what is to be done ---------------------------------------------------------------------------


async def test_each_channel_has_its_first(posts: Posts) -> None:
    await put(posts, draft("a"))
    await put(posts, draft("b"), draft("c", channel=SUPPORT))
    assert [one.key for one in await posts.next_per_channel()] == ["a", "c"]
    await posted(posts, "a")
    assert [one.key for one in await posts.next_per_channel()] == ["b", "c"]


async def test_pending_messages_are_counted(posts: Posts) -> None:
    assert await posts.count_pending() == (0, 0)
    await put(posts, *(draft(key) for key in "abcd"))
    for key in "ab":
        await posted(posts, key)
    await put(posts, draft("a", "2"), now=1010)
    assert await posts.count_pending() == (2, 1)


async def test_edits_come_by_urgency_and_then_by_how_long_they_wait(posts: Posts) -> None:
    keys = ("late", "early", "urgent", "resting", "fresh")
    await put(posts, *(draft(key) for key in keys))
    for key in keys:
        await posted(posts, key)
    for now, key in ((1020, "late"), (1010, "early"), (1030, "urgent"), (1005, "resting")):
        await put(posts, draft(key, "2", urgent=key == "urgent"), now=now)
    await posts.reschedule((await row(posts, "resting")).id, 1100)
    order = [one.key for one in await posts.pending_edits(1040, 10)]
    assert order == ["urgent", "early", "late", "resting"]
    assert [one.key for one in await posts.pending_edits(1040, 2)] == ["urgent", "early"]
    assert [one.key for one in await posts.pending_edits(1100, 9)][:2] == ["urgent", "resting"]


# --- in one hand at a time ------------------------------------------------------------------------


async def test_one_of_several_has_it(posts: Posts) -> None:
    await put(posts, draft())
    post_id = (await row(posts)).id
    tries = await asyncio.gather(
        *(posts.claim(post_id, f"boot-{turn}", 1002, 982) for turn in range(10))
    )
    assert sum(one is not None for one in tries) == 1


async def test_abandoned_post_is_free(posts: Posts) -> None:
    await put(posts, draft())
    post_id = (await row(posts)).id
    assert await posts.claim(post_id, "boot-1", 1000, 980)
    assert not await posts.claim(post_id, "boot-2", 1019.9, 999.9)
    taken = await posts.claim(post_id, "boot-2", 1020, 1000)
    assert taken is not None
    assert (taken.process_id, taken.attempted_at, taken.uncertain_since) == ("boot-1", 1000, 1000)


async def test_doubt_begins_with_the_first_try_and_ends_with_an_answer(posts: Posts) -> None:
    await put(posts, draft())
    post_id = (await row(posts)).id
    first = await posts.claim(post_id, "boot-1", 1000, 0)
    assert first is not None
    assert first.uncertain_since is None
    await posts.mark_uncertain(post_id, 1005)
    second = await posts.claim(post_id, "boot-1", 1006, 0)
    assert second is not None
    assert (second.uncertain_since, second.attempted_at, second.not_before) == (1000, 1000, 1005)
    assert (await row(posts)).uncertain_since == 1000
    await posts.reschedule(post_id, 1030)
    third = await posts.claim(post_id, "boot-2", 1031, 0)
    assert third is not None
    assert (third.uncertain_since, third.process_id, third.not_before) == (None, "", 1030)


async def test_posted_message_is_never_uncertain(posts: Posts) -> None:
    await put(posts, draft())
    stands = await posted(posts)
    assert await posts.claim(stands.id, "boot-1", 1002, 0) is None  # nothing is due
    await put(posts, draft(text="2"))
    assert await posts.claim(stands.id, "boot-1", 1002, 0)
    after = await row(posts)
    assert (after.process_id, after.uncertain_since) == ("boot-1", None)
    await posts.mark_delivered(stands.id, 2, 1003)
    after = await row(posts)
    assert (after.process_id, after.message_ts, after.pending) == ("", stands.message_ts, False)


# --- refused --------------------------------------------------------------------------------------


async def refused(posts: Posts, key: str, now: float, code: str = "is_archived") -> Post:
    await posts.mark_failed(await row(posts, key), code, now, NOTICE)
    return await row(posts, key)


async def test_member_is_notified_once_per_channel_and_reason(posts: Posts) -> None:
    await put(posts, *(draft(key) for key in "abcd"), draft("other", channel=SUPPORT))
    first = await refused(posts, "a", 1001)
    again = await refused(posts, "b", 1002)
    for key, code in (("c", "not_in_channel"), ("other", "is_archived")):
        assert (await refused(posts, key, 1003, code)).notice_key != first.notice_key
    assert again.notice_key == first.notice_key
    notice = await row(posts, first.notice_key)
    assert (notice.channel, notice.content, notice.thread_key) == (JOHN, body("first"), "")
    thread = await row(posts, f"undelivered:{again.id}:1")
    assert (thread.channel, thread.content, thread.thread_key) == (JOHN, body("again"), notice.key)
    await posts.mark_failed(await row(posts, "d"), "is_archived", 1004)
    assert (await row(posts, "d")).notice_key == ""


async def test_same_failure_twice_is_one_notice(posts: Posts) -> None:
    """Two processes come to the same end."""
    await put(posts, draft())
    post = await row(posts)
    for now in (1001, 1002):
        await posts.mark_failed(post, "is_archived", now, NOTICE)
    assert [one.key for one in await posts.next_per_channel()] == ["undelivered:1:1"]


async def test_failure_after_a_delivery_is_a_new_notice(posts: Posts) -> None:
    await put(posts, *(draft(key) for key in "abc"))
    first = await refused(posts, "a", 1001)
    await posted(posts, "b", now=1002)
    assert (await refused(posts, "c", 1003)).notice_key != first.notice_key


async def test_post_refused_before_it_was_posted_is_closed(posts: Posts) -> None:
    await put(posts, draft())
    await refused(posts, "a", 1001)
    await put(posts, draft(text="2"), now=1002)
    after = await row(posts)
    assert (after.version, after.pending, after.error_code) == (1, False, "is_archived")


async def test_a_refused_edit_is_tried_again_with_newer_content(posts: Posts) -> None:
    await put(posts, draft())
    await posted(posts)
    await put(posts, draft(text="2"), now=1002)
    assert not (await refused(posts, "a", 1003)).pending
    await put(posts, draft(text="3"), now=1004)
    again = await row(posts)
    assert (again.pending, again.error_code) == (True, "is_archived")
    await posts.mark_delivered(again.id, 3, 1005)
    after = await row(posts)
    assert (after.pending, after.error_code, after.notice_key) == (False, "", "")


# --- forgotten ------------------------------------------------------------------------------------


async def test_settled_posts_are_purged_and_pending_ones_stay(posts: Posts) -> None:
    for now, key in ((1000, "posted"), (1000, "refused"), (1000, "waits"), (1001, "newer")):
        await put(posts, draft(key), now=now)
    await posted(posts, "posted")
    await posted(posts, "newer")
    await posts.mark_failed(await row(posts, "refused"), "is_archived", 1001)
    assert await posts.purge(1000, 1) == 1
    assert await posts.purge(1000, 10) == 1
    assert await posts.purge(1000, 10) == 0
    assert await posts.find_by_key("posted") is None
    assert await posts.find_by_key("refused") is None
    assert (await row(posts, "waits")).pending
    assert await posts.find_by_key("newer") is not None
