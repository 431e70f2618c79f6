"""Cards of template events, in a channel that asked for them."""

from __future__ import annotations

from typing import Any

from bot.notifications.rule import EventGroup, RuleSpec
from bot.sandbox.slack import collect_text
from tests.commands.chat_scenarios import pass_seconds
from tests.people import JOHN, SALES
from tests.world import World

TEMPLATE = "appointment_reminder"
READING_NUMBER = "+12025550100"


async def open_channel(acme: World) -> None:
    await acme.slack.invite_app(JOHN, SALES)
    await acme.wait_until_idle()
    spec = RuleSpec(events=(EventGroup.TEMPLATE,))
    await acme.bot.context.notifications.rules.add(SALES, JOHN, spec, acme.clock.time())
    await acme.bot.context.templates.get_index()


async def change(acme: World, **changes: Any) -> str:
    """Change the template as Meta would; return the card."""
    await pass_seconds(acme, 90)
    acme.chakra.update_template(TEMPLATE, "en", **changes)
    await pass_seconds(acme, 6)
    return collect_text(acme.find_shown())


async def test_a_paused_template_names_who_sent_it_recently(acme: World) -> None:
    await open_channel(acme)
    await acme.type(f"/chakra send {TEMPLATE} {READING_NUMBER} 1=J 2=May 3=10:00 language=en")
    await acme.confirm()
    card = await change(acme, status="PAUSED")
    assert f"Template *{TEMPLATE}* (English) was paused" in card
    assert "It can't be sent for now" in card
    assert "*Sent once* from Slack in the last 30 days: " in card
    assert f"<@{JOHN}>" not in card
    await acme.press("templates.show")
    assert TEMPLATE in collect_text(acme.find_shown())
    assert acme.find_shown().ephemeral


async def test_a_new_text_is_compared_with_the_one_before(acme: World) -> None:
    await open_channel(acme)
    before = acme.chakra.find_template(TEMPLATE, "en")
    components = [dict(part) for part in before.components]
    for part in components:
        if part["type"] == "BODY":
            part["text"] = str(part["text"]) + " Thanks!"
    card = await change(acme, components=components)
    assert "has new content" in card
    assert "*Thanks!*" in card
    assert "didn't have the text" not in card


async def test_a_template_that_becomes_marketing(acme: World) -> None:
    await open_channel(acme)
    card = await change(acme, category="MARKETING")
    assert "*Marketing*" in card
    assert "charged as marketing" in card
    assert "Not sent from Slack in the last 30 days." in card
