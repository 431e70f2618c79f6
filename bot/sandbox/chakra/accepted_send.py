"""One accepted send, and the chat message that the API returns for it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from secrets import token_hex
from typing import Any, Literal

from bot.sandbox.chakra.template import EmbeddedTemplate

PLUGIN_PATH = "/v1/ext/plugin/whatsapp/{pluginId}"
SEND_TO_PHONE = "POST " + PLUGIN_PATH + "/phoneNumber/{phoneNumber}/send-template-message"
SEND_FOR_PROCESS = (
    "POST " + PLUGIN_PATH + "/process/{procedureShortId}/{primaryKeyOrId}/send-template-message"
)
SEND_META_MESSAGE = (
    "POST " + PLUGIN_PATH + "/api/{whatsappApiVersion}/{whatsappPhoneNumberId}/messages"
)

DeliveryStatus = Literal["SENT", "DELIVERED", "READ", "FAILED"]


@dataclass(frozen=True, slots=True)
class AcceptedSend:
    """An accepted send.

    ``endpoint`` is one of the three above, ``to`` the digits, ``sender`` Meta's ID of the number,
    ``template`` a name or None, ``text`` what the recipient reads, ``body`` the request, ``at`` in
    epoch seconds, ``process`` the record it is filed under.
    """

    id: str
    wamid: str
    endpoint: str
    to: str
    sender_id: str
    text: str
    accepted_at: float
    body: Mapping[str, Any] = field(repr=False)
    template: str | None = None
    language: str | None = None
    template_id: str | None = None
    category: str = "SERVICE"
    process_id: str = ""

    @property
    def is_passthrough(self) -> bool:
        """Whether it was sent in Meta's format: then Meta sends its events, not Chakra."""
        return self.endpoint == SEND_META_MESSAGE

    def with_template(self, template: EmbeddedTemplate) -> AcceptedSend:
        return replace(
            self,
            template=template.name,
            language=template.language,
            template_id=template.id,
            category=template.category,
        )


def generate_wamid(number: str) -> str:
    """Return an ID in the real form: the number, then something unguessable."""
    digits = number.encode()
    head = b"\x1c\x18" + bytes([len(digits)]) + digits
    return (
        "wamid."
        + b64encode(
            head + b"\x15\x02\x00\x11\x18\x12" + token_hex(9).upper().encode() + b"\x00"
        ).decode()
    )


def build_chat_message_body(
    send: AcceptedSend, *, team_id: str, plugin_id: str, user_id: str
) -> dict[str, Any]:
    """Return the documented fields.

    The values of ``provider``, ``dataType``, ``direction`` and ``sourceType`` are INFERRED, and so
    is ``SENT`` for a send that is only accepted.
    """
    moment = int(send.accepted_at * 1000)
    return {
        "id": send.id,
        "createdAt": moment,
        "updatedAt": moment,
        "externalId": send.wamid,
        "provider": "whatsapp",
        "dataType": "template",
        "body": {"body": send.text},
        "text": send.text,
        "attachments": None,
        "deliveryStatus": "SENT",
        "direction": "OUTBOUND",
        "timestamp": moment,
        "context": {"contactIdentifier": send.to, "messageTemplateId": send.template_id},
        "adhocAgent": None,
        "source": {"sourceId": send.sender_id, "sourceType": "whatsapp"},
        "team": team_id,
        "chat": None,
        "plugin": plugin_id,
        "contact": None,
        "user": user_id,
        "procedure": None,
        "process": send.process_id,
        "campaign": None,
        "inReplyTo": None,
    }
