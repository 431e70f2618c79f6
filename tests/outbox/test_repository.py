"""One row per message: its newest content, its claim, and what Slack shows of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.db.engine import Database
from bot.outbox import content
from bot.outbox.message import OutboxMessage
from bot.outbox.post import FailureNotice, Post
from bot.outbox.repository import WITHDRAWN, Posts
from bot.slack.commands.reply import Message

SALES, SUPPORT, JOHN = "C0SALES", "C0SUPPORT", "U0JOHN"
NOTICE = FailureNotice(Message("first"), Message("again"))


@pytest.fixture
def posts(database: Database) -> Posts:
    return Posts(database)


def build_draft(
    key: str = "a", text: str = "1", channel: str = SALES, **other: Any
) -> OutboxMessage:
    return OutboxMessage(key, channel, Message(text), JOHN, **other)


def encode_body(text: str) -> str:
    """Return ``text`` as the database stores it."""
    return content.dump_message(Message(text))


async def enqueue_draft(posts: Posts, *drafts: OutboxMessage, now: float = 1000.0) -> None:
    await posts.enqueue(drafts, now)


async def get_row(posts: Posts, key: str = "a") -> Post:
    found = await posts.find_by_key(key)
    assert found is not None
    return found


async def mark_posted(posts: Posts, key: str = "a", now: float = 1001.0) -> Post:
    post = await get_row(posts, key)
    await posts.mark_delivered(post.id, post.version, now, channel=post.channel, ts=f"{post.id}.0")
    return await get_row(posts, key)


# --- putting in -----------------------------------------------------------------------------------


async def test_only_changed_content_creates_a_new_version(posts: Posts) -> None:
    await enqueue_draft(posts, build_draft(thread_key="root", broadcast=True))
    first = await get_row(posts)
    assert (first.version, first.delivered_version, first.pending) == (1, 0, True)
    assert (first.thread_key, first.broadcast, first.urgent) == ("root", True, False)
    await enqueue_draft(posts, build_draft(), now=1001)
    assert await get_row(posts) == first
    await enqueue_draft(posts, build_draft(text="2", urgent=True), now=1002)
    second = await get_row(posts)
    assert (second.id, second.version, second.content, second.urgent) == (
        first.id,
        2,
        encode_body("2"),
        True,
    )


async def test_delivered_content_is_not_stored(posts: Posts) -> None:
    await enqueue_draft(
        posts, *(build_draft(key) for key in ("shown", "moved", "refused", "dropped"))
    )
    await mark_posted(posts, "shown")
    moved = await get_row(posts, "moved")
    await enqueue_draft(posts, build_draft("moved", "2"))
    await posts.mark_delivered(moved.id, moved.version, 1001, channel=SALES, ts="1.0")
    await posts.mark_failed(await get_row(posts, "refused"), "is_archived", 1001)
    await posts.close("dropped", WITHDRAWN, 1001)
    contents = {key: (await get_row(posts, key)).content for key in ("shown", "refused", "dropped")}
    assert set(contents.values()) == {""}
    assert (await get_row(posts, "moved")).content == encode_body("2")
    await enqueue_draft(posts, build_draft("shown"))
    assert not (await get_row(posts, "shown")).pending


async def test_concurrent_enqueues_of_one_key_make_one_row(posts: Posts) -> None:
    keys = [f"key-{number}" for number in range(10)]
    await asyncio.gather(
        *(
            enqueue_draft(
                posts, *(build_draft(key, f"{turn}") for key in (keys if turn % 2 else keys[::-1]))
            )
            for turn in range(10)
        )
    )
    heads = await posts.find_next_per_channel()
    assert len(heads) == 1
    assert [(await get_row(posts, key)).version for key in keys] == [10] * 10


async def test_pending_edit_is_stale_since_its_first_change(posts: Posts) -> None:
    await enqueue_draft(posts, build_draft())
    await mark_posted(posts, now=1001)
    for now in (1010, 1020):
        await enqueue_draft(posts, build_draft(text=f"{now}"), now=now)
    assert (await get_row(posts)).stale_since == 1010
    await posts.mark_delivered((await get_row(posts)).id, 2, 1030)  # version 3 arrived before that
    later = await get_row(posts)
    assert (later.pending, later.delivered_version, later.version, later.stale_since) == (
        True,
        2,
        3,
        1030,
    )


async def test_withdrawn_message_stays_withdrawn(posts: Posts) -> None:
    await enqueue_draft(posts, build_draft("waits"), build_draft("posted"))
    await mark_posted(posts, "posted")
    for key in ("waits", "posted", "unknown"):
        await posts.close(key, WITHDRAWN, 1002)
    await enqueue_draft(posts, build_draft("waits", "2"), build_draft("posted", "2"), now=1003)
    assert await posts.find_next_per_channel() == await posts.find_pending_edits(1003, 10) == []
    assert (await get_row(posts, "posted")).error_code == WITHDRAWN


async def test_message_withdrawn_while_posting_is_not_edited(posts: Posts) -> None:
    await enqueue_draft(posts, build_draft())
    post = await posts.claim((await get_row(posts)).id, "boot-1", 1001, 0)
    await enqueue_draft(posts, build_draft(text="2"))
    await posts.close("a", WITHDRAWN, 1002)
    assert post is not None
    await posts.mark_delivered(post.id, 1, 1003, channel=SALES, ts="1.0")
    after = await get_row(posts)
    assert (after.message_ts, after.pending, after.error_code) == ("1.0", False, WITHDRAWN)


# --- what is to be done ---------------------------------------------------------------------------


async def test_next_post_per_channel(posts: Posts) -> None:
    await enqueue_draft(posts, build_draft("a"))
    await enqueue_draft(posts, build_draft("b"), build_draft("c", channel=SUPPORT))
    assert [post.key for post in await posts.find_next_per_channel()] == ["a", "c"]
    await mark_posted(posts, "a")
    assert [post.key for post in await posts.find_next_per_channel()] == ["b", "c"]


async def test_pending_messages_are_counted(posts: Posts) -> None:
    assert await posts.count_pending() == (0, 0)
    await enqueue_draft(posts, *(build_draft(key) for key in "abcd"))
    for key in "ab":
        await mark_posted(posts, key)
    await enqueue_draft(posts, build_draft("a", "2"), now=1010)
    assert await posts.count_pending() == (2, 1)


async def test_edits_are_ordered_by_urgency_then_age(posts: Posts) -> None:
    keys = ("late", "early", "urgent", "resting", "fresh")
    await enqueue_draft(posts, *(build_draft(key) for key in keys))
    for key in keys:
        await mark_posted(posts, key)
    for now, key in ((1020, "late"), (1010, "early"), (1030, "urgent"), (1005, "resting")):
        await enqueue_draft(posts, build_draft(key, "2", urgent=key == "urgent"), now=now)
    await posts.reschedule((await get_row(posts, "resting")).id, 1100)
    order = [post.key for post in await posts.find_pending_edits(1040, 10)]
    assert order == ["urgent", "early", "late", "resting"]
    assert [post.key for post in await posts.find_pending_edits(1040, 2)] == ["urgent", "early"]
    assert [post.key for post in await posts.find_pending_edits(1100, 9)][:2] == [
        "urgent",
        "resting",
    ]


# --- in one hand at a time ------------------------------------------------------------------------


async def test_concurrent_claims_have_one_winner(posts: Posts) -> None:
    await enqueue_draft(posts, build_draft())
    post_id = (await get_row(posts)).id
    tries = await asyncio.gather(
        *(posts.claim(post_id, f"boot-{turn}", 1002, 982) for turn in range(10))
    )
    assert sum(claim is not None for claim in tries) == 1


async def test_abandoned_post_is_free(posts: Posts) -> None:
    await enqueue_draft(posts, build_draft())
    post_id = (await get_row(posts)).id
    assert await posts.claim(post_id, "boot-1", 1000, 980)
    assert not await posts.claim(post_id, "boot-2", 1019.9, 999.9)
    taken = await posts.claim(post_id, "boot-2", 1020, 1000)
    assert taken is not None
    assert (taken.process_id, taken.attempted_at, taken.uncertain_since) == ("boot-1", 1000, 1000)


async def test_uncertainty_lasts_from_first_attempt_to_response(posts: Posts) -> None:
    await enqueue_draft(posts, build_draft())
    post_id = (await get_row(posts)).id
    first = await posts.claim(post_id, "boot-1", 1000, 0)
    assert first is not None
    assert first.uncertain_since is None
    await posts.mark_uncertain(post_id, 1005)
    second = await posts.claim(post_id, "boot-1", 1006, 0)
    assert second is not None
    assert (second.uncertain_since, second.attempted_at, second.not_before) == (1000, 1000, 1005)
    assert (await get_row(posts)).uncertain_since == 1000
    await posts.reschedule(post_id, 1030)
    third = await posts.claim(post_id, "boot-2", 1031, 0)
    assert third is not None
    assert (third.uncertain_since, third.process_id, third.not_before) == (None, "", 1030)


async def test_posted_message_is_never_uncertain(posts: Posts) -> None:
    await enqueue_draft(posts, build_draft())
    post = await mark_posted(posts)
    assert await posts.claim(post.id, "boot-1", 1002, 0) is None  # nothing is due
    await enqueue_draft(posts, build_draft(text="2"))
    assert await posts.claim(post.id, "boot-1", 1002, 0)
    after = await get_row(posts)
    assert (after.process_id, after.uncertain_since) == ("boot-1", None)
    await posts.mark_delivered(post.id, 2, 1003)
    after = await get_row(posts)
    assert (after.process_id, after.message_ts, after.pending) == ("", post.message_ts, False)


# --- refused --------------------------------------------------------------------------------------


async def mark_rejected(posts: Posts, key: str, now: float, code: str = "is_archived") -> Post:
    await posts.mark_failed(await get_row(posts, key), code, now, NOTICE)
    return await get_row(posts, key)


async def test_member_is_notified_once_per_channel_and_reason(posts: Posts) -> None:
    await enqueue_draft(
        posts, *(build_draft(key) for key in "abcd"), build_draft("other", channel=SUPPORT)
    )
    first = await mark_rejected(posts, "a", 1001)
    again = await mark_rejected(posts, "b", 1002)
    for key, code in (("c", "not_in_channel"), ("other", "is_archived")):
        assert (await mark_rejected(posts, key, 1003, code)).notice_key != first.notice_key
    assert again.notice_key == first.notice_key
    notice = await get_row(posts, first.notice_key)
    assert (notice.channel, notice.content, notice.thread_key) == (JOHN, encode_body("first"), "")
    thread = await get_row(posts, f"undelivered:{again.id}:1")
    assert (thread.channel, thread.content, thread.thread_key) == (
        JOHN,
        encode_body("again"),
        notice.key,
    )
    await posts.mark_failed(await get_row(posts, "d"), "is_archived", 1004)
    assert (await get_row(posts, "d")).notice_key == ""


async def test_same_failure_twice_is_one_notice(posts: Posts) -> None:
    """Two processes come to the same end."""
    await enqueue_draft(posts, build_draft())
    post = await get_row(posts)
    for now in (1001, 1002):
        await posts.mark_failed(post, "is_archived", now, NOTICE)
    assert [post.key for post in await posts.find_next_per_channel()] == ["undelivered:1:1"]


async def test_failure_after_a_delivery_is_a_new_notice(posts: Posts) -> None:
    await enqueue_draft(posts, *(build_draft(key) for key in "abc"))
    first = await mark_rejected(posts, "a", 1001)
    await mark_posted(posts, "b", now=1002)
    assert (await mark_rejected(posts, "c", 1003)).notice_key != first.notice_key


async def test_post_refused_before_it_was_posted_is_closed(posts: Posts) -> None:
    await enqueue_draft(posts, build_draft())
    await mark_rejected(posts, "a", 1001)
    await enqueue_draft(posts, build_draft(text="2"), now=1002)
    after = await get_row(posts)
    assert (after.version, after.pending, after.error_code) == (1, False, "is_archived")


async def test_rejected_edit_is_retried_with_newer_content(posts: Posts) -> None:
    await enqueue_draft(posts, build_draft())
    await mark_posted(posts)
    await enqueue_draft(posts, build_draft(text="2"), now=1002)
    assert not (await mark_rejected(posts, "a", 1003)).pending
    await enqueue_draft(posts, build_draft(text="3"), now=1004)
    again = await get_row(posts)
    assert (again.pending, again.error_code) == (True, "is_archived")
    await posts.mark_delivered(again.id, 3, 1005)
    after = await get_row(posts)
    assert (after.pending, after.error_code, after.notice_key) == (False, "", "")


async def test_thread_that_became_unusable_during_an_edit_stays_closed(posts: Posts) -> None:
    await enqueue_draft(posts, build_draft())
    await mark_posted(posts)
    await enqueue_draft(posts, build_draft(text="2"), now=1002)
    being_edited = await get_row(posts)
    await posts.close("a", "restricted_action_thread_locked", 1003)
    await posts.mark_delivered(being_edited.id, being_edited.version, 1004)
    after = await get_row(posts)
    assert (after.pending, after.error_code) == (False, "restricted_action_thread_locked")


# --- forgotten ------------------------------------------------------------------------------------


async def test_settled_posts_are_purged_and_pending_ones_stay(posts: Posts) -> None:
    for now, key in ((1000, "posted"), (1000, "refused"), (1000, "waits"), (1001, "newer")):
        await enqueue_draft(posts, build_draft(key), now=now)
    await mark_posted(posts, "posted")
    await mark_posted(posts, "newer")
    await posts.mark_failed(await get_row(posts, "refused"), "is_archived", 1001)
    assert await posts.purge(1000, 1) == 1
    assert await posts.purge(1000, 10) == 1
    assert await posts.purge(1000, 10) == 0
    assert await posts.find_by_key("posted") is None
    assert await posts.find_by_key("refused") is None
    assert (await get_row(posts, "waits")).pending
    assert await posts.find_by_key("newer") is not None
