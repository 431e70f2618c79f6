"""The chat endpoints: chats, their messages, and the messages of a phone number.

Paths are CONFIRMED; bodies are INFERRED, and the fields of a chat are UNKNOWN. The items of
messages are the documented chat-message object. What a customer without a number has for a
``contactIdentifier`` is UNKNOWN: here it is the user ID.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.sandbox.chakra import envelope
from bot.sandbox.chakra.account import WhatsAppAccount
from bot.sandbox.chakra.customer import EmbeddedCustomer
from bot.sandbox.chakra.customers import Customers
from bot.sandbox.chakra.phone_message import PhoneMessage

LIST_FOR_PHONE = "/v1/ext/plugin/whatsapp/list-chat-messages-for-phone-number"
DEFAULT_LIMIT = 25
MAX_LIMIT = 100
"""The limits of a page are UNKNOWN; these are those of processes."""

Body = Mapping[str, Any]


class ChatsResource:
    def __init__(self, account: WhatsAppAccount, team_id: str, customers: Customers) -> None:
        self._account = account
        self._team_id = team_id
        self._customers = customers

    def build_routes(self) -> list[Route]:
        return [
            Route("/v1/ext/chat", self._list, methods=["POST"]),
            Route("/v1/ext/chat/{chatId}/message", self._list_messages, methods=["POST"]),
            Route(LIST_FOR_PHONE, self._list_for_phone, methods=["POST"]),
        ]

    async def _list(self, request: Request) -> Response:
        body = await envelope.read_json_object(request)
        search = str(body.get("search") or "").lower()
        is_descending = body.get("orderDirection") == "desc"
        found = [
            _build_chat(customer, self._account, self._team_id)
            for customer in self._customers
            if customer.phone
            and search in f"{customer.identity.name} {customer.identity.key}".lower()
        ]
        found.sort(key=lambda chat: int(chat["createdAt"]), reverse=is_descending)
        return _build_page(found, body)

    async def _list_messages(self, request: Request) -> Response:
        chat_id = request.path_params["chatId"]
        for customer in self._customers:
            if chat_id == _build_chat_id(customer):
                return _build_page(
                    self._build_messages(customer), await envelope.read_json_object(request)
                )
        raise envelope.RequestError(404, "Chat not found")

    async def _list_for_phone(self, request: Request) -> Response:
        body = await envelope.read_json_object(request)
        number = body.get("customerPhoneNumber")
        if not isinstance(number, str) or not number.isdecimal():
            raise envelope.RequestError(400, "customerPhoneNumber is required")
        customer = self._customers.find(number)
        is_known = customer is not None and bool(customer.identity.visible_phone)
        return _build_page(self._build_messages(customer) if customer and is_known else [], body)

    def _build_messages(self, customer: EmbeddedCustomer) -> list[dict[str, Any]]:
        """Return the messages, the newest first; which order is real is UNKNOWN."""
        return [
            _build_message(customer, message, self._account, self._team_id)
            for message in reversed(customer.phone)
        ]


def _build_page(items: Sequence[Mapping[str, Any]], body: Body) -> Response:
    page, limit = (
        _read_number(body, "page", 1, 10**6),
        _read_number(body, "limit", DEFAULT_LIMIT, MAX_LIMIT),
    )
    first = (page - 1) * limit
    return envelope.build_data_response(items[first : first + limit], meta={"total": len(items)})


def _read_number(body: Body, name: str, usual: int, most: int) -> int:
    value = body.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise envelope.RequestError(400, f"{name} is not a whole number from 1 to {most}")
    return value


def _build_chat(
    customer: EmbeddedCustomer, account: WhatsAppAccount, team_id: str
) -> dict[str, Any]:
    identity = customer.identity
    return {
        "id": _build_chat_id(customer),
        "createdAt": int(customer.phone[0].sent_at * 1000),
        "updatedAt": int(customer.phone[-1].sent_at * 1000),
        "status": "OPEN",
        "provider": "whatsapp",
        "contact": {"name": identity.name, "phone": identity.visible_phone or None},
        "assignedTo": None,
        "plugin": account.plugin_id,
        "team": team_id,
    }


def _build_chat_id(customer: EmbeddedCustomer) -> str:
    """Return the ID of a chat, which remains the same when the number changes."""
    return str(uuid5(NAMESPACE_URL, f"chat:{customer.phone[0].wamid}")) if customer.phone else ""


def _build_message(
    customer: EmbeddedCustomer, message: PhoneMessage, account: WhatsAppAccount, team_id: str
) -> dict[str, Any]:
    moment = int(message.sent_at * 1000)
    return {
        "id": message.chakra_id,
        "createdAt": moment,
        "updatedAt": moment,
        "externalId": message.wamid,
        "provider": "whatsapp",
        "dataType": str(message.message.get("type", "text")),
        "body": {"body": message.text},
        "text": message.text,
        "attachments": None,
        "deliveryStatus": None if message.is_inbound else (message.status.upper() or "SENT"),
        "direction": "INBOUND" if message.is_inbound else "OUTBOUND",
        "timestamp": moment,
        "context": {"contactIdentifier": customer.identity.key, "messageTemplateId": None},
        "adhocAgent": None,
        "source": {"sourceId": message.sender_id, "sourceType": "whatsapp"},
        "team": team_id,
        "chat": _build_chat_id(customer),
        "plugin": account.plugin_id,
        "contact": None,
        "user": None,
        "procedure": None,
        "process": None,
        "campaign": None,
        "inReplyTo": message.replies_to or None,
    }
