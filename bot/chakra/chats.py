"""Read what was said in a chat (API.md, Chats)."""

from __future__ import annotations

from bot.chakra.fields import Text, Timestamp
from bot.chakra.models import Resource
from bot.chakra.transport.envelope import parse_envelope
from bot.chakra.transport.http import Http

LIST_FOR_PHONE_PATH = "/v1/ext/plugin/whatsapp/list-chat-messages-for-phone-number"
OUTBOUND = "OUTBOUND"


class ChatMessage(Resource):
    """A message of a chat, in either direction.

    The fields are those of the message that a send returns, INFERRED. ``external_id`` is the wamid.
    """

    id: Text = ""
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


class ChatsApi:
    """The chat endpoints. Methods raise the errors of ``Http.get``."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def list_for_phone(self, phone: str, *, limit: int) -> tuple[ChatMessage, ...]:
        """Return the last messages from and to a number (digits), the latest first.

        The path is CONFIRMED; the body, the response and its order are INFERRED, so the messages
        are sorted here. An item that can't be read is left out.
        """
        body = {"customerPhoneNumber": phone, "limit": limit, "page": 1}
        envelope = parse_envelope(await self._http.query(LIST_FOR_PHONE_PATH, body=body))
        items = envelope.data if isinstance(envelope.data, list) else ()
        messages = [ChatMessage.model_validate(item) for item in items if isinstance(item, dict)]
        return tuple(sorted(messages, key=lambda message: message.sent_at, reverse=True)[:limit])
