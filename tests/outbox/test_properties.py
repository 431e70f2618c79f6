"""Whatever happens, in any order: each message is posted once with its newest content."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.outbox.message import OutboxMessage
from bot.outbox.outbox import Outbox
from tests.db.databases import open_empty_database
from tests.event_loop import run
from tests.outbox.harness import JOHN, LEADS, SALES, OutboxHarness, build_sample, open_harness

CHANNELS = (SALES, LEADS, JOHN)
DISPLAY_CHANNELS = {SALES: SALES, LEADS: LEADS, JOHN: "D0JOHN"}

RESETS: dict[str, dict[str, Any]] = {
    "before": {"reset": "before"},
    "after": {"reset": "after"},
    "limited": {"error": "ratelimited", "retry_after": 7},
    "fails": {"status": 500},
}
METHODS = ("chat.postMessage", "chat.update", "conversations.history")

keys = st.integers(0, 5)
"""A message; its channel follows from it."""
puts = st.tuples(st.just("put"), keys, st.integers(0, 99))
faults = st.tuples(st.just("fault"), st.sampled_from(METHODS), st.sampled_from(sorted(RESETS)))
other_actions = st.sampled_from([("kill", None, None), ("wait", None, None)])


@given(st.lists(st.one_of(puts, puts, faults, other_actions), max_size=20))
@settings(max_examples=25, deadline=None)
def test_each_message_is_posted_once_with_its_newest_content(acts: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run(_run_actions(acts, Path(folder)))


async def _run_actions(acts: list[tuple[Any, ...]], folder: Path) -> None:
    async with open_empty_database("sqlite", folder) as database, open_harness(database) as harness:
        outbox = harness.start_outbox("boot-0")
        wanted: dict[int, str] = {}
        for turn, (what, about, how) in enumerate(acts):
            if what == "put":
                wanted[about] = f"message {about}: {how}"
                channel = CHANNELS[about % 3]
                await outbox.enqueue(
                    OutboxMessage(f"m:{about}", channel, build_sample(wanted[about]), member=JOHN)
                )
            elif what == "fault":
                harness.slack.slack.fail(about, **RESETS[how])
            elif what == "kill":
                outbox = await _kill_and_restart(harness, outbox, f"boot-{turn}")
            else:
                await harness.advance(1.5)
        await harness.advance_until(lambda: _assert_delivered(harness, wanted), 400)
        assert len(harness.list_direct_message_texts()) == sum(
            key % 3 == 2 for key in wanted
        )  # doubt is not reported


async def _kill_and_restart(harness: OutboxHarness, outbox: Outbox, boot: str) -> Outbox:
    """At some moment of what it was at."""
    for _ in range(len(boot)):
        await asyncio.sleep(0.001)
    await harness.kill(outbox)
    return harness.start_outbox(boot)


def _assert_delivered(harness: OutboxHarness, wanted: dict[int, str]) -> bool:
    """In each channel: those messages, in the order in which they were first put in."""
    return all(
        harness.list_message_texts(DISPLAY_CHANNELS[channel])
        == [text for key, text in wanted.items() if key % 3 == at]
        for at, channel in enumerate(CHANNELS)
    )
