"""Stories of what became of a message: the report, and a failure that notifies."""

from __future__ import annotations

from bot.sandbox.chakra.faults import TooManyRequests
from bot.sandbox.slack import collect_text
from tests.clock import ManualClock
from tests.commands.send_scenarios import (
    NOT_ON_WHATSAPP,
    READING_NUMBER,
    SEND_PATH,
    advance_until,
    choose_template,
    open_form,
    read_report_text,
    submit_form,
)
from tests.people import JOHN, SALES
from tests.world import World

REPORTS = "D0JOHN"
NUMBER_WITHOUT_EVENTS = "+12025550116"


def list_report_texts(acme: World) -> list[str]:
    return [collect_text(message) for message in acme.slack.list_messages(JOHN, REPORTS)]


async def test_report_tells_who_read_what_and_when(acme: World, clock: ManualClock) -> None:
    await open_form(acme)
    assert await submit_form(acme, phone=READING_NUMBER) == {}
    await advance_until(acme, clock, lambda: "*Read* by +1 202-555-0100" in read_report_text(acme))
    text = read_report_text(acme)
    assert "*appointment_reminder*, English\n> Hi Jane, a reminder" in text
    assert text.count("<!date^") == 3
    assert [word in text for word in ("sent <", "delivered <", "read <")] == [True] * 3
    assert acme.slack.list_messages(JOHN, REPORTS)[-1].text == (
        "Read by +1 202-555-0100: *appointment_reminder*"
    )


async def test_failure_after_the_report_is_one_more_message(
    acme: World, clock: ManualClock
) -> None:
    await open_form(acme)
    assert await submit_form(acme, phone=NOT_ON_WHATSAPP) == {}
    await advance_until(acme, clock, lambda: len(list_report_texts(acme)) == 2)
    await clock.advance(30)
    first, second = list_report_texts(acme)
    for text in (first, second):
        assert "*Not delivered* to +1 202-555-0101" in text
        assert "failed <!date^" in text


def list_shown_lines(acme: World) -> list[str]:
    return [
        collect_text(message)
        for message in acme.slack.list_messages(JOHN, SALES)
        if message.ephemeral
    ]


async def test_outcome_follows_where_it_was_typed(acme: World, clock: ManualClock) -> None:
    await open_form(acme)
    assert await submit_form(acme, phone=READING_NUMBER) == {}
    await advance_until(acme, clock, lambda: "*Read* by" in read_report_text(acme))
    await clock.advance(60)
    first, last = list_shown_lines(acme)
    assert first.startswith(":hourglass_flowing_sand: *Sending* to +1 202-555-0100")
    assert last.startswith((":white_check_mark: *Delivered* to", ":eyes: *Read* by"))
    assert "+1 202-555-0100: *appointment_reminder*" in last


async def test_failure_follows_where_it_was_typed(acme: World, clock: ManualClock) -> None:
    await open_form(acme)
    assert await submit_form(acme, phone=NOT_ON_WHATSAPP) == {}
    await advance_until(acme, clock, lambda: len(list_report_texts(acme)) == 2)
    await clock.advance(60)
    first, last = list_shown_lines(acme)
    assert "*Sending* to +1 202-555-0101" in first
    assert last.startswith(":x: *Not delivered* to +1 202-555-0101: *appointment_reminder*")


async def test_half_an_hour_without_an_outcome_adds_nothing(
    acme: World, clock: ManualClock
) -> None:
    await open_form(acme)
    assert await submit_form(acme, phone=NUMBER_WITHOUT_EVENTS) == {}
    await advance_until(acme, clock, lambda: "*Sending* to" in read_report_text(acme))
    for _ in range(31):
        await clock.jump(60)
    assert len(list_shown_lines(acme)) == len(list_report_texts(acme)) == 1


async def test_nothing_is_posted_beside_the_report_in_the_app_s_messages(
    acme: World, clock: ManualClock
) -> None:
    await acme.slack.type(JOHN, REPORTS, "/chakra send")
    await acme.wait_until_idle()
    await choose_template(acme)
    assert await submit_form(acme, phone=READING_NUMBER) == {}
    await advance_until(acme, clock, lambda: "*Read* by" in read_report_text(acme))
    assert len(list_report_texts(acme)) == 1


async def test_refusal_is_one_message_in_the_app_s_messages(
    acme: World, clock: ManualClock
) -> None:
    acme.chakra.fail(SEND_PATH, TooManyRequests(retry_after_seconds=45))
    await acme.slack.type(JOHN, REPORTS, "/chakra send")
    await acme.wait_until_idle()
    await choose_template(acme)
    assert await submit_form(acme, phone=READING_NUMBER) == {}
    await advance_until(acme, clock, lambda: "*Not sent* to" in read_report_text(acme))
    await clock.advance(30)
    [only] = list_report_texts(acme)
    assert "Send again" in only
