"""What customers write, and what people do with it in Slack, in the stories of answers."""

from __future__ import annotations

from typing import Any

from bot.notifications.rule import EventGroup, RuleSpec
from bot.sandbox.chakra.customer import EmbeddedCustomer
from bot.sandbox.slack import VisibleMessage, collect_text
from tests.people import JOHN, SALES
from tests.world import World

LONG_SECONDS = 5.0
ASHA_PHONE = "919876543210"
SEND_PATH = (
    "POST /v1/ext/plugin/whatsapp/{pluginId}/api/{whatsappApiVersion}"
    "/{whatsappPhoneNumberId}/messages"
)


async def open_channel(acme: World) -> None:
    """Let the sales channel receive what customers write, in reply mode."""
    await acme.slack.invite_app(JOHN, SALES)
    await acme.wait_until_idle()
    spec = RuleSpec(events=(EventGroup.MESSAGE,), takes_replies=True)
    await acme.bot.context.notifications.rules.add(SALES, JOHN, spec, acme.clock.time())


async def receive(
    acme: World, text: str = "Does it come in blue?", customer: EmbeddedCustomer | None = None
) -> EmbeddedCustomer:
    """Let a customer write; the sales channel takes replies."""
    if customer is None:
        await open_channel(acme)
        customer = acme.chakra.customers.add("Asha Rao", ASHA_PHONE)
    customer.write(text)
    await pass_seconds(acme, 5)
    return customer


async def pass_seconds(acme: World, seconds: float) -> None:
    await (acme.clock.jump if seconds > LONG_SECONDS else acme.clock.advance)(seconds)
    await acme.clock.advance(LONG_SECONDS)
    await acme.wait_until_idle()


def find_parent(acme: World) -> VisibleMessage:
    return next(
        message
        for message in acme.slack.list_messages(JOHN, SALES)
        if message.thread_ts in (None, message.ts) and "chat.resolve" in str(message.blocks)
    )


def list_thread_texts(acme: World, *, by: str = JOHN) -> list[str]:
    """Return the texts of the thread that everyone sees, in order."""
    return [
        collect_text(message)
        for message in acme.slack.list_messages(by, SALES)
        if message.thread_ts == find_parent(acme).ts and message.ts != find_parent(acme).ts
        if not message.ephemeral
    ]


def list_session_texts(customer: EmbeddedCustomer) -> list[str]:
    """Return what the customer's phone shows of us."""
    return [message.text for message in customer.received]


def read_marks(acme: World) -> list[Any]:
    """Return the marks by which a customer sees that they are read."""
    return [
        request.json
        for request in acme.chakra.requests
        if f"{request.method} {request.endpoint}" == SEND_PATH
        and request.json.get("status") == "read"
    ]


def list_sent_bodies(acme: World) -> list[Any]:
    """Return our messages in Meta's format as Chakra got them."""
    return [
        request.json
        for request in acme.chakra.requests
        if f"{request.method} {request.endpoint}" == SEND_PATH and "type" in request.json
    ]


def list_ephemerals(acme: World, *, by: str = JOHN) -> list[str]:
    """Return what only this person sees in the channel."""
    return [
        collect_text(message)
        for message in acme.slack.list_messages(by, SALES)
        if message.ephemeral
    ]


def read_parent_text(acme: World) -> str:
    return collect_text(find_parent(acme))


def read_modal_text(acme: World, *, by: str = JOHN) -> str:
    return str((acme.slack.find_view(by) or {}).get("blocks"))


async def type_in_thread(acme: World, text: str, *, by: str = JOHN) -> None:
    await acme.slack.type(by, SALES, text, thread_ts=find_parent(acme).ts)
    await acme.wait_until_idle()
