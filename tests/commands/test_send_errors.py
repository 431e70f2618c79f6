"""The error that a sender sees when Chakra fails, and how often the message was sent."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

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
from bot.sandbox.slack import collect_text
from tests.clock import ManualClock
from tests.commands.send_scenarios import (
    COMMAND_LINE,
    DIRECT,
    JOHN,
    LIST_TEMPLATES,
    READING_NUMBER,
    SALES,
    SEND_PATH,
    advance_until,
    check_form,
    count_sent,
    open_form,
    press_button,
    read_last_message_text,
    read_report_text,
    read_view_text,
    run_command,
    submit_form,
)
from tests.world import World

UNCERTAIN_TEXT = (
    "We got no response, so it may have been sent; it won't be resent automatically. "
    "Check the chat in Chakra before you send it again."
)
FAILED_LINE = "*Not sent* to +1 202-555-0100"
UNKNOWN_LINE = "*We don't know whether this was sent* to +1 202-555-0100"
ACCEPTED_LINE = "*Sending* to +1 202-555-0100 (WhatsApp has it; not delivered yet)"

PAGES = 3
"""Requests of one load of the list of templates."""

ERROR_CASES: list[tuple[Fault, str, str, int]] = [
    (DelayedResponse(5), ACCEPTED_LINE, "", 1),
    (DelayedResponse(29), ACCEPTED_LINE, "", 1),
    (ResetBeforeHandling(), UNKNOWN_LINE, UNCERTAIN_TEXT, 0),
    (ResetBeforeHandling(graceful=True), UNKNOWN_LINE, UNCERTAIN_TEXT, 0),
    (ResetAfterHandling(), UNKNOWN_LINE, UNCERTAIN_TEXT, 1),
    (ResetAfterHandling(graceful=True), UNKNOWN_LINE, UNCERTAIN_TEXT, 1),
    (HtmlErrorPage(), UNKNOWN_LINE, UNCERTAIN_TEXT, 0),
    (HtmlErrorPage(200), UNKNOWN_LINE, UNCERTAIN_TEXT, 0),
    (InvalidJsonBody(), UNKNOWN_LINE, UNCERTAIN_TEXT, 0),
    (EmptyBody(), UNKNOWN_LINE, UNCERTAIN_TEXT, 0),
    (TruncatedBody(), UNKNOWN_LINE, UNCERTAIN_TEXT, 1),
    (StatusResponse(500), UNKNOWN_LINE, UNCERTAIN_TEXT, 0),
    (StatusResponse(504, text="upstream timed out"), UNKNOWN_LINE, UNCERTAIN_TEXT, 0),
    (StatusResponse(408), UNKNOWN_LINE, UNCERTAIN_TEXT, 0),
    (
        ErrorsWithStatus200("The number +12025550100 could not be queued"),
        FAILED_LINE,
        "Chakra refused this. Chakra says: “The number +1 •••••• 0100 could not be queued”.",
        0,
    ),
    (
        StatusResponse(400, json={"_errors": ["mapping: 3 parameters are needed"]}),
        FAILED_LINE,
        "Chakra says: “mapping: 3 parameters are needed”. Fix the problem",
        0,
    ),
    (StatusResponse(401), FAILED_LINE, "Chakra doesn't accept this app's access token.", 0),
    (StatusResponse(404), FAILED_LINE, "doesn't have what this app asked for", 0),
    (StatusResponse(403), FAILED_LINE, "The API key's role doesn't have permission.", 0),
    (
        MetaErrorResponse(132000, "body: number of localizable_params (2) does not match"),
        FAILED_LINE,
        "body: number of localizable_params (2) does not match",
        0,
    ),
    (MetaErrorResponse(131042), FAILED_LINE, "payment", 0),
    (TooManyRequests(retry_after_seconds=45), FAILED_LINE, "Try again in 45 seconds.", 0),
    (TooManyRequests(message_ms=12_000), FAILED_LINE, "Try again in 12 seconds.", 0),
    (
        StatusResponse(503, headers={"Retry-After": "90"}),
        FAILED_LINE,
        "Try again in 1 minute and 30 seconds.",
        0,
    ),
]


@pytest.mark.parametrize(("fault", "posted", "expected", "went_out"), ERROR_CASES, ids=repr)
async def test_a_failure_is_explained_and_nothing_is_repeated(
    acme: World, clock: ManualClock, fault: Fault, posted: str, expected: str, went_out: int
) -> None:
    acme.chakra.fail(SEND_PATH, fault)
    await open_form(acme)
    assert await submit_form(acme) == {}
    await advance_until(acme, clock, lambda: posted in read_last_message_text(acme))
    assert expected in read_last_message_text(acme)
    assert (count_sent(acme), acme.chakra.count(SEND_PATH)) == (went_out, 1)
    await advance_until(acme, clock, lambda: posted in read_report_text(acme))
    assert expected in read_report_text(acme)
    assert "2025550100" not in read_last_message_text(acme) + read_report_text(acme)


async def test_form_opened_again_after_a_code_about_the_template_shows_it_as_it_is(
    acme: World, clock: ManualClock
) -> None:
    await open_form(acme)
    await clock.advance(40)
    acme.chakra.remove_passthrough_webhook()
    acme.chakra.update_template("appointment_reminder", "en", status="PAUSED")
    acme.chakra.fail(LIST_TEMPLATES, StatusResponse(503))
    async with clock.running():
        assert await check_form(acme) == {}
    await advance_until(acme, clock, lambda: "Send to" in read_view_text(acme))
    async with clock.running():
        assert await acme.confirm() == {}
    await advance_until(acme, clock, lambda: "paused or disabled" in read_last_message_text(acme))
    acme.chakra.clear_faults()
    await acme.slack.close_view(JOHN)
    await press_button(acme, "sends.again")
    assert "WhatsApp paused this template" in read_view_text(acme)


async def test_code_about_the_template_in_a_status_has_the_list_loaded_again_once(
    acme: World, clock: ManualClock
) -> None:
    await open_form(acme)
    await clock.advance(40)
    for number, loads in ((1, 1), (2, 0)):
        before = acme.chakra.count(LIST_TEMPLATES)
        assert await submit_form(acme, phone="+12025550139", var_body_1=f"Jane {number}") == {}
        await advance_until(acme, clock, lambda number=number: count_sent(acme) == number)  # type: ignore[misc]
        await clock.advance(5)
        assert "didn't accept the values" in read_report_text(acme)
        await open_form(acme)
        assert acme.chakra.count(LIST_TEMPLATES) - before == loads * PAGES


async def test_template_made_a_minute_ago_is_sent_from_a_line(
    acme: World, clock: ManualClock
) -> None:
    await run_command(acme, COMMAND_LINE.format(to=READING_NUMBER))
    await clock.advance(40)
    for name in ("spring_offer", "welcome"):
        acme.chakra.create_template(
            name=name,
            language="en",
            category="MARKETING",
            components=[{"type": "BODY", "text": f"This is {name}."}],
        )
        await run_command(acme, f"{name} {READING_NUMBER}")
        assert f"This is {name}." in read_view_text(acme)
        await clock.advance(31)


async def test_message_that_failed_on_one_device_and_arrived_on_another_is_read(
    acme: World, clock: ManualClock
) -> None:
    await open_form(acme)
    assert await submit_form(acme, phone="+12025550141") == {}
    await advance_until(acme, clock, lambda: "*Delivered after all*" in read_report_text(acme))
    report = collect_text(acme.slack.list_messages(JOHN, DIRECT)[0])
    assert "*Read* by" in report
    assert "can't deliver" not in report + read_report_text(acme)


async def test_same_person_by_an_older_number_is_asked_about_before_a_second_message(
    acme: World, clock: ManualClock
) -> None:
    await open_form(acme)
    assert await submit_form(acme, phone="+55 11 98765-4321") == {}
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)
    await open_form(acme)
    await check_form(acme, phone="+55 11 8765-4321")
    assert "Send it again?" in read_view_text(acme)
    assert count_sent(acme) == 1


async def test_code_of_a_failed_status_has_a_sentence_that_names_no_reference(
    acme: World, clock: ManualClock
) -> None:
    for end, expected in (
        ("35", "The sender is a test number, and this recipient isn't on its list."),
        ("37", "WhatsApp couldn't pass on the content of this message."),
        ("40", "WhatsApp can't use this template for marketing yet."),
        ("26", "WhatsApp refused this with code 139999, which this app doesn't know."),
    ):
        await open_form(acme)
        assert await submit_form(acme, phone=f"+120255501{end}") == {}
        await advance_until(acme, clock, lambda text=expected: text in read_report_text(acme))  # type: ignore[misc]
        assert "reference" not in read_report_text(acme)


@pytest.mark.parametrize(
    "busy", [TooManyRequests(retry_after_seconds=8), TooManyRequests(message_ms=850)]
)
async def test_short_rate_limit_is_waited_out_and_sent_once(
    acme: World, clock: ManualClock, busy: Fault
) -> None:
    acme.chakra.fail(SEND_PATH, busy, times=1)
    await open_form(acme)
    assert await submit_form(acme) == {}
    await advance_until(acme, clock, lambda: ACCEPTED_LINE in read_last_message_text(acme))
    assert (count_sent(acme), acme.chakra.count(SEND_PATH)) == (1, 2)


async def test_rate_limit_waits_are_capped_at_ten_seconds(acme: World, clock: ManualClock) -> None:
    acme.chakra.fail(SEND_PATH, TooManyRequests(retry_after_seconds=4))
    await open_form(acme)
    assert await submit_form(acme) == {}
    await advance_until(acme, clock, lambda: FAILED_LINE in read_last_message_text(acme))
    assert "Try again in 4 seconds." in read_last_message_text(acme)
    assert count_sent(acme) == 0
    assert acme.chakra.count(SEND_PATH) <= 3  # immediately, after four seconds, after eight


async def test_unanswered_send_is_unknown_within_45_seconds(
    acme: World, clock: ManualClock
) -> None:
    acme.chakra.fail(SEND_PATH, Hang())
    await open_form(acme)
    await check_form(acme)
    delivered = await acme.slack.submit(JOHN, {})
    assert (delivered.status, delivered.seconds) == (200, 0)
    assert "Sending to *+1 202-555-0100*" in read_view_text(acme)
    began = clock.monotonic()
    await advance_until(acme, clock, lambda: UNKNOWN_LINE in read_last_message_text(acme))
    assert 30 <= clock.monotonic() - began <= 45
    assert UNCERTAIN_TEXT in read_last_message_text(acme)
    await advance_until(acme, clock, lambda: UNKNOWN_LINE in read_report_text(acme))
    assert (count_sent(acme), acme.chakra.count(SEND_PATH)) == (0, 1)


async def test_unknown_outcome_asks_before_a_duplicate_send(
    acme: World, clock: ManualClock
) -> None:
    """It may be out, so it counts."""
    acme.chakra.fail(SEND_PATH, ResetAfterHandling(), times=1)
    await open_form(acme)
    await submit_form(acme)
    await advance_until(acme, clock, lambda: UNKNOWN_LINE in read_last_message_text(acme))
    await open_form(acme)
    await check_form(acme)
    assert "sent this same message to this recipient" in read_view_text(acme)
    assert count_sent(acme) == 1


async def test_the_view_shows_the_outcome_that_the_channel_has(
    acme: World, clock: ManualClock
) -> None:
    acme.chakra.fail(SEND_PATH, Hang())
    await run_command(acme, COMMAND_LINE.format(to=READING_NUMBER))
    await acme.confirm()
    assert "Sending to *+1 202-555-0100*" in read_view_text(acme)
    await advance_until(acme, clock, lambda: UNKNOWN_LINE in read_view_text(acme))
    assert UNCERTAIN_TEXT in read_view_text(acme)
    assert UNCERTAIN_TEXT in read_last_message_text(acme)
    assert (count_sent(acme), acme.chakra.count(SEND_PATH)) == (0, 1)


async def test_a_failed_send_can_be_changed_in_its_view(acme: World, clock: ManualClock) -> None:
    acme.chakra.fail(SEND_PATH, TooManyRequests(retry_after_seconds=45))
    await open_form(acme)
    await submit_form(acme)
    await advance_until(acme, clock, lambda: FAILED_LINE in read_view_text(acme))
    acme.chakra.clear_faults()
    await press_button(acme, "send.edit")
    assert await submit_form(acme, var_body_1="Anna") == {}
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)
    assert acme.chakra.sends[0].text.startswith("Hi Anna")


async def test_rejected_number_reopens_the_prefilled_form(acme: World, clock: ManualClock) -> None:
    acme.chakra.fail(SEND_PATH, TooManyRequests(retry_after_seconds=45))
    await open_form(acme)
    await submit_form(acme)
    await advance_until(acme, clock, lambda: FAILED_LINE in read_last_message_text(acme))
    acme.chakra.clear_faults()
    await acme.slack.close_view(JOHN)
    await press_button(acme, "sends.again")
    assert "Hi Jane, a reminder of your appointment on May 3" in read_view_text(acme)
    assert await submit_form(acme) == {}
    await advance_until(acme, clock, lambda: "*Read* by" in read_report_text(acme))
    assert FAILED_LINE not in read_last_message_text(acme)
    assert count_sent(acme) == 1


@pytest.mark.parametrize("seen", [False, True])
async def test_form_and_options_load_within_300_ms_while_chakra_hangs(
    acme: World, clock: ManualClock, seen: bool
) -> None:
    """With the templates that were seen an hour ago, where any were."""
    if seen:
        await open_form(acme)
        await acme.slack.close_view(JOHN)
        await clock.jump(3_600)
    acme.chakra.fail("*", Hang())
    began, asked = clock.monotonic(), acme.chakra.count()
    typing = asyncio.create_task(acme.slack.type(JOHN, SALES, "/chakra send"))
    await acme.chakra.wait_for_requests(asked + 1)
    await advance_until_done(clock, typing)
    await acme.slack.wait_until(lambda: acme.slack.find_view(JOHN) is not None)
    assert clock.monotonic() - began <= 0.3
    began = clock.monotonic()
    asking = asyncio.create_task(acme.slack.suggest(JOHN, "send.template", "appointment"))
    await advance_until_done(clock, asking)
    assert clock.monotonic() - began <= 0.3
    names = {option["text"]["text"] for option in asking.result()}
    assert ("appointment_reminder · English" in names) is seen
    assert ("Templates are still loading" in names) is not seen
    acme.chakra.clear_faults()
    acme.chakra.release_hanging()


async def advance_until_done(clock: ManualClock, work: asyncio.Task[Any]) -> None:
    """Lets time pass in small steps, and all that needs none happen in between."""
    while not work.done():
        await asyncio.sleep(0.02)
        if not work.done():
            await clock.advance(0.05)
