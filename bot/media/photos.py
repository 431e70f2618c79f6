"""Transfer photos: from Slack to Chakra, checked, and from Chakra to one person."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from bot.aio.clock import Clock, wait_for
from bot.chakra.client import Chakra
from bot.chakra.fields import to_text
from bot.chakra.photos import TOO_LARGE, PhotoDescription, build_photo_form
from bot.chakra.text import sanitize_line
from bot.chakra.transport.exchange import MultipartFile
from bot.errors import (
    ChakraError,
    FileUnavailable,
    InvalidFile,
    InvalidResponse,
    OutcomeUnknown,
    Rejected,
    not_found_as,
)
from bot.media.content import HEAD_BYTES, identify
from bot.media.picture import (
    FORMATS,
    MAX_PHOTO_BYTES,
    MEGABYTE,
    Picture,
    check_size,
    format_size,
    read_picture,
)
from bot.media.private_file import send_privately, temporary_file
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, code, lines, markup
from bot.slack.client.files import EXTERNAL, SlackFiles
from bot.slack.client.files import TOO_LARGE as TOO_LARGE_IN_SLACK
from bot.slack.commands.command import UploadedFile
from bot.slack.commands.reply import Message

MAX_SHOWN_BYTES: Final = 25 * MEGABYTE
MAX_CONCURRENT: Final = 4
MAX_NAME_LENGTH: Final = 80
UNNAMED: Final = "The file"
MAX_FIELDS: Final = 20
MAX_VALUE_LENGTH: Final = 300
UPLOAD_SECONDS: Final = 25.0
CHECK_SECONDS: Final = 10.0
"""In total less than the time after which a write counts as lost: see ``bot.writes.ledger``."""
NO_SUCH_ENDPOINT_STATUSES: Final = frozenset({404, 405, 501})
"""The statuses if Chakra doesn't accept our IDs. Nothing was stored."""
TOO_LARGE_STATUS: Final = 413
PIECE_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class LoadedPhoto:
    """A checked photo from Slack. ``content`` is open while it is used."""

    name: str = field(repr=False)
    picture: Picture
    digest: str
    content: BinaryIO = field(repr=False)


class SecondPhotoPossible(OutcomeUnknown):
    """A photo without our ID may be in Chakra: uploading it again may make a second one."""


