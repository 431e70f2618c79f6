"""Answers from Slack: the form, its guarantees, and what the thread then shows."""

from __future__ import annotations

import asyncio

from bot.sandbox.chakra.faults import MetaErrorResponse, ResetAfterHandling
from bot.sandbox.slack import collect_text
from tests.commands.chat_scenarios import (
    SEND_PATH,
    find_parent,
    list_ephemerals,
    list_sent_bodies,
    list_session_texts,
    list_thread_texts,
    open_channel,
    pass_seconds,
    read_marks,
    read_modal_text,
    read_parent_text,
    receive,
    type_in_thread,
)
from tests.endpoints import PLUGIN, reaches
from tests.people import JOHN, MEI, SALES
from tests.world import World

DAY = 86_400.0


@reaches(
    f"POST {PLUGIN}/api/{{whatsappApiVersion}}/{{whatsappPhoneNumberId}}/messages",
    "messages.send_meta_message",
    title="WhatsApp Messages",
    by="Reply in a customer's thread",
)
async def test_a_reply_reaches_the_customer_once_and_its_ticks_follow(acme: World) -> None:
    asha = await receive(acme)
    await acme.press("chat.reply")
    view = acme.slack.find_view(JOHN)
    assert view is not None
    assert view["submit"]["text"] == "Send to Asha Rao"
    assert await acme.submit({"text": "Yes, in two shades."}) == {}
    assert list_session_texts(asha) == ["Yes, in two shades."]
    await pass_seconds(acme, 60)
    assert "Yes, in two shades." in list_thread_texts(acme)[-1]
    assert "Read" in list_thread_texts(acme)[-1]
    assert len(list_thread_texts(acme)) == 2
    assert acme.slack.list_messages(JOHN, "D0JOHN") == []


async def test_opening_the_form_shows_the_customer_that_they_are_read(acme: World) -> None:
    asha = await receive(acme)
    assert read_marks(acme) == []
    await acme.press("chat.reply")
    await acme.wait_until_idle()
    assert [mark["typing_indicator"] for mark in read_marks(acme)] == [{"type": "text"}]
    assert list_session_texts(asha) == []


async def test_a_reply_to_one_message_quotes_it(acme: World) -> None:
    await receive(acme)
    first = next(
        message
        for message in acme.slack.list_messages(JOHN, SALES)
        if message.thread_ts == find_parent(acme).ts and "chat.reply" in str(message.blocks)
    )
    await acme.slack.press(JOHN, "chat.reply", message=first)
    await acme.wait_until_idle()
    await acme.submit({"text": "Yes."})
    (sent,) = list_sent_bodies(acme)
    assert sent["context"]["message_id"].startswith("wamid.")


async def test_the_menu_of_a_message_in_the_thread_opens_the_form(acme: World) -> None:
    asha = await receive(acme)
    await acme.slack.use_message_shortcut(JOHN, "chat.from_message", find_parent(acme))
    await acme.wait_until_idle()
    await acme.submit({"text": "Yes."})
    assert list_session_texts(asha) == ["Yes."]
    other = acme.slack.list_messages(JOHN, SALES)[0]
    await acme.slack.use_message_shortcut(JOHN, "chat.from_message", other)
    await acme.wait_until_idle()
    assert "isn't part of a customer's conversation" in read_modal_text(acme)


async def test_a_window_that_whatsapp_has_closed_leads_to_a_template(acme: World) -> None:
    await receive(acme)
    await acme.press("chat.reply")
    acme.chakra.fail(SEND_PATH, MetaErrorResponse(131047), 1)
    await acme.submit({"text": "Yes."})
    view = acme.slack.find_view(JOHN)
    assert view is not None
    assert view["callback_id"] == "send.submit"


async def test_the_same_text_again_is_asked_about_first(acme: World) -> None:
    asha = await receive(acme)
    for _ in range(2):
        await acme.press("chat.reply")
        await acme.submit({"text": "Yes."})
        await pass_seconds(acme, 5)
    assert list_session_texts(asha) == ["Yes."]
    view = acme.slack.find_view(JOHN)
    assert view is not None
    assert view["submit"]["text"] == "Send again to Asha Rao"
    assert "sent this same message" in read_modal_text(acme)
    await acme.submit({"text": "Yes."})
    assert list_session_texts(asha) == ["Yes.", "Yes."]


async def test_an_empty_text_is_not_sent(acme: World) -> None:
    asha = await receive(acme)
    await acme.press("chat.reply")
    assert await acme.submit({"text": "  "}) == {"text": "Write a message or choose a file."}
    assert list_session_texts(asha) == []


