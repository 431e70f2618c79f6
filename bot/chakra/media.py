"""Files on WhatsApp: put up for all to see, found, fetched (contract 2.5, 2.6, 3.3 and 3.4)."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.chakra.models import Media, PublicMedia
from bot.chakra.transport.envelope import parse_envelope
from bot.chakra.transport.error_mapping import invalid_response
from bot.chakra.transport.exchange import JSON_MEDIA_TYPE, ChakraResponse
from bot.chakra.transport.http import Http
from bot.chakra.transport.multipart import File, Form

UPLOAD_PATH = "/v1/ext/plugin/whatsapp/{pluginId}/upload-public-media"
MEDIA_PATH = "/v1/whatsapp/{whatsappApiVersion}/media/{whatsappMediaId}"
SHOW_PATH = "/v2/whatsapp/{whatsappApiVersion}/media/{whatsappMediaId}/show"
ATTACHMENTS_PATH = "/v1/whatsapp/{whatsappApiVersion}/attachments"

MEGABYTE = 1024 * 1024
MAX_BYTES_BY_FORMAT = {"IMAGE": 5 * MEGABYTE, "VIDEO": 16 * MEGABYTE, "DOCUMENT": 100 * MEGABYTE}
"""What WhatsApp takes, by the format of a header (contract 3.3). Chakra's own limit is UNKNOWN."""

MAX_DOWNLOAD_BYTES = 16 * MEGABYTE


@dataclass(frozen=True)
class MediaContent:
    media_type: str
    content: bytes = field(repr=False)


class MediaApi:
    """Raises the `ChakraError`s of `Http.get` and `Http.write`. `version` is Meta's: "v24.0"."""

    def __init__(self, http: Http, api_version: str) -> None:
        self._http = http
        self._api_version = api_version

    async def upload(self, plugin_id: str, file: File) -> str:
        """The address of the file, which everyone who knows it can read. CONFIRMED.

        Within two minutes; what `file` raises while it is read passes through.
        """
        form = Form("file", file, {"filename": file.name})
        response = await self._http.write("POST", UPLOAD_PATH, {"pluginId": plugin_id}, body=form)
        url = parse_envelope(response).parse_unwrapped(PublicMedia).public_media_url
        if not url.startswith(("https://", "http://")):
            raise invalid_response(response, "It is no web address.", "_data.publicMediaUrl")
        return url

    async def fetch(self, media_id: str) -> Media:
        """Of what sort and how large a file is. The path is CONFIRMED, the body INFERRED."""
        response = await self._http.get(MEDIA_PATH, self._path_parameters(media_id))
        return parse_envelope(response).parse_unwrapped(Media)

    async def download(self, media_id: str, *, max_bytes: int = MAX_DOWNLOAD_BYTES) -> MediaContent:
        """The file itself, in one step. INFERRED, from two integrations.

        Raises `InvalidResponse` where it is larger than `most` bytes.
        """
        return _parse_content(
            await self._http.download(
                SHOW_PATH, self._path_parameters(media_id), max_bytes=max_bytes
            )
        )

    async def download_from_url(
        self, media: Media, *, max_bytes: int = MAX_DOWNLOAD_BYTES
    ) -> MediaContent:
        """The file from the address that `fetch` gave, as long as that is Chakra's: the one inside
        a webhook is Meta's, and `InvalidResponse`. INFERRED."""
        return _parse_content(
            await self._http.fetch_url(ATTACHMENTS_PATH, media.url, max_bytes=max_bytes)
        )

    def _path_parameters(self, media_id: str) -> dict[str, str]:
        return {"whatsappApiVersion": self._api_version, "whatsappMediaId": media_id}


def _parse_content(response: ChakraResponse) -> MediaContent:
    if not response.is_complete:
        raise invalid_response(response, "The file is too large to show.")
    if response.media_type == JSON_MEDIA_TYPE:
        parse_envelope(response)  # its `_errors` say more
    if response.media_type in {"", JSON_MEDIA_TYPE, "text/html"}:
        raise invalid_response(
            response, f"It is no file ({response.media_type or 'no media type'})."
        )
    return MediaContent(response.media_type, response.body)
