"""Stories of links to Chakra's dashboard: their previews, and the pane that each person opens."""

from __future__ import annotations

import json
from typing import Any

from bot.sandbox.slack import VisibleMessage
from tests.people import JOHN, SALES
from tests.world import World

LINK = "https://app.chakrahq.com/lead/LEAD-004038"


async def post(world: World, text: str, *, by: str = JOHN, channel: str = SALES) -> VisibleMessage:
    """Post a message; return it as it is once the bot has nothing left to do."""
    await world.slack.type(by, channel, text)
    await world.idle()
    return next(m for m in reversed(world.slack.messages(by, channel)) if m.author == by)


def previews(message: VisibleMessage) -> list[dict[str, Any]]:
    return [a for a in message.attachments or [] if a.get("is_app_unfurl")]


def titles(message: VisibleMessage) -> list[str]:
    return [preview["title"] for preview in previews(message)]


async def open_pane(world: World, message: VisibleMessage, by: str = JOHN) -> dict[str, Any]:
    await world.slack.previews.open(by, message.id)
    await world.idle()
    pane = world.slack.previews.pane(by)
    assert pane is not None
    return pane


def fields(pane: dict[str, Any]) -> dict[str, Any]:
    return {f["label"]: f["value"] for f in pane["entity"]["entity_payload"]["custom_fields"]}


def actions(pane: dict[str, Any]) -> list[str]:
    offered = pane["entity"]["entity_payload"].get("actions", {})
    return [a["text"] for key in ("primary_actions", "overflow_actions")
            for a in offered.get(key, ())]  # fmt: skip


async def test_link_gets_a_preview_without_any_customer_data(acme: World) -> None:
    message = await post(acme, f"Look at {LINK} please")
    assert titles(message) == ["Lead LEAD-004038"]
    [preview] = previews(message)
    assert preview["entity"]["external_ref"] == {"id": "LEAD-004038", "type": "lead"}
    assert preview["entity"]["entity_payload"]["attributes"]["product_name"] == "ChakraHQ"
    shown = json.dumps(message.attachments)
    assert not [word for word in ("Aarav", "98765", "Pune", "NEW", "johndoe") if word in shown]
    assert not [r for r in acme.chakra.requests if "process" in r.path]
    assert acme.slack.rejections == []


async def test_sender_sees_whole_numbers_and_the_buttons_in_the_pane(acme: World) -> None:
    pane = await open_pane(acme, await post(acme, LINK))
    assert pane["entity"]["entity_payload"]["attributes"]["title"]["text"] == "Aarav Mehta"
    assert fields(pane)["Score"] == "72"
    assert "919876543210" in json.dumps(pane)
    assert actions(pane) == ["Send WhatsApp", "Edit", "Assign to me", "Task…", "Delete…"]
    assert acme.slack.rejections == []
