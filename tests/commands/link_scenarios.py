"""What people do with links to Chakra's dashboard, and what they see of them."""

from __future__ import annotations

from typing import Any

from bot.sandbox.slack import VisibleMessage
from bot.sandbox.slack.exchange_log import ApiCall
from tests.people import JOHN, SALES
from tests.world import World

LINK = "https://app.chakrahq.com/lead/LEAD-004038"
FETCH = "GET /v1/ext/procedure/{procedureShortId}/process/{processId}"


async def post(world: World, text: str, *, by: str = JOHN, channel: str = SALES) -> VisibleMessage:
    """Post a message; return it as it is once the bot has nothing left to do."""
    await world.slack.type(by, channel, text)
    await world.wait_until_idle()
    return next(m for m in reversed(world.slack.list_messages(by, channel)) if m.author == by)


def list_previews(message: VisibleMessage) -> list[dict[str, Any]]:
    return [a for a in message.attachments or [] if a.get("is_app_unfurl")]


def list_titles(message: VisibleMessage) -> list[str]:
    return [preview["title"] for preview in list_previews(message)]


def list_unfurls(world: World) -> list[ApiCall]:
    return [call for call in world.slack.calls if call.method == "chat.unfurl"]


async def open_pane(world: World, message: VisibleMessage, by: str = JOHN) -> dict[str, Any]:
    await world.slack.previews.open(by, message.id)
    await world.wait_until_idle()
    pane = world.slack.previews.find_pane(by)
    assert pane is not None
    return pane


async def open_slowly(world: World, message: VisibleMessage, by: str = JOHN) -> dict[str, Any]:
    """Open the pane while something hangs; return what it then says."""

    def find_pane() -> dict[str, Any]:
        return world.slack.previews.find_pane(by) or {}

    async with world.clock.running():
        await world.slack.previews.open(by, message.id)
        await world.slack.wait_until(lambda: bool(find_pane().get("error")))
    await world.wait_until_idle()
    return find_pane()


def index_fields(pane: dict[str, Any]) -> dict[str, Any]:
    return {f["label"]: f["value"] for f in pane["entity"]["entity_payload"]["custom_fields"]}


def list_actions(pane: dict[str, Any]) -> list[str]:
    offered = pane["entity"]["entity_payload"].get("actions", {})
    return [a["text"] for key in ("primary_actions", "overflow_actions")
            for a in offered.get(key, ())]  # fmt: skip
