"""The files that customers send, fetched from Chakra with the workspace's token only."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Protocol

from bot.chakra.media import TOO_LARGE, MediaApi, MediaContent
from bot.chakra.models import Media
from bot.conversations.media import MAX_FILE_BYTES, MEGABYTE, MediaFile
from bot.errors import InvalidResponse, Rejected
from bot.slack.blocks import Markup, markup

MAX_FILE_SIZE = f"{MAX_FILE_BYTES // MEGABYTE} MB"


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """The content of a file, and the name to show it under."""

    name: str = field(repr=False)
    content: bytes = field(repr=False)


class FileLoader(Protocol):
    """Loads files from Chakra. Raises ``ChakraError``."""

    async def load(self, file: MediaFile, /) -> LoadedFile | Markup: ...


@dataclass(frozen=True, slots=True)
class CustomerFiles:
    """Loads files. Raises ``ChakraError`` if Chakra can't be asked."""

    media: MediaApi

    async def load(self, file: MediaFile) -> LoadedFile | Markup:
        """Return the file, or a sentence that says why it can't be shown."""
        if not file.id:
            return markup(f"WhatsApp named no {file.kind.noun} that could be fetched.")
        try:
            found = await self.media.fetch(file.id)
            if (found.file_size or 0) > MAX_FILE_BYTES:
                return _describe_too_large(file, found.file_size)
            content = await self._download(found)
        except Rejected:
            return markup(
                f"Chakra no longer has this {file.kind.noun}. WhatsApp stores files for 30 days. "
                "Ask the customer to send it again."
            )
        except InvalidResponse as error:
            if error.message != TOO_LARGE:
                raise
            return _describe_too_large(file, None)
        return LoadedFile(file.name, content.content)

    async def _download(self, found: Media) -> MediaContent:
        """Download from the URL that Chakra gave or, if that is Meta's, by the file's ID."""
        try:
            return await self.media.download_from_url(found, max_bytes=MAX_FILE_BYTES)
        except InvalidResponse as error:
            if error.message == TOO_LARGE or not found.id:
                raise
            return await self.media.download(found.id, max_bytes=MAX_FILE_BYTES)


def _describe_too_large(file: MediaFile, size: int | None) -> Markup:
    has = f"has {math.ceil(size * 10 / MEGABYTE) / 10:g} MB" if size else "is too large"
    return markup(
        f"This {file.kind.noun} {has}. Files of up to {MAX_FILE_SIZE} can be shown here: "
        "open it in the chat in Chakra."
    )
