"""Upload files for WhatsApp, and look up and download received ones (API.md, Media)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import BinaryIO

from bot.chakra.models import Media, PublicMedia
from bot.chakra.transport.envelope import parse_envelope
from bot.chakra.transport.error_mapping import build_invalid_response
from bot.chakra.transport.exchange import JSON_MEDIA_TYPE, ChakraResponse, MultipartFile
from bot.chakra.transport.http import Http

UPLOAD_PATH = "/v1/ext/plugin/whatsapp/{pluginId}/upload-public-media"
MEDIA_PATH = "/v1/whatsapp/{whatsappApiVersion}/media/{whatsappMediaId}"
SHOW_PATH = "/v2/whatsapp/{whatsappApiVersion}/media/{whatsappMediaId}/show"
ATTACHMENTS_PATH = "/v1/whatsapp/{whatsappApiVersion}/attachments"

MEGABYTE = 1024 * 1024
MAX_BYTES_BY_FORMAT = {"IMAGE": 5 * MEGABYTE, "VIDEO": 16 * MEGABYTE, "DOCUMENT": 100 * MEGABYTE}
"""WhatsApp's limits by the format of a header (Meta's media reference). Chakra's are UNKNOWN."""

MAX_DOWNLOAD_BYTES = 16 * MEGABYTE
TOO_LARGE = "The file is too large to show."
"""The message of the error for a file with more bytes than were asked for."""


@dataclass(frozen=True)
class MediaContent:
    """A downloaded file."""

    media_type: str
    content: bytes = field(repr=False)


class MediaApi:
    """The media endpoints. They raise the errors of ``Http.get`` and ``Http.write``.

    ``api_version`` is the version of Meta's API, such as "v24.0".
    """

    def __init__(self, http: Http, api_version: str) -> None:
        self._http = http
        self._api_version = api_version

    async def upload(self, plugin_id: str, file: MultipartFile) -> str:
        """Upload a file and return its URL, which anyone who has it can read. CONFIRMED.

        It times out after two minutes.
        """
        response = await self._http.write("POST", UPLOAD_PATH, {"pluginId": plugin_id}, body=file)
        url = parse_envelope(response).parse_unwrapped(PublicMedia).public_media_url
        if not url.startswith(("https://", "http://")):
            raise build_invalid_response(
                response, "It is not a web address.", "_data.publicMediaUrl"
            )
        return url

    async def fetch(self, media_id: str) -> Media:
        """Return the type, size and URL of a file. The path is CONFIRMED, the body INFERRED."""
        response = await self._http.get(MEDIA_PATH, self._build_path_parameters(media_id))
        return parse_envelope(response).parse_unwrapped(Media)

    async def download(self, media_id: str, *, max_bytes: int = MAX_DOWNLOAD_BYTES) -> MediaContent:
        """Download a file by its ID. INFERRED, from two integrations.

        Raise ``InvalidResponse`` if it is larger than ``max_bytes``.
        """
        return _parse_content(
            await self._http.download(
                SHOW_PATH, self._build_path_parameters(media_id), max_bytes=max_bytes
            )
        )

    async def copy(self, media_id: str, sink: BinaryIO, *, max_bytes: int) -> str:
        """Write a file to ``sink``, like ``download``; return its media type."""
        response = await self._http.download(
            SHOW_PATH, self._build_path_parameters(media_id), max_bytes=max_bytes, sink=sink
        )
        return _parse_content(response).media_type

    async def copy_from_url(self, media: Media, sink: BinaryIO, *, max_bytes: int) -> str:
        """Write a file to ``sink``, like ``download_from_url``; return its media type."""
        response = await self._http.fetch_url(
            ATTACHMENTS_PATH, media.url, max_bytes=max_bytes, sink=sink
        )
        return _parse_content(response).media_type

    async def download_from_url(
        self, media: Media, *, max_bytes: int = MAX_DOWNLOAD_BYTES
    ) -> MediaContent:
        """Download a file from the URL that ``fetch`` returned. INFERRED.

        Raise ``InvalidResponse`` if the URL is not Chakra's (one in a webhook is Meta's), or if the
        file is larger than ``max_bytes``.
        """
        return _parse_content(
            await self._http.fetch_url(ATTACHMENTS_PATH, media.url, max_bytes=max_bytes)
        )

    def _build_path_parameters(self, media_id: str) -> dict[str, str]:
        return {"whatsappApiVersion": self._api_version, "whatsappMediaId": media_id}


def _parse_content(response: ChakraResponse) -> MediaContent:
    if not response.is_complete:
        raise build_invalid_response(response, TOO_LARGE)
    if response.media_type == JSON_MEDIA_TYPE:
        parse_envelope(response)  # raises the more precise error of `_errors`
    if response.media_type in {"", JSON_MEDIA_TYPE, "text/html"}:
        raise build_invalid_response(
            response, f"It is not a file ({response.media_type or 'no media type'})."
        )
    return MediaContent(response.media_type, response.body)
