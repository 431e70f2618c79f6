"""Answers that are long, have a file, or aren't what the person saw any more."""

from __future__ import annotations

import asyncio

from bot.notifications.rule import EventGroup, RuleSpec
from bot.sandbox.chakra.customer import EmbeddedCustomer
from bot.sandbox.chakra.faults import ResetAfterHandling, StatusResponse
from bot.sandbox.slack import LocalFile, collect_text
from tests.commands.chat_scenarios import (
    SEND_PATH,
    find_parent,
    list_ephemerals,
    list_sent_bodies,
    list_session_texts,
    list_thread_texts,
    pass_seconds,
    read_modal_text,
    receive,
    type_in_thread,
)
from tests.people import JOHN, PRIYA, SALES, SUPPORT
from tests.world import World

UPLOAD_PATH = "POST /v1/ext/plugin/whatsapp/{pluginId}/upload-public-media"


PICTURE = LocalFile("shoe.png", "image/png", b"png")
PRICES = LocalFile("prices.pdf", "application/pdf", b"%PDF-1.7 prices")
SOUND = LocalFile("hi.mp3", "audio/mpeg", b"mp3")
PAGE = LocalFile("page.txt", "text/html", b"<p>")


async def post_in_thread(acme: World, *files: LocalFile, text: str = "") -> None:
    acme.slack.posted.post_file(JOHN, SALES, *files, text=text, thread_ts=find_parent(acme).ts)
    await acme.wait_until_idle()


def count_uploads(acme: World) -> int:
    return acme.chakra.count(UPLOAD_PATH)


async def open_form(acme: World, *, by: str = JOHN) -> None:
    await acme.slack.press(by, "chat.reply", message=find_parent(acme))
    await acme.wait_until_idle()


# --- length ---------------------------------------------------------------------------------------


async def test_a_long_text_can_be_typed_in_the_thread(acme: World) -> None:
    asha = await receive(acme)
    text = 'word & "quote"\n' * 270
    await type_in_thread(acme, text)
    await acme.press("chat.send")
    assert list_session_texts(asha) == [text.strip()]
    assert len(text.strip()) > 3_900


async def test_a_text_that_whatsapp_does_not_take_is_refused_with_its_length(acme: World) -> None:
    asha = await receive(acme)
    await type_in_thread(acme, "x" * 4_100)
    assert (
        "This has 4,100 characters; WhatsApp takes 4,096. Shorten it by 4"
        in list_ephemerals(acme)[-1]
    )
    assert "chat.send" not in str(acme.slack.list_messages(JOHN, SALES)[-1].blocks)
    assert list_session_texts(asha) == []


# --- files ----------------------------------------------------------------------------------------


async def test_a_file_is_uploaded_and_sent_once_it_is_confirmed(acme: World) -> None:
    asha = await receive(acme)
    await open_form(acme)
    assert await acme.submit({"text": "In blue", "file": [PICTURE]}) == {}
    assert "Anyone who has the link can open it" in read_modal_text(acme)
    assert count_uploads(acme) == 0
    await acme.submit({})
    assert count_uploads(acme) == 1
    (sent,) = list_sent_bodies(acme)
    assert sent["type"] == "image"
    assert sent["image"]["caption"] == "In blue"
    await pass_seconds(acme, 60)
    assert "shoe.png" in list_thread_texts(acme)[-1]
    assert len(asha.received) == 1


async def test_a_file_typed_in_the_thread_is_sent_by_a_press(acme: World) -> None:
    await receive(acme)
    await post_in_thread(acme, PRICES, text="Our prices")
    assert "prices.pdf" in list_ephemerals(acme)[-1]
    assert "Anyone who has the link can open it" in list_ephemerals(acme)[-1]
    assert count_uploads(acme) == 0
    question = acme.slack.list_messages(JOHN, SALES)[-1]
    presses = (acme.slack.press(JOHN, "chat.send", message=question) for _ in range(3))
    await asyncio.gather(*presses)
    await acme.wait_until_idle()
    assert count_uploads(acme) == 1
    (sent,) = list_sent_bodies(acme)
    assert sent["document"] | {"link": ""} == {
        "link": "",
        "caption": "Our prices",
        "filename": "prices.pdf",
    }


