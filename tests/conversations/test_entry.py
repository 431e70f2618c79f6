"""A message with what changed it, in whatever order the changes arrive."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from bot.conversations.entry import Entry, build_entry, choose_current_shape
from bot.webhooks.amendments import CUSTOMER, PHONE_APP
from bot.webhooks.events import MessageEvent
from bot.webhooks.recorded_event import RecordedEvent


def build_event(number: int, kind: str, content: Any, **fields: Any) -> RecordedEvent:
    wamid = f"wamid.{number}"
    raw = {"id": wamid, "type": kind, kind: content}
    message = MessageEvent(kind=kind, wamid=wamid, raw=raw, occurred_at=float(number), **fields)
    return RecordedEvent(number, f"message:{wamid}", message, 3, 1000.0)


def build_edit(number: int, body: str, target: str = "wamid.1", **fields: Any) -> RecordedEvent:
    message = {"type": "text", "text": {"body": body}}
    content = {"original_message_id": target, "message": message}
    return build_event(number, "edit", content, **fields)


def build_reaction(number: int, emoji: str, **fields: Any) -> RecordedEvent:
    return build_event(number, "reaction", {"message_id": "wamid.1", "emoji": emoji}, **fields)


def revoke(number: int, **fields: Any) -> RecordedEvent:
    return build_event(number, "revoke", {"original_message_id": "wamid.1"}, **fields)


ORIGINAL = build_event(1, "text", {"body": "Hello"})


def build(*later: RecordedEvent) -> Entry:
    assert isinstance(ORIGINAL.event, MessageEvent)
    return build_entry(ORIGINAL, ORIGINAL.event, later)


CHANGES = (
    build_edit(2, "Hullo"),
    build_edit(4, "Hello!"),
    build_reaction(3, "👍"),
    build_reaction(5, ""),
)


@pytest.mark.parametrize(
    "later", list(permutations(CHANGES)), ids=lambda later: "".join(str(item.id) for item in later)
)
def test_order_of_arrival_does_not_matter(later: tuple[RecordedEvent, ...]) -> None:
    entry = build(*later)
    assert choose_current_shape(entry).body == "Hello!"
    assert (entry.edited_at, entry.reactions) == (4.0, {})


def test_each_side_has_one_reaction() -> None:
    later = (build_reaction(2, "👍"), build_reaction(3, "❤️"), build_reaction(4, "🎉", is_echo=True))
    assert build(*later).reactions == {CUSTOMER: "❤️", PHONE_APP: "🎉"}


@pytest.mark.parametrize(
    "change",
    [
        build_edit(2, "Changed", "wamid.other"),
        build_edit(2, "Changed", is_echo=True),
        revoke(2, is_echo=True),
        build_event(2, "edit", "junk"),
        build_event(2, "edit", {"original_message_id": "wamid.1", "message": "junk"}),
        build_event(2, "revoke", {}),
        build_event(2, "text", {"body": "Another"}),
    ],
    ids=["other", "of-ours", "revoke-of-ours", "junk", "no-text", "no-target", "text"],
)
def test_what_is_not_the_authors_change_is_ignored(change: RecordedEvent) -> None:
    assert choose_current_shape(build(change)).body == "Hello"


def test_deletion_wins_over_a_later_edit() -> None:
    assert (
        choose_current_shape(build(revoke(2), build_edit(3, "Back"))).body
        == "_Deleted by the customer_"
    )
