"""Prepare a send from its form and start it: compose, claim, send once."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from cachetools import TTLCache

from bot.aio.clock import Clock
from bot.chakra.messages import AcceptedMessage, MessagesApi
from bot.chakra.template import Template
from bot.customers.opt_outs import OptOuts
from bot.errors import DatabaseUnavailable, NotConfigured, RecipientOptedOut, UsageError
from bot.messages import compose
from bot.messages.details import SendDetails
from bot.messages.file_transfer import FileTransfer, TransferredFile
from bot.messages.form_values import SendForm
from bot.messages.lifecycle import SendLifecycle
from bot.messages.other_recipient import is_other_number, render_other_recipient
from bot.messages.recipients import Recipient, RecipientKind, RecipientResolver
from bot.messages.send import ClaimResult, Send, SendResult
from bot.messages.send_query import STATUSES, Period, SendListQuery, matches_words
from bot.messages.submission import Submission
from bot.privacy import mask_phone, mask_text
from bot.slack.client.web_api import MessageRef
from bot.slack.commands.command import UploadedFile, UploadedFiles
from bot.templates.catalog import TemplateCatalog
from bot.templates.field_values import normalize_values
from bot.templates.preview import render_plain_text
from bot.templates.variables import FILENAME, MEDIA, list_media_pairs, list_template_fields
from bot.text.phones import format_international

LastUsed = tuple[tuple[str, str], ...]
"""(name, language) pairs, the last used first."""
PLUGIN_ID_SETTING = "CHAKRA_PLUGIN_ID"
DIGEST_LENGTH = 16
MAX_LISTED_SENDS = 500
LAST_USED_SECONDS = 10.0
"""Seconds for which a menu may not show what a member sent through another replica."""
MAX_MEMBERS = 1_000
MAX_RECENT_SENDS = 50
"""Past sends that are searched for a member's most recent templates."""


@dataclass(frozen=True, slots=True)
class PreparedSend:
    """A valid send; only an earlier duplicate may still be in its way.

    The ``message`` lacks the links of ``files``, by the key of their field, until they are
    uploaded.
    """

    template: Template
    recipient: Recipient
    message: compose.OutboundMessage
    values: Mapping[str, str] = field(repr=False)
    sender_id: str = ""
    files: UploadedFiles = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """A hash of the message, its recipient and its sender, the same in every process."""
        recipient = self.recipient
        parts = (
            self.template.content_json,
            (recipient.label, recipient.digits, recipient.procedure, recipient.key),
            self.sender_id,
            sorted(self.values.items()),
            sorted((key, file.id) for key, files in self.files.items() for file in files),
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:DIGEST_LENGTH]

    def with_file_urls(self, uploaded: Mapping[str, TransferredFile]) -> PreparedSend:
        """Return the send with its files as links, by the key of the field of the link."""
        values = {**self.values, **{key: file.url for key, file in uploaded.items()}}
        if MEDIA in uploaded and not values.get(FILENAME):
            values[FILENAME] = uploaded[MEDIA].name  # the title of a document
        message = compose.compose(self.template, values, self.recipient, self.sender_id)
        return replace(self, message=message)


@dataclass(frozen=True, slots=True)
class CheckedSend:
    """What would be sent, and a recent ``duplicate`` to ask the person about."""

    prepared: PreparedSend
    duplicate: Send | None = None


