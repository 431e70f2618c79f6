"""What a person does and sees in the stories of ``/chakra templates``."""

from __future__ import annotations

from typing import Any

from bot.sandbox.slack import VisibleMessage
from bot.templates import pages
from tests.world import World

SALES = "C0SALES"
MEI, JOHN = "U0MEI", "U0JOHN"
ALL = "GET /v1/ext/plugin/whatsapp/api/{whatsappApiVersion}/{wabaId}/message_templates"
CREATE = ALL.replace("GET", "POST")
UPDATE = "POST /v1/ext/plugin/whatsapp/api/{whatsappApiVersion}/{whatsappMessageTemplateId}"
NUMBERS = "GET /v1/ext/whatsapp-phone-number"


async def typed(
    acme: World, text: str = "", *, by: str = MEI, where: str = SALES
) -> VisibleMessage:
    return await acme.type(f"/chakra templates {text}", by=by, channel=where)


async def pressed(acme: World, action: str, *, by: str = MEI, value: Any = None) -> VisibleMessage:
    return await acme.press(action, by=by, value=value)


async def submitted(acme: World, by: str = JOHN, **values: str) -> dict[str, str]:
    """What stands under the fields afterwards."""
    return await acme.submit(values, by=by)


def seen(acme: World, by: str = MEI, where: str = SALES) -> VisibleMessage:
    return acme.slack.messages(by, where)[-1]


def rows(message: VisibleMessage) -> list[str]:
    """The name in each row."""
    return [
        block["text"]["text"].split("\n")[0].strip("*")
        for block in message.blocks or []
        if block.get("accessory", {}).get("action_id") == pages.SHOW
    ]
