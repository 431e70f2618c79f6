"""An uploaded file on its way: out of Slack and in to Chakra, where WhatsApp fetches it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from bot.aio.clock import Clock, within
from bot.chakra.media import Files
from bot.chakra.text import plain
from bot.chakra.transport.multipart import File
from bot.errors import FileNotGiven, FileNotTaken, FileUnfit, OutcomeUnknown, Rejected, Unreadable
from bot.messages.rules import file_problem, most_bytes, upload_problem
from bot.slack.client.files import DOWNLOAD, SlackFiles, StoredFile
from bot.slack.commands.command import UploadedFile

FETCH_SECONDS = 12.0
PUT_SECONDS = 15.0
"""Seconds for the two ways. Together they leave time for the send itself: see the ledger."""
AT_ONCE = 8
"""Files that are held in memory, of 10 MB at the most each."""
LONGEST_NAME = 240
"""Characters; Meta's media reference."""


@dataclass(frozen=True, slots=True)
class Carried:
    """``address`` is one that everybody can open, ``name`` the file's."""

    address: str = field(repr=False)
    name: str = field(repr=False)


class Carrier:
    def __init__(self, slack: SlackFiles, media: Files, clock: Clock, *, plugin_id: str) -> None:
        self._slack = slack
        self._media = media
        self._clock = clock
        self._plugin_id = plugin_id
        self._hands = asyncio.Semaphore(AT_ONCE)

    async def carry(self, file: UploadedFile, media: str) -> Carried:
        """``media`` is the format of the template's header. Within half a minute.

        Raises ``FileNotGiven`` where Slack does not give it, ``FileUnfit`` where it turns out to be
        none for this header, ``FileNotTaken`` where Chakra refuses it or does not say, and the
        other errors of ``Http.write``. Nothing is tried again: a file that Chakra took without
        saying so only lies there, and no message names it.
        """
        async with self._hands:
            stored, content = await self._fetched(file, media)
            name = plain(stored.name or file.name, LONGEST_NAME) or "file"
            sent = File.of(name, stored.mimetype, content)
            return Carried(await self._put(sent), name)

    async def _fetched(self, file: UploadedFile, media: str) -> tuple[StoredFile, bytes]:
        try:
            return await within(self._clock, self._fetch(file, media), FETCH_SECONDS)
        except TimeoutError:
            raise FileNotGiven(DOWNLOAD, "unreachable") from None

    async def _fetch(self, file: UploadedFile, media: str) -> tuple[StoredFile, bytes]:
        """What ``files.info`` says counts; the form may have said less."""
        stored = await self._slack.get_info(file.id)
        seen = UploadedFile(stored.id, stored.name, stored.mimetype, stored.size)
        if not stored.is_external and (told := upload_problem(media, (seen,))):
            raise FileUnfit(told)
        content = await self._slack.download(stored, max_bytes=most_bytes(media))
        if told := file_problem(media, stored.mimetype, len(content)):
            raise FileUnfit(told)
        return stored, content

    async def _put(self, file: File) -> str:
        try:
            return await within(self._clock, self._media.upload(self._plugin_id, file), PUT_SECONDS)
        except Rejected as refused:
            raise _not_taken(refused, refused.message) from refused
        except (OutcomeUnknown, Unreadable) as unsaid:
            raise _not_taken(unsaid) from unsaid
        except TimeoutError:
            raise FileNotTaken from None


def _not_taken(error: Rejected | OutcomeUnknown | Unreadable, said: str = "") -> FileNotTaken:
    return FileNotTaken(
        said, endpoint=error.endpoint, status=error.status, request_id=error.request_id
    )