class SendService:
    """``workspace_url`` is the start of links to Slack messages.

    Nothing can be sent without a ``plugin_id``.
    """

    def __init__(
        self,
        messages: MessagesApi,
        recipients: RecipientResolver,
        catalog: TemplateCatalog,
        sending: SendLifecycle,
        file_transfer: FileTransfer,
        opt_outs: OptOuts,
        clock: Clock,
        *,
        plugin_id: str,
        workspace_url: str,
    ) -> None:
        self._messages = messages
        self.recipients = recipients
        self._catalog = catalog
        self._sending = sending
        self._file_transfer = file_transfer
        self._opt_outs = opt_outs
        self._plugin_id = plugin_id
        self._workspace_url = workspace_url.rstrip("/")
        self._last_used: TTLCache[str, LastUsed] = TTLCache(
            MAX_MEMBERS, LAST_USED_SECONDS, timer=clock.monotonic
        )

    def require_configured(self) -> None:
        """Raise ``NotConfigured`` if nothing can be sent."""
        if not self._plugin_id:
            raise NotConfigured(
                PLUGIN_ID_SETTING, "Sending on WhatsApp is not set up: its plugin is not known."
            )

    async def prepare(
        self, form: SendForm, template: Template, recipient: Recipient
    ) -> PreparedSend:
        """Return the send of a form whose values are valid.

        Raise ``UsageError`` if the recipient does not fit the template, has opted out, or a sender
        must be chosen; ``NotConfigured``, ``DatabaseUnavailable``, or an error of Chakra.
        """
        self.require_configured()
        await self._opt_outs.check_template(
            recipient.digits, template.category, name=recipient.name
        )
        sender_id = form.sender or await self._catalog.get_default_sender_id()
        wanted_keys = {template_field.key for template_field in list_template_fields(template)}
        given = {key: value for key, value in form.values.items() if key in wanted_keys}
        values = normalize_values(template, given)
        message = compose.compose(template, values, recipient, sender_id)
        files = {key: chosen for key, chosen in form.files.items() if key in values and chosen}
        return PreparedSend(template, recipient, message, values, sender_id, files)

    async def describe_opt_out(self, recipient: Recipient, template: Template | None) -> str:
        """Return why nothing can be sent to this recipient; "" if it can."""
        category = template.category if template else ""
        try:
            await self._opt_outs.check_template(recipient.digits, category, name=recipient.name)
        except RecipientOptedOut as blocked:
            return blocked.message
        except DatabaseUnavailable:
            pass
        return ""

    async def find_existing(self, key: str) -> Send | None:
        """Return the send that this interaction already started, without asking Chakra.

        Raise ``DatabaseUnavailable``.
        """
        return await self._sending.sends.find_by_key(key)

    async def start(
        self,
        prepared: PreparedSend,
        *,
        key: str,
        member: str,
        confirmed_duplicate_of: str = "",
        by_content: bool = False,
        author: str = "",
    ) -> tuple[ClaimResult, asyncio.Task[SendResult] | None]:
        """Claim the send and start it, without waiting for Chakra; see `SendLifecycle.start`.

        ``key`` identifies the interaction, ``by_content`` together with what is sent. ``author`` is
        the member's name if others read the report.
        ``confirmed_duplicate_of`` is the ID of the send that the person was asked about.
        """
        started = await self._sending.start(
            replace(
                _build_submission(
                    prepared, key, member, self._find_sender_name(prepared.sender_id), author
                ),
                has_content_in_key=by_content,
            ),
            prepared,
            partial(self._post, member, key),
            prepare=self._upload_files if prepared.files else None,
            check=self._check_opt_outs,
            confirmed_duplicate_of=(
                int(confirmed_duplicate_of) if confirmed_duplicate_of.isdecimal() else None
            ),
        )
        self._last_used.pop(member, None)
        return started

    async def check(self, form: SendForm, template: Template) -> CheckedSend:
        """Return what a valid form would send, and an identical earlier send.

        Raise what ``recipients.resolve`` and ``prepare`` do, and ``DatabaseUnavailable``.
        """
        recipient = await self.recipients.resolve(form.to)
        prepared = await self.prepare(form, template, recipient)
        duplicate = await self._sending.ledger.find_duplicate(
            _build_submission(prepared, "", "", "")
        )
        return CheckedSend(prepared, duplicate)

    async def list_last_used(self, member: str, *, for_menu: bool = False) -> LastUsed:
        """Return name and language of the templates this member sent, the latest first.

        A menu, which asks on every keystroke, may be `LAST_USED_SECONDS` behind.
        """
        if for_menu and (known := self._last_used.get(member)) is not None:
            return known
        try:
            found = await self._sending.sends.list_last_used(member, MAX_RECENT_SENDS)
        except DatabaseUnavailable:
            return ()
        self._last_used[member] = found
        return found

    async def find_report(self, send: Send) -> SendResult:
        """Return a send with its report if that is posted."""
        return SendResult(send, await self._sending.wait_report(send))

    async def list_sends(
        self, query: SendListQuery, member: str, period: Period, *, limit: int = MAX_LISTED_SENDS
    ) -> tuple[list[tuple[Send, SendDetails | None]], bool]:
        """Return the sends that match, latest first, of ``member`` or, if "", of everyone.

        Only the ``limit`` latest are searched for words; also return whether there are that many.
        Raise ``DatabaseUnavailable``.
        """
        found = await self._sending.sends.list_latest(
            limit,
            member=member,
            statuses=STATUSES.get(query.status, ()),
            start=period.start,
            end=period.end,
        )
        pairs = [(send, self.read_details(send)) for send in found]
        matching = [pair for pair in pairs if matches_words(*pair, query.words)]
        return matching, len(found) == limit

    async def share(self, send: Send, *, channel: str, member: str, key: str) -> None:
        """Post a send, masked, to a channel; see `SendLifecycle.share`."""
        await self._sending.share(send, channel=channel, member=member, key=key)

    async def get_send(self, send_id: int) -> Send:
        """Return a send. Raise ``UsageError`` if it is no longer stored."""
        send = await self._sending.sends.find_by_id(send_id)
        if send is None:
            raise UsageError("This send is more than 90 days old, so it's no longer stored.")
        return send

    async def wait_arrived(self, send: Send, seconds: float) -> Send | None:
        """Return the send once it is delivered, read or failed; None if that takes longer."""
        return await self._sending.wait_arrived(send, seconds)

    def read_details(self, send: Send) -> SendDetails | None:
        """Return the details for one reader who may see them; None if they can't be read."""
        return self._sending.read_details(send)

    def get_report_link(self, report: MessageRef | None) -> str:
        """Return the link to a report in the DM with Chakra; "" if it is not posted yet."""
        if report is None or not self._workspace_url:
            return ""
        return f"{self._workspace_url}/archives/{report.channel}/p{report.ts.replace('.', '')}"

    def _find_sender_name(self, sender_id: str) -> str:
        """Return the name and number of the sender if there are several to choose from."""
        senders = self._catalog.get_cached_senders()
        if len(senders) < 2:
            return ""
        names = {number.id: f"{number.name}, {number.display_phone_number}" for number in senders}
        return names.get(sender_id, "")

    async def _upload_files(self, prepared: PreparedSend) -> PreparedSend:
        """Upload the files; return the send with their links. Raise what ``FileTransfer`` does."""
        chosen = [
            (link, prepared.files[file][0], media_format)
            for link, file, media_format in list_media_pairs(prepared.template)
            if file in prepared.files
        ]
        uploaded = await asyncio.gather(
            *(self._file_transfer.transfer(file, media_format) for _, file, media_format in chosen)
        )
        links = (link for link, _, _ in chosen)
        return prepared.with_file_urls(dict(zip(links, uploaded, strict=True)))

    async def _check_opt_outs(self, prepared: PreparedSend) -> None:
        """Raise ``RecipientOptedOut`` if the recipient has opted out in the meantime."""
        await self._opt_outs.check_template(
            prepared.recipient.digits, prepared.template.category, is_stored=True
        )

    async def _post(self, member: str, key: str, prepared: PreparedSend) -> AcceptedMessage:
        """Send the message; the member is notified if Chakra names another number than theirs."""
        accepted = await self._call_chakra(prepared)
        shown = prepared.recipient.digits
        if is_other_number(accepted.recipient, shown):
            message = render_other_recipient(prepared.template.name, shown, accepted.recipient)
            await self._sending.notify_other_recipient(message, member=member, key=key)
        return accepted

    async def _call_chakra(self, prepared: PreparedSend) -> AcceptedMessage:
        match prepared.message:
            case compose.PhoneMessage(phone, body):
                return await self._messages.send_template(self._plugin_id, phone, body)
            case compose.ProcessMessage(procedure, key, body):
                return await self._messages.send_template_for_process(
                    self._plugin_id, procedure, key, body
                )
            case compose.PassthroughMessage(sender_id, meta):
                return await self._messages.send_meta_message(self._plugin_id, sender_id, meta)


