"""Pictures, videos, voice messages, files and stickers that customers send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.webhooks.events import Json
from bot.webhooks.fields import as_object, find_first_text

MEGABYTE = 1024 * 1024
MAX_FILE_BYTES = 16 * MEGABYTE
"""The largest file that is fetched: it is briefly held in memory.

WhatsApp's pictures have at most 5 MB, its audio and video 16 MB, its documents 100 MB (Meta's media
reference).
"""


@dataclass(frozen=True, slots=True)
class MediaKind:
    """The names of a kind of file, on a line of its own and within a sentence."""

    label: str
    noun: str
    emoji: str
    extension: str


MEDIA_KINDS: Mapping[str, MediaKind] = {
    "image": MediaKind("Picture", "picture", ":frame_with_picture:", "jpg"),
    "video": MediaKind("Video", "video", ":film_frames:", "mp4"),
    "audio": MediaKind("Audio", "audio file", ":headphones:", "mp3"),
    "voice": MediaKind("Voice message", "voice message", ":microphone:", "ogg"),
    "document": MediaKind("File", "file", ":page_facing_up:", "bin"),
    "sticker": MediaKind("Sticker", "sticker", ":star2:", "webp"),
}
_EXTENSIONS: Mapping[str, str] = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "video/mp4": "mp4",
    "video/3gpp": "3gp",
    "audio/aac": "aac",
    "audio/amr": "amr",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "application/pdf": "pdf",
    "text/plain": "txt",
}


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file in a message. ``id`` is what Chakra fetches it by, "" if the event omits it.

    ``name`` is that of a document, else one built from its kind and type.
    """

    kind: MediaKind
    id: str = ""
    mime_type: str = ""
    name: str = field(default="", repr=False)
    caption: str = field(default="", repr=False)


def read_media(message: Json) -> MediaFile | None:
    """Return the file of a message in Meta's shape, None if it is of another type."""
    kind = find_first_text(message, "type")
    if kind not in MEDIA_KINDS:
        return None
    content = as_object(message.get(kind))
    if kind == "audio" and content.get("voice") is True:
        kind = "voice"
    mime_type = find_first_text(content, "mime_type").partition(";")[0].strip().lower()
    extension = _EXTENSIONS.get(mime_type, MEDIA_KINDS[kind].extension)
    caption = content.get("caption")
    return MediaFile(
        MEDIA_KINDS[kind],
        find_first_text(content, "id"),
        mime_type,
        find_first_text(content, "filename")
        or f"{MEDIA_KINDS[kind].noun.replace(' ', '-')}.{extension}",
        caption if isinstance(caption, str) else "",
    )
