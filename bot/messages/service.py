"""From an order to a message on its way: checked, composed, claimed, handed to Chakra once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.chakra.messages import Accepted, Messages
from bot.chakra.template import Template
from bot.errors import NotSetUp, StoreUnavailable
from bot.messages import compose, recipients
from bot.messages.file_transfer import Carrier
from bot.messages.form_values import Order
from bot.messages.ledger import Before, Duplicate
from bot.messages.lifecycle import Sending, Sent
from bot.messages.recipients import Kind, Recipient, Recipients
from bot.messages.repository import Send
from bot.messages.submission import Submission
from bot.privacy import mask_phone
from bot.slack.client.web_api import MessageRef
from bot.slack.commands.command import UploadedFile
from bot.templates.catalog import Library
from bot.templates.variables import FILE, FILENAME, MEDIA, fields

PLUGIN = "CHAKRA_PLUGIN_ID"
RECENT = 50
"""Sends in which the templates that somebody used last are looked for."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A send that nothing stands against but, maybe, an earlier one just like it. Where there is a
    ``file``, the ``message`` lacks the address that the file is yet to get."""

    template: Template
    recipient: Recipient
    message: compose.Sending
    values: Mapping[str, str] = field(repr=False)
    sender: str = ""
    file: UploadedFile | None = None

    def with_file_at(self, address: str, name: str) -> Ready:
        """The same with its file as a link; ``name`` is what a document is called."""
        values = {**self.values, MEDIA: address, FILENAME: name}
        message = compose.compose(self.template, values, self.recipient, self.sender)
        return replace(self, message=message)


class Dispatch:
    """``workspace_url`` is Slack's own address of the workspace, which links to messages begin
    with; without a ``plugin_id`` nothing can be sent."""

    def __init__(
        self,
        messages: Messages,
        recipients: Recipients,
        library: Library,
        sending: Sending,
        carrier: Carrier,
        *,
        plugin_id: str,
        workspace_url: str,
    ) -> None:
        self._messages = messages
        self._recipients = recipients
        self._library = library
        self._sending = sending
        self._carrier = carrier
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
        file = order.files[0] if FILE in values and order.files else None
        return Ready(template, recipient, message, values, sender, file)

    async def before(self, key: str) -> Send | None:
        """The send that this very press has begun already, as it stands: it needs nothing of
        Chakra's to be told. Raises ``StoreUnavailable``."""
        return await self._sending.sends.by_key(key)

    async def start(
        self, ready: Ready, *, key: str, member: str, asked: str = "", by_content: bool = False
    ) -> asyncio.Task[Sent] | Before | Duplicate:
        """Nobody waits for Chakra here. ``key`` names the press, ``by_content`` together with what
        is sent; ``asked`` is the send about which the person was asked. Raises
        ``StoreUnavailable``; then nothing was sent."""
        submission = replace(_submission(ready, key, member), by_content=by_content)
        errand = Errand(self, ready)
        first = errand.carry if ready.file else None
        started = await self._sending.start(submission, errand.post, first=first)
        if isinstance(started, Duplicate) and str(started.send.id) == asked:
            started = await self._sending.start(submission, errand.post, first=first, again=True)
        return started

    async def last_used(self, member: str) -> tuple[tuple[str, str], ...]:
        """Name and language of the templates this member sent last, the latest first."""
        try:
            return await self._sending.sends.last_used(member, RECENT)
        except StoreUnavailable:
            return ()

    async def sent(self, send: Send) -> Sent:
        """An earlier send as it stands, with the place of its report."""
        return Sent(send, await self._sending.report(send))

    def link(self, report: MessageRef | None) -> str:
        """To the report in the person's messages with the app; "" where it does not stand yet."""
        if report is None or not self._workspace_url:
            return ""
        return f"{self._workspace_url}/archives/{report.channel}/p{report.ts.replace('.', '')}"

    async def carried(self, ready: Ready) -> Ready:
        """With its file where WhatsApp can fetch it. Raises what ``Carrier.carry`` does."""
        if ready.file is None:
            return ready
        carried = await self._carrier.carry(ready.file, ready.template.media)
        return ready.with_file_at(carried.address, carried.name)

    async def post(self, message: compose.Sending) -> Accepted:
        match message:
            case compose.ToPhone(phone, body):
                return await self._messages.send_template(self._plugin_id, phone, body)
            case compose.ForProcess(procedure, key, body):
                return await self._messages.send_template_for_process(
                    self._plugin_id, procedure, key, body
                )
            case compose.AsMeta(sender_id, meta):
                return await self._messages.send(self._plugin_id, sender_id, meta)


class Errand:
    """One send, claimed: first its file, if it has one, then its only request."""

    def __init__(self, dispatch: Dispatch, ready: Ready) -> None:
        self._dispatch = dispatch
        self._ready = ready

    async def carry(self) -> None:
        self._ready = await self._dispatch.carried(self._ready)

    async def post(self) -> Accepted:
        return await self._dispatch.post(self._ready.message)


def _submission(ready: Ready, key: str, member: str) -> Submission:
    recipient = ready.recipient
    named = f"{recipient.procedure} {recipient.key}".strip()
    return Submission(
        key=key,
        member=member,
        template=ready.template.name,
        language=ready.template.language,
        recipient=recipient.digits or named,
        values=_content(ready),
        shown=_masked(recipient, named),
        followable=ready.message.followable,
    )


def _content(ready: Ready) -> Mapping[str, str]:
    """What makes two messages the same. Of a file that is its name, type and size: Slack gives the
    same file a new id each time it is chosen, and its bytes are fetched only once the send is
    claimed. Another file that is alike in all three is asked about once too often, which does no
    harm; a second message would."""
    file = ready.file
    if file is None:
        return ready.values
    alike = (file.name, file.mimetype, str(file.size)) if file.size is not None else (file.id,)
    return {**ready.values, FILE: "\n".join(alike)}


def _masked(recipient: recipients.Recipient, named: str) -> str:
    """As the report and the database name the recipient."""
    number = mask_phone(f"+{recipient.digits}") if recipient.digits else ""
    if recipient.kind is Kind.PROCESS:
        return f"{named}, {number}" if number else named
    return number
