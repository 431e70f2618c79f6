"""Read chats and their messages (API.md, Chats)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import Field, model_validator

from bot.chakra.fields import Text, Timestamp, to_international_phone, to_text
from bot.chakra.models import Resource
from bot.chakra.transport.envelope import Envelope, parse_envelope
from bot.chakra.transport.http import Http

CHATS_PATH = "/v1/ext/chat"
CHAT_MESSAGES_PATH = "/v1/ext/chat/{chatId}/message"
LIST_FOR_PHONE_PATH = "/v1/ext/plugin/whatsapp/list-chat-messages-for-phone-number"
OUTBOUND = "OUTBOUND"
TOTAL_FIELDS = ("total", "totalCount", "count")
NAME_FIELDS = ("name", "displayName", "fullName", "firstName", "username")
PHONE_FIELDS = ("phone", "phoneNumber", "customerPhoneNumber", "contactIdentifier", "waId", "wa_id")
CONTACT_FIELDS = ("contact", "customer", "participant")

ItemT = TypeVar("ItemT", bound="_ListedItem")


class _ListedItem(Resource):
    """An item of a list, with all of its fields as Chakra sent them."""

    id: Text = ""
    raw: Mapping[str, Any] = Field(default_factory=dict, repr=False)

    @model_validator(mode="before")
    @classmethod
    def _keep_raw(cls, value: object) -> object:
        return {**value, "raw": value} if isinstance(value, dict) else value


class ChatMessage(_ListedItem):
    """A message of a chat, in either direction.

    The fields are those of the message that a send returns, INFERRED. ``external_id`` is the wamid.
    """

    external_id: Text = ""
    data_type: Text = ""
    text: Text = ""
    direction: Text = ""
    delivery_status: Text = ""
    timestamp: Timestamp = None
    created_at: Timestamp = None

    @property
    def is_ours(self) -> bool:
        return self.direction.upper() == OUTBOUND

    @property
    def sent_at(self) -> float:
        """The time in seconds since 1970; 0 if Chakra gives none."""
        moment = self.timestamp or self.created_at
        return moment.timestamp() if moment else 0.0

    @property
    def contact_identifier(self) -> str:
        """The customer: a number, or perhaps a user ID; "" if the message has none."""
        context = self.raw.get("context")
        return to_text(context.get("contactIdentifier")) if isinstance(context, Mapping) else ""


class Chat(_ListedItem):
    """A chat. Its fields are UNKNOWN: the usual ones are read, of the chat and its contact."""

    status: Text = ""
    created_at: Timestamp = None
    updated_at: Timestamp = None

    @property
    def name(self) -> str:
        """The name of the customer, "" if none is known."""
        return next(iter(self.names), "")

    @property
    def names(self) -> tuple[str, ...]:
        """All names of the customer, a username too."""
        found = (to_text(value) for value in self._list_values(NAME_FIELDS))
        return tuple(dict.fromkeys(filter(None, found)))

    @property
    def phone(self) -> str:
        """The digits of the customer's number, "" if none is known."""
        found = (_to_phone(value) for value in self._list_values(PHONE_FIELDS))
        return next(filter(None, found), "")

    @property
    def updated(self) -> float:
        """When something last happened, in seconds since 1970; 0 if Chakra doesn't say."""
        moment = self.updated_at or self.created_at
        return moment.timestamp() if moment else 0.0

    def _list_values(self, names: tuple[str, ...]) -> list[object]:
        contacts = [self.raw.get(name) for name in CONTACT_FIELDS]
        holders = [*(contact for contact in contacts if isinstance(contact, Mapping)), self.raw]
        return [holder.get(name) for holder in holders for name in names]


@dataclass(frozen=True)
class ChatPage(Generic[ItemT]):
    """A page of a list; ``has_more`` is whether there may be another."""

    items: tuple[ItemT, ...] = field(repr=False)
    has_more: bool

    def cut(self, page: int, limit: int) -> ChatPage[ItemT]:
        """Return the page of a list that came whole: that Chakra respects a limit is INFERRED."""
        if len(self.items) <= limit:
            return self
        start = (page - 1) * limit
        return ChatPage(self.items[start : start + limit], len(self.items) > start + limit)


class ChatsApi:
    """The chat endpoints. Methods raise the errors of ``Http.get``.

    The paths are CONFIRMED; bodies, responses and their order are INFERRED, so the messages of a
    page are sorted here, the latest first. An item that can't be read is left out.
    """

    def __init__(self, http: Http) -> None:
        self._http = http

    async def list(self, *, limit: int, page: int = 1, search: str = "") -> ChatPage[Chat]:
        """Return the chats of the team. That ``search`` has an effect is INFERRED."""
        body: dict[str, object] = {
            "orderField": "createdAt",
            "orderDirection": "desc",
            "limit": limit,
            "page": page,
        }
        if search:
            body["search"] = search
        envelope = parse_envelope(await self._http.query(CHATS_PATH, body=body))
        return _parse_page(envelope, Chat, page, limit)

    async def list_messages(
        self, chat_id: str, *, limit: int, page: int = 1
    ) -> ChatPage[ChatMessage]:
        """Return messages of a chat."""
        envelope = parse_envelope(
            await self._http.query(
                CHAT_MESSAGES_PATH, {"chatId": chat_id}, body={"limit": limit, "page": page}
            )
        )
        return _sort(_parse_page(envelope, ChatMessage, page, limit))

    async def list_for_phone(
        self, phone: str, *, limit: int, page: int = 1
    ) -> ChatPage[ChatMessage]:
        """Return messages from and to a number (digits)."""
        body = {"customerPhoneNumber": phone, "limit": limit, "page": page}
        envelope = parse_envelope(await self._http.query(LIST_FOR_PHONE_PATH, body=body))
        return _sort(_parse_page(envelope, ChatMessage, page, limit))


def _parse_page(envelope: Envelope, model: type[ItemT], page: int, limit: int) -> ChatPage[ItemT]:
    listed = _find_items(envelope)
    items = tuple(model.model_validate(item) for item in listed if isinstance(item, dict))
    total = next((_to_count(envelope.meta.get(name)) for name in TOTAL_FIELDS), None)
    has_more = len(listed) >= limit if total is None else page * limit < total
    return ChatPage(items, has_more and bool(items))


def _find_items(envelope: Envelope) -> list[Any]:
    """Return the array in ``_data``, or the only one of an object there: the body is INFERRED."""
    data = envelope.data
    if not data or isinstance(data, list):
        return data or []
    values = data.values() if isinstance(data, dict) else ()
    arrays = [value for value in values if isinstance(value, list)]
    if len(arrays) != 1:
        raise envelope.build_error("_data", "An array was expected.")
    return arrays[0]


def _sort(page: ChatPage[ChatMessage]) -> ChatPage[ChatMessage]:
    latest_first = sorted(page.items, key=lambda message: message.sent_at, reverse=True)
    return ChatPage(tuple(latest_first), page.has_more)


def _to_count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _to_phone(value: object) -> str:
    """Return digits; "" for a user ID, which has letters and a period (API.md, Webhooks)."""
    text = to_text(value)
    return "" if "." in text else to_international_phone(text).removeprefix("+")
