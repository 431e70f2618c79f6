"""Stories of "Check and send": it never sends anything else than it shows."""

from __future__ import annotations

from bot.messages.check_view import CHANGED_NOTE
from bot.sandbox.chakra.faults import StatusResponse
from bot.sandbox.chakra.request_log import ANY_ENDPOINT
from tests.clock import ManualClock
from tests.commands.send_scenarios import (
    JOHN,
    SALES,
    advance,
    advance_until,
    check_form,
    open_form,
    run_command,
    sent_count,
    view_text,
)
from tests.world import World

NAME, LANGUAGE = "appointment_reminder", "en"
CACHED_SECONDS = 700.0


async def test_a_template_edited_since_is_shown_again(acme: World, clock: ManualClock) -> None:
    await open_form(acme)
    assert await check_form(acme) == {}
    edited = [
        {**part, "text": part["text"].replace("a reminder", "the last reminder")}
        if part["type"] == "BODY"
        else part
        for part in acme.chakra.template(NAME, LANGUAGE).components
    ]
    acme.chakra.update_template(NAME, LANGUAGE, components=edited)
    await advance(acme, clock, CACHED_SECONDS)
    assert await acme.confirm() == {}
    assert CHANGED_NOTE in view_text(acme)
    assert "Hi `Jane`, the last reminder" in view_text(acme)
    assert sent_count(acme) == 0
    await acme.confirm()
    await advance_until(acme, clock, lambda: sent_count(acme) == 1)
    assert (acme.slack.view(JOHN) or {})["title"]["text"] == "Sending"


async def test_a_template_deleted_since_is_not_sent(acme: World, clock: ManualClock) -> None:
    await open_form(acme)
    assert await check_form(acme) == {}
    acme.chakra.delete_template(NAME, LANGUAGE)
    await advance(acme, clock, CACHED_SECONDS)
    await acme.confirm()
    assert (acme.slack.view(JOHN) or {})["callback_id"] == "send.submit"
    assert "It may have been deleted" in view_text(acme)
    assert acme.chakra.sends == []


async def test_a_lookup_that_fails_late_returns_to_the_form(
    acme: World, clock: ManualClock
) -> None:
    await run_command(acme)
    acme.chakra.fail(ANY_ENDPOINT, StatusResponse(500))
    line = f'{NAME} lead LEAD-004038 1=Jane 2="May 3" 3=10:00 language=en from Acme'
    async with clock.running():
        await acme.slack.type(JOHN, SALES, f"/chakra send {line}")
    await advance_until(acme, clock, lambda: "Checking" in view_text(acme))
    await advance_until(acme, clock, lambda: "cannot be reached" in view_text(acme))
    assert (acme.slack.view(JOHN) or {})["callback_id"] == "send.submit"
    for value in ("lead LEAD-004038", "Jane", "May 3", "10:00"):
        assert value in view_text(acme)
    assert acme.chakra.sends == []
