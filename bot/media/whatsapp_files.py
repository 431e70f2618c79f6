"""Show a WhatsApp file to one person, by its media ID."""

from __future__ import annotations

import asyncio
import mimetypes
from typing import BinaryIO, Final

from bot.chakra.media import MAX_BYTES_BY_FORMAT, TOO_LARGE, MediaApi
from bot.chakra.models import Media
from bot.errors import InvalidResponse, Rejected
from bot.media.content import (
    HEAD_BYTES,
    HTML,
    OFFICE,
    PROGRAM,
    SVG,
    VIDEO,
    XML,
    ZIP,
    FileType,
    identify,
)
from bot.media.picture import format_size
from bot.media.private_file import send_privately, temporary_file
from bot.slack import blocks
from bot.slack.blocks import Markup, code, lines, markup
from bot.slack.client.files import SlackFiles
from bot.slack.commands.reply import Message

MAX_BYTES: Final = max(MAX_BYTES_BY_FORMAT.values())
"""WhatsApp's largest files, documents (Meta's media reference)."""
MAX_CONCURRENT: Final = 2
MAX_TYPE_LENGTH: Final = 80
_CONTAINERS: Final = {
    ZIP: ("application/vnd.openxmlformats-", "application/vnd.oasis.", "application/epub"),
    OFFICE: ("application/msword", "application/vnd.ms-"),
    VIDEO: ("video/", "audio/mp4", "audio/x-m4a"),
}
"""Formats that several types share: the declared type says more, if it has this prefix."""
_PLAIN: Final = {HTML: "txt", SVG: "txt", XML: "txt", PROGRAM: "bin"}
"""The extensions of files that must not open automatically."""
_EXTENSIONS: Final = {
    "audio/aac": "aac",
    "audio/amr": "amr",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "image/webp": "webp",
    "video/3gpp": "3gp",
    "text/plain": "txt",
}
_NOUNS: Final = {"image": "picture", "video": "video", "audio": "audio file"}


class WhatsAppFiles:
    """A few files at a time, on disk while they are transferred."""

    def __init__(self, media: MediaApi, files: SlackFiles) -> None:
        self._media = media
        self._files = files
        self._semaphore = asyncio.Semaphore(MAX_CONCURRENT)

    async def show(self, media_id: str, member: str) -> Message:
        """Show a file in the member's direct messages, or a sentence that says why it isn't there.

        Raise ``ChakraError`` and ``SlackError``.
        """
        async with self._semaphore:
            with temporary_file() as content:
                return await self._show(media_id, member, content)

    async def _show(self, media_id: str, member: str, content: BinaryIO) -> Message:
        try:
            described = await self._describe(media_id)
            if described is not None and (described.file_size or 0) > MAX_BYTES:
                return _render_too_large(described.file_size)
            declared = await self._copy(media_id, described, content)
        except Rejected:
            return blocks.text_message(
                markup(
                    "Chakra has no file with the ID ",
                    code(media_id),
                    ", or no longer has it: WhatsApp deletes files after a while. Ask the "
                    "customer to send it again.",
                )
            )
        except InvalidResponse as error:
            if error.message != TOO_LARGE:
                raise
            return _render_too_large(None)
        size = content.seek(0, 2)
        if not size:
            return blocks.text_message("Chakra sent an empty file. Try again in a moment.")
        content.seek(0)
        kind = identify(content.read(HEAD_BYTES))
        name = f"whatsapp-{media_id[-6:]}.{choose_extension(kind, declared)}"
        facts = markup("WhatsApp file ", code(media_id), f" · {format_size(size)}")
        return await send_privately(
            self._files,
            member,
            name,
            content,
            noun=_name_kind(kind, declared),
            comment=lines([facts, *_warn_of_mismatch(kind, declared)]),
        )

    async def _describe(self, media_id: str) -> Media | None:
        """Return the description of a file, ``None`` if it can't be parsed."""
        try:
            return await self._media.fetch(media_id)
        except InvalidResponse:
            return None

    async def _copy(self, media_id: str, described: Media | None, content: BinaryIO) -> str:
        """Copy the file; return its declared type. A URL that isn't Chakra's is not used."""
        if described is not None:
            try:
                found = await self._media.copy_from_url(described, content, max_bytes=MAX_BYTES)
            except InvalidResponse as error:
                if error.message == TOO_LARGE:
                    raise
            else:
                return _normalize_type(described.mime_type) or found
        found = await self._media.copy(media_id, content, max_bytes=MAX_BYTES)
        return _normalize_type(described.mime_type if described else "") or found


def choose_extension(kind: FileType | None, declared: str) -> str:
    """Return the extension for a file: its content takes precedence over its declared type."""
    if kind is None or declared.startswith(_CONTAINERS.get(kind, ())):
        guessed = _EXTENSIONS.get(declared) or mimetypes.guess_extension(declared) or "bin"
        return guessed.removeprefix(".")
    return _PLAIN.get(kind, kind.extension)


def _warn_of_mismatch(kind: FileType | None, declared: str) -> list[Markup]:
    """Return a warning if the file isn't of its declared type."""
    if kind is None or not declared or declared.startswith(_CONTAINERS.get(kind, ())):
        return []
    if declared == kind.media_type or declared.partition("/")[0] == kind.media_type.split("/")[0]:
        return []
    shown = blocks.clip(declared, MAX_TYPE_LENGTH)
    return [markup(":warning: It is declared as ", code(shown), f", but it is {kind.noun}.")]


def _name_kind(kind: FileType | None, declared: str) -> str:
    media_type = kind.media_type if kind else declared
    return _NOUNS.get(media_type.partition("/")[0], "file")


def _normalize_type(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _render_too_large(size: int | None) -> Message:
    has = f"has {format_size(size)}" if size else "is too large"
    return blocks.text_message(
        f"This file {has}. Files of up to {format_size(MAX_BYTES)} can be shown here: "
        "open it in the chat in Chakra."
    )
