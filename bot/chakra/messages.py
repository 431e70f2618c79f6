"""Send messages on WhatsApp (API.md, Messages).

A send is retried only if no connection was made or it was refused for its rate. Any other failure
is ``OutcomeUnknown``, so that no one gets a message twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from bot.chakra.fields import to_phone, to_text
from bot.chakra.meta import error_from_status
from bot.chakra.outgoing import MetaPayload, TemplateMessage
from bot.chakra.transport.envelope import parse_envelope
from bot.chakra.transport.error_mapping import build_invalid_response
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
"""Ten for rate limits, thirty for the response."""
READ_MARK_TIMEOUT_SECONDS = 10.0
"""A later mark would mislead."""


@dataclass(frozen=True)
class AcceptedMessage:
    """A message that was accepted, not delivered.

    ``id`` is Chakra's and ``wamid`` is Meta's; one of them may be "". ``status`` is the one in the
    response, in upper case, such as SENT or HELD_FOR_QUALITY_ASSESSMENT (others are UNKNOWN), or
    "". ``failure`` is set if it has already failed. ``recipient`` is the number in Chakra's
    spelling and ``text`` is what the recipient reads, or "".
    """

    id: str
    wamid: str
    status: str = ""
    failure: ChakraError | None = None
    recipient: str = field(default="", repr=False)
    text: str = field(default="", repr=False)


class MessagesApi:
    """The send endpoints.

    Methods raise the errors of ``Http.write`` within 40 seconds: after ``OutcomeUnknown`` the
    message may have been sent, after any other it was not. ``api_version`` is the version of Meta's
    API, such as "v24.0".
    """

    def __init__(self, http: Http, api_version: str) -> None:
        self._http = http
        self._api_version = api_version

    async def send_template(
        self, plugin_id: str, phone: str, message: TemplateMessage
    ) -> AcceptedMessage:
        """Send a template to a phone number with its country code. CONFIRMED, with examples.

        Raise ``ResourceNotFound`` without sending if it is not a phone number.
        """
        path_parameters = {"pluginId": plugin_id, "phoneNumber": to_phone(phone)}
        return await self._send(SEND_TO_PHONE_PATH, path_parameters, message.to_body())

    async def send_template_for_process(
        self, plugin_id: str, procedure: str, key: str, message: TemplateMessage
    ) -> AcceptedMessage:
        """Send a template to the phone number of a process.

        ``procedure`` is a short ID ("lead"), ``key`` a primary key ("LEAD-004038") or a UUID.
        CONFIRMED. That the recipient is the phone number among the attributes of the process, and
        that the response is that of ``send_template``, is INFERRED.
        """
        path_parameters = {
            "pluginId": plugin_id,
            "procedureShortId": procedure,
            "primaryKeyOrId": key,
        }
        return await self._send(SEND_FOR_PROCESS_PATH, path_parameters, message.to_body())

    async def send_meta_message(
        self, plugin_id: str, sender_id: str, message: MetaPayload
    ) -> AcceptedMessage:
        """Send a template or a session message in Meta's format. CONFIRMED.

        Its statuses arrive in the pass-through webhook only.
        """
        path_parameters = {
            "pluginId": plugin_id,
            "whatsappApiVersion": self._api_version,
            "whatsappPhoneNumberId": sender_id,
        }
        return await self._send(SEND_META_MESSAGE_PATH, path_parameters, message.to_body())

    async def mark_read(
        self, plugin_id: str, sender_id: str, wamid: str, *, is_typing: bool = False
    ) -> None:
        """Mark a customer's message as read; ``is_typing`` shows that an answer is being written.

        The mark lasts until the answer, 25 seconds at most. CONFIRMED (Meta); that Chakra passes it
        on is UNKNOWN, and nothing depends on it, so a failure is ignored.
        """
        path_parameters = {
            "pluginId": plugin_id,
            "whatsappApiVersion": self._api_version,
            "whatsappPhoneNumberId": sender_id,
        }
        typing = {"typing_indicator": {"type": "text"}} if is_typing else {}
        body = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid, **typing}
        with suppress(ChakraError):
            await self._http.write(
                "POST",
                SEND_META_MESSAGE_PATH,
                path_parameters,
                body=body,
                timeout_seconds=READ_MARK_TIMEOUT_SECONDS,
            )

    async def _send(
        self, endpoint: str, path_parameters: Mapping[str, str], body: object
    ) -> AcceptedMessage:
        response = await self._http.write(
            "POST", endpoint, path_parameters, body=body, timeout_seconds=SEND_TIMEOUT_SECONDS
        )
        return parse_send_response(response)


def parse_send_response(response: ChakraResponse) -> AcceptedMessage:
    """Return the message in a 2xx.

    Raise ``OutcomeUnknown`` if it has no ID, or both an ID and an error.
    """
    try:
        envelope = parse_envelope(response)
    except OutcomeUnknown:
        raise
    except ChakraError as error:
        if not _has_wamid(response):
            raise
        reason = f"It has both a message ID and an error: {error.message}"
    else:
        message = _parse_accepted(envelope.body)
        if message is not None:
            return message
        reason = "It has no message ID."
    raise build_invalid_response(response, reason)


def _parse_accepted(body: Mapping[str, object]) -> AcceptedMessage | None:
    data = _parse_data_object(body)
    chakra_id, wamid = to_text(data.get("id")), _find_wamid(body)
    if not (chakra_id or wamid):
        return None
    raw_status = to_text(data.get("deliveryStatus")) or to_text(
        _parse_meta_message(body).get("message_status")
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


def _parse_data_object(body: Mapping[str, object]) -> Mapping[str, object]:
    data = body.get("_data")
    return data if isinstance(data, Mapping) else {}


def _parse_meta_message(body: Mapping[str, object]) -> Mapping[str, object]:
    """Return the message in Meta's own response, as from some older plugins; else nothing."""
    messages = _parse_data_object(body).get("messages") or body.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    return first if isinstance(first, Mapping) else {}


def _find_wamid(body: Mapping[str, object]) -> str:
    data = _parse_data_object(body)
    named = to_text(data.get("externalId")) or to_text(data.get("whatsappMessageId"))
    return named or to_text(_parse_meta_message(body).get("id"))


def _has_wamid(response: ChakraResponse) -> bool:
    """Return whether a response with an error has a message ID too."""
    body = response.parse_json()
    return isinstance(body, Mapping) and bool(_find_wamid(body))
