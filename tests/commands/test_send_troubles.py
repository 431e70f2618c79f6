"""What a sender is told when Chakra is in trouble, and how often the message went out."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.messages.lifecycle import SEND_RETENTION_SECONDS
from bot.sandbox.chakra.faults import (
    DelayedResponse,
    EmptyBody,
    ErrorsWithStatus200,
    Fault,
    Hang,
    HtmlErrorPage,
    InvalidJsonBody,
    MetaErrorResponse,
    ResetAfterHandling,
    ResetBeforeHandling,
    StatusResponse,
    TooManyRequests,
    TruncatedBody,
)
from bot.sandbox.slack import visible_text
from commands.send import MAX_PREVIEW_AGE_SECONDS
from tests.clock import ManualClock
from tests.commands.send_stories import (
    JOHN,
    LINE,
    READS,
    SALES,
    SEND,
    VALUES,
    calm,
    filled,
    line,
    opened,
    out,
    pressed,
    report,
    typed,
    until,
    view,
)
from tests.world import World

MAYBE_OUT = (
    "We got no response, so it may have been sent; it won't be resent automatically. "
    "Check the chat in Chakra before you send it again."
)
REFUSED = "Not sent: *appointment_reminder* to +1 •••••• 0100"
UNKNOWN = "We don't know whether this was sent: *appointment_reminder* to +1 •••••• 0100"
ACCEPTED = "Sending (WhatsApp has it; not delivered yet): *appointment_reminder* to +1 •••••• 0100"

TROUBLES: list[tuple[Fault, str, str, int]] = [
    (DelayedResponse(5), ACCEPTED, "", 1),
    (DelayedResponse(29), ACCEPTED, "", 1),
    (ResetBeforeHandling(), UNKNOWN, MAYBE_OUT, 0),
    (ResetBeforeHandling(graceful=True), UNKNOWN, MAYBE_OUT, 0),
    (ResetAfterHandling(), UNKNOWN, MAYBE_OUT, 1),
    (ResetAfterHandling(graceful=True), UNKNOWN, MAYBE_OUT, 1),
    (HtmlErrorPage(), UNKNOWN, MAYBE_OUT, 0),
    (HtmlErrorPage(200), UNKNOWN, MAYBE_OUT, 0),
    (InvalidJsonBody(), UNKNOWN, MAYBE_OUT, 0),
    (EmptyBody(), UNKNOWN, MAYBE_OUT, 0),
    (TruncatedBody(), UNKNOWN, MAYBE_OUT, 1),
    (StatusResponse(500), UNKNOWN, MAYBE_OUT, 0),
    (StatusResponse(504, text="upstream timed out"), UNKNOWN, MAYBE_OUT, 0),
    (StatusResponse(408), UNKNOWN, MAYBE_OUT, 0),
    (
        ErrorsWithStatus200("The number +12025550100 could not be queued"),
        REFUSED,
        "Chakra refused this. Chakra says: “The number +1 •••••• 0100 could not be queued”.",
        0,
    ),
    (
        StatusResponse(400, json={"_errors": ["mapping: 3 parameters are needed"]}),
        REFUSED,
        "Chakra says: “mapping: 3 parameters are needed”. Fix the problem",
        0,
    ),
    (StatusResponse(401), REFUSED, "Chakra doesn't accept this app's access token.", 0),
    (StatusResponse(403), REFUSED, "The API key's role doesn't have permission.", 0),
    (
        MetaErrorResponse(132000, "body: number of localizable_params (2) does not match"),
        REFUSED,
        "body: number of localizable_params (2) does not match",
        0,
    ),
    (MetaErrorResponse(131042), REFUSED, "payment", 0),
    (TooManyRequests(retry_after_seconds=45), REFUSED, "Try again in 45 seconds.", 0),
    (TooManyRequests(message_ms=12_000), REFUSED, "Try again in 12 seconds.", 0),
    (
        StatusResponse(503, headers={"Retry-After": "90"}),
        REFUSED,
        "Try again in 1 minute and 30 seconds.",
        0,
    ),
]


@pytest.mark.parametrize(("fault", "stands", "expected", "went_out"), TROUBLES, ids=repr)
async def test_a_failure_is_explained_and_nothing_is_repeated(
    acme: World, clock: ManualClock, fault: Fault, stands: str, expected: str, went_out: int
) -> None:
    acme.chakra.fail(SEND, fault)
    await opened(acme)
    assert await filled(acme) == {}
    await until(acme, clock, lambda: stands in line(acme))
    assert expected in line(acme)
    assert (out(acme), acme.chakra.count(SEND)) == (went_out, 1)
    await until(acme, clock, lambda: stands in report(acme))
    assert expected in report(acme)
    assert "2025550100" not in line(acme) + report(acme)


@pytest.mark.parametrize(
    "busy", [TooManyRequests(retry_after_seconds=8), TooManyRequests(message_ms=850)]
)
async def test_a_short_pause_that_chakra_asks_for_is_waited_out_and_sent_once(
    acme: World, clock: ManualClock, busy: Fault
) -> None:
    acme.chakra.fail(SEND, busy, times=1)
    await opened(acme)
    assert await filled(acme) == {}
    await until(acme, clock, lambda: ACCEPTED in line(acme))
    assert (out(acme), acme.chakra.count(SEND)) == (1, 2)


async def test_pauses_that_do_not_end_are_waited_out_for_ten_seconds_at_the_most(
    acme: World, clock: ManualClock
) -> None:
    acme.chakra.fail(SEND, TooManyRequests(retry_after_seconds=4))
    await opened(acme)
    assert await filled(acme) == {}
    await until(acme, clock, lambda: REFUSED in line(acme))
    assert "Try again in 4 seconds." in line(acme)
    assert out(acme) == 0
    assert acme.chakra.count(SEND) <= 3  # at once, after four seconds, after eight


async def test_a_chakra_that_never_answers_is_called_unknown_within_45_seconds(
    acme: World, clock: ManualClock
) -> None:
    acme.chakra.fail(SEND, Hang())
    await opened(acme)
    delivered = await acme.slack.submit(JOHN, {"phone": READS, **VALUES})
    assert (delivered.status, delivered.seconds, acme.slack.view(JOHN)) == (200, 0, None)
    began = clock.monotonic()
    await until(acme, clock, lambda: UNKNOWN in line(acme))
    assert 30 <= clock.monotonic() - began <= 45
    assert MAYBE_OUT in line(acme)
    await until(acme, clock, lambda: UNKNOWN in report(acme))
    assert (out(acme), acme.chakra.count(SEND)) == (0, 1)


async def test_what_is_unknown_asks_before_the_same_goes_out_again(
    acme: World, clock: ManualClock
) -> None:
    """It may be out, so it counts."""
    acme.chakra.fail(SEND, ResetAfterHandling(), times=1)
    await opened(acme)
    await filled(acme)
    await until(acme, clock, lambda: UNKNOWN in line(acme))
    await opened(acme)
    await filled(acme)
    assert "sent this same message to this recipient" in view(acme)
    assert out(acme) == 1


async def test_a_button_tells_a_silence_as_a_form_does(acme: World, clock: ManualClock) -> None:
    """In place of the preview; below it stands meanwhile that Chakra is slow."""
    acme.chakra.fail(SEND, Hang())
    preview = await typed(acme, LINE.format(to=READS))
    pressing = asyncio.create_task(acme.slack.press(JOHN, "send.confirm", message=preview))

    def outcome() -> str:
        shown = acme.slack.messages(JOHN, SALES)
        return next(visible_text(one) for one in shown if one.id == preview.id)

    await until(acme, clock, lambda: UNKNOWN in outcome())
    assert MAYBE_OUT in outcome()
    assert "Chakra is slow to answer right now" in line(acme)
    await pressing
    await calm(acme)
    assert (out(acme), acme.chakra.count(SEND)) == (0, 1)


async def test_where_the_number_is_refused_the_form_opens_again_with_everything(
    acme: World, clock: ManualClock
) -> None:
    acme.chakra.fail(SEND, TooManyRequests(retry_after_seconds=45))
    await opened(acme)
    await filled(acme)
    await until(acme, clock, lambda: REFUSED in line(acme))
    acme.chakra.clear_faults()
    await pressed(acme, "send.edit")
    assert "Hi Jane, a reminder of your appointment on May 3" in view(acme)
    assert await filled(acme) == {}
    await until(acme, clock, lambda: ACCEPTED in line(acme))
    assert out(acme) == 1


@pytest.mark.parametrize("seen", [False, True])
async def test_with_chakra_hung_form_and_options_are_there_within_300_ms(
    acme: World, clock: ManualClock, seen: bool
) -> None:
    """With the templates that were seen an hour ago, where any were."""
    if seen:
        await opened(acme)
        await acme.slack.close_view(JOHN)
        await clock.jump(3_600)
    acme.chakra.fail("*", Hang())
    began, asked = clock.monotonic(), acme.chakra.count()
    typing = asyncio.create_task(acme.slack.type(JOHN, SALES, "/chakra send"))
    await acme.chakra.wait_for_requests(asked + 1)
    await passing(clock, typing)
    await acme.slack.wait_until(lambda: acme.slack.view(JOHN) is not None)
    assert clock.monotonic() - began <= 0.3
    began = clock.monotonic()
    asking = asyncio.create_task(acme.slack.suggest(JOHN, "send.template", "appointment"))
    await passing(clock, asking)
    assert clock.monotonic() - began <= 0.3
    names = {option["text"]["text"] for option in asking.result()}
    assert ("appointment_reminder" in names) is seen
    assert ("Templates are still loading" in names) is not seen
    acme.chakra.clear_faults()
    acme.chakra.release_hanging()


async def passing(clock: ManualClock, work: asyncio.Task[Any]) -> None:
    """Lets time pass in small steps, and all that needs none happen in between."""
    while not work.done():
        await asyncio.sleep(0.02)
        if not work.done():
            await clock.advance(0.05)


async def test_a_preview_of_last_week_is_not_sent(acme: World, clock: ManualClock) -> None:
    preview = await typed(acme, LINE.format(to=READS))
    await clock.jump(MAX_PREVIEW_AGE_SECONDS + 1)
    await acme.slack.press(JOHN, "send.confirm", message=preview)
    await until(acme, clock, lambda: "more than a week old" in line(acme))
    assert acme.chakra.count(SEND) == 0


def test_a_press_is_known_for_longer_than_it_can_be_repeated() -> None:
    assert MAX_PREVIEW_AGE_SECONDS < SEND_RETENTION_SECONDS / 2