async def test_files_that_whatsapp_does_not_take_are_refused(acme: World) -> None:
    await receive(acme)
    await open_form(acme)
    errors = await acme.submit({"text": "", "file": [PAGE]})
    assert "WhatsApp accepts JPEG and PNG pictures" in errors["file"]
    errors = await acme.submit({"text": "Listen", "file": [SOUND]})
    assert "doesn't show text with an audio file" in errors["text"]
    errors = await acme.submit({"text": "x" * 1_100, "file": [PICTURE]})
    assert "WhatsApp takes 1,024 with a file" in errors["text"]
    await post_in_thread(acme, PAGE)
    assert "WhatsApp accepts JPEG and PNG pictures" in list_ephemerals(acme)[-1]
    await post_in_thread(acme, PICTURE, PRICES)
    assert "one file per message" in list_ephemerals(acme)[-1]
    assert count_uploads(acme) == 0


# --- not what was seen any more -------------------------------------------------------------------


async def test_who_answers_second_reads_the_answer_of_a_colleague_first(acme: World) -> None:
    asha = await receive(acme)
    await open_form(acme)
    await open_form(acme, by=PRIYA)
    await acme.submit({"text": "Yes, in blue."})
    await acme.submit({"text": "No, sorry."}, by=PRIYA)
    assert list_session_texts(asha) == ["Yes, in blue."]
    assert f"<@{JOHN}>" in read_modal_text(acme, by=PRIYA)
    assert "Yes, in blue." in read_modal_text(acme, by=PRIYA)
    await acme.submit({"text": "And in red."}, by=PRIYA)
    assert list_session_texts(asha) == ["Yes, in blue.", "And in red."]


async def test_two_answers_in_the_same_moment_do_not_both_leave(acme: World) -> None:
    asha = await receive(acme)
    await open_form(acme)
    await open_form(acme, by=PRIYA)
    await asyncio.gather(
        acme.slack.submit(JOHN, {"text": "Yes."}), acme.slack.submit(PRIYA, {"text": "No."})
    )
    await acme.wait_until_idle()
    assert len(list_session_texts(asha)) == 1


async def test_a_typed_answer_after_a_colleagues_asks_again(acme: World) -> None:
    asha = await receive(acme)
    await type_in_thread(acme, "No, sorry.", by=PRIYA)
    await type_in_thread(acme, "Yes, in blue.")
    await acme.press("chat.send")
    await acme.press("chat.send", by=PRIYA)
    assert list_session_texts(asha) == ["Yes, in blue."]
    asked = list_ephemerals(acme, by=PRIYA)[-1]
    assert "answered this customer" in asked
    await acme.press("chat.send", by=PRIYA)
    assert list_session_texts(asha) == ["Yes, in blue.", "No, sorry."]


async def test_a_changed_number_is_shown_before_anything_is_sent_to_it(acme: World) -> None:
    asha = await receive(acme)
    await open_form(acme)
    asha.change_number("919812345678")
    await pass_seconds(acme, 5)
    await acme.submit({"text": "Yes."})
    assert list_session_texts(asha) == []
    assert "+91 98123 45678" in read_modal_text(acme)
    assert "have changed since you opened the form" in read_modal_text(acme)
    await acme.submit({"text": "Yes."})
    assert [body["to"] for body in list_sent_bodies(acme)] == ["919812345678"]


async def test_nothing_is_sent_to_a_number_that_passed_to_someone_else(acme: World) -> None:
    asha = await receive(acme)
    await open_form(acme)
    await type_in_thread(acme, "Your code is 12")
    stranger = take_over_number(acme, asha)
    await pass_seconds(acme, 5)
    await acme.submit({"text": "Your code is 12"})
    await acme.press("chat.send")
    assert list_session_texts(asha) == []
    assert list_session_texts(stranger) == []
    assert "doesn't show us this customer's phone number" in collect_text(acme.find_shown())


def take_over_number(acme: World, customer: EmbeddedCustomer) -> EmbeddedCustomer:
    """Let a stranger write from a customer's number, which the customer gave up."""
    phone = customer.identity.phone
    customer.update(phone="919812300000")
    stranger = acme.chakra.customers.add("Ravi", phone)
    stranger.write("Who is this?")
    return stranger


async def test_what_is_typed_for_someone_who_opted_out_is_refused(acme: World) -> None:
    asha = await receive(acme)
    await receive(acme, "STOP", asha)
    await type_in_thread(acme, "But why?")
    assert "asked for no more messages" in list_ephemerals(acme)[-1]
    assert "chat.send" not in str(acme.slack.list_messages(JOHN, SALES)[-1].blocks)
    await receive(acme, "One question", asha)
    await type_in_thread(acme, "Yes?")
    assert "They have written since" in list_ephemerals(acme)[-1]
    await acme.press("chat.send")
    assert list_session_texts(asha) == ["Yes?"]


