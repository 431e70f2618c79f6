"""Answers from Slack: the form, its guarantees, and what the thread then shows."""

from __future__ import annotations

from tests.commands.chat_scenarios import pass_seconds, receive, session_texts, thread
from tests.people import JOHN
from tests.world import World


async def test_a_reply_reaches_the_customer_once_and_its_ticks_follow(acme: World) -> None:
    asha = await receive(acme)
    await acme.press("chat.reply")
    view = acme.slack.view(JOHN)
    assert view is not None
    assert view["submit"]["text"] == "Send to Asha Rao"
    assert await acme.submit({"text": "Yes, in two shades."}) == {}
    assert session_texts(asha) == ["Yes, in two shades."]
    await pass_seconds(acme, 2)
    assert "Yes, in two shades." in thread(acme)[-1]
    await pass_seconds(acme, 60)
    assert "Read" in thread(acme)[-1]
    assert len(thread(acme)) == 2
