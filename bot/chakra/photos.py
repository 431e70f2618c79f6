"""Photos, the values of photo attributes (API.md, Photos)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, BinaryIO
from uuid import UUID

from pydantic import BeforeValidator

from bot.chakra.fields import Text, Timestamp, to_text
from bot.chakra.models import IdentifiedResource
from bot.chakra.transport.envelope import parse_envelope
from bot.chakra.transport.error_mapping import build_invalid_response
from bot.chakra.transport.exchange import JSON_MEDIA_TYPE, ChakraResponse, MultipartFile
from bot.chakra.transport.http import Http

UPLOAD_PATH = "/v1/ext/photo"
PHOTO_PATH = "/v1/ext/photo/{photoId}"
CONTENT_PATH = "/v1/ext/photo/{photoId}/content"
"""The label of a file that a photo's description links to."""
PHOTO_PART = "photo"
TOO_LARGE = "The photo is too large to show."


def _to_pixels(value: object) -> int | None:
    text = to_text(value)
    return int(text) if text.isascii() and text.isdigit() else None


Pixels = Annotated[int | None, BeforeValidator(_to_pixels)]


class Photo(IdentifiedResource):
    """A photo as an upload returns it: CONFIRMED. Sides may be null."""

    created_at: Timestamp = None
    filetype: Text = ""
    filename: Text = ""
    height: Pixels = None
    width: Pixels = None


@dataclass(frozen=True)
class PhotoFile:
    """A photo whose content was downloaded."""

    media_type: str


@dataclass(frozen=True)
class PhotoDescription:
    """A photo that Chakra only describes, by fields of any name."""

    fields: Mapping[str, Any] = field(repr=False)


class PhotosApi:
    """The photo endpoints. They raise the errors of ``Http.get`` and ``Http.write``."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def fetch(
        self, photo_id: str, sink: BinaryIO, *, max_bytes: int
    ) -> PhotoFile | PhotoDescription:
        """Write the photo to ``sink``, or return its description if that is all Chakra sends.

        The path is INFERRED; whether the response is the photo or an object is UNKNOWN. If an
        object has a URL on Chakra's host, the photo is downloaded from there. Raise
        ``InvalidResponse`` if it is larger than ``max_bytes``.
        """
        response = await self._http.download(
            PHOTO_PATH, {"photoId": photo_id}, max_bytes=max_bytes, sink=sink
        )
        if response.media_type != JSON_MEDIA_TYPE:
            return _read_file(response)
        described = parse_envelope(response).unwrapped
        fields = described if isinstance(described, Mapping) else {"photo": described}
        for value in fields.values():
            if isinstance(value, str) and self._http.is_own_url(value):
                linked = await self._http.fetch_url(
                    CONTENT_PATH, value, max_bytes=max_bytes, sink=sink
                )
                return _read_file(linked)
        return PhotoDescription(fields)

    async def upload(
        self, file: MultipartFile, photo_id: UUID, *, timeout_seconds: float | None = None
    ) -> Photo:
        """Upload a photo under our own ID. CONFIRMED.

        Repeating the ID can't make a second photo. Raise ``OutcomeUnknown`` if it may have
        been stored.
        """
        response = await self._http.write(
            "POST",
            PHOTO_PATH,
            {"photoId": str(photo_id)},
            body=file,
            timeout_seconds=timeout_seconds,
        )
        return parse_envelope(response).parse_resource(Photo, str(photo_id))

    async def upload_new(
        self, file: MultipartFile, *, timeout_seconds: float | None = None
    ) -> Photo:
        """Upload a photo under an ID chosen by Chakra. CONFIRMED. A repeat makes another photo."""
        response = await self._http.write(
            "POST", UPLOAD_PATH, body=file, timeout_seconds=timeout_seconds
        )
        return parse_envelope(response).parse_data(Photo)


def build_photo_form(
    name: str, media_type: str, extension: str, content: BinaryIO
) -> MultipartFile:
    """Return the form of an upload.

    That ``filetype`` is a file name's extension is INFERRED from the example of a response.
    """
    return MultipartFile(name, media_type, content, part=PHOTO_PART, fields={"filetype": extension})


def _read_file(response: ChakraResponse) -> PhotoFile:
    if not response.is_complete:
        raise build_invalid_response(response, TOO_LARGE)
    if response.media_type in {"text/html", JSON_MEDIA_TYPE}:
        raise build_invalid_response(response, f"It is not a photo ({response.media_type}).")
    return PhotoFile(response.media_type)
