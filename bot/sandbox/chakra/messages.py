"""The three send endpoints: to a phone number, for a process, and in Meta's own format."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.aio.clock import Clock
from bot.sandbox.chakra import envelope, session_messages, template_parameters, template_send
from bot.sandbox.chakra.accepted_send import (
    SEND_FOR_PROCESS,
    SEND_META_MESSAGE,
    SEND_TO_PHONE,
    AcceptedSend,
    build_chat_message_body,
    generate_wamid,
)
from bot.sandbox.chakra.account import WhatsAppAccount
from bot.sandbox.chakra.customer_identity import is_user_id
from bot.sandbox.chakra.customers import Customers
from bot.sandbox.chakra.delivery_simulator import DeliverySimulator
from bot.sandbox.chakra.media import MediaResource
from bot.sandbox.chakra.meta import INVALID_PARAMETER, MetaApiError
from bot.sandbox.chakra.processes import ProcessesResource
from bot.sandbox.chakra.recipients import ScriptedRecipients, StatusStep
from bot.sandbox.chakra.template import EmbeddedTemplate
from bot.sandbox.chakra.templates import TemplatesResource

PHONE_NUMBER_PATTERN = re.compile(r"[1-9][0-9]{6,14}")
"""A number with its country code: E.164 allows 15 digits."""
PAIR_INTERVAL_SECONDS = 6.0
"""Meta's limit: one message every six seconds to one person. Its burst of 45 is left out."""

TOKEN_USER_ID = "a91b5073-e9d4-4959-9fd3-6edf79c2c5a4"
"""The user of the access token: the documented one."""

TEMPLATE_NOT_FOUND = 132001
RECIPIENT_IS_SENDER = 131021
INVALID_RECIPIENT = 131009
PAIR_RATE_LIMITED = 131056
MEDIA_ERROR = 131053
USER_ID_NOT_SUPPORTED = 131062
TEMPLATE_STATUS_CODES: Mapping[str, int] = {"PAUSED": 132015, "DISABLED": 132016}
"""Meta's code for a template that is not approved; 132001 for every other status."""

MEDIA_FAILURE_STEPS = (StatusStep(after=0.8, status="FAILED", code=MEDIA_ERROR),)