async def test_a_name_is_that_of_a_customer_with_a_thread_first(acme: World) -> None:
    await receive(acme)
    for line in ("chat Asha", "chat with asha rao"):
        assert "Does it come in blue?" in collect_text(await acme.type(f"/chakra {line}"))
    assert "1 open conversation" in collect_text(await acme.type("/chakra chats open"))


async def test_a_conversation_is_assigned_to_colleagues_only(acme: World) -> None:
    await receive(acme)
    await acme.press("chat.assign")
    assert "Choose a member of your team" in (await acme.submit({"member": "U0CHAKRA"}))["member"]
    await pass_seconds(acme, 5)
    assert "Unassigned" in collect_text(find_parent(acme))


async def test_an_answer_counts_in_every_channel_of_the_customer(acme: World) -> None:
    asha = await receive(acme)
    await acme.slack.invite_app(JOHN, SUPPORT)
    spec = RuleSpec(events=(EventGroup.MESSAGE,), takes_replies=True)
    await acme.bot.context.notifications.rules.add(SUPPORT, JOHN, spec, acme.clock.time())
    await receive(acme, "Anyone?", asha)
    other = next(
        item for item in acme.slack.list_messages(PRIYA, SUPPORT) if "chat.resolve" in str(item)
    )
    await acme.slack.press(PRIYA, "chat.reply", message=other)
    await open_form(acme)
    await acme.submit({"text": "Yes, in blue."})
    await acme.submit({"text": "No, sorry."}, by=PRIYA)
    assert list_session_texts(asha) == ["Yes, in blue."]
    assert "Yes, in blue." in read_modal_text(acme, by=PRIYA)
    await pass_seconds(acme, 4_000)
    assert "waited for an answer" not in str(acme.slack.list_messages(PRIYA, SUPPORT))


async def test_a_file_that_chakra_refuses_is_reported_and_nothing_is_sent(acme: World) -> None:
    asha = await receive(acme)
    await open_form(acme)
    acme.chakra.fail(UPLOAD_PATH, StatusResponse(400), 1)
    await acme.submit({"text": "In blue", "file": [PICTURE]})
    await acme.submit({})
    assert "Choose the file again" in read_modal_text(acme)
    assert "a link" not in read_modal_text(acme)
    assert list_session_texts(asha) == []
    await acme.submit({"text": "In blue", "file": [PICTURE]})
    await acme.submit({})
    assert list_session_texts(asha) == ["In blue"]


async def test_a_lost_answer_to_a_file_is_not_repeated(acme: World) -> None:
    asha = await receive(acme)
    await open_form(acme)
    await acme.submit({"text": "In blue", "file": [PICTURE]})
    acme.chakra.fail(SEND_PATH, ResetAfterHandling(), 1)
    await acme.submit({})
    await pass_seconds(acme, 60)
    assert "We don't know whether this was sent" in read_modal_text(acme)
    assert (len(asha.received), count_uploads(acme)) == (1, 1)


async def test_a_file_that_is_deleted_before_the_press_is_not_sent(acme: World) -> None:
    await receive(acme)
    await post_in_thread(acme, PICTURE, text="Look")
    acme.slack.workspace.files.delete(acme.slack.list_messages(JOHN, SALES)[-2].files[0].id)
    await acme.press("chat.send")
    assert "Slack no longer has this file" in list_ephemerals(acme)[-1]
    assert count_uploads(acme) == 0


async def test_a_file_whose_window_closes_leads_to_a_template(acme: World) -> None:
    await receive(acme)
    await open_form(acme)
    await acme.submit({"text": "Late", "file": [PICTURE]})
    await acme.clock.jump(86_400)
    await acme.submit({})
    assert (acme.slack.find_view(JOHN) or {})["callback_id"] == "send.submit"
    assert count_uploads(acme) == 0


async def test_an_invisible_text_is_none(acme: World) -> None:
    asha = await receive(acme)
    await open_form(acme)
    assert await acme.submit({"text": "\u200b"}) == {"text": "Write a message or choose a file."}
    await type_in_thread(acme, "\u200b")
    assert list_ephemerals(acme) == []
    assert list_session_texts(asha) == []
