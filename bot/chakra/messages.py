"""Sending on WhatsApp (contract sections 2.4, 3.1 and 3.2).

A send is asked once. It is repeated only where the connection was never made, or where it was
turned away for coming too fast; whatever else leaves room for doubt is `OutcomeUnknown`, so that
nobody gets a message twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.chakra.fields import to_phone as digits
from bot.chakra.fields import to_text
from bot.chakra.meta import error_from_status
from bot.chakra.outgoing import MetaPayload, TemplateMessage
from bot.chakra.transport.envelope import parse_envelope
from bot.chakra.transport.error_mapping import invalid_response
from bot.chakra.transport.exchange import ChakraResponse
from bot.chakra.transport.http import Http
from bot.errors import ChakraError, OutcomeUnknown

SEND_TO_PHONE_PATH = (
    "/v1/ext/plugin/whatsapp/{pluginId}/phoneNumber/{phoneNumber}/send-template-message"
)
SEND_FOR_PROCESS_PATH = (
    "/v1/ext/plugin/whatsapp/{pluginId}/process/{procedureShortId}/{primaryKeyOrId}"
    "/send-template-message"
)
SEND_META_MESSAGE_PATH = (
    "/v1/ext/plugin/whatsapp/{pluginId}/api/{whatsappApiVersion}/{whatsappPhoneNumberId}/messages"
)

SEND_TIMEOUT_SECONDS = 40.0
"""Seconds for all of a send: ten for waiting out refusals, thirty for the answer."""


@dataclass(frozen=True)
class AcceptedMessage:
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
    text: str = field(default="", repr=False)


class MessagesApi:
    """Raises the `ChakraError`s of `Http.write`, within 40 seconds: `OutcomeUnknown` where the
    message may have gone out; after any other it has not. `version` is Meta's: "v24.0"."""

    def __init__(self, http: Http, api_version: str) -> None:
        self._http = http
        self._api_version = api_version

    async def send_template(
        self, plugin_id: str, phone: str, message: TemplateMessage
    ) -> AcceptedMessage:
        """`phone` has its country code; only the digits are sent. CONFIRMED, with examples.

        Raises `ResourceNotFound`, and sends nothing, where it is no phone number at all.
        """
        path_parameters = {"pluginId": plugin_id, "phoneNumber": digits(phone)}
        return await self._send(SEND_TO_PHONE_PATH, path_parameters, message.body())

    async def send_template_for_process(
        self, plugin_id: str, procedure: str, key: str, message: TemplateMessage
    ) -> AcceptedMessage:
        """`procedure` is its short id ("lead"), `key` the primary key ("LEAD-004038") or the UUID.

        CONFIRMED. That it goes to the phone number among the attributes of the process, and that
        the answer is that of `send_template`, is INFERRED.
        """
        path_parameters = {
            "pluginId": plugin_id,
            "procedureShortId": procedure,
            "primaryKeyOrId": key,
        }
        return await self._send(SEND_FOR_PROCESS_PATH, path_parameters, message.body())

    async def send_meta_message(
        self, plugin_id: str, sender_id: str, message: MetaPayload
    ) -> AcceptedMessage:
        """In Meta's format, a template or a session message. CONFIRMED.

        Delivery of what is sent this way shows in the pass-through webhook only.
        """
        path_parameters = {
            "pluginId": plugin_id,
            "whatsappApiVersion": self._api_version,
            "whatsappPhoneNumberId": sender_id,
        }
        return await self._send(SEND_META_MESSAGE_PATH, path_parameters, message.body())

    async def _send(
        self, endpoint: str, path_parameters: Mapping[str, str], body: object
    ) -> AcceptedMessage:
        response = await self._http.write(
            "POST", endpoint, path_parameters, body=body, timeout_seconds=SEND_TIMEOUT_SECONDS
        )
        return parse_send_response(response)


def parse_send_response(response: ChakraResponse) -> AcceptedMessage:
    """What a 2xx says. Raises `OutcomeUnknown` where it names no id, or an id and an error both."""
    try:
        envelope = parse_envelope(response)
    except OutcomeUnknown:
        raise
    except ChakraError as refused:
        if not _has_wamid(response):
            raise
        reason = f"It names a message and yet says: {refused.message}"
    else:
        message = _parse_accepted(envelope.body)
        if message is not None:
            return message
        reason = "It names no message."
    raise invalid_response(response, reason)


def _parse_accepted(body: Mapping[str, object]) -> AcceptedMessage | None:
    data = _data_object(body)
    chakra_id, wamid = to_text(data.get("id")), _find_wamid(body)
    if not (chakra_id or wamid):
        return None
    raw_status = to_text(data.get("deliveryStatus")) or to_text(
        _meta_message(body).get("message_status")
    )
    status = raw_status.upper()
    context = data.get("context")
    recipient = context.get("contactIdentifier") if isinstance(context, Mapping) else ""
    return AcceptedMessage(
        id=chakra_id,
        wamid=wamid,
        status=status,
        failure=error_from_status(data) if status == "FAILED" else None,
        recipient=to_text(recipient),
        text=to_text(data.get("text")),
    )


def _data_object(body: Mapping[str, object]) -> Mapping[str, object]:
    data = body.get("_data")
    return data if isinstance(data, Mapping) else {}


def _meta_message(body: Mapping[str, object]) -> Mapping[str, object]:
    """The message of Meta's own answer, which some older plugins give."""
    messages = _data_object(body).get("messages") or body.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    return first if isinstance(first, Mapping) else {}


def _find_wamid(body: Mapping[str, object]) -> str:
    data = _data_object(body)
    named = to_text(data.get("externalId")) or to_text(data.get("whatsappMessageId"))
    return named or to_text(_meta_message(body).get("id"))


def _has_wamid(response: ChakraResponse) -> bool:
    """Whether an answer that holds an error names a message of WhatsApp's too."""
    body = response.json()
    return isinstance(body, Mapping) and bool(_find_wamid(body))
