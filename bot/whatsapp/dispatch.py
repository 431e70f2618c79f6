"""From an order to a message on its way: checked, composed, claimed, handed to Chakra once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.chakra.messages import Accepted, Messages
from bot.chakra.template import Template
from bot.errors import NotSetUp, StoreUnavailable
from bot.privacy import mask_phone
from bot.sending.ledger import Before, Duplicate
from bot.sending.sending import Sending, Sent
from bot.sending.submission import Submission
from bot.slack.client import Posted
from bot.whatsapp import compose, recipients
from bot.whatsapp.library import Library
from bot.whatsapp.order import Order
from bot.whatsapp.recipients import Kind, Recipient, Recipients
from bot.whatsapp.variables import fields

PLUGIN = "CHAKRA_PLUGIN_ID"
RECENT = 50
"""Sends in which the templates that somebody used last are looked for."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A send that nothing stands against but, maybe, an earlier one just like it."""

    template: Template
    recipient: Recipient
    message: compose.Sending
    values: Mapping[str, str] = field(repr=False)


class Dispatch:
    """``workspace_url`` is Slack's own address of the workspace, which links to messages begin
    with; without a ``plugin_id`` nothing can be sent."""

    def __init__(
        self,
        messages: Messages,
        recipients: Recipients,
        library: Library,
        sending: Sending,
        *,
        plugin_id: str,
        workspace_url: str,
    ) -> None:
        self._messages = messages
        self._recipients = recipients
        self._library = library
        self._sending = sending
        self._plugin_id = plugin_id
        self._workspace_url = workspace_url.rstrip("/")

    def check_set_up(self) -> None:
        """Raises ``NotSetUp`` where nothing can be sent."""
        if not self._plugin_id:
            raise NotSetUp(PLUGIN, "Sending on WhatsApp is not set up: its plugin is not known.")

    async def recipient(self, typed: str) -> Recipient:
        """Raises ``UsageError``, ``NotFound`` and the errors of Chakra."""
        return await self._recipients.find(typed)

    async def user(self, user_id: str) -> Recipient:
        """Somebody of the team. Raises ``NotFound`` where Chakra has no usable number of theirs,
        ``Missing`` and the other errors of Chakra."""
        return await self._recipients.user(user_id)

    async def ready(self, order: Order, template: Template, recipient: Recipient) -> Ready:
        """``order.values`` are those that ``rules`` has nothing against.

        Raises ``UsageError`` where the recipient does not do for this template, or the sender must
        be chosen; ``NotSetUp``; the errors of Chakra.
        """
        self.check_set_up()
        sender = order.sender or await self._library.sender()
        wanted = {one.key for one in fields(template)}
        values = {key: value.strip() for key, value in order.values.items() if key in wanted}
        message = compose.compose(template, values, recipient, sender)
        return Ready(template, recipient, message, values)

    async def start(
        self, ready: Ready, *, key: str, member: str, asked: str = "", by_content: bool = False
    ) -> asyncio.Task[Sent] | Before | Duplicate:
        """Nobody waits for Chakra here. ``key`` names the press, ``by_content`` together with what
        is sent; ``asked`` is the send about which the person was asked. Raises
        ``StoreUnavailable``; then nothing was sent."""
        submission = replace(_submission(ready, key, member), by_content=by_content)

        async def post() -> Accepted:
            return await self._post(ready.message)

        started = await self._sending.start(submission, post)
        if isinstance(started, Duplicate) and str(started.send.id) == asked:
            started = await self._sending.start(submission, post, again=True)
        return started

    async def last_used(self, member: str) -> tuple[tuple[str, str], ...]:
        """Name and language of the templates this member sent last, the latest first."""
        try:
            return await self._sending.sends.last_used(member, RECENT)
        except StoreUnavailable:
            return ()

    def link(self, report: Posted | None) -> str:
        """To the report in the person's messages with the app; "" where it does not stand yet."""
        if report is None or not self._workspace_url:
            return ""
        return f"{self._workspace_url}/archives/{report.channel}/p{report.ts.replace('.', '')}"

    async def _post(self, message: compose.Sending) -> Accepted:
        match message:
            case compose.ToPhone(phone, body):
                return await self._messages.send_template(self._plugin_id, phone, body)
            case compose.ForProcess(procedure, key, body):
                return await self._messages.send_template_for_process(
                    self._plugin_id, procedure, key, body
                )
            case compose.AsMeta(sender_id, meta):
                return await self._messages.send(self._plugin_id, sender_id, meta)


def _submission(ready: Ready, key: str, member: str) -> Submission:
    recipient = ready.recipient
    named = f"{recipient.procedure} {recipient.key}".strip()
    return Submission(
        key=key,
        member=member,
        template=ready.template.name,
        language=ready.template.language,
        recipient=recipient.digits or named,
        values=ready.values,
        shown=_masked(recipient, named),
        followable=ready.message.followable,
    )


def _masked(recipient: recipients.Recipient, named: str) -> str:
    """As the report and the database name the recipient."""
    number = mask_phone(f"+{recipient.digits}") if recipient.digits else ""
    if recipient.kind is Kind.PROCESS:
        return f"{named}, {number}" if number else named
    return number
