"""``/chakra optouts``, and the sends that opt-outs block."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from bot.messages.form_values import SendForm
from bot.messages.status import SendStatus
from bot.sandbox.chakra.customer import EmbeddedCustomer
from bot.sandbox.slack import collect_text
from tests.commands.chat_scenarios import (
    list_session_texts,
    list_thread_texts,
    pass_seconds,
    read_parent_text,
    receive,
)
from tests.commands.send_scenarios import read_report_text, read_view_text
from tests.people import JOHN, MEI, SALES
from tests.shared_world import shared_world
from tests.world import World

PHONE = "919876543210"
DIRECT = "D0JOHN"
VALUES = "1=Jane 2=May 3=10:00 language=en"
UTILITY = "appointment_reminder"
BLOCKED = "asked for no more messages on"


async def stop(acme: World, words: str = "Stop!", name: str = "Asha Rao") -> EmbeddedCustomer:
    customer = acme.chakra.customers.add(name, PHONE)
    customer.write(words)
    await pass_seconds(acme, 2)
    return customer


async def list_text(acme: World, line: str = "", *, by: str = JOHN) -> str:
    return collect_text(await acme.type(f"/chakra optouts {line}", by=by))


# --- sends ---------------------------------------------------------------------------------------


async def test_a_typed_send_to_someone_who_stopped_is_refused(acme: World) -> None:
    await stop(acme)
    await acme.type(f"/chakra send {UTILITY} +{PHONE} {VALUES}")
    refused = read_view_text(acme)
    assert BLOCKED in refused
    assert "(typed “Stop!”)" in refused
    assert "/chakra optouts" in refused
    assert acme.chakra.sends == []


async def test_the_form_names_the_opt_out_under_the_recipient(acme: World) -> None:
    await stop(acme)
    await acme.type(f"/chakra send {UTILITY} language=en")
    errors = await acme.submit(
        {"phone": f"+{PHONE}", "var_body_1": "J", "var_body_2": "May 3", "var_body_3": "10:00"}
    )
    assert BLOCKED in errors["phone"]


async def test_a_stop_after_the_check_wins(acme: World) -> None:
    await acme.type(f"/chakra send {UTILITY} +{PHONE} {VALUES}")
    assert acme.slack.find_view(JOHN)["callback_id"] == "send.confirm"  # type: ignore[index]
    await stop(acme)
    await acme.submit({})
    assert BLOCKED in read_view_text(acme)
    assert acme.chakra.sends == []


async def test_a_stop_in_the_moment_of_sending_wins(acme: World) -> None:
    service = acme.bot.context.send_service
    index = (await acme.bot.context.templates.get_index()).value
    [template] = index.find_by_name(UTILITY, "en")
    values = {f"var_body_{number}": "x" for number in (1, 2, 3)}
    sender = acme.bot.context.send_forms.fill_default_sender(SendForm()).sender
    form = SendForm(template.id, f"+{PHONE}", sender, values)
    checked = await service.check(form, template)
    await stop(acme)
    _, sending = await service.start(checked.prepared, key="k", member=JOHN)
    assert sending is not None
    await pass_seconds(acme, 6)
    sent = (await sending).send
    assert sent.status is SendStatus.FAILED
    assert sent.failure is not None
    assert sent.failure.kind == "recipient_opted_out"
    assert "Asha" not in sent.failure.text
    assert "Stop!" not in sent.failure.text
    assert acme.chakra.sends == []
    assert "This person asked for no more messages on" in read_report_text(acme)


async def test_marketing_alone_is_blocked_for_who_turned_it_off(acme: World) -> None:
    customer = acme.chakra.customers.add("Asha Rao", PHONE)
    customer.stop_marketing()
    await pass_seconds(acme, 2)
    assert "Asha Rao" in await list_text(acme, "preference")
    await acme.type(f"/chakra send {UTILITY} +{PHONE} {VALUES}")
    await acme.confirm()
    assert len(acme.chakra.sends) == 1
    [template, *_] = [each for each in acme.chakra.templates if each.category == "MARKETING"]
    note = await acme.bot.context.send_service.describe_opt_out(
        await acme.bot.context.send_service.recipients.resolve(f"+{PHONE}"),
        (await acme.bot.context.templates.get_template(template.id)).value,
    )
    assert "turned off your marketing messages in WhatsApp on" in note
    customer.resume_marketing()
    await pass_seconds(acme, 2)
    assert "No one has opted out" in await list_text(acme)


async def test_an_answer_goes_only_to_someone_who_wrote_since(acme: World) -> None:
    asha = await receive(acme, "Stop")
    await acme.press("chat.reply")
    assert list_session_texts(asha) == []
    assert BLOCKED in collect_text(acme.find_shown()) + read_view_text(acme)
    await receive(acme, "Where is my order?", asha)
    await acme.press("chat.reply")
    assert "have written since" in read_view_text(acme)
    assert await acme.submit({"text": "On Monday."}) == {}
    assert list_session_texts(asha) == ["On Monday."]


async def test_the_thread_says_that_someone_stopped(acme: World) -> None:
    await receive(acme, "Please stop messaging me")
    assert "*Asha Rao* asked for no more messages." in list_thread_texts(acme)[-1]


async def test_the_thread_says_that_someone_stopped_by_an_edit(acme: World) -> None:
    customer = await receive(acme)
    wamid = customer.write("Stap")
    await pass_seconds(acme, 5)
    customer.edit(wamid, "Stop")
    await pass_seconds(acme, 5)
    assert "*Asha Rao* asked for no more messages." in list_thread_texts(acme)[-1]
    assert "Wants no more messages" in read_parent_text(acme)


async def test_an_unclear_message_asks_in_the_thread(acme: World) -> None:
    await receive(acme, "Cancel")
    assert "Does *Asha Rao* want no more messages?" in list_thread_texts(acme)[-1]
    assert "No one has opted out" in await list_text(acme)
    await acme.press("optouts.confirm")
    assert "Noted by" in list_thread_texts(acme)[-1]
    assert "Does" not in list_thread_texts(acme)[-1]
    assert "typed" in await list_text(acme)


async def test_an_unclear_message_may_mean_something_else(acme: World) -> None:
    await receive(acme, "Cancel")
    await acme.press("optouts.dismiss")
    assert "Messages are still sent to this customer" in list_thread_texts(acme)[-1]
    assert "No one has opted out" in await list_text(acme)


# --- the list ------------------------------------------------------------------------------------


async def test_who_since_when_and_how(acme: World) -> None:
    await stop(acme)
    shown = await list_text(acme)
    assert "1 opt-out" in shown
    assert "Asha Rao" in shown
    assert "+91 98765 43210" in shown
    assert "all messages" in shown
    assert "“Stop!”" in shown
    assert "Lift…" in shown


async def test_one_who_may_not_send_reads_masked_numbers(acme: World) -> None:
    await stop(acme)
    shown = await list_text(acme, by=MEI)
    assert "Asha Rao" in shown
    assert "3210" in shown
    assert "98765" not in shown
    assert "Lift…" not in shown
    assert "Export" not in shown


async def test_filters(acme: World) -> None:
    await stop(acme)
    for line in ("asha", "3210", "typed", "source:typed", "today", "stop!", "this week asha"):
        assert "Asha Rao" in await list_text(acme, line), line
    for line in ("mei", "9999", "manual", "yesterday", "marketing", "2020-01", "lifted"):
        assert "Asha Rao" not in await list_text(acme, line), line
    assert "There's no source" in await list_text(acme, "source:pigeon")


async def test_lifting_takes_a_reason_and_is_recorded(acme: World) -> None:
    await stop(acme)
    await list_text(acme)
    await acme.press("optouts.lift")
    assert BLOCKED in read_view_text(acme)
    assert "reason" in await acme.submit({"reason": "  "})
    assert await acme.submit({"reason": "She called us"}) == {}
    assert "can be sent messages again" in collect_text(acme.find_shown())
    lifted = await list_text(acme, "lifted")
    assert "She called us" in lifted
    assert "Lifted by" in lifted
    await acme.type(f"/chakra send {UTILITY} +{PHONE} {VALUES}")
    await acme.confirm()
    assert len(acme.chakra.sends) == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"lift +{PHONE} asked again", "asked again"),
        ("remove Asha Rao because she called", "she called"),
        ("undo asha", ""),
        ("unblock 98765 43210", ""),
    ],
)
async def test_lifting_one_that_is_typed(acme: World, line: str, reason: str) -> None:
    await stop(acme)
    await acme.type(f"/chakra optouts {line}")
    form = read_view_text(acme)
    assert "Asha Rao" in form
    assert BLOCKED in form
    assert await acme.submit({} if reason else {"reason": "called"}) == {}
    assert f"Reason: {reason or 'called'}" in collect_text(acme.find_shown())
    assert "No one has opted out" in await list_text(acme)


async def test_lifting_names_no_one_else(acme: World) -> None:
    await stop(acme)
    assert "No opt-out matches" in await list_text(acme, "lift +91 98765 00000 asked again")
    assert "No opt-out matches" in await list_text(acme, "lift Priya asked again")
    assert "Asha Rao" in await list_text(acme, "remove")
    assert acme.slack.find_view(JOHN) is None
    assert "can't" in await list_text(acme, f"lift +{PHONE}", by=MEI)


@pytest.mark.parametrize(
    "line", ["export", "export as csv", "how many opted out?", f"check {PHONE[2:]}", "status asha"]
)
async def test_words_around_what_is_looked_for(acme: World, line: str) -> None:
    await stop(acme)
    shown = await list_text(acme, line)
    assert "Asha Rao" in shown
    assert "Export as CSV" in shown


async def test_adding_one_typed_or_in_the_form(acme: World) -> None:
    assert "Added" in await list_text(acme, "add +91 98765 43210 asked on the phone")
    assert "asked on the phone" in await list_text(acme, "manual")
    assert "was added to your opt-outs" in await list_text(acme, "add +919876543210 again")
    await acme.type("/chakra optouts add")
    assert "phone" in await acme.submit({"phone": "12", "reason": "letter"})
    assert await acme.submit({"phone": "+49 1512 3456789", "reason": "letter"}) == {}
    assert "2 opt-outs" in await list_text(acme)
    assert "only senders" not in await list_text(acme, "add +91 98765 43210 x", by=MEI)
    assert "2 opt-outs" in await list_text(acme)


async def test_one_added_for_the_wrong_number_is_lifted_from_its_answer(acme: World) -> None:
    added = await list_text(acme, "add +91 98765 43210 asked on the phone")
    assert "Entered for the wrong number?" in added
    await acme.press("optouts.lift")
    assert await acme.submit({"reason": "Wrong number"}) == {}
    assert "No one has opted out." in await list_text(acme)


async def test_the_list_as_a_file(acme: World) -> None:
    await stop(acme, "=STOP", "=Asha")
    await list_text(acme)
    await acme.press("optouts.export")
    [file] = acme.slack.list_messages(JOHN, DIRECT)[-1].files
    rows: list[Any] = list(csv.reader(file.data.decode("utf-8-sig").splitlines()))
    assert rows[0][:3] == ["Name", "Username", "Phone"]
    assert rows[1][0] == "'=Asha"
    assert rows[1][2] == f"'+{PHONE}"
    assert rows[1][6] == "'=STOP"


@shared_world
@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("+91 98765 00000", "No opt-out matches this number, so messages to it aren't stopped."),
        ("zzz", "No opt-out matches. Try other or fewer words."),
        ("today manual", "No opt-out matches. Leave out the source or the day."),
        ("zzz marketing", "Try other or fewer words, or leave out the kind of messages."),
        ("lifted +91 98765 00000", "No opt-out matches. Leave out the word “lifted”."),
    ],
)
async def test_a_list_that_finds_nothing_advises_on_what_was_typed(
    acme: World, line: str, advice: str
) -> None:
    assert advice in await list_text(acme, line)


@shared_world
async def test_an_empty_list_says_what_fills_it(acme: World) -> None:
    assert "No one has opted out." in await list_text(acme)


@shared_world
async def test_aliases(acme: World) -> None:
    for name in ("opt-outs", "unsubscribed", "stopped"):
        assert "No one has opted out." in collect_text(await acme.type(f"/chakra {name}"))
    assert acme.find_shown(channel=SALES).ephemeral
