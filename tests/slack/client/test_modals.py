"""A form ends with its outcome, in whatever order acks and updates reach Slack."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.aio.clock import sleep
from bot.errors import SlackError
from bot.slack.client.modals import ModalUpdates
from tests.clock import ManualClock
from tests.event_loop import run

VIEW, FIRST_HASH = "V1", "h0"
FORM, WAITING, OUTCOME, PREVIEW, NEXT = ("form", "One moment", "outcome", "preview", "next form")
ACK_BUDGET_SECONDS = 0.3
MAX_ACK_TRAVEL_SECONDS = 2.6
"""Slack drops an ack three seconds after it sent the request."""


@dataclass
class SlackView:
    """A view at Slack: every change gives it a new hash, and a call takes its time to arrive."""

    clock: ManualClock
    call_seconds: float = 0.0
    shown: str = FORM
    history: list[str] = field(default_factory=lambda: [FORM])
    calls: int = 0
    failures: int = 0
    names_hash: bool = True
    is_closed: bool = False

    @property
    def hash(self) -> str:
        return f"h{len(self.history) - 1}"

    def change(self, content: str) -> None:
        self.shown = content
        self.history.append(content)

    async def update_view(self, _: str, view: dict[str, Any], *, view_hash: str = "") -> str:
        self.calls += 1
        if self.call_seconds:
            await sleep(self.clock, self.call_seconds)
        if self.failures:
            self.failures -= 1
            raise SlackError("views.update", "unreachable")
        if self.is_closed:
            raise SlackError("views.update", "not_found")
        if view_hash not in ("", self.hash):
            raise SlackError("views.update", "hash_conflict")
        self.change(view["content"])
        return self.hash if self.names_hash else ""


@dataclass
class Story:
    """One view, and the app that updates it."""

    clock: ManualClock = field(default_factory=ManualClock)
    call_seconds: float = 0.0

    def __post_init__(self) -> None:
        self.slack = SlackView(self.clock, self.call_seconds)
        self.modals = ModalUpdates(self.slack.update_view, self.clock)

    async def send_ack(self, leaves_at: float, travel: float, content: str = WAITING) -> None:
        await sleep(self.clock, leaves_at)
        self.modals.record_ack(VIEW, FIRST_HASH, is_pending=content == WAITING)
        await sleep(self.clock, travel)
        if not self.slack.is_closed:
            self.slack.change(content)

    async def finish(self, at: float) -> None:
        await sleep(self.clock, at)
        await self.modals.show_outcome(VIEW, {"content": OUTCOME}, seen_hash=FIRST_HASH)

    async def type_text(self, at: float, seen_hash: str = FIRST_HASH) -> None:
        """Update the preview of the form, as typing does."""
        await sleep(self.clock, at)
        preview = {"content": PREVIEW}
        await self.modals.update(VIEW, preview, seen_hash=seen_hash, overwrite=True)

    async def play(self, scenes: Iterable[Coroutine[Any, Any, None]]) -> list[BaseException | None]:
        tasks = [asyncio.create_task(scene) for scene in scenes]
        await self.clock.advance(12)
        return await asyncio.gather(*tasks, return_exceptions=True)


travels = st.floats(0, MAX_ACK_TRAVEL_SECONDS)
works = st.floats(ACK_BUDGET_SECONDS, 5)


@given(travels, works, st.floats(0, 0.4))
@example(0.25, 0.31, 0.02)
@example(0.05, 0.3, 0.0)
@example(MAX_ACK_TRAVEL_SECONDS, 0.3, 0.0)
def test_form_ends_with_its_outcome_wherever_the_ack_lands(
    travel: float, work: float, call_seconds: float
) -> None:
    async def story() -> None:
        played = Story(call_seconds=call_seconds)
        results = await played.play(
            [played.send_ack(ACK_BUDGET_SECONDS, travel), played.finish(work)]
        )
        assert results == [None, None]
        assert played.slack.shown == OUTCOME, played.slack.history

    run(story())


@given(
    st.lists(st.tuples(st.floats(0, 0.2), travels), min_size=2, max_size=3),
    works,
    st.lists(st.floats(0, 0.29), max_size=2),
    st.floats(0, 0.4),
)
@example([(0.0, 0.1), (0.1, 2.5)], 0.4, [], 0.05)
@example([(0.0, 0.2), (0.0, 0.2)], 0.35, [0.25], 0.3)
def test_form_submitted_twice_while_typing_ends_with_its_outcome(
    acks: list[tuple[float, float]], work: float, typed_at: list[float], call_seconds: float
) -> None:
    async def story() -> None:
        played = Story(call_seconds=call_seconds)
        scenes = [played.send_ack(ACK_BUDGET_SECONDS + late, travel) for late, travel in acks]
        last_ack = ACK_BUDGET_SECONDS + max(late for late, _ in acks)
        scenes.append(played.finish(max(work, last_ack)))
        results = await played.play([*scenes, *(played.type_text(at) for at in typed_at)])
        assert results == [None] * len(results)
        assert played.slack.shown == OUTCOME, played.slack.history

    run(story())


@pytest.mark.parametrize("work", [0.3, 1, 30])
async def test_ack_that_has_landed_costs_at_most_one_more_call(
    clock: ManualClock, work: float
) -> None:
    story = Story(clock)
    task = asyncio.create_task(story.send_ack(0.3, 0))
    finish = asyncio.create_task(story.finish(work + 0.001))
    await clock.advance(work + 0.01)
    await asyncio.gather(task, finish)
    assert story.slack.history == [FORM, WAITING, OUTCOME]
    assert story.slack.calls <= 2


async def test_closed_form_ends_the_checks(clock: ManualClock) -> None:
    story = Story(clock)
    tasks = [asyncio.create_task(s) for s in (story.send_ack(0.3, 2), story.finish(0.4))]
    await clock.advance(0.5)
    assert story.slack.shown == OUTCOME
    story.slack.is_closed = True
    await clock.advance(5)
    await asyncio.gather(*tasks)
    assert story.slack.calls == 2


async def test_form_closed_before_its_outcome_is_reported(clock: ManualClock) -> None:
    story = Story(clock)
    story.slack.is_closed = True
    story.modals.record_ack(VIEW, FIRST_HASH, is_pending=True)
    showing = story.modals.show_outcome(VIEW, {"content": OUTCOME}, seen_hash=FIRST_HASH)
    with pytest.raises(SlackError, match="not_found"):
        await showing


async def test_outcome_does_not_replace_the_form_that_followed_it(clock: ManualClock) -> None:
    """The outcome was a form, and the person has submitted that too."""
    story = Story(clock)
    story.modals.record_ack(VIEW, FIRST_HASH, is_pending=True)
    showing = story.modals.show_outcome(VIEW, {"content": OUTCOME}, seen_hash=FIRST_HASH)
    task = asyncio.create_task(showing)
    await clock.advance(0.1)
    story.modals.record_ack(VIEW, story.slack.hash, is_pending=False)
    story.slack.change(NEXT)
    await clock.advance(5)
    await task
    assert story.slack.history == [FORM, OUTCOME, NEXT]


async def test_preview_of_a_submitted_form_is_dropped(clock: ManualClock) -> None:
    story = Story(clock)
    story.modals.record_ack(VIEW, FIRST_HASH, is_pending=False)
    story.slack.change(NEXT)
    with pytest.raises(SlackError, match="hash_conflict"):
        await story.modals.update(VIEW, {"content": PREVIEW}, seen_hash=FIRST_HASH, overwrite=True)
    assert story.slack.shown == NEXT
    await story.modals.update(VIEW, {"content": PREVIEW}, seen_hash=story.slack.hash)
    assert story.slack.shown == PREVIEW


async def test_form_with_errors_under_its_fields_is_updated_again(clock: ManualClock) -> None:
    story = Story(clock)
    story.modals.record_reopened(VIEW)
    await story.modals.update(VIEW, {"content": PREVIEW}, seen_hash=FIRST_HASH, overwrite=True)
    assert story.slack.shown == PREVIEW


@given(travels, works, st.integers(1, 3))
@example(0.25, 0.31, 2)
@example(0.0, 5.0, 3)
def test_outcome_is_shown_although_slack_fails_for_a_moment(
    travel: float, work: float, failures: int
) -> None:
    async def story() -> None:
        played = Story()
        played.slack.failures = failures
        results = await played.play(
            [played.send_ack(ACK_BUDGET_SECONDS, travel), played.finish(work)]
        )
        assert results == [None, None]
        assert played.slack.shown == OUTCOME, played.slack.history

    run(story())


@given(travels, works)
def test_outcome_is_shown_although_slack_names_no_hash(travel: float, work: float) -> None:
    async def story() -> None:
        played = Story()
        played.slack.names_hash = False
        await played.play([played.send_ack(ACK_BUDGET_SECONDS, travel), played.finish(work)])
        assert played.slack.shown == OUTCOME, played.slack.history

    run(story())


async def test_outcome_that_slack_never_takes_is_an_error(clock: ManualClock) -> None:
    story = Story(clock)
    story.slack.failures = 100
    results = await story.play([story.send_ack(0.3, 0), story.finish(0.4)])
    assert isinstance(results[1], SlackError)
    assert story.slack.calls < 10