def _build_submission(
    prepared: PreparedSend, key: str, member: str, sender_name: str, author: str = ""
) -> Submission:
    recipient = prepared.recipient
    return Submission(
        key=key,
        member=member,
        template=prepared.template.name,
        language=prepared.template.language,
        recipient=recipient.present_digits or recipient.digits or recipient.reference,
        values=_collect_content_values(prepared),
        display_recipient=_mask_recipient(recipient),
        followable=prepared.message.followable,
        details=replace(_build_details(prepared, sender_name), author=author),
    )


def _build_details(prepared: PreparedSend, sender_name: str) -> SendDetails:
    """Return the details of a send, without the one-time code of an authentication template."""
    recipient, template = prepared.recipient, prepared.template
    values = {} if template.is_one_time_code else dict(prepared.values)
    number = format_international(recipient.digits) if recipient.digits else ""
    return SendDetails(
        to=recipient.reference or f"+{recipient.digits}",
        name=recipient.name,
        number=number,
        template_id=template.id,
        sender_id=prepared.sender_id,
        sender=sender_name,
        values=values,
        text=render_plain_text(template, values),
    )


def _collect_content_values(prepared: PreparedSend) -> Mapping[str, str]:
    """Return the parts that make two messages duplicates.

    A file counts by name, type and size: Slack gives the same file a new ID each time it is chosen,
    and its content is fetched only once the send is claimed. If a different file is equal in all
    three, the person gets an unnecessary question, which is harmless; a second message wouldn't be.
    """
    fingerprints = {
        key: compute_file_fingerprint(files[0]) for key, files in prepared.files.items()
    }
    return {**prepared.values, **fingerprints}


def compute_file_fingerprint(file: UploadedFile) -> str:
    """Return the properties by which two files are considered the same."""
    return file.id if file.size is None else "\n".join((file.name, file.mimetype, str(file.size)))


def _mask_recipient(recipient: Recipient) -> str:
    """Return the recipient's name for the report and the database."""
    number = mask_phone(f"+{recipient.digits}") if recipient.digits else ""
    if recipient.kind is RecipientKind.PROCESS:
        shown = mask_text(recipient.reference)  # its key may be a number
        return f"{shown}, {number}" if number else shown
    return number