class Photos:
    """A few photos at a time. Methods raise ``ChakraError``, and ``SlackError`` for files."""

    def __init__(self, chakra: Chakra, files: SlackFiles, clock: Clock) -> None:
        self._photos = chakra.photos
        self._files = files
        self._clock = clock
        self._semaphore = asyncio.Semaphore(MAX_CONCURRENT)

    @asynccontextmanager
    async def load(self, file: UploadedFile) -> AsyncIterator[LoadedPhoto]:
        """Yield a photo from Slack. Raise ``InvalidFile`` if it isn't one, or isn't available."""
        async with self._semaphore:
            with temporary_file() as content:
                yield await self._load(file, content)

    async def _load(self, file: UploadedFile, content: BinaryIO) -> LoadedPhoto:
        name = file.name
        try:
            stored = await self._files.get_info(file.id)
            name = clean_name(stored.name or file.name)
            if stored.size is not None and not stored.is_external:
                check_size(stored.size, name)
            await self._files.download_to(content, stored, max_bytes=MAX_PHOTO_BYTES)
        except FileUnavailable as error:
            if sentence := _describe_unavailable(error, clean_name(name)):
                raise InvalidFile(sentence) from None
            raise
        picture = read_picture(content, name)
        content.seek(0)
        digest = hashlib.sha256()
        while piece := content.read(PIECE_BYTES):
            digest.update(piece)
        return LoadedPhoto(name, picture, digest.hexdigest(), content)

    async def upload(self, photo: LoadedPhoto, photo_id: UUID) -> str:
        """Upload a photo under this ID, or one of Chakra's if that is refused; return the ID.

        Raise ``OutcomeUnknown`` if it may be in Chakra, where the same ID can be uploaded again, or
        ``SecondPhotoPossible`` if a repeat could make a second photo.
        """
        kind = photo.picture.kind
        name = f"{PurePosixPath(photo.name).stem or 'photo'}.{kind.extension}"
        form = build_photo_form(name, kind.media_type, kind.extension, photo.content)
        try:
            await self._photos.upload(form, photo_id, timeout_seconds=UPLOAD_SECONDS)
        except (OutcomeUnknown, Rejected) as error:
            if error.status in NO_SUCH_ENDPOINT_STATUSES:
                return await self._upload_new(form)
            if error.status == TOO_LARGE_STATUS:
                size = format_size(photo.picture.size)
                raise InvalidFile(
                    f"{photo.name} has {size}, which is too large for Chakra. Make it smaller."
                ) from None
            # A refusal may mean that an earlier attempt without a response has stored it.
            if not await self._exists(photo_id):
                raise
        return str(photo_id)

    async def _upload_new(self, form: MultipartFile) -> str:
        try:
            return (await self._photos.upload_new(form, timeout_seconds=UPLOAD_SECONDS)).id
        except OutcomeUnknown as error:
            raise SecondPhotoPossible(
                error.message,
                endpoint=error.endpoint,
                status=error.status,
                request_id=error.request_id,
            ) from None

    async def _exists(self, photo_id: UUID) -> bool:
        with temporary_file() as content:
            fetching = self._photos.fetch(str(photo_id), content, max_bytes=MAX_SHOWN_BYTES)
            try:
                await wait_for(self._clock, fetching, CHECK_SECONDS)
            except (ChakraError, TimeoutError):
                return False
        return True

    async def show(self, photo_id: str, member: str) -> Message:
        """Show a photo in the member's direct messages, or what Chakra says about it."""
        async with self._semaphore:
            with temporary_file() as content:
                return await self._show(photo_id, member, content)

    async def _show(self, photo_id: str, member: str, content: BinaryIO) -> Message:
        hint = "It may have been deleted in Chakra."
        try:
            with not_found_as("photo", photo_id, hint=hint):
                found = await self._photos.fetch(photo_id, content, max_bytes=MAX_SHOWN_BYTES)
        except InvalidResponse as error:
            if error.message != TOO_LARGE:
                raise
            limit = format_size(MAX_SHOWN_BYTES)
            return blocks.text_message(
                f"This photo has more than {limit}, the most that can be shown here. "
                "Open it in Chakra."
            )
        if isinstance(found, PhotoDescription):
            return _describe(photo_id, found.fields)
        content.seek(0)
        kind = identify(content.read(HEAD_BYTES))
        if kind is None or not kind.is_image:
            sent = kind.noun if kind else "something else"
            return blocks.text_message(
                f"Chakra sent {sent} instead of this photo. Open it in Chakra."
            )
        name = f"photo-{photo_id[:8]}.{kind.extension}"
        comment = markup("Photo ", code(photo_id))
        return await send_privately(
            self._files, member, name, content, noun="photo", comment=comment
        )


def build_photo_id(interaction_key: str, file_id: str) -> UUID:
    """Return the ID of a photo: the same however often its form is submitted."""
    return uuid5(NAMESPACE_URL, f"chakra-for-slack:photo:{interaction_key}:{file_id}")


def clean_name(name: str) -> str:
    """Return a file's name for use in sentences."""
    return blocks.clip(sanitize_line(name, MAX_NAME_LENGTH * 2), MAX_NAME_LENGTH) or UNNAMED


def _describe_unavailable(error: FileUnavailable, name: str) -> str:
    """Return a sentence for a file that Slack doesn't provide, or "" if an admin must act."""
    if error.code == TOO_LARGE_IN_SLACK:
        limit = format_size(MAX_PHOTO_BYTES)
        return f"{name} is too large. Photos may have {limit}: make it smaller."
    if error.code == EXTERNAL:
        return f"{name} isn't stored in Slack. Download it, and choose the {FORMATS} file here."
    inside = "the file" if name == UNNAMED else name
    if error.code in ("file_deleted", "http_410", "file_not_found", "http_404"):
        return f"Slack no longer has {inside}, or doesn't show it to this app. Choose it again."
    return f"Slack didn't give us {inside}. Try again in a moment." if error.retryable else ""


def _describe(photo_id: str, fields: Mapping[str, Any]) -> Message:
    """Return what Chakra says about a photo that it doesn't send."""
    rows = list(_describe_fields(fields))
    title = markup(bold("Photo"), " ", code(photo_id))
    note = "Chakra describes this photo, but doesn't send it. Open it in Chakra."
    return Message(
        title, (blocks.section(title), *blocks.sections(lines(rows)), blocks.context(note))
    )


def _describe_fields(fields: Mapping[str, Any]) -> Iterator[Markup]:
    shown = [(name, value) for name, value in fields.items() if value not in (None, "", [], {})]
    for name, value in shown[:MAX_FIELDS]:
        text = to_text(value) if not isinstance(value, bool) else str(value).lower()
        yield markup(code(str(name)[:60]), " ", blocks.clip(text or str(value), MAX_VALUE_LENGTH))
    if len(shown) > MAX_FIELDS:
        yield markup(f"… and {len(shown) - MAX_FIELDS} more")
