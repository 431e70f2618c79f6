"""The three send endpoints: to a phone number, for a process, and in Meta's own format."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.aio.clock import Clock
from bot.sandbox.chakra import envelope, mapping, parameters, sessions
from bot.sandbox.chakra.account import Account
from bot.sandbox.chakra.deliveries import Deliveries
from bot.sandbox.chakra.media import MediaResource
from bot.sandbox.chakra.meta import INVALID_PARAMETER, MetaRefused
from bot.sandbox.chakra.processes import ProcessesResource
from bot.sandbox.chakra.recipients import Recipients, Step
from bot.sandbox.chakra.sent import META, PHONE, PROCESS, Sent, chat_message, new_wamid
from bot.sandbox.chakra.template import Template
from bot.sandbox.chakra.templates import TemplatesResource

DIGITS = re.compile(r"[1-9][0-9]{6,14}")
"""A number with its country code: E.164 allows 15 digits."""
PAIR_SECONDS = 6.0
"""Meta's limit: one message every six seconds to one person. Its burst of 45 is left out."""

KEY_OWNER = "a91b5073-e9d4-4959-9fd3-6edf79c2c5a4"
"""The user of the access token: the documented one."""

NO_SUCH_TEMPLATE = 132001
SAME_NUMBER = 131021
INVALID_NUMBER = 131009
PAIR_LIMIT = 131056
BAD_MEDIA = 131053
UNSENDABLE: Mapping[str, int] = {"PAUSED": 132015, "DISABLED": 132016}
"""Meta's code for a template that is not approved; 132001 for every other status."""

MEDIA_LOST = (Step(after=0.8, status="FAILED", code=BAD_MEDIA),)


