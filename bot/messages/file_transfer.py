"""Move an uploaded file from Slack to Chakra, where WhatsApp fetches it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from bot.aio.clock import Clock, wait_for
from bot.chakra.media import MediaApi
from bot.chakra.text import sanitize_line
from bot.chakra.transport.exchange import MultipartFile
from bot.errors import (
    FileUnavailable,
    FileUploadFailed,
    InvalidFile,
    InvalidResponse,
    OutcomeUnknown,
    Rejected,
)
from bot.messages.rules import get_max_upload_bytes, validate_file, validate_upload
from bot.slack.client.files import DOWNLOAD, SlackFiles, StoredFile
from bot.slack.commands.command import UploadedFile

DOWNLOAD_TIMEOUT_SECONDS = 12.0
UPLOAD_TIMEOUT_SECONDS = 15.0
"""Seconds. In total they leave time for the send itself: see ``bot.messages.ledger``."""
MAX_CONCURRENT_TRANSFERS = 8
"""Transfers at a time. Each has a file of up to 10 MB in memory."""
MAX_FILENAME_LENGTH = 240
"""Meta's media reference."""


@dataclass(frozen=True, slots=True)
class TransferredFile:
    """A file at a public ``url``."""

    url: str = field(repr=False)
    name: str = field(repr=False)


class FileTransfer:
    """Transfers a few files at a time."""

    def __init__(self, slack: SlackFiles, media: MediaApi, clock: Clock, *, plugin_id: str) -> None:
        self._slack = slack
        self._media = media
        self._clock = clock
        self._plugin_id = plugin_id
        self._semaphore = asyncio.Semaphore(MAX_CONCURRENT_TRANSFERS)

    async def transfer(self, file: UploadedFile, header_format: str) -> TransferredFile:
        """Transfer a file for a header of this format, within half a minute.

        Raise ``FileUnavailable`` if Slack does not provide it, ``InvalidFile`` if the header does
        not accept it, ``FileUploadFailed`` if Chakra refuses it or does not respond, and the other
        errors of a write. Nothing is retried: no message refers to a file that Chakra stored
        without responding.
        """
        async with self._semaphore:
            stored, content = await self._fetch_within_deadline(file, header_format)
            name = sanitize_line(stored.name or file.name, MAX_FILENAME_LENGTH) or "file"
            url = await self._upload(MultipartFile(name, stored.mimetype, content))
            return TransferredFile(url, name)

    async def _fetch_within_deadline(
        self, file: UploadedFile, header_format: str
    ) -> tuple[StoredFile, bytes]:
        try:
            return await wait_for(
                self._clock, self._fetch(file, header_format), DOWNLOAD_TIMEOUT_SECONDS
            )
        except TimeoutError:
            raise FileUnavailable(DOWNLOAD, "unreachable") from None

    async def _fetch(self, file: UploadedFile, header_format: str) -> tuple[StoredFile, bytes]:
        """Fetch and check a file. ``files.info`` has more details than the form had."""
        stored = await self._slack.get_info(file.id)
        uploaded = UploadedFile(stored.id, stored.name, stored.mimetype, stored.size)
        if not stored.is_external and (problem := validate_upload(header_format, (uploaded,))):
            raise InvalidFile(problem)
        content = await self._slack.download(stored, max_bytes=get_max_upload_bytes(header_format))
        if problem := validate_file(header_format, stored.mimetype, len(content)):
            raise InvalidFile(problem)
        return stored, content

    async def _upload(self, file: MultipartFile) -> str:
        try:
            return await wait_for(
                self._clock, self._media.upload(self._plugin_id, file), UPLOAD_TIMEOUT_SECONDS
            )
        except Rejected as error:
            raise _upload_failed(error, error.message) from error
        except (OutcomeUnknown, InvalidResponse) as error:
            raise _upload_failed(error) from error
        except TimeoutError:
            raise FileUploadFailed from None


def _upload_failed(
    error: Rejected | OutcomeUnknown | InvalidResponse, message: str = ""
) -> FileUploadFailed:
    return FileUploadFailed(
        message, endpoint=error.endpoint, status=error.status, request_id=error.request_id
    )
