"""What a person does and sees in the stories of ``/chakra send``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from bot.sandbox.slack import VisibleMessage, collect_text
from tests.clock import ManualClock
from tests.world import World

SALES, DIRECT = "C0SALES", "D0JOHN"
JOHN, MEI, PRIYA = "U0JOHN", "U0MEI", "U0PRIYA"
SEND_PATH = "/v1/ext/plugin/whatsapp/{pluginId}/phoneNumber/{phoneNumber}/send-template-message"
LIST_TEMPLATES = "GET /v1/ext/plugin/whatsapp/api/{whatsappApiVersion}/{wabaId}/message_templates"
READING_NUMBER = "+12025550100"
NOT_ON_WHATSAPP = "+12025550101"
RATE_LIMITED_RECIPIENT = "+12025550108"
SLOW, LOST_RESPONSE, NEVER_ARRIVED, RATE_LIMITED = (
    f"+120255501{end}" for end in ("27", "28", "29", "31")
)
ERROR_IN_200, HTML_RESPONSE = "+12025550132", "+12025550133"
VALUES = {"var_body_1": "Jane", "var_body_2": "May 3", "var_body_3": "10:00"}
COMMAND_LINE = 'appointment_reminder {to} 1=Jane 2="May 3" 3=10:00 language=en'


async def settle_app(acme: World) -> None:
    """What can happen without more time has happened. A report may still wait for its turn."""
    await acme.wait_until_idle()


async def run_command(acme: World, text: str = "", *, by: str = JOHN) -> VisibleMessage:
    return await acme.type(f"/chakra send {text}", by=by)


async def press_button(acme: World, action: str, *, by: str = JOHN) -> VisibleMessage:
    return await acme.press(action, by=by)


async def choose_template(
    acme: World, name: str = "appointment_reminder", language: str = "en"
) -> None:
    await acme.slack.suggest(JOHN, "send.template", name)
    template = acme.chakra.find_template(name, language)
    await acme.slack.press(JOHN, "send.template", value=template.id)
    await settle_app(acme)


async def check_form(acme: World, **values: Any) -> dict[str, str]:
    """Fills in the form and continues; the sentences under the fields."""
    return await acme.submit({"phone": READING_NUMBER, **VALUES, **values})


async def submit_form(acme: World, **values: Any) -> dict[str, str]:
    """Fills in the form, and sends what is shown; the sentences under the fields."""
    return await acme.send({"phone": READING_NUMBER, **VALUES, **values})


async def open_form(acme: World, name: str = "appointment_reminder", language: str = "en") -> None:
    await run_command(acme)
    await choose_template(acme, name, language)


async def enter_text(acme: World, clock: ManualClock, field: str, *texts: str) -> None:
    """Types each, and pauses after the last."""
    typing = [asyncio.create_task(acme.slack.enter_text(JOHN, field, text)) for text in texts]
    while not all(task.done() for task in typing):
        await advance(acme, clock, 0.5)
    await advance(acme, clock, 1)
    await settle_app(acme)


async def advance(acme: World, clock: ManualClock, seconds: float) -> None:
    """Lets time pass with what the bot and Chakra do in it."""
    await clock.advance(seconds)


async def advance_until(acme: World, clock: ManualClock, condition: Callable[[], bool]) -> None:
    """Time passes no faster than the machine can do what is due in it, even a busy one."""
    await clock.advance_until(condition)


def is_sent(acme: World, by: str = JOHN) -> bool:
    """Whether the view shows what became of a send, and has no button to send."""
    view = acme.slack.find_view(by) or {}
    return bool(view.get("blocks")) and view.get("submit") is None


def read_view_text(acme: World, by: str = JOHN) -> str:
    return collect_text(acme.slack.find_view(by) or {})


def read_report_text(acme: World) -> str:
    messages = acme.slack.list_messages(JOHN, DIRECT)
    return collect_text(messages[-1]) if messages else ""


def read_last_message_text(acme: World) -> str:
    return collect_text(acme.slack.list_messages(JOHN, SALES)[-1])


def count_sent(acme: World) -> int:
    """How many messages Chakra took."""
    return len(acme.chakra.sends)