async def test_after_a_day_the_form_for_a_template_opens(acme: World) -> None:
    await receive(acme)
    await acme.clock.jump(DAY)
    await acme.press("chat.reply")
    view = acme.slack.find_view(JOHN)
    assert view is not None
    assert view["callback_id"] == "send.submit"
    assert "More than 24 hours" in read_modal_text(acme)
    assert "+919876543210" in str(view["blocks"])


async def test_a_form_that_was_open_too_long_becomes_the_one_for_a_template(acme: World) -> None:
    asha = await receive(acme)
    await acme.press("chat.reply")
    await acme.clock.jump(DAY)
    await acme.submit({"text": "Yes."})
    view = acme.slack.find_view(JOHN)
    assert view is not None
    assert view["callback_id"] == "send.submit"
    assert list_session_texts(asha) == []


async def test_a_customer_without_a_number_cannot_be_written_to(acme: World) -> None:
    await open_channel(acme)
    mei = acme.chakra.customers.add("Mei", username="mei.t")
    await receive(acme, customer=mei)
    await acme.press("chat.reply")
    assert "WhatsApp doesn't show us this customer's phone number" in list_ephemerals(acme)[-1]
    assert list_session_texts(mei) == []


async def test_members_who_may_not_send_claim_but_do_not_answer(acme: World) -> None:
    await receive(acme)
    await acme.press("chat.reply", by=MEI)
    assert acme.slack.find_view(MEI) is None
    await acme.press("chat.claim", by=MEI)
    await pass_seconds(acme, 5)
    assert f"<@{MEI}> has it" in read_parent_text(acme)


# --- typed in the thread --------------------------------------------------------------------------


async def test_a_typed_reply_is_sent_by_a_press_that_names_the_customer(acme: World) -> None:
    asha = await receive(acme)
    await type_in_thread(acme, "Yes & *now* :tada:")
    assert list_session_texts(asha) == []
    question = list_ephemerals(acme)[-1]
    assert "Send this to *Asha Rao*" in question
    await acme.press("chat.send")
    assert list_session_texts(asha) == ["Yes & *now* 🎉"]
    await pass_seconds(acme, 60)
    assert "Read" in list_thread_texts(acme)[-1]


async def test_a_typed_reply_is_sent_once_however_often_it_is_pressed(acme: World) -> None:
    asha = await receive(acme)
    await type_in_thread(acme, "Yes.")
    messages = acme.slack.list_messages(JOHN, SALES)
    pressed = next(message for message in messages if "chat.send" in str(message.blocks))
    presses = (acme.slack.press(JOHN, "chat.send", message=pressed) for _ in range(3))
    await asyncio.gather(*presses)
    await acme.wait_until_idle()
    assert list_session_texts(asha) == ["Yes."]


async def test_a_remark_stays_in_slack(acme: World) -> None:
    asha = await receive(acme)
    await type_in_thread(acme, "Who knows her?")
    await acme.press("chat.keep")
    assert "stays in Slack" in list_ephemerals(acme)[-1]
    await type_in_thread(acme, f"<@{MEI}> can you take this?")
    assert len(list_ephemerals(acme)) == 1
    assert list_session_texts(asha) == []


async def test_a_member_who_may_not_send_is_warned_once(acme: World) -> None:
    asha = await receive(acme)
    for text in ("Hello", "Hello?"):
        await type_in_thread(acme, text, by=MEI)
    (warning,) = list_ephemerals(acme, by=MEI)
    assert "aren't sent to the customer" in warning
    assert list_session_texts(asha) == []


async def test_other_threads_are_left_alone(acme: World) -> None:
    await receive(acme)
    first = acme.slack.list_messages(JOHN, SALES)[0]
    await acme.slack.type(JOHN, SALES, "Hello", thread_ts=first.ts)
    await acme.slack.type(JOHN, SALES, "Hello")
    await acme.wait_until_idle()
    assert list_ephemerals(acme) == []


# --- failures -------------------------------------------------------------------------------------


async def test_a_failure_mentions_its_author_in_the_thread(acme: World) -> None:
    await open_channel(acme)
    asha = acme.chakra.customers.add("Asha Rao", "12025550102")
    await receive(acme, customer=asha)
    await acme.press("chat.reply")
    await acme.submit({"text": "Yes."})
    await pass_seconds(acme, 60)
    assert any(f"<@{JOHN}>" in text for text in list_thread_texts(acme))


async def test_a_lost_response_is_reported_and_not_repeated(acme: World) -> None:
    asha = await receive(acme)
    await acme.press("chat.reply")
    acme.chakra.fail(SEND_PATH, ResetAfterHandling(), 1)
    await acme.submit({"text": "Yes."})
    await pass_seconds(acme, 60)
    assert list_session_texts(asha) == ["Yes."]
    shown = [text for text in list_thread_texts(acme) if "Yes." in text]
    assert len(shown) == 1


# --- who has it -----------------------------------------------------------------------------------


