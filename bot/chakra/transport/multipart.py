"""A file on its way out as a part of a form (RFC 7578), read while it is sent, never held whole."""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Self

from bot.chakra.text import sanitize_line

_LONGEST_NAME = 240  # characters; common file systems take 255 bytes
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]{1,80}/[\w!#$&^.+-]{1,80}", re.ASCII)
_ANY_TYPE = "application/octet-stream"


class WrongSize(Exception):
    """A file gave more or fewer bytes than it had said."""


@dataclass(frozen=True)
class File:
    """`chunks` gives the content anew for every attempt; what it raises passes through the upload
    as it is. Where `size` (bytes) is known, exactly so much must come."""

    name: str = field(repr=False)
    media_type: str
    chunks: Callable[[], AsyncIterator[bytes]] = field(repr=False)
    size: int | None = None

    @classmethod
    def of(cls, name: str, media_type: str, content: bytes) -> Self:
        """A small one that is in memory already."""

        async def chunks() -> AsyncIterator[bytes]:
            yield content

        return cls(name, media_type, chunks, len(content))


@dataclass(frozen=True)
class Form:
    """The file as the part called `part`, after the `fields`."""

    part: str
    file: File
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    boundary: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def content_type(self) -> str:
        return f"multipart/form-data; boundary={self.boundary}"

    @property
    def size(self) -> int | None:
        """Bytes of the whole body; nothing where the file's size is not known."""
        if self.file.size is None:
            return None
        return len(self._head()) + self.file.size + len(self._tail())

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Raises `WrongSize`, in time for the server to see that the body is not whole."""
        left = self.file.size
        yield self._head()
        async for chunk in self.file.chunks():
            if left is not None:
                left -= len(chunk)
                if left < 0:
                    raise WrongSize
            yield chunk
        if left:
            raise WrongSize
        yield self._tail()

    def _head(self) -> bytes:
        written = [self._part(_quoted(name)) + text for name, text in self.fields.items()]
        name = _quoted(sanitize_line(self.file.name, _LONGEST_NAME) or "file")
        fits = _MEDIA_TYPE.fullmatch(self.file.media_type)
        media_type = self.file.media_type if fits else _ANY_TYPE
        written.append(self._part(_quoted(self.part), f'; filename="{name}"', media_type))
        return "\r\n".join(written).encode("utf-8", "replace")

    def _part(self, name: str, more: str = "", media_type: str = "") -> str:
        lines = [f"--{self.boundary}", f'Content-Disposition: form-data; name="{name}"{more}']
        if media_type:
            lines.append(f"Content-Type: {media_type}")
        return "\r\n".join([*lines, "", ""])

    def _tail(self) -> bytes:
        return f"\r\n--{self.boundary}--\r\n".encode()


def _quoted(name: str) -> str:
    """As browsers write names: only what would end the name early is encoded."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
