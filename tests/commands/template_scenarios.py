"""What a person does and sees in the stories of ``/chakra templates``."""

from __future__ import annotations

from typing import Any

from bot.sandbox.slack import VisibleMessage
from bot.templates import card
from tests.world import World

SALES = "C0SALES"
MEI, JOHN = "U0MEI", "U0JOHN"
LIST_TEMPLATES = "GET /v1/ext/plugin/whatsapp/api/{whatsappApiVersion}/{wabaId}/message_templates"
CREATE_TEMPLATE = LIST_TEMPLATES.replace("GET", "POST")
UPDATE_TEMPLATE = (
    "POST /v1/ext/plugin/whatsapp/api/{whatsappApiVersion}/{whatsappMessageTemplateId}"
)
LIST_NUMBERS = "GET /v1/ext/whatsapp-phone-number"


async def run_command(
    acme: World, text: str = "", *, by: str = MEI, where: str = SALES
) -> VisibleMessage:
    return await acme.type(f"/chakra templates {text}", by=by, channel=where)


async def press_button(
    acme: World, action: str, *, by: str = MEI, value: Any = None
) -> VisibleMessage:
    return await acme.press(action, by=by, value=value)


async def submit_form(acme: World, by: str = JOHN, **values: str) -> dict[str, str]:
    """Return the errors under the fields afterwards."""
    return await acme.submit(values, by=by)


def find_last_message(acme: World, by: str = MEI, where: str = SALES) -> VisibleMessage:
    return acme.slack.list_messages(by, where)[-1]


def list_row_names(message: VisibleMessage) -> list[str]:
    """The name in each row."""
    return [
        block["text"]["text"].split("\n")[0].strip("*")
        for block in message.blocks or []
        if block.get("accessory", {}).get("action_id") == card.SHOW
    ]