async def test_of_two_claims_the_later_one_reads_who_has_it(acme: World) -> None:
    await receive(acme)
    message = find_parent(acme)
    await acme.slack.press(JOHN, "chat.claim", message=message)
    await acme.slack.press(MEI, "chat.claim", message=message)
    await pass_seconds(acme, 5)
    assert "You have this conversation now." in list_ephemerals(acme)[-1]
    assert f"<@{JOHN}> already has this conversation" in list_ephemerals(acme, by=MEI)[-1]
    assert f"<@{JOHN}> has it" in read_parent_text(acme)


async def test_an_assigned_member_is_mentioned_in_the_thread(acme: World) -> None:
    await receive(acme)
    await acme.press("chat.assign")
    await acme.submit({"member": MEI})
    await pass_seconds(acme, 5)
    assert f"<@{MEI}>" in list_thread_texts(acme)[-1]
    assert f"<@{MEI}> has it" in read_parent_text(acme)
    await acme.press("chat.assign")
    await acme.submit({"member": None})
    await pass_seconds(acme, 5)
    assert "Unassigned" in read_parent_text(acme)


async def test_a_resolved_conversation_reopens_when_the_customer_writes(acme: World) -> None:
    asha = await receive(acme)
    await acme.press("chat.resolve")
    await pass_seconds(acme, 5)
    assert "Resolved" in read_parent_text(acme)
    await receive(acme, "One more thing", asha)
    assert "Resolved" not in read_parent_text(acme)


async def test_a_snoozed_conversation_comes_back_once(acme: World) -> None:
    await receive(acme)
    choice = next(
        option["value"]
        for block in find_parent(acme).blocks or []
        for element in block.get("elements", ())
        if element.get("action_id") == "chat.snooze"
        for option in element["options"]
    )
    await acme.press("chat.snooze", value=choice)
    await pass_seconds(acme, 5)
    assert "Snoozed until" in read_parent_text(acme)
    await pass_seconds(acme, 3_700)
    woken = [text for text in list_thread_texts(acme) if "snoozed until now" in text]
    assert len(woken) == 1
    assert f"<@{JOHN}>" in woken[0]
    assert "Snoozed" not in read_parent_text(acme)


async def test_a_note_stays_in_slack(acme: World) -> None:
    asha = await receive(acme)
    await acme.press("chat.note")
    await acme.submit({"text": "Wants <b>blue</b>"})
    await pass_seconds(acme, 5)
    assert "Note by John" in list_thread_texts(acme)[-1]
    assert "Wants &lt;b&gt;blue&lt;/b&gt;" in list_thread_texts(acme)[-1]
    assert list_session_texts(asha) == []


async def test_an_unanswered_customer_is_brought_up_once(acme: World) -> None:
    asha = await receive(acme)
    await pass_seconds(acme, 4_000)
    assert len([text for text in list_thread_texts(acme) if "waited for an answer" in text]) == 1
    await receive(acme, "Hello?", asha)
    await acme.press("chat.reply")
    await acme.submit({"text": "Yes."})
    await pass_seconds(acme, 4_000)
    assert len([text for text in list_thread_texts(acme) if "waited for an answer" in text]) == 1


# --- reading --------------------------------------------------------------------------------------


@reaches(
    "POST /v1/ext/plugin/whatsapp/list-chat-messages-for-phone-number",
    "chats.list_for_phone",
    title="List Previous Messages For A Phone Number",
    by="Earlier messages in a customer's thread",
)
async def test_previous_messages_are_shown_to_one_reader(acme: World) -> None:
    asha = await receive(acme)
    await acme.press("chat.reply")
    await acme.submit({"text": "Yes."})
    await pass_seconds(acme, 5)
    await receive(acme, "Great", asha)
    await acme.press("chat.history")
    shown = list_ephemerals(acme)[-1]
    assert "+91 98765 43210" in shown
    positions = [shown.index(text) for text in ("in blue", "*Us*: Yes.", "Great")]
    assert positions == sorted(positions)
    again = await acme.type("/chakra chat +91 98765 43210")
    assert collect_text(again) == shown


async def test_open_conversations_are_listed(acme: World) -> None:
    await receive(acme)
    assert "*Asha Rao*" in collect_text(await acme.type("/chakra chat"))
    await acme.press("chat.resolve")
    empty = collect_text(await acme.type("/chakra chat"))
    assert "No open conversations" in empty
    assert "/chakra notify" in empty


async def test_a_number_that_never_wrote_gets_a_template_only(acme: World) -> None:
    shown = await acme.type("/chakra chat +91 98765 43299")
    assert "No messages yet." in collect_text(shown)
    assert "chat.reply" not in str(shown.blocks)
    assert "send.edit" in str(shown.blocks)