class MessagesResource:
    def __init__(
        self,
        account: WhatsAppAccount,
        team_id: str,
        templates: TemplatesResource,
        processes: ProcessesResource,
        media: MediaResource,
        recipients: ScriptedRecipients,
        delivery_simulator: DeliverySimulator,
        customers: Customers,
        clock: Clock,
    ) -> None:
        self.forwards_recipient = False
        """Whether Chakra passes ``recipient`` on to Meta, which is UNKNOWN."""
        self._customers = customers
        self._account = account
        self._team_id = team_id
        self._templates = templates
        self._processes = processes
        self._media = media
        self._recipients = recipients
        self._delivery_simulator = delivery_simulator
        self._clock = clock

    def build_routes(self) -> list[Route]:
        return [
            Route(SEND_TO_PHONE.removeprefix("POST "), self._send_to_phone, methods=["POST"]),
            Route(SEND_FOR_PROCESS.removeprefix("POST "), self._send_for_process, methods=["POST"]),
            Route(
                SEND_META_MESSAGE.removeprefix("POST "), self._send_meta_message, methods=["POST"]
            ),
        ]

    async def _send_to_phone(self, request: Request) -> Response:
        self._account.check_plugin(request)
        number = request.path_params["phoneNumber"]
        if not PHONE_NUMBER_PATTERN.fullmatch(number):
            raise envelope.RequestError(
                400, "phoneNumber is not valid: digits with the country code"
            )
        process = self._processes.find_id_by_phone(number) or _build_contact_id(number)
        return await self._send_template(request, SEND_TO_PHONE, number, process)

    async def _send_for_process(self, request: Request) -> Response:
        self._account.check_plugin(request)
        procedure, key = (
            request.path_params[name] for name in ("procedureShortId", "primaryKeyOrId")
        )
        process = self._processes.get(procedure, key)
        number = self._processes.find_phone_number(process)
        if not number:
            raise envelope.RequestError(400, "The process has no phone number")
        return await self._send_template(request, SEND_FOR_PROCESS, number, process["id"])

    async def _send_template(
        self, request: Request, endpoint: str, to: str, process: str
    ) -> Response:
        body = await envelope.read_json_object(request)
        order = template_send.parse_send_body(body)
        self._check_sender_and_recipient(order.whatsapp_phone_number_id, to)
        template = self._find_template(order.template_name, order.language)
        if endpoint == SEND_FOR_PROCESS:
            order = order.with_sample_media(template)
        components = template_send.to_meta_components(order, template)
        sent = self._build_send(
            endpoint,
            to,
            order.whatsapp_phone_number_id,
            template_parameters.render_body(template, components, self._clock.time()),
            body,
            template,
            process,
        )
        self._accept(sent, components, template)
        shown = build_chat_message_body(
            sent, team_id=self._team_id, plugin_id=self._account.plugin_id, user_id=TOKEN_USER_ID
        )
        return envelope.build_data_response(shown)

    async def _send_meta_message(self, request: Request) -> Response:
        self._account.check_plugin(request)
        self._account.check_version(request)
        body = await envelope.read_json_object(request)
        sender = request.path_params["whatsappPhoneNumberId"]
        if body.get("status") == "read":
            return self._mark_as_read(body, sender)
        to = self._parse_recipient(body)
        if is_user_id(to) and to == body.get("to"):
            self._account.get_sender(sender)
            # Accepted and dropped: Meta takes the digits for a number (INFERRED, chatwoot #15150).
            return envelope.build_data_response({"whatsappMessageId": generate_wamid(to)})
        self._check_sender_and_recipient(sender, to)
        if body.get("type") == "template":
            sent = self._send_meta_template(body, to, sender)
        else:
            sent = self._send_session_message(body, to, sender)
        return envelope.build_data_response({"whatsappMessageId": sent.wamid})

    def _send_meta_template(self, body: Mapping[str, Any], to: str, sender: str) -> AcceptedSend:
        given = body.get("template")
        language = given.get("language") if isinstance(given, dict) else None
        code = language.get("code") if isinstance(language, dict) else None
        if not isinstance(given, dict) or not isinstance(given.get("name"), str):
            raise _build_required_parameter_error("template['name']")
        if not isinstance(code, str) or not code:
            raise _build_required_parameter_error("template['language']['code']")
        template = self._find_template(given["name"], code)
        if is_user_id(to) and template.category == "AUTHENTICATION":
            raise MetaApiError(USER_ID_NOT_SUPPORTED)
        components = given.get("components")
        text = template_parameters.render_body(template, components, self._clock.time())
        sent = self._build_send(SEND_META_MESSAGE, to, sender, text, body, template)
        self._accept(sent, components, template)
        return sent

    def _send_session_message(self, body: Mapping[str, Any], to: str, sender: str) -> AcceptedSend:
        text = session_messages.extract_text(body)
        if not self._delivery_simulator.is_window_open(sender, to):
            raise MetaApiError(session_messages.WINDOW_CLOSED_CODE)
        sent = self._build_send(SEND_META_MESSAGE, to, sender, text, body)
        self._delivery_simulator.accept(sent)
        return sent

    def _mark_as_read(self, body: Mapping[str, Any], sender_id: str) -> Response:
        """Give a customer's message its blue ticks, with or without the typing mark."""
        wamid = body.get("message_id")
        sender = self._account.get_sender(sender_id)
        typing = body.get("typing_indicator")
        if typing is not None and (not isinstance(typing, dict) or typing.get("type") != "text"):
            raise MetaApiError(INVALID_PARAMETER, "Param typing_indicator['type'] must be text")
        if not isinstance(wamid, str) or not wamid:
            raise _build_required_parameter_error("message_id")
        if not self._customers.mark_read(wamid, sender.id, is_typing=typing is not None):
            raise MetaApiError(
                INVALID_PARAMETER, "Param message_id is not a message to this number"
            )
        return JSONResponse({"success": True})

    def _parse_recipient(self, body: Mapping[str, Any]) -> str:
        """Return the recipient's digits or user ID. Raise ``MetaApiError`` for an invalid message.

        ``to`` wins over ``recipient``, which only reaches Meta with ``forwards_recipient``.
        """
        if body.get("messaging_product") != "whatsapp":
            raise _build_required_parameter_error("messaging_product")
        to = body.get("to")
        user_id = body.get("recipient") if self.forwards_recipient else None
        if not to and isinstance(user_id, str) and user_id:
            if not is_user_id(user_id) or self._customers.find(user_id) is None:
                raise MetaApiError(INVALID_RECIPIENT, "Param recipient is not a known user ID")
            return user_id
        if not isinstance(to, str) or not to:
            raise _build_required_parameter_error("to")
        if is_user_id(to):
            return to
        digits = re.sub(r"[+ ()-]", "", to)
        if not PHONE_NUMBER_PATTERN.fullmatch(digits):
            raise MetaApiError(INVALID_RECIPIENT, "Param to is not a valid phone number")
        return digits

    def _check_sender_and_recipient(self, sender_id: str, to: str) -> None:
        """Check the sender and the recipient, regardless of the content. Raise ``MetaApiError``."""
        sender = self._account.get_sender(sender_id)
        if sender.digits == to:
            raise MetaApiError(RECIPIENT_IS_SENDER)
        known = self._recipients.get(to)
        if known.refused_with is not None:
            raise MetaApiError(known.refused_with)
        last = self._delivery_simulator.find_last_send(sender_id, to) if known.pair_limit else None
        if last is not None and self._clock.time() - last.accepted_at < PAIR_INTERVAL_SECONDS:
            raise MetaApiError(PAIR_RATE_LIMITED)

    def _find_template(self, name: str, language: str | None) -> EmbeddedTemplate:
        """Return the template.

        Raise ``MetaApiError``, or ``RequestError`` for an ambiguous language.
        """
        found = self._templates.find_by_name(name, language)
        if len(found) > 1:
            languages = ", ".join(sorted(template.language for template in found))
            raise envelope.RequestError(400, f"language is required: {name} exists in {languages}")
        if not found:
            where = language or "any language"
            raise MetaApiError(
                TEMPLATE_NOT_FOUND, f"template name ({name}) does not exist in {where}"
            )
        (template,) = found
        if template.status != "APPROVED":
            code = TEMPLATE_STATUS_CODES.get(template.status, TEMPLATE_NOT_FOUND)
            raise MetaApiError(code, f"template name ({name}) is {template.status}")
        return template

    def _accept(self, sent: AcceptedSend, components: Any, template: EmbeddedTemplate) -> None:
        """Accept the send. Media that Meta can't fetch fails later, as in reality."""
        links = template_parameters.iter_media_links(components)
        good = all(self._media.can_fetch(link, kind) for kind, link in links)
        replies = tuple(
            button["text"] for button in template.buttons if button["type"] == "QUICK_REPLY"
        )
        self._delivery_simulator.accept(
            sent, steps=None if good else MEDIA_FAILURE_STEPS, quick_replies=replies
        )

    def _build_send(
        self,
        endpoint: str,
        to: str,
        sender: str,
        text: str,
        body: Mapping[str, Any],
        template: EmbeddedTemplate | None = None,
        process: str = "",
    ) -> AcceptedSend:
        made = AcceptedSend(
            id=str(uuid4()),
            wamid=generate_wamid(to),
            endpoint=endpoint,
            to=to,
            sender_id=sender,
            text=text,
            accepted_at=self._clock.time(),
            body=body,
            process_id=process,
        )
        if template is None:
            return made
        return made.with_template(template)


def _build_required_parameter_error(name: str) -> MetaApiError:
    return MetaApiError(INVALID_PARAMETER, f"The parameter {name} is required.")


def _build_contact_id(number: str) -> str:
    """Return the contact ID under which Chakra files a number without a process; it is stable."""
    return str(uuid5(NAMESPACE_URL, f"tel:+{number}"))
