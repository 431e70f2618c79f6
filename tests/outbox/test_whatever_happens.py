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
from tests.db.databases import opened
from tests.event_loop import run
from tests.outbox.stage import JOHN, LEADS, SALES, Stage, sample, staged

CHANNELS = (SALES, LEADS, JOHN)
SHOWN_IN = {SALES: SALES, LEADS: LEADS, JOHN: "D0JOHN"}

LOST: dict[str, dict[str, Any]] = {
    "before": {"reset": "before"},
    "after": {"reset": "after"},
    "limited": {"error": "ratelimited", "retry_after": 7},
    "fails": {"status": 500},
}
METHODS = ("chat.postMessage", "chat.update", "conversations.history")

keys = st.integers(0, 5)
"""A message; its channel follows from it."""
puts = st.tuples(st.just("put"), keys, st.integers(0, 99))
faults = st.tuples(st.just("fault"), st.sampled_from(METHODS), st.sampled_from(sorted(LOST)))
others = st.sampled_from([("kill", None, None), ("wait", None, None)])


@given(st.lists(st.one_of(puts, puts, faults, others), max_size=20))
@settings(max_examples=25, deadline=None)
def test_each_message_is_posted_once_with_its_newest_content(acts: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run(_in_that_order(acts, Path(folder)))


async def _in_that_order(acts: list[tuple[Any, ...]], folder: Path) -> None:
    async with opened("sqlite", folder) as database, staged(database) as stage:
        outbox = stage.outbox("boot-0")
        wanted: dict[int, str] = {}
        for turn, (what, about, how) in enumerate(acts):
            if what == "put":
                wanted[about] = f"message {about}: {how}"
                channel = CHANNELS[about % 3]
                await outbox.enqueue(
                    OutboxMessage(f"m:{about}", channel, sample(wanted[about]), member=JOHN)
                )
            elif what == "fault":
                stage.slack.slack.fail(about, **LOST[how])
            elif what == "kill":
                outbox = await _killed(stage, outbox, f"boot-{turn}")
            else:
                await stage.later(1.5)
        await stage.until(lambda: _stands(stage, wanted), 400)
        assert len(stage.direct()) == sum(key % 3 == 2 for key in wanted)  # nobody is told of doubt


async def _killed(stage: Stage, outbox: Outbox, boot: str) -> Outbox:
    """At some moment of what it was at."""
    for _ in range(len(boot)):
        await asyncio.sleep(0.001)
    await stage.kill(outbox)
    return stage.outbox(boot)


def _stands(stage: Stage, wanted: dict[int, str]) -> bool:
    """In each channel: those messages, in the order in which they were first put in."""
    return all(
        stage.shown(SHOWN_IN[channel]) == [text for key, text in wanted.items() if key % 3 == at]
        for at, channel in enumerate(CHANNELS)
    )