class MessagesResource:
    def __init__(
        self,
        account: Account,
        team_id: str,
        templates: TemplatesResource,
        processes: ProcessesResource,
        media: MediaResource,
        recipients: Recipients,
        deliveries: Deliveries,
        clock: Clock,
    ) -> None:
        self._account = account
        self._team_id = team_id
        self._templates = templates
        self._processes = processes
        self._media = media
        self._recipients = recipients
        self._deliveries = deliveries
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            Route(PHONE.removeprefix("POST "), self._to_phone, methods=["POST"]),
            Route(PROCESS.removeprefix("POST "), self._for_process, methods=["POST"]),
            Route(META.removeprefix("POST "), self._in_metas_format, methods=["POST"]),
        ]

    async def _to_phone(self, request: Request) -> Response:
        self._account.check_plugin(request)
        number = request.path_params["phoneNumber"]
        if not DIGITS.fullmatch(number):
            raise envelope.Refused(400, "phoneNumber is not valid: digits with the country code")
        process = self._processes.with_phone(number) or _contact(number)
        return await self._ordered(request, PHONE, number, process)

    async def _for_process(self, request: Request) -> Response:
        self._account.check_plugin(request)
        procedure, key = (
            request.path_params[name] for name in ("procedureShortId", "primaryKeyOrId")
        )
        process = self._processes.find(procedure, key)
        number = self._processes.phone_of(process)
        if not number:
            raise envelope.Refused(400, "The process has no phone number")
        return await self._ordered(request, PROCESS, number, process["id"])

    async def _ordered(self, request: Request, endpoint: str, to: str, process: str) -> Response:
        body = await envelope.json_object(request)
        order = mapping.read_order(body)
        self._check_pair(order.whatsapp_phone_number_id, to)
        template = self._template(order.template_name, order.language)
        if endpoint == PROCESS:
            order = order.with_sample(template)
        components = mapping.components_of(order, template)
        sent = self._sent(
            endpoint,
            to,
            order.whatsapp_phone_number_id,
            parameters.rendered(template, components),
            body,
            template,
            process,
        )
        self._accept(sent, components, template)
        shown = chat_message(
            sent, team=self._team_id, plugin=self._account.plugin_id, user=KEY_OWNER
        )
        return envelope.data(shown)

    async def _in_metas_format(self, request: Request) -> Response:
        self._account.check_plugin(request)
        self._account.check_version(request)
        body = await envelope.json_object(request)
        to = _checked_message(body)
        sender = request.path_params["whatsappPhoneNumberId"]
        self._check_pair(sender, to)
        if body.get("type") == "template":
            sent = self._template_in_metas_format(body, to, sender)
        else:
            sent = self._session_message(body, to, sender)
        return envelope.data({"whatsappMessageId": sent.wamid})

    def _template_in_metas_format(self, body: Mapping[str, Any], to: str, sender: str) -> Sent:
        given = body.get("template")
        language = given.get("language") if isinstance(given, dict) else None
        code = language.get("code") if isinstance(language, dict) else None
        if not isinstance(given, dict) or not isinstance(given.get("name"), str):
            raise _required("template['name']")
        if not isinstance(code, str) or not code:
            raise _required("template['language']['code']")
        template = self._template(given["name"], code)
        components = given.get("components")
        text = parameters.rendered(template, components)
        sent = self._sent(META, to, sender, text, body, template)
        self._accept(sent, components, template)
        return sent

    def _session_message(self, body: Mapping[str, Any], to: str, sender: str) -> Sent:
        text = sessions.text_of(body)
        if not self._deliveries.window_open(sender, to):
            raise MetaRefused(sessions.WINDOW_CLOSED)
        sent = self._sent(META, to, sender, text, body)
        self._deliveries.accept(sent)
        return sent

    def _check_pair(self, sender_id: str, to: str) -> None:
        """Check the sender and the recipient, regardless of the content. Raise ``MetaRefused``."""
        sender = self._account.sender(sender_id)
        if sender.digits == to:
            raise MetaRefused(SAME_NUMBER)
        known = self._recipients.of(to)
        if known.refused_with is not None:
            raise MetaRefused(known.refused_with)
        last = self._deliveries.last_to(sender_id, to) if known.pair_limit else None
        if last is not None and self._clock.time() - last.at < PAIR_SECONDS:
            raise MetaRefused(PAIR_LIMIT)

    def _template(self, name: str, language: str | None) -> Template:
        """Return the template. Raise ``MetaRefused``, or ``Refused`` for an ambiguous language."""
        found = self._templates.named(name, language)
        if len(found) > 1:
            languages = ", ".join(sorted(one.language for one in found))
            raise envelope.Refused(400, f"language is required: {name} exists in {languages}")
        if not found:
            where = language or "any language"
            raise MetaRefused(NO_SUCH_TEMPLATE, f"template name ({name}) does not exist in {where}")
        (template,) = found
        if template.status != "APPROVED":
            code = UNSENDABLE.get(template.status, NO_SUCH_TEMPLATE)
            raise MetaRefused(code, f"template name ({name}) is {template.status}")
        return template

    def _accept(self, sent: Sent, components: Any, template: Template) -> None:
        """Accept the send. Media that Meta can't fetch fails later, as in reality."""
        links = parameters.links_in(components)
        good = all(self._media.serves(link, kind) for kind, link in links)
        replies = (one["text"] for one in template.buttons if one["type"] == "QUICK_REPLY")
        self._deliveries.accept(sent, steps=None if good else MEDIA_LOST, reply=next(replies, ""))

    def _sent(
        self,
        endpoint: str,
        to: str,
        sender: str,
        text: str,
        body: Mapping[str, Any],
        template: Template | None = None,
        process: str = "",
    ) -> Sent:
        made = Sent(
            id=str(uuid4()),
            wamid=new_wamid(to),
            endpoint=endpoint,
            to=to,
            sender=sender,
            text=text,
            at=self._clock.time(),
            body=body,
            process=process,
        )
        if template is None:
            return made
        return made.of(template)


def _checked_message(body: Mapping[str, Any]) -> str:
    """Return the recipient's digits. Raise ``MetaRefused`` for an invalid message."""
    if body.get("messaging_product") != "whatsapp":
        raise _required("messaging_product")
    to = body.get("to")
    if not isinstance(to, str) or not to:
        raise _required("to")
    digits = re.sub(r"[+ ()-]", "", to)
    if not DIGITS.fullmatch(digits):
        raise MetaRefused(INVALID_NUMBER, "Param to is not a valid phone number")
    return digits


def _required(name: str) -> MetaRefused:
    return MetaRefused(INVALID_PARAMETER, f"The parameter {name} is required.")


def _contact(number: str) -> str:
    """Return the contact ID under which Chakra files a number without a process; it is stable."""
    return str(uuid5(NAMESPACE_URL, f"tel:+{number}"))
