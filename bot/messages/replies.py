"""Send a free text or a file to a customer, once, within 24 hours after they wrote."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from bot.chakra.messages import AcceptedMessage, MessagesApi
from bot.chakra.outgoing import MetaPayload, SessionMedia, SessionText
from bot.errors import NotConfigured
from bot.messages.details import SendDetails
from bot.messages.file_transfer import FileTransfer
from bot.messages.ledger import Check
from bot.messages.lifecycle import SendLifecycle
from bot.messages.reply_files import find_format
from bot.messages.send import ClaimResult, Send, SendResult
from bot.messages.service import PLUGIN_ID_SETTING, compute_file_fingerprint
from bot.messages.submission import Submission
from bot.privacy import mask_phone
from bot.slack.commands.command import UploadedFile
from bot.text.phones import format_international

PAPERCLIP = "\N{PAPERCLIP}"


@dataclass(frozen=True, slots=True)
class TextReply:
    """A text for one customer, or a file with or without one.

    ``phone`` are digits. ``sender_id`` is Meta's ID of our number, and ``sender`` its name and
    number if there are several. ``author`` is the name of the member who wrote it.
    ``quoted_wamid`` is the customer's message that WhatsApp shows above it, if any. ``file`` is in
    Slack, until it is at the public ``url``.
    """

    phone: str = field(repr=False)
    name: str = field(repr=False)
    text: str = field(repr=False)
    sender_id: str
    sender: str = ""
    author: str = field(default="", repr=False)
    quoted_wamid: str = ""
    file: UploadedFile | None = None
    url: str = field(default="", repr=False)


class TextReplies:
    """Nothing can be sent without a ``plugin_id``."""

    def __init__(
        self,
        messages: MessagesApi,
        sending: SendLifecycle,
        files: FileTransfer,
        *,
        plugin_id: str,
    ) -> None:
        self._files = files
        self._messages = messages
        self._sending = sending
        self._plugin_id = plugin_id

    async def find_existing(self, key: str) -> Send | None:
        """Return the send that this interaction has started. Raise ``DatabaseUnavailable``."""
        return await self._sending.sends.find_by_key(key)

    async def find_other_answer(
        self, conversation_ids: Collection[int], *, after: int, member: str, before: int = 0
    ) -> Send | None:
        """Return the latest send by a colleague in conversations; see `Sends.find_answer`."""
        if not conversation_ids:
            return None
        return await self._sending.sends.find_answer(
            conversation_ids, after=after, not_by=member, before=before
        )

    def read_text(self, send: Send) -> str:
        """Return the text of a send, "" if it can't be read."""
        details = self._sending.read_details(send)
        return details.text if details else ""

    async def get(self, send: Send) -> Send:
        """Return the send as it is now. Raise ``DatabaseUnavailable``."""
        return await self._sending.sends.find_by_id(send.id) or send

    async def start(
        self,
        reply: TextReply,
        *,
        key: str,
        member: str,
        check: Check[TextReply] | None = None,
        confirmed_duplicate_of: int | None = None,
    ) -> tuple[ClaimResult, asyncio.Task[SendResult] | None]:
        """Claim the reply and start sending it, without waiting; see `SendLifecycle.start`.

        ``key`` identifies the interaction. Raise ``NotConfigured`` and ``DatabaseUnavailable``;
        then nothing was sent.
        """
        if not self._plugin_id:
            raise NotConfigured(
                PLUGIN_ID_SETTING, "Sending on WhatsApp is not set up: its plugin is not known."
            )
        return await self._sending.start(
            _build_submission(reply, key, member),
            reply,
            self._post,
            prepare=self._upload_file if reply.file else None,
            check=check,
            confirmed_duplicate_of=confirmed_duplicate_of,
            report_wait=0.0,
        )

    def mark_read(self, sender_id: str, wamid: str) -> None:
        """Show the customer that their message is read and being answered, if that works."""
        if self._plugin_id and sender_id and wamid:
            self._sending.tasks.spawn(
                self._messages.mark_read(self._plugin_id, sender_id, wamid, is_typing=True)
            )

    async def _post(self, reply: TextReply) -> AcceptedMessage:
        message = _build_message(reply)
        return await self._messages.send_meta_message(self._plugin_id, reply.sender_id, message)

    async def _upload_file(self, reply: TextReply) -> TextReply:
        """Upload the file; return the reply with its link. Raise what ``FileTransfer`` does."""
        assert reply.file is not None  # noqa: S101 - only a reply with a file is prepared
        stored = await self._files.transfer(reply.file, find_format(reply.file))
        return replace(reply, url=stored.url, file=replace(reply.file, name=stored.name))


def _build_message(reply: TextReply) -> MetaPayload:
    if reply.file is None:
        return SessionText(reply.phone, reply.text, reply.quoted_wamid)
    kind = find_format(reply.file).lower()
    filename = reply.file.name if kind == "document" else ""
    return SessionMedia(
        reply.phone, kind, reply.url, reply.text, filename, quoted_wamid=reply.quoted_wamid
    )


def _build_submission(reply: TextReply, key: str, member: str) -> Submission:
    number = format_international(reply.phone)
    values, text = {"text": reply.text}, reply.text
    if reply.file is not None:
        values["file"] = compute_file_fingerprint(reply.file)
        text = f"{PAPERCLIP} {reply.file.name}\n{reply.text}".strip()
    return Submission(
        key=key,
        member=member,
        template="",
        language="",
        recipient=reply.phone,
        values=values,
        display_recipient=mask_phone(f"+{reply.phone}"),
        details=SendDetails(
            to=f"+{reply.phone}",
            name=reply.name,
            number=number,
            sender_id=reply.sender_id,
            sender=reply.sender,
            text=text,
            author=reply.author,
        ),
    )
