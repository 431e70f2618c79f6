"""What a thread shows of answers, templates and opt-outs after they were sent."""

from __future__ import annotations

from tests.commands.chat_scenarios import (
    list_session_texts,
    list_thread_texts,
    open_channel,
    pass_seconds,
    read_parent_text,
    receive,
)
from tests.commands.send_scenarios import choose_template
from tests.people import JOHN
from tests.world import World

DAY = 86_400.0
FAILING_PHONE = "12025550102"
"""What is sent to this number fails after it was accepted."""
WAITED = "waited for an answer"


async def test_a_template_from_a_conversation_has_its_ticks_in_the_thread(acme: World) -> None:
    await receive(acme)
    await acme.clock.jump(DAY)
    await acme.press("chat.reply")
    await choose_template(acme, "hello_world", "en_US")
    await acme.send()
    await pass_seconds(acme, 60)
    shown = list_thread_texts(acme)[-1]
    assert "Template *hello_world*, English" in shown
    assert "Read" in shown
    assert [item for item in acme.slack.list_messages(JOHN, "D0JOHN") if "hello_world" in item.text]
    assert shown.startswith("*John*")


async def test_a_template_to_someone_else_is_not_in_the_thread(acme: World) -> None:
    await receive(acme)
    await acme.clock.jump(DAY)
    await acme.press("chat.reply")
    await choose_template(acme, "hello_world", "en_US")
    await acme.send({"phone": "+61 491 570 156"})
    await pass_seconds(acme, 60)
    assert "hello_world" not in str(list_thread_texts(acme))


async def test_a_late_failure_makes_the_customer_wait_again(acme: World) -> None:
    await open_channel(acme)
    asha = acme.chakra.customers.add("Asha Rao", FAILING_PHONE)
    await receive(acme, customer=asha)
    await acme.press("chat.reply")
    await acme.submit({"text": "Yes."})
    await acme.press("chat.resolve")
    await pass_seconds(acme, 60)
    failed = next(text for text in list_thread_texts(acme) if "> Yes." in text)
    assert "Not delivered" in failed
    assert "Resolved" not in read_parent_text(acme)
    await pass_seconds(acme, 4_000)
    assert len([text for text in list_thread_texts(acme) if WAITED in text]) == 1


async def test_the_thread_shows_who_wants_no_more_messages(acme: World) -> None:
    asha = await receive(acme)
    await receive(acme, "STOP", asha)
    assert "Wants no more messages" in read_parent_text(acme)
    await acme.type("/chakra optouts")
    await acme.press("optouts.lift")
    await acme.submit({"reason": "She called"})
    await pass_seconds(acme, 10)
    assert "Wants no more" not in read_parent_text(acme)
    asha.stop_marketing()
    await pass_seconds(acme, 10)
    assert "Wants no more marketing messages" in read_parent_text(acme)
    asha.resume_marketing()
    await pass_seconds(acme, 10)
    assert "Wants no more" not in read_parent_text(acme)
    await acme.type("/chakra optouts add +919876543210 asked by phone")
    await pass_seconds(acme, 10)
    assert "Wants no more messages" in read_parent_text(acme)
    assert list_session_texts(asha) == []
