"""Stories of ``/chakra send``: choose, fill, preview, send once, and see what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from bot.errors import UsageError
from bot.sandbox.chakra.faults import Hang
from bot.sandbox.demo import World
from bot.sandbox.slack import Shown, plain
from bot.whatsapp.order import Order
from tests.clock import ManualClock
from tests.conftest import OpenWorld

SALES, DIRECT = "C0SALES", "D0JOHN"
JOHN, MEI, PRIYA = "U0JOHN", "U0MEI", "U0PRIYA"
SEND = "/v1/ext/plugin/whatsapp/{pluginId}/phoneNumber/{phoneNumber}/send-template-message"
TEMPLATES = "GET /v1/ext/plugin/whatsapp/api/{whatsappApiVersion}/{wabaId}/message_templates"
READS = "+12025550100"
NOT_ON_WHATSAPP = "+12025550101"
MANY_MESSAGES = "+12025550108"
SLOW, LOST, NEVER_CAME, THROTTLED = (f"+120255501{end}" for end in ("27", "28", "29", "31"))
ERROR_IN_200, WEB_PAGE = "+12025550132", "+12025550133"
VALUES = {"var_body_1": "Jane", "var_body_2": "May 3", "var_body_3": "10:00"}
LINE = 'appointment_reminder {to} 1=Jane 2="May 3" 3=10:00 language=en'


@pytest.fixture(autouse=True)
async def _slack_takes_everything(acme: World) -> Any:
    yield
    assert acme.slack.refusals == []
    assert acme.slack.warnings == []


async def calm(acme: World) -> None:
    """What can happen without more time has happened. A report may still wait for its turn."""
    for _ in range(6):
        await acme.slack.settle()
        await asyncio.sleep(0.004)


async def typed(acme: World, text: str = "", *, by: str = JOHN) -> Shown:
    await acme.slack.type(by, SALES, f"/chakra send {text}".rstrip())
    await calm(acme)
    return acme.slack.messages(by, SALES)[-1]


async def pressed(acme: World, action: str, *, by: str = JOHN) -> Shown:
    await acme.slack.press(by, action)
    await calm(acme)
    return acme.slack.messages(by, SALES)[-1]


async def chosen(acme: World, name: str = "appointment_reminder", language: str = "en") -> None:
    await acme.slack.suggest(JOHN, "send.template", name)
    template = acme.chakra.template(name, language)
    await acme.slack.press(JOHN, "send.template", value=template.id)
    await calm(acme)


async def filled(acme: World, **values: Any) -> dict[str, str]:
    """Submits; the sentences under the fields."""
    delivered = await acme.slack.submit(JOHN, {"phone": READS, **VALUES, **values})
    await calm(acme)
    return delivered.errors


async def opened(acme: World, name: str = "appointment_reminder", language: str = "en") -> None:
    await typed(acme)
    await chosen(acme, name, language)


async def entered(acme: World, clock: ManualClock, field: str, *texts: str) -> None:
    """Types each, and pauses after the last."""
    typing = [asyncio.create_task(acme.slack.enter(JOHN, field, text)) for text in texts]
    while not all(one.done() for one in typing):
        await later(acme, clock, 0.5)
    await later(acme, clock, 1)
    await calm(acme)


async def later(acme: World, clock: ManualClock, seconds: float) -> None:
    """Lets time pass with what the bot and Chakra do in it."""
    for _ in range(round(seconds * 2)):
        await clock.advance(0.5)
        for _ in range(4):
            await asyncio.sleep(0.002)


async def until(acme: World, clock: ManualClock, condition: Callable[[], bool]) -> None:
    for _ in range(150):
        if condition():
            return
        await later(acme, clock, 0.5)
    raise AssertionError("it never came to that")


def view(acme: World, by: str = JOHN) -> str:
    return plain(acme.slack.view(by) or {})


def report(acme: World) -> str:
    shown = acme.slack.messages(JOHN, DIRECT)
    return plain(shown[-1]) if shown else ""


def line(acme: World) -> str:
    return plain(acme.slack.messages(JOHN, SALES)[-1])


def out(acme: World) -> int:
    """How many messages Chakra took."""
    return len(acme.chakra.sent)


# --- the form ------------------------------------------------------------------------------------


async def test_pick_fill_send_and_it_is_read(acme: World, clock: ManualClock) -> None:
    await opened(acme)
    assert await filled(acme) == {}
    assert acme.slack.view(JOHN) is None
    await until(acme, clock, lambda: "Accepted" in report(acme))
    [sent] = acme.chakra.sent
    assert (sent.to, sent.template, sent.language) == ("12025550100", "appointment_reminder", "en")
    assert sent.text.startswith("Hi Jane, a reminder of your appointment on May 3 at 10:00.")
    await until(acme, clock, lambda: "Accepted" in line(acme))
    assert "archives/D0JOHN/p" in line(acme)
    await until(acme, clock, lambda: "Read:" in report(acme))
    assert len(acme.slack.messages(JOHN, DIRECT)) == 1
    assert "0100" in report(acme)
    assert "2025550100" not in report(acme)


async def test_the_preview_follows_what_is_typed(acme: World, clock: ManualClock) -> None:
    await opened(acme)
    assert "Hi ‹1›, a reminder" in view(acme)
    await entered(acme, clock, "var_body_1", "J", "Ja", "Jane")
    assert "Hi Jane, a reminder" in view(acme)
    updates = [call for call in acme.slack.calls if call.method == "views.update"]
    assert len(updates) == 2  # the template's fields, and one for all three letters


async def test_the_preview_says_whom_it_goes_to(acme: World, clock: ManualClock) -> None:
    await opened(acme)
    await entered(acme, clock, "phone", "lead LEAD-004038")
    await until(acme, clock, lambda: "Aarav Mehta" in view(acme))


async def test_only_what_can_be_sent_is_offered_with_its_language(acme: World) -> None:
    await typed(acme)
    offered = await acme.slack.suggest(JOHN, "send.template", "")
    names = {option["text"]["text"] for option in offered}
    assert "appointment_reminder" in names
    assert "renewal_notice" not in names
    [spanish] = [
        one
        for one in await acme.slack.suggest(JOHN, "send.template", "appointment_reminder")
        if "Spanish" in one["description"]["text"]
    ]
    assert spanish["value"] == acme.chakra.template("appointment_reminder", "es").id


async def test_the_template_used_last_is_offered_first(acme: World, clock: ManualClock) -> None:
    await opened(acme)
    await filled(acme)
    await until(acme, clock, lambda: out(acme) == 1)
    await typed(acme)
    first = (await acme.slack.suggest(JOHN, "send.template", ""))[0]
    assert first["value"] == acme.chakra.template("appointment_reminder", "en").id


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("phone", "12345", "too short"),
        ("phone", "+1 202 555", "too short"),
        ("phone", "nobody at all", "No recipient was found"),
        ("phone", "lead LEAD-999999", "No lead was found"),
        ("var_body_1", "   ", "no empty variable"),
        ("var_body_2", "May     3", "four spaces"),
        ("var_body_3", "x" * 1024, "WhatsApp takes 1,024"),
    ],
)
async def test_what_is_wrong_stands_under_its_field(
    acme: World, field: str, value: str, told: str
) -> None:
    await opened(acme)
    errors = await filled(acme, **{field: value})
    assert list(errors) == [field]
    assert told in errors[field]
    assert acme.chakra.count(SEND) == 0
    assert acme.slack.view(JOHN) is not None


async def test_a_submission_that_comes_twice_sends_once(acme: World, clock: ManualClock) -> None:
    await opened(acme)
    press = acme.slack.submit(JOHN, {"phone": READS, **VALUES})
    again = acme.slack.submit(JOHN, {"phone": READS, **VALUES})
    await asyncio.gather(press, again, return_exceptions=True)
    await until(acme, clock, lambda: "Accepted" in line(acme))
    assert out(acme) == 1


async def test_a_record_is_sent_for_through_its_own_endpoint(
    acme: World, clock: ManualClock
) -> None:
    await opened(acme)
    assert await filled(acme, phone="lead LEAD-004038") == {}
    await until(acme, clock, lambda: out(acme) == 1)
    assert acme.chakra.sent[0].to == "919876543210"
    await until(acme, clock, lambda: "lead LEAD-004038" in report(acme))


async def test_a_template_paused_meanwhile_is_refused_in_words(
    acme: World, clock: ManualClock
) -> None:
    await opened(acme)
    acme.chakra.change_template("appointment_reminder", "en", status="PAUSED")
    await filled(acme)
    await until(acme, clock, lambda: "Not sent" in line(acme))
    assert "paused or disabled" in line(acme)
    assert out(acme) == 0
    await acme.slack.press(JOHN, "send.edit")
    await calm(acme)
    assert "Jane" in view(acme)


async def test_another_template_brings_its_own_fields(acme: World) -> None:
    await opened(acme)
    await chosen(acme, "login_otp")
    form = acme.slack.view(JOHN) or {}
    fields = [one["block_id"] for one in form["blocks"] if one["type"] == "input"]
    assert fields == ["template", "phone", "sender", "otp"]


# --- what becomes of it --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "stands", "told", "went_out"),
    [
        (LOST, "not known", "may have gone out", 1),
        (NEVER_CAME, "not known", "may have gone out", 0),
        (WEB_PAGE, "not known", "may have gone out", 0),
        (THROTTLED, "Not sent", "Chakra is asked too often", 0),
        (ERROR_IN_200, "Not sent", "could not be queued", 0),
        (MANY_MESSAGES, "Not sent", "going out from this number at once", 0),
    ],
)
async def test_troubles_are_told_as_they_are(
    acme: World, clock: ManualClock, to: str, stands: str, told: str, went_out: int
) -> None:
    await opened(acme)
    assert await filled(acme, phone=to) == {}
    await until(acme, clock, lambda: stands in line(acme))
    assert told in line(acme)
    assert out(acme) == went_out
    await until(acme, clock, lambda: stands in report(acme))


async def test_a_slow_chakra_keeps_nobody_waiting(acme: World, clock: ManualClock) -> None:
    await opened(acme)
    delivered = await acme.slack.submit(JOHN, {"phone": SLOW, **VALUES})
    assert delivered.seconds < 0.3
    assert acme.slack.view(JOHN) is None
    await until(acme, clock, lambda: "Accepted" in line(acme))
    assert out(acme) == 1


async def test_a_refused_number_is_reported_with_its_reason(
    acme: World, clock: ManualClock
) -> None:
    await opened(acme)
    await filled(acme, phone=NOT_ON_WHATSAPP)
    await until(acme, clock, lambda: "Not delivered" in report(acme))
    assert "cannot deliver to this number" in report(acme)


# --- the same once more --------------------------------------------------------------------------


async def test_the_same_within_ten_minutes_asks_first(acme: World, clock: ManualClock) -> None:
    await opened(acme)
    await filled(acme)
    await until(acme, clock, lambda: out(acme) == 1)
    await opened(acme)
    await filled(acme)
    assert "This very message went to the same recipient" in view(acme)
    assert out(acme) == 1
    assert await filled(acme) == {}
    await until(acme, clock, lambda: out(acme) == 2)
    assert acme.slack.view(JOHN) is None


async def test_whoever_sent_it_and_only_for_ten_minutes(acme: World, clock: ManualClock) -> None:
    await typed(acme, LINE.format(to=READS), by=PRIYA)
    await pressed(acme, "send.confirm", by=PRIYA)
    await until(acme, clock, lambda: out(acme) == 1)
    await opened(acme)
    await filled(acme)
    assert "sent by <@U0PRIYA>" in view(acme)
    await clock.advance(601)
    await opened(acme)
    assert await filled(acme) == {}
    await until(acme, clock, lambda: out(acme) == 2)


# --- a complete line -----------------------------------------------------------------------------


async def test_a_complete_line_is_previewed_and_one_press_sends(
    acme: World, clock: ManualClock
) -> None:
    shown = plain(await typed(acme, LINE.format(to="+1 202 555 0100")))
    assert "To +1 202-555-0100" in shown
    assert "Hi Jane, a reminder of your appointment on May 3 at 10:00." in shown
    assert out(acme) == 0
    await pressed(acme, "send.confirm")
    await until(acme, clock, lambda: "Accepted" in line(acme))
    assert out(acme) == 1


async def test_its_button_pressed_twice_sends_once(acme: World, clock: ManualClock) -> None:
    message = await typed(acme, LINE.format(to=READS))
    await asyncio.gather(
        *(acme.slack.press(JOHN, "send.confirm", message=message) for _ in range(2)),
        return_exceptions=True,
    )
    await until(acme, clock, lambda: "Accepted" in line(acme))
    await later(acme, clock, 3)
    assert out(acme) == 1


async def test_its_button_asks_before_the_same_goes_out_again(
    acme: World, clock: ManualClock
) -> None:
    for _ in range(2):
        await typed(acme, LINE.format(to=READS))
        await pressed(acme, "send.confirm")
    assert "Send it once more?" in line(acme)
    assert out(acme) == 1
    pressing = asyncio.create_task(acme.slack.press(JOHN, "send.confirm"))
    await until(acme, clock, lambda: out(acme) == 2 and pressing.done())


async def test_an_incomplete_line_opens_the_form_with_what_was_typed(acme: World) -> None:
    await typed(acme, f"appointment_reminder {READS} 1=Jane")
    assert "Jane" in view(acme)
    assert READS in view(acme)
    assert await filled(acme) == {}


async def test_change_opens_the_form_with_everything(acme: World) -> None:
    await typed(acme, LINE.format(to=READS))
    await acme.slack.press(JOHN, "send.edit")
    await calm(acme)
    assert "Jane" in view(acme)
    assert "May 3" in view(acme)


async def test_a_member_stands_for_their_own_number(acme: World) -> None:
    shown = plain(await typed(acme, "hello_world @john"))
    assert "No phone number was found for *John Doe*" in shown


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("apointment_reminder +12025550100", "appointment_reminder"),
        ("renewal_notice +12025550100 language=en", "rejected this template"),
        ("hello_world +12025550100 1=x", "has no “1”"),
        ("hello_world +12025550100 language=xx", "not there in that language"),
        ("1=Jane", "Name the template"),
        ("hello_world +1202555", "too short"),
    ],
)
async def test_a_line_that_cannot_be_meant_says_why(acme: World, text: str, told: str) -> None:
    assert told in plain(await typed(acme, text))
    assert out(acme) == 0


# --- from cards ----------------------------------------------------------------------------------


async def test_a_templates_card_leads_to_its_form(acme: World) -> None:
    await acme.slack.type(JOHN, SALES, "/chakra templates hello_world")
    await calm(acme)
    await pressed(acme, "templates.send")
    assert "Welcome and congratulations" in view(acme)


async def test_a_persons_card_leads_to_the_form_with_their_number(acme: World) -> None:
    priya = acme.chakra.person("priya@acme.com")
    await acme.slack.type(JOHN, SALES, "/chakra user priya@acme.com")
    await calm(acme)
    await pressed(acme, "user.send")
    form = acme.slack.view(JOHN) or {}
    [phone] = [one for one in form["blocks"] if one.get("block_id") == "phone"]
    assert phone["element"]["initial_value"] == f"+{priya.phones[0].number}"


async def test_who_may_not_send_sees_no_button(acme: World) -> None:
    await acme.slack.type(MEI, SALES, "/chakra user priya@acme.com")
    await calm(acme)
    assert "Send WhatsApp" not in plain(acme.slack.messages(MEI, SALES)[-1])


# --- who, and with what --------------------------------------------------------------------------


async def test_only_those_who_may_write_send(acme: World) -> None:
    assert "sender" in plain(await typed(acme, by=MEI))
    assert acme.slack.view(MEI) is None


async def test_without_a_plugin_it_says_what_is_missing(open_world: OpenWorld, acme: World) -> None:
    async with open_world(other={"chakra_plugin_id": None}) as made:
        assert "CHAKRA_PLUGIN_ID" in plain(await typed(made))


async def test_with_chakra_hung_the_form_opens_at_once(acme: World, clock: ManualClock) -> None:
    acme.chakra.fail("*", Hang())
    typing = asyncio.create_task(acme.slack.type(JOHN, SALES, "/chakra send"))
    await acme.chakra.until_asked(1)
    await clock.advance(0.15)
    await typing
    await acme.slack.until(lambda: acme.slack.view(JOHN) is not None)
    asking = asyncio.create_task(acme.slack.suggest(JOHN, "send.template", "order"))
    await asyncio.sleep(0.05)
    await clock.advance(0.15)
    [option] = await asking
    assert "still loading" in option["text"]["text"]
    acme.chakra.release()
    await calm(acme)


@pytest.mark.parametrize("value", ["", "junk", "[]", "{}", '["a",1,"",{},""]', "[" * 9_000])
async def test_junk_in_a_button_is_an_older_message(value: str) -> None:
    with pytest.raises(UsageError):
        Order.restored(value)
