"""Sending on WhatsApp (contract sections 2.4, 3.1 and 3.2).

A send is asked once. It is repeated only where the connection was never made, or where it was
turned away for coming too fast; whatever else leaves room for doubt is `OutcomeUnknown`, so that
nobody gets a message twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.chakra.fields import phone as digits
from bot.chakra.fields import text
from bot.chakra.meta import failure_in
from bot.chakra.outgoing import MetaMessage, TemplateMessage
from bot.chakra.transport.envelope import read
from bot.chakra.transport.error_mapping import unreadable
from bot.chakra.transport.exchange import Answer
from bot.chakra.transport.http import Http
from bot.errors import ChakraError, OutcomeUnknown

TO_PHONE = "/v1/ext/plugin/whatsapp/{pluginId}/phoneNumber/{phoneNumber}/send-template-message"
FOR_PROCESS = (
    "/v1/ext/plugin/whatsapp/{pluginId}/process/{procedureShortId}/{primaryKeyOrId}"
    "/send-template-message"
)
AS_META = (
    "/v1/ext/plugin/whatsapp/{pluginId}/api/{whatsappApiVersion}/{whatsappPhoneNumberId}/messages"
)

PATIENCE = 40.0
"""Seconds for all of a send: ten for waiting out refusals, thirty for the answer."""


@dataclass(frozen=True)
class Accepted:
    """Taken on, not delivered. Either id may be "", never both: `id` is Chakra's, `wamid` Meta's.

    `status` is what Chakra or Meta said at once, in capitals: SENT, HELD_FOR_QUALITY_ASSESSMENT;
    what else is UNKNOWN; "" where nothing. `failure` is set where it had failed by then.
    `recipient` is the number as Chakra wrote it, `words` what the recipient reads, else "".
    """

    id: str
    wamid: str
    status: str = ""
    failure: ChakraError | None = None
    recipient: str = field(default="", repr=False)
    words: str = field(default="", repr=False)


class Messages:
    """Raises the `ChakraError`s of `Http.write`, within 40 seconds: `OutcomeUnknown` where the
    message may have gone out; after any other it has not. `version` is Meta's: "v24.0"."""

    def __init__(self, http: Http, version: str) -> None:
        self._http = http
        self._version = version

    async def send_template(self, plugin_id: str, phone: str, message: TemplateMessage) -> Accepted:
        """`phone` has its country code; only the digits are sent. CONFIRMED, with examples.

        Raises `Missing`, and sends nothing, where it is no phone number at all.
        """
        place = {"pluginId": plugin_id, "phoneNumber": digits(phone)}
        return await self._send(TO_PHONE, place, message.body())

    async def send_template_for_process(
        self, plugin_id: str, procedure: str, key: str, message: TemplateMessage
    ) -> Accepted:
        """`procedure` is its short id ("lead"), `key` the primary key ("LEAD-004038") or the UUID.

        CONFIRMED. That it goes to the phone number among the attributes of the process, and that
        the answer is that of `send_template`, is INFERRED.
        """
        place = {"pluginId": plugin_id, "procedureShortId": procedure, "primaryKeyOrId": key}
        return await self._send(FOR_PROCESS, place, message.body())

    async def send(self, plugin_id: str, sender_id: str, message: MetaMessage) -> Accepted:
        """In Meta's format, a template or a session message. CONFIRMED.

        Delivery of what is sent this way shows in the pass-through webhook only.
        """
        place = {
            "pluginId": plugin_id,
            "whatsappApiVersion": self._version,
            "whatsappPhoneNumberId": sender_id,
        }
        return await self._send(AS_META, place, message.body())

    async def _send(self, endpoint: str, place: Mapping[str, str], body: object) -> Accepted:
        answer = await self._http.write("POST", endpoint, place, body=body, seconds=PATIENCE)
        return accepted(answer)


def accepted(answer: Answer) -> Accepted:
    """What a 2xx says. Raises `OutcomeUnknown` where it names no id, or an id and an error both."""
    try:
        envelope = read(answer)
    except OutcomeUnknown:
        raise
    except ChakraError as refused:
        if not _wamid_beside(answer):
            raise
        why = f"It names a message and yet says: {refused.message}"
    else:
        made = _accepted(envelope.body)
        if made is not None:
            return made
        why = "It names no message."
    raise unreadable(answer, why)


def _accepted(body: Mapping[str, object]) -> Accepted | None:
    data = _data(body)
    chakras, wamid = text(data.get("id")), _wamid(body)
    if not (chakras or wamid):
        return None
    said = text(data.get("deliveryStatus")) or text(_metas(body).get("message_status"))
    status = said.upper()
    context = data.get("context")
    recipient = context.get("contactIdentifier") if isinstance(context, Mapping) else ""
    return Accepted(
        id=chakras,
        wamid=wamid,
        status=status,
        failure=failure_in(data) if status == "FAILED" else None,
        recipient=text(recipient),
        words=text(data.get("text")),
    )


def _data(body: Mapping[str, object]) -> Mapping[str, object]:
    data = body.get("_data")
    return data if isinstance(data, Mapping) else {}


def _metas(body: Mapping[str, object]) -> Mapping[str, object]:
    """The message of Meta's own answer, which some older plugins give."""
    messages = _data(body).get("messages") or body.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    return first if isinstance(first, Mapping) else {}


def _wamid(body: Mapping[str, object]) -> str:
    data = _data(body)
    named = text(data.get("externalId")) or text(data.get("whatsappMessageId"))
    return named or text(_metas(body).get("id"))


def _wamid_beside(answer: Answer) -> bool:
    """Whether an answer that holds an error names a message of WhatsApp's too."""
    body = answer.json()
    return isinstance(body, Mapping) and bool(_wamid(body))
