"""One accepted send, and the chat message with which the API answers it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from secrets import token_hex
from typing import Any, Literal

from bot.sandbox.chakra.template import Template

PLUGIN = "/v1/ext/plugin/whatsapp/{pluginId}"
PHONE = "POST " + PLUGIN + "/phoneNumber/{phoneNumber}/send-template-message"
PROCESS = "POST " + PLUGIN + "/process/{procedureShortId}/{primaryKeyOrId}/send-template-message"
META = "POST " + PLUGIN + "/api/{whatsappApiVersion}/{whatsappPhoneNumberId}/messages"

State = Literal["SENT", "DELIVERED", "READ", "FAILED"]


@dataclass(frozen=True, slots=True)
class Sent:
    """An accepted send.

    ``endpoint`` is one of the three above, ``to`` the digits, ``sender`` Meta's ID of the number,
    ``template`` a name or None, ``text`` what the recipient reads, ``body`` the request, ``at`` in
    epoch seconds, ``process`` the record it is filed under.
    """

    id: str
    wamid: str
    endpoint: str
    to: str
    sender: str
    text: str
    at: float
    body: Mapping[str, Any] = field(repr=False)
    template: str | None = None
    language: str | None = None
    template_id: str | None = None
    category: str = "SERVICE"
    process: str = ""

    @property
    def passed_through(self) -> bool:
        """Whether it was sent in Meta's format: then Meta sends its events, not Chakra."""
        return self.endpoint == META

    def of(self, template: Template) -> Sent:
        return replace(
            self,
            template=template.name,
            language=template.language,
            template_id=template.id,
            category=template.category,
        )


def new_wamid(to: str) -> str:
    """Return an ID in the real form: the number, then something unguessable."""
    digits = to.encode()
    head = b"\x1c\x18" + bytes([len(digits)]) + digits
    return (
        "wamid."
        + b64encode(
            head + b"\x15\x02\x00\x11\x18\x12" + token_hex(9).upper().encode() + b"\x00"
        ).decode()
    )


def chat_message(sent: Sent, *, team: str, plugin: str, user: str) -> dict[str, Any]:
    """Return the documented fields.

    The values of ``provider``, ``dataType``, ``direction`` and ``sourceType`` are INFERRED, and so
    is ``SENT`` for a send that is only accepted.
    """
    moment = int(sent.at * 1000)
    return {
        "id": sent.id,
        "createdAt": moment,
        "updatedAt": moment,
        "externalId": sent.wamid,
        "provider": "whatsapp",
        "dataType": "template",
        "body": {"body": sent.text},
        "text": sent.text,
        "attachments": None,
        "deliveryStatus": "SENT",
        "direction": "OUTBOUND",
        "timestamp": moment,
        "context": {"contactIdentifier": sent.to, "messageTemplateId": sent.template_id},
        "adhocAgent": None,
        "source": {"sourceId": sent.sender, "sourceType": "whatsapp"},
        "team": team,
        "chat": None,
        "plugin": plugin,
        "contact": None,
        "user": user,
        "procedure": None,
        "process": sent.process,
        "campaign": None,
        "inReplyTo": None,
    }
